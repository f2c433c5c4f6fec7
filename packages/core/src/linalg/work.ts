import type { WorkOptions } from "./engine.ts";

/** How long a computation may hold its thread before it lets other tasks run. */
const SLICE_MS = 30;

/** A running computation that shares its thread. */
export interface Work {
  /**
   * To be awaited between two pieces of work. When a slice of time is used up it reports `fraction`, lets other tasks
   * run, and throws the signal's reason if the signal has been aborted meanwhile; otherwise it costs a microtask.
   */
  breathe(fraction: number): Promise<void>;
}

/** Starts a computation; throws at once when the signal is already aborted. */
export function startWork(options: WorkOptions = {}): Work {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  let sliceStart = performance.now();
  return {
    async breathe(fraction) {
      const now = performance.now();
      if (fraction >= 1) onProgress?.(1);
      else if (now - sliceStart >= SLICE_MS) onProgress?.(fraction);
      if (now - sliceStart < SLICE_MS) return;
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      sliceStart = performance.now();
    },
  };
}

/** The stretch of `work` from one fraction to another, for a step that counts its own progress from 0 to 1. */
export function partOf(work: Work, from: number, to: number): Work {
  return { breathe: (fraction) => work.breathe(from + Math.min(fraction, 1) * (to - from)) };
}
