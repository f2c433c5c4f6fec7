import type { Block, Work } from "ntkit/engine-kit";
import type { Pool } from "./pool.ts";
import { isShared } from "./shared-array.ts";
import type { RemoteWindow } from "./tile-product.ts";

/** Numbers that are copied between two breaths: about a millisecond. */
const COPY = 2 ** 20;

/** Zeros that the threads of a computation of that cost see. */
export function arrayFor(pool: Pool, cost: number, length: number): Float64Array {
  return pool.runsInline(cost) ? new Float64Array(length) : pool.sharedArray(length);
}

/** For the result of such a computation: the memory to reuse where the threads see that, its values no matter, else zeros. */
export function resultFor(pool: Pool, cost: number, length: number, reuse: Float64Array | undefined): Float64Array {
  const usable = reuse?.length === length && (pool.runsInline(cost) || isShared(reuse));
  return usable ? reuse : arrayFor(pool, cost, length);
}

/** The array itself where the threads of a computation of that cost see it, otherwise a copy that they see. */
export async function visible(pool: Pool, cost: number, array: Float64Array, work: Work): Promise<Float64Array> {
  if (pool.runsInline(cost) || isShared(array)) return array;
  const copy = pool.sharedArray(array.length);
  await copyTo(copy, array, work);
  return copy;
}

/** Entry by entry: `set` into shared memory would copy bytewise. */
export async function copyTo(target: Float64Array, source: Float64Array, work: Work): Promise<void> {
  for (let start = 0; start < source.length; start += COPY) {
    copyRange(target, source, start, Math.min(source.length, start + COPY));
    await work.breathe(0);
  }
}

export function copyRange(target: Float64Array, source: Float64Array, start: number, end: number): void {
  for (let i = start; i < end; i++) target[i] = source[i]!;
}

/** Broadcasts values for as long as `use` runs; it gets their names, in order. */
export async function withBroadcast<Result>(
  pool: Pool,
  values: readonly unknown[],
  use: (...ids: string[]) => Promise<Result>,
): Promise<Result> {
  const ids = values.map((value) => {
    const id = pool.freshId("value");
    pool.broadcast(id, value);
    return id;
  });
  try {
    return await use(...ids);
  } finally {
    for (const id of ids) pool.drop(id);
  }
}

export function remote(id: string, { offset, rowStep, colStep }: Omit<Block, "data">, row = 0, col = 0): RemoteWindow {
  return { id, offset: offset + row * rowStep + col * colStep, rowStep, colStep };
}
