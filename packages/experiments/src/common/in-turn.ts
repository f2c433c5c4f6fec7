import type { RunContext } from "../experiment.ts";

type Host = Pick<RunContext, "signal" | "onProgress">;

/** Long enough that waiting costs nothing, short enough that a page stays alive. */
const SLICE_MS = 30;

/**
 * The results of `work` for each item, one after the other. Between two it says how far it is, lets other tasks of the thread run now and
 * then, and throws the signal's reason when that is aborted.
 */
export async function inTurn<Item, Result>(
  items: readonly Item[],
  { signal, onProgress }: Host,
  work: (item: Item, index: number) => Promise<Result> | Result,
): Promise<Result[]> {
  const results: Result[] = [];
  let sliceStart = performance.now();
  for (const [i, item] of items.entries()) {
    signal?.throwIfAborted();
    results.push(await work(item, i));
    onProgress?.((i + 1) / items.length);
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    sliceStart = performance.now();
  }
  signal?.throwIfAborted();
  return results;
}

/** The context of a stretch of the work, from one fraction to another. */
export function stretch(context: RunContext, from: number, to: number): RunContext {
  return { ...context, onProgress: (fraction) => context.onProgress?.(from + (to - from) * fraction) };
}

/** 0, 1, …, n − 1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
