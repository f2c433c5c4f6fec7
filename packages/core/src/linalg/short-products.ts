import type { Block } from "./block.ts";

/*
 * Products of which one side is short. Their innermost loops cost more by the step than by the arithmetic, so that a step serves
 * several rows.
 */

export interface ShortProduct {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** False: what C holds is not read. */
  readonly accumulate: boolean;
}

/** C (+)= A B, rows of C getting multiples of rows of B. C is all that its array holds. */
export function addRows(c: Block, a: Block, b: Block, sizes: ShortProduct): void {
  const { m, n, k, accumulate } = sizes;
  const isPacked = c.colStep === 1 && b.colStep === 1;
  let p = 0;
  if (!accumulate) {
    const odd = isPacked ? k % 4 : 0;
    if (odd === 0) c.data.fill(0);
    else if (odd === 1) setMultiples(c, a, b, sizes);
    else setSums(c, a, b, sizes);
    p = Math.min(odd, 2);
  }
  for (; isPacked && p + 3 < k; p += 4) {
    for (let i = 0; i + 1 < m; i += 2) addFourToTwo(c, a, b, i, p, n);
    if (m % 2 === 1) addFourToOne(c, a, b, m - 1, p, n);
  }
  for (; p < k; p++) for (let i = 0; i < m; i++) addOneToOne(c, a, b, i, p, n);
}

function entry({ data, offset, rowStep, colStep }: Block, i: number, j: number): number {
  return data[offset + i * rowStep + j * colStep]!;
}

function rowStart({ offset, rowStep }: Block, i: number): number {
  return offset + i * rowStep;
}

/** Row i and the next three, the last one in place of those that are not there: writing it twice does no harm. */
function fourRows(i: number, m: number): readonly [number, number, number, number] {
  return [i, Math.min(i + 1, m - 1), Math.min(i + 2, m - 1), Math.min(i + 3, m - 1)];
}

/** C = a₀ b₀, of the first column of A and the first row of B. */
function setMultiples(c: Block, a: Block, b: Block, { m, n }: ShortProduct): void {
  const out = c.data;
  const y = b.data;
  const f0 = b.offset;
  for (let i = 0; i < m; i += 4) {
    const [i0, i1, i2, i3] = fourRows(i, m);
    const x0 = entry(a, i0, 0);
    const x1 = entry(a, i1, 0);
    const x2 = entry(a, i2, 0);
    const x3 = entry(a, i3, 0);
    const c0 = rowStart(c, i0);
    const c1 = rowStart(c, i1);
    const c2 = rowStart(c, i2);
    const c3 = rowStart(c, i3);
    for (let j = 0; j < n; j++) {
      const v = y[f0 + j]!;
      out[c0 + j] = x0 * v;
      out[c1 + j] = x1 * v;
      out[c2 + j] = x2 * v;
      out[c3 + j] = x3 * v;
    }
  }
}

/** C = a₀ b₀ + a₁ b₁. */
function setSums(c: Block, a: Block, b: Block, { m, n }: ShortProduct): void {
  const out = c.data;
  const y = b.data;
  const f0 = b.offset;
  const f1 = rowStart(b, 1);
  for (let i = 0; i < m; i += 4) {
    const [i0, i1, i2, i3] = fourRows(i, m);
    const x0 = entry(a, i0, 0);
    const x1 = entry(a, i1, 0);
    const x2 = entry(a, i2, 0);
    const x3 = entry(a, i3, 0);
    const y0 = entry(a, i0, 1);
    const y1 = entry(a, i1, 1);
    const y2 = entry(a, i2, 1);
    const y3 = entry(a, i3, 1);
    const c0 = rowStart(c, i0);
    const c1 = rowStart(c, i1);
    const c2 = rowStart(c, i2);
    const c3 = rowStart(c, i3);
    for (let j = 0; j < n; j++) {
      const v = y[f0 + j]!;
      const w = y[f1 + j]!;
      out[c0 + j] = x0 * v + y0 * w;
      out[c1 + j] = x1 * v + y1 * w;
      out[c2 + j] = x2 * v + y2 * w;
      out[c3 + j] = x3 * v + y3 * w;
    }
  }
}

