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

/** How many strips of X and Y are multiplied, of how many columns each; strips of X may be further apart than these. */
export interface StripSizes {
  readonly xStrips: number;
  readonly yStrips: number;
  readonly columns: number;
  readonly xColumns?: number;
}

/** C ← C + sign X Yᵀ for strips at the byte addresses c, x and y; entry by entry the products add up in ascending order. */
export function multiplyStrips(
  machine: Machine,
  at: { readonly c: number; readonly x: number; readonly y: number },
  { xStrips, yStrips, columns, xColumns = columns }: StripSizes,
  { pitch, xStep, yStep }: ResultSteps,
  sign: 1 | -1,
): void {
  const { multiply } = machine.code(KERNELS);
  const gap = (xColumns - columns) * COLUMN;
  for (let i = 0; i < xStrips; i += BLOCK) {
    const [c, x] = [at.c + i * xStep, at.x + i * xColumns * COLUMN];
    multiply!(c, x, at.y, Math.min(BLOCK, xStrips - i), yStrips, columns, gap, pitch, xStep, yStep, sign);
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
  /** What C holds does not count, and the factors have not been looked through for values that are not finite. */
  readonly fresh: boolean;
}

/** Of the second factor, strips of all its columns are kept for the next task if they are no more than so many bytes. */
const KEPT_BYTES = 2 ** 25;

/** Handler: C ← C ± A B for one tile of C. */
export function productTile(context: TaskContext, task: ProductTask): "done" | "not finite" {
  const { m, n, k, sign, fresh } = task;
  const [a, c] = [localWindow(context, task.a), localWindow(context, task.c)];
  const machine = context.machine("product");
  const [xStrips, yStrips] = [stripsOf(m), stripsOf(n)];
  const columns = STRIP * yStrips;
  const depth = Math.min(k, DEPTH);
  const keep = yStrips * k * COLUMN <= KEPT_BYTES;
  const yAt = yStrips * (keep ? k : depth) * COLUMN;
  const x = yAt + xStrips * columns * COLUMN;
  const memory = machine.numbers(x + xStrips * depth * COLUMN);
  if (fresh) memory.fill(0, yAt / 8, x / 8);
  else packStrips(c, { rows: m, cols: n }, columns, memory, yAt / 8);
  const isThere = keep && machine.notes.get("kept") === labelOf(task);
  machine.notes.delete("kept");
  for (let p = 0; p < k; p += DEPTH) {
    const cols = Math.min(DEPTH, k - p);
    const y = keep ? yStrips * p * COLUMN : 0;
    if (!isThere) packFactor(context, task, p, cols, memory, y);
    packStrips(windowAt(a, 0, p), { rows: m, cols }, cols, memory, x / 8);
    if (fresh && !allFinite(machine, x, x + xStrips * cols * COLUMN)) return "not finite";
    if (fresh && !isThere && !allFinite(machine, y, y + yStrips * cols * COLUMN)) return "not finite";
    multiplyStrips(machine, { c: yAt, x, y }, { xStrips, yStrips, columns: cols }, stripSteps(columns), sign);
  }
  if (keep) machine.notes.set("kept", labelOf(task));
  unpackStrips(c, { rows: m, cols: n }, columns, memory, yAt / 8);
  return "done";
}

/** True when all numbers between two addresses are finite. */
export function allFinite(machine: Machine, from: number, to: number): boolean {
  return machine.code(KERNELS)["finite"]!(from, to) === 1;
}

/** Names what is kept of the second factor; the name of an array stands for its values. */
function labelOf({ b, n, k }: ProductTask): string {
  return [b.id, b.offset, n, k].join();
}

/** Rows [p, p + cols) of B, its columns as strips at byte address y. */
function packFactor(
  context: TaskContext,
  { b, n }: ProductTask,
  p: number,
  cols: number,
  memory: Float64Array,
  y: number,
): void {
  const { data, offset, rowStep, colStep } = localWindow(context, b);
  const columnsAsRows = { data, offset: offset + p * rowStep, rowStep: colStep, colStep: rowStep };
  packStrips(columnsAsRows, { rows: n, cols }, cols, memory, y / 8);
}
