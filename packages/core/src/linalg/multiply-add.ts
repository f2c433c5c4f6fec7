import type { Block } from "./block.ts";
import { transposed } from "./block.ts";
import type { Work } from "./work.ts";

// Sizes of the pieces that are copied into contiguous memory: MC x KC of A stays in L2, a strip of each in L1.
// KC also fixes the order of summation, so changing it changes the last bits of every result.
const MC = 64;
const NC = 512;
const KC = 256;
// One register tile is MR x NR; 4 x 2 sums and their factors fit the 16 registers of x64 without spilling.
const MR = 4;
const NR = 2;

export interface Product {
  readonly c: Block;
  readonly a: Block;
  readonly b: Block;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** C + A B or C - A B. */
  readonly sign: 1 | -1;
  /** Leave the register tiles that lie above the diagonal of C alone. */
  readonly lowerOnly?: boolean;
}

/**
 * C ← C ± A B, in place, with A m x k, B k x n. O(mnk).
 *
 * Each entry adds up its products in ascending order within chunks of KC, and then the chunks in ascending order. That
 * order depends on k alone, so rows and columns of a product have the same bits whatever they are computed with: tiles
 * at the border are padded with zeros and go through the same loop.
 */
export async function multiplyAdd(product: Product, work: Work): Promise<void> {
  for (const fraction of panelsOf(product)) await work.breathe(fraction);
}

/** The same without a pause, for products of some milliseconds. */
export function multiplyAddNow(product: Product): void {
  for (const _ of panelsOf(product));
}

/** Does the work and pauses after each panel of A, with the fraction done. */
function* panelsOf(product: Product): Generator<number> {
  const { a, b, m, n, k } = product;
  const packedA = new Float64Array(roundUp(Math.min(m, MC), MR) * Math.min(k, KC));
  const packedB = new Float64Array(roundUp(Math.min(n, NC), NR) * Math.min(k, KC));
  const tile = new Float64Array(MR * NR);
  for (let j = 0; j < n; j += NC) {
    const cols = Math.min(NC, n - j);
    for (let p = 0; p < k; p += KC) {
      const depth = Math.min(KC, k - p);
      pack(transposed(b), j, cols, p, depth, NR, packedB);
      for (let i = 0; i < m; i += MC) {
        const rows = Math.min(MC, m - i);
        if (product.lowerOnly && j >= i + rows) continue;
        pack(a, i, rows, p, depth, MR, packedA);
        multiplyPanels(product, packedA, packedB, { i, j, rows, cols, depth }, tile);
        yield (j + (cols * (p + (depth * (i + rows)) / m)) / k) / n;
      }
    }
  }
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** Copies rows [row, row + rows) and columns [from, from + depth) as strips of `width` rows, column after column. */
function pack(
  a: Block,
  row: number,
  rows: number,
  from: number,
  depth: number,
  width: number,
  out: Float64Array,
): void {
  const { data, rowStep, colStep } = a;
  let next = 0;
  for (let strip = 0; strip < rows; strip += width) {
    const real = Math.min(width, rows - strip);
    const start = a.offset + (row + strip) * rowStep + from * colStep;
    for (let p = 0; p < depth; p++) {
      const source = start + p * colStep;
      for (let r = 0; r < real; r++) out[next++] = data[source + r * rowStep]!;
      for (let r = real; r < width; r++) out[next++] = 0;
    }
  }
}

interface Panels {
  readonly i: number;
  readonly j: number;
  readonly rows: number;
  readonly cols: number;
  readonly depth: number;
}

function multiplyPanels(product: Product, a: Float64Array, b: Float64Array, panels: Panels, tile: Float64Array): void {
  const { c, sign, lowerOnly = false } = product;
  const { rows, cols, depth } = panels;
  for (let j = 0; j < cols; j += NR) {
    for (let i = 0; i < rows; i += MR) {
      if (lowerOnly && panels.j + j >= panels.i + i + MR) continue;
      multiplyTile(a, i * depth, b, j * depth, depth, tile);
      const start = c.offset + (panels.i + i) * c.rowStep + (panels.j + j) * c.colStep;
      addTile(c, start, Math.min(MR, rows - i), Math.min(NR, cols - j), sign, tile);
    }
  }
}

function addTile(c: Block, start: number, rows: number, cols: number, sign: number, tile: Float64Array): void {
  const { data, rowStep, colStep } = c;
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < cols; s++) data[start + r * rowStep + s * colStep]! += sign * tile[r * NR + s]!;
  }
}

/** tile ← the product of a strip of A with a strip of B; written out so that the eight sums live in registers. */
function multiplyTile(
  a: Float64Array,
  ia: number,
  b: Float64Array,
  ib: number,
  depth: number,
  tile: Float64Array,
): void {
  let c00 = 0;
  let c01 = 0;
  let c10 = 0;
  let c11 = 0;
  let c20 = 0;
  let c21 = 0;
  let c30 = 0;
  let c31 = 0;
  let i = ia;
  let j = ib;
  for (let p = 0; p < depth; p++) {
    const b0 = b[j]!;
    const b1 = b[j + 1]!;
    const a0 = a[i]!;
    const a1 = a[i + 1]!;
    const a2 = a[i + 2]!;
    const a3 = a[i + 3]!;
    c00 += a0 * b0;
    c01 += a0 * b1;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c30 += a3 * b0;
    c31 += a3 * b1;
    i += MR;
    j += NR;
  }
  tile[0] = c00;
  tile[1] = c01;
  tile[2] = c10;
  tile[3] = c11;
  tile[4] = c20;
  tile[5] = c21;
  tile[6] = c30;
  tile[7] = c31;
}