/** Rows i and i + 1 of C get multiples of rows p … p + 3 of B. */
function addFourToTwo(c: Block, a: Block, b: Block, i: number, p: number, n: number): void {
  const x0 = entry(a, i, p);
  const x1 = entry(a, i, p + 1);
  const x2 = entry(a, i, p + 2);
  const x3 = entry(a, i, p + 3);
  const y0 = entry(a, i + 1, p);
  const y1 = entry(a, i + 1, p + 1);
  const y2 = entry(a, i + 1, p + 2);
  const y3 = entry(a, i + 1, p + 3);
  const f0 = rowStart(b, p);
  const f1 = rowStart(b, p + 1);
  const f2 = rowStart(b, p + 2);
  const f3 = rowStart(b, p + 3);
  const out = c.data;
  const y = b.data;
  const c0 = rowStart(c, i);
  const c1 = rowStart(c, i + 1);
  for (let j = 0; j < n; j++) {
    const v0 = y[f0 + j]!;
    const v1 = y[f1 + j]!;
    const v2 = y[f2 + j]!;
    const v3 = y[f3 + j]!;
    out[c0 + j]! += x0 * v0 + x1 * v1 + (x2 * v2 + x3 * v3);
    out[c1 + j]! += y0 * v0 + y1 * v1 + (y2 * v2 + y3 * v3);
  }
}

/** The same for one row. */
function addFourToOne(c: Block, a: Block, b: Block, i: number, p: number, n: number): void {
  const x0 = entry(a, i, p);
  const x1 = entry(a, i, p + 1);
  const x2 = entry(a, i, p + 2);
  const x3 = entry(a, i, p + 3);
  const f0 = rowStart(b, p);
  const f1 = rowStart(b, p + 1);
  const f2 = rowStart(b, p + 2);
  const f3 = rowStart(b, p + 3);
  const out = c.data;
  const y = b.data;
  const c0 = rowStart(c, i);
  for (let j = 0; j < n; j++) out[c0 + j]! += x0 * y[f0 + j]! + x1 * y[f1 + j]! + (x2 * y[f2 + j]! + x3 * y[f3 + j]!);
}

/** Row i of C gets a multiple of row p of B. */
function addOneToOne(c: Block, a: Block, b: Block, i: number, p: number, n: number): void {
  const x = entry(a, i, p);
  const out = c.data;
  const y = b.data;
  const c0 = rowStart(c, i);
  const f0 = rowStart(b, p);
  if (c.colStep === 1 && b.colStep === 1) {
    for (let j = 0; j < n; j++) out[c0 + j]! += x * y[f0 + j]!;
  } else {
    for (let j = 0; j < n; j++) out[c0 + j * c.colStep]! += x * y[f0 + j * b.colStep]!;
  }
}

/** C (+)= A B, entry by entry, for rows of A and columns of B that lie together. */
export function addDots(c: Block, a: Block, b: Block, { m, n, k, accumulate }: ShortProduct): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const sum = dotAt(a.data, rowStart(a, i), b.data, b.offset + j * b.colStep, k);
      const at = c.offset + i * c.rowStep + j * c.colStep;
      c.data[at] = sum + (accumulate ? c.data[at]! : 0);
    }
  }
}

/** Four sums, so that none waits for the last. */
function dotAt(a: Float64Array, x: number, b: Float64Array, y: number, k: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let p = 0;
  for (; p + 3 < k; p += 4) {
    s0 += a[x + p]! * b[y + p]!;
    s1 += a[x + p + 1]! * b[y + p + 1]!;
    s2 += a[x + p + 2]! * b[y + p + 2]!;
    s3 += a[x + p + 3]! * b[y + p + 3]!;
  }
  for (; p < k; p++) s0 += a[x + p]! * b[y + p]!;
  return s0 + s1 + (s2 + s3);
}
