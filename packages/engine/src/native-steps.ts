import type { WorkOptions } from "ntkit/engine-kit";

/**
 * What the promise gives, or the signal's reason as soon as it is aborted. The work behind the promise cannot be
 * stopped: it ends unheard.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Consecutive pieces [from, to) of `size` things. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/** Steps of `perStep` things each, the last one less. */
export function pieces(size: number, perStep: number): readonly Piece[] {
  return Array.from({ length: Math.ceil(size / perStep) }, (_, i) => ({
    from: i * perStep,
    to: Math.min(size, (i + 1) * perStep),
  }));
}

/** Runs a step for each piece, one after the other; between two of them the signal is heard and progress told. */
export async function inSteps(
  steps: readonly Piece[],
  { signal, onProgress }: WorkOptions,
  run: (piece: Piece) => Promise<void>,
  done: (to: number) => number = (to) => to / (steps.at(-1)?.to ?? 1),
): Promise<void> {
  for (const piece of steps) {
    signal?.throwIfAborted();
    await unlessAborted(run(piece), signal);
    onProgress?.(done(piece.to));
  }
}
