import type { Machine, TaskContext } from "./context.ts";
import { COLUMN, packStrips, STRIP, stripsOf, unpackStrips, type Window, windowAt } from "./strips.ts";

/** The name under which the module of the kernels is broadcast, and the machine that runs them. */
export const KERNELS = "linear algebra";

/**
 * Columns of factors that are multiplied at once: 4 rows of them stay in a core's first cache. It fixes the order of
 * summation: changing it changes the last bits of every result.
 */
export const DEPTH = 256;

/** Strips of X that are multiplied at once: 128 rows of DEPTH columns fill half of a core's second cache. */
const BLOCK = 32;

/** Where the result of a product of strips lies, in bytes: see `multiplyFunction`. */
export interface ResultSteps {
  readonly pitch: number;
  readonly xStep: number;
  readonly yStep: number;
}

/** The steps of a result that is in strips itself, of so many columns. */
export function stripSteps(columns: number): ResultSteps {
  return { pitch: COLUMN, xStep: COLUMN * columns, yStep: COLUMN * STRIP };
}

/** C ← C + sign X Yᵀ for strips at the byte addresses c, x and y; entry by entry the products add up in ascending order. */
export function multiplyStrips(
  machine: Machine,
  at: { readonly c: number; readonly x: number; readonly y: number },
  size: { readonly xStrips: number; readonly yStrips: number; readonly columns: number },
  { pitch, xStep, yStep }: ResultSteps,
  sign: 1 | -1,
): void {
  const { multiply } = machine.code(KERNELS);
  const { xStrips, yStrips, columns } = size;
  for (let i = 0; i < xStrips; i += BLOCK) {
    const [c, x] = [at.c + i * xStep, at.x + i * columns * COLUMN];
    multiply!(c, x, at.y, Math.min(BLOCK, xStrips - i), yStrips, columns, pitch, xStep, yStep, sign);
  }
}

/** A window of a broadcast array. */
export interface RemoteWindow {
  readonly id: string;
  readonly offset: number;
  readonly rowStep: number;
  readonly colStep: number;
}

export function localWindow(context: TaskContext, { id, offset, rowStep, colStep }: RemoteWindow): Window {
  return { data: context.value<Float64Array>(id), offset, rowStep, colStep };
}

export interface ProductTask {
  readonly c: RemoteWindow;
  readonly a: RemoteWindow;
  readonly b: RemoteWindow;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly sign: 1 | -1;
  /** C is zero so far. */
  readonly fresh: boolean;
}

/** C ← C ± A B for one tile of C. */
export function productTile(context: TaskContext, task: ProductTask): void {
  const { m, n, k, sign, fresh } = task;
  const [a, b, c] = [localWindow(context, task.a), localWindow(context, task.b), localWindow(context, task.c)];
  const bRows = { ...b, rowStep: b.colStep, colStep: b.rowStep };
  const machine = context.machine(KERNELS);
  const [xStrips, yStrips] = [stripsOf(m), stripsOf(n)];
  const columns = STRIP * yStrips;
  const depth = Math.min(k, DEPTH);
  const x = xStrips * columns * COLUMN;
  const y = x + xStrips * depth * COLUMN;
  const memory = machine.numbers(y + yStrips * depth * COLUMN);
  if (fresh) memory.fill(0, 0, x / 8);
  else packStrips(c, { rows: m, cols: n }, columns, memory, 0);
  for (let p = 0; p < k; p += DEPTH) {
    const cols = Math.min(DEPTH, k - p);
    packStrips(windowAt(a, 0, p), { rows: m, cols }, cols, memory, x / 8);
    packStrips(windowAt(bRows, 0, p), { rows: n, cols }, cols, memory, y / 8);
    multiplyStrips(machine, { c: 0, x, y }, { xStrips, yStrips, columns: cols }, stripSteps(columns), sign);
  }
  unpackStrips(c, { rows: m, cols: n }, columns, memory, 0);
}
