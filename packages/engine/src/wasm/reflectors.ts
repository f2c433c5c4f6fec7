import type { TaskContext } from "./context.ts";
import { COLUMN, packStrips, STRIP, stripsOf, unpackStrips, type Window, windowAt } from "./strips.ts";
import { DEPTH, multiplyStrips, stripSteps } from "./tile-product.ts";

/** Reflectors that are applied together; larger means more of the work is products of that depth. */
export const REFLECTORS = 128;

/** Broadcast: what is applied to what. */
export interface Reflection {
  readonly n: number;
  /** n x n, row i is the vector v of H(i) = I - tau[i] v vᵀ, zero from column i on. */
  readonly reflectors: Float64Array;
  readonly tau: Float64Array;
  /** For each block of reflectors its S, see `reflectorTriangle`; square, REFLECTORS wide. */
  readonly triangles: Float64Array;
  /** Rows z, replaced by (H(n-1) … H(1) z)ᵀ. */
  readonly rows: Float64Array;
}

function windowOf({ n, reflectors }: Reflection, block: number): { v: Window; count: number; support: number } {
  const start = block * REFLECTORS;
  const count = Math.min(REFLECTORS, n - start);
  return { v: { data: reflectors, offset: start * n, rowStep: n, colStep: 1 }, count, support: start + count - 1 };
}

/**
 * Handler: the upper triangular S with H(last) … H(first) = I - Vᵀ S V for a block of reflectors, column by column:
 * S[p, p] = tau(p), S[..p, p] = -tau(p) S[..p, ..p] (V[..p] v(p)).
 */
export function reflectorTriangle(context: TaskContext, { id, block }: { id: string; block: number }): null {
  const reflection = context.value<Reflection>(id);
  const { v, count, support } = windowOf(reflection, block);
  const strips = stripsOf(count);
  const columns = STRIP * strips;
  const x = strips * columns * COLUMN;
  const machine = context.machine("reflectors");
  const memory = machine.numbers(x + strips * DEPTH * COLUMN);
  memory.fill(0, 0, x / 8);
  for (let p = 0; p < support; p += DEPTH) {
    const cols = Math.min(DEPTH, support - p);
    packStrips(windowAt(v, 0, p), { rows: count, cols }, cols, memory, x / 8);
    const size = { xStrips: strips, yStrips: strips, columns: cols };
    multiplyStrips(machine, { c: 0, x, y: x }, size, stripSteps(columns), 1);
  }
  const products = new Float64Array(REFLECTORS * REFLECTORS);
  const square = { data: products, offset: 0, rowStep: REFLECTORS, colStep: 1 };
  unpackStrips(square, { rows: count, cols: count }, columns, memory, 0);
  const tau = reflection.tau.subarray(block * REFLECTORS);
  const place = block * REFLECTORS * REFLECTORS;
  fillTriangle(reflection.triangles.subarray(place, place + REFLECTORS * REFLECTORS), products, tau, count);
  return null;
}

function fillTriangle(s: Float64Array, products: Float64Array, tau: Float64Array, count: number): void {
  for (let p = 0; p < count; p++) {
    for (let q = 0; q < p; q++) {
      let sum = 0;
      for (let r = q; r < p; r++) sum += s[q * REFLECTORS + r]! * products[p * REFLECTORS + r]!;
      s[q * REFLECTORS + p] = -tau[p]! * sum;
    }
    s[p * REFLECTORS + p] = tau[p]!;
  }
}

/** Handler: z ← z - ((z Vᵀ) S) V for some rows z, block after block of reflectors. */
export function applyBlocks(context: TaskContext, task: { id: string; row: number; count: number }): null {
  const reflection = context.value<Reflection>(task.id);
  const { n, triangles } = reflection;
  const machine = context.machine("reflectors");
  const [zStrips, columns] = [stripsOf(task.count), STRIP * stripsOf(n)];
  const zv = zStrips * columns * COLUMN;
  const zvs = zv + zStrips * REFLECTORS * COLUMN;
  const y = zvs + zStrips * REFLECTORS * COLUMN;
  const memory = machine.numbers(y + columns * Math.max(REFLECTORS, DEPTH) * 8);
  const rows = { data: reflection.rows, offset: task.row * n, rowStep: n, colStep: 1 };
  packStrips(rows, { rows: task.count, cols: n }, columns, memory, 0);
  for (let block = 0; block * REFLECTORS < n; block++) {
    const { v, count, support } = windowOf(reflection, block);
    const depth = STRIP * stripsOf(count);
    const products = { xStrips: zStrips, yStrips: stripsOf(count), columns: depth };
    memory.fill(0, zv / 8, y / 8);
    for (let p = 0; p < support; p += DEPTH) {
      const cols = Math.min(DEPTH, support - p);
      packStrips(windowAt(v, 0, p), { rows: count, cols }, cols, memory, y / 8);
      const size = { ...products, columns: cols, xColumns: columns };
      multiplyStrips(machine, { c: zv, x: p * COLUMN, y }, size, stripSteps(depth), 1);
    }
    const s = { data: triangles, offset: block * REFLECTORS * REFLECTORS, rowStep: 1, colStep: REFLECTORS };
    packStrips(s, { rows: count, cols: count }, depth, memory, y / 8);
    multiplyStrips(machine, { c: zvs, x: zv, y }, products, stripSteps(depth), 1);
    if (support === 0) continue;
    const vColumns = { ...v, rowStep: v.colStep, colStep: v.rowStep };
    packStrips(vColumns, { rows: support, cols: count }, depth, memory, y / 8);
    const update = { ...products, yStrips: stripsOf(support) };
    multiplyStrips(machine, { c: 0, x: zvs, y }, update, stripSteps(columns), -1);
  }
  unpackStrips(rows, { rows: task.count, cols: n }, columns, memory, 0);
  return null;
}
