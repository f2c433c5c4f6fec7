import { blockAt, transposed } from "./block.ts";
import { dot } from "./dot.ts";
import { multiplyAdd } from "./multiply-add.ts";
import { partOf, type Work } from "./work.ts";

/** Rows that are reduced before the rest of the matrix is updated, by a product of that depth. */
const PANEL = 32;
/** Reflectors that are applied together; larger means more of the work is products. */
const REFLECTORS = 64;
/** Below this the squared length of a row (of a matrix whose largest entry is near 1) is zero: see `makeReflector`. */
const NEGLIGIBLE = 1e-280;

/** A = Q T Qᵀ, with T tridiagonal and Q = H(n-1) … H(1), H(i) = I - tau[i] v vᵀ. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** offDiagonal[i] couples i and i + 1; the last one is zero. */
  readonly offDiagonal: Float64Array;
  /** n x n, row i holds the v of H(i), which is zero from column i on. */
  readonly reflectors: Float64Array;
  readonly tau: Float64Array;
}

/**
 * Reduces the symmetric matrix in the lower triangle of `a` (destroyed: it becomes `reflectors`) to tridiagonal form.
 * O(4n³/3): half of it matrix-vector products, half matrix products.
 *
 * Rows are finished from the last upwards, so that what remains is always the leading block, and rows, reflectors and
 * products run over contiguous memory. Within a panel the block is left as it is, and w collects what is missing:
 * A now = A - Σ (v wᵀ + w vᵀ). The largest entry must be near 1.
 */
export async function tridiagonalize(a: Float64Array, n: number, work: Work): Promise<Tridiagonal> {
  const [diagonal, offDiagonal, tau] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const w = new Float64Array(PANEL * n);
  const done = (rows: number): number => 1 - (rows / n) ** 3;
  for (let end = n; end > 0; end -= PANEL) {
    const start = Math.max(0, end - PANEL);
    for (let i = end - 1; i >= start; i--) {
      updateRow(a, w, n, i, end);
      diagonal[i] = a[i * n + i]!;
      a.fill(0, i * n + i, (i + 1) * n);
      if (i === 0) break;
      const reflector = makeReflector(a, i * n, i);
      offDiagonal[i - 1] = reflector.norm;
      tau[i] = reflector.tau;
      makeUpdate(a, w, n, i, end, reflector.tau);
      await work.breathe(done(i));
    }
    const [v, rowsOfW] = [blockAt(a, n, start), blockAt(w, n, PANEL - (end - start))];
    const product = { c: blockAt(a, n), m: start, n: start, k: end - start, sign: -1, lowerOnly: true } as const;
    const still = { breathe: () => work.breathe(done(start)) };
    await multiplyAdd({ ...product, a: transposed(v), b: rowsOfW }, still);
    await multiplyAdd({ ...product, a: transposed(rowsOfW), b: v }, still);
  }
  return { diagonal, offDiagonal, reflectors: a, tau };
}

/** Where the w that belongs to row i of the panel ending at `end` begins. */
function offsetInW(n: number, i: number, end: number): number {
  return (PANEL - (end - i)) * n;
}

/** a[i] -= Σ v[i] w + w[i] v over the rows of the panel below i. */
function updateRow(a: Float64Array, w: Float64Array, n: number, i: number, end: number): void {
  for (let r = i + 1; r < end; r++) {
    const [row, v, wr] = [i * n, r * n, offsetInW(n, r, end)];
    const [vi, wi] = [a[v + i]!, w[wr + i]!];
    for (let j = 0; j <= i; j++) a[row + j]! -= vi * w[wr + j]! + wi * a[v + j]!;
  }
}

/**
 * Overwrites x = data[start, start + count) by v with v[count - 1] = 1 such that (I - tau v vᵀ) x = (0, …, 0, norm).
 * A head of x whose squares underflow is dropped, because its computed length would make H not orthogonal.
 */
function makeReflector(data: Float64Array, start: number, count: number): { norm: number; tau: number } {
  const last = start + count - 1;
  const alpha = data[last]!;
  let sum = 0;
  for (let j = start; j < last; j++) sum += data[j]! * data[j]!;
  data[last] = 1;
  if (sum < NEGLIGIBLE) {
    data.fill(0, start, last);
    return { norm: alpha, tau: 0 };
  }
  const norm = alpha > 0 ? -Math.sqrt(alpha * alpha + sum) : Math.sqrt(alpha * alpha + sum);
  for (let j = start; j < last; j++) data[j]! /= alpha - norm;
  return { norm, tau: (norm - alpha) / norm };
}

/** w = p - ½ tau (pᵀ v) v with p = tau (A now) v, for the reflector v in row i of the panel ending at `end`. */
function makeUpdate(a: Float64Array, w: Float64Array, n: number, i: number, end: number, tau: number): void {
  const v = a.subarray(i * n, i * n + i);
  const p = w.subarray(offsetInW(n, i, end), offsetInW(n, i, end) + i);
  w.fill(0, offsetInW(n, i, end), offsetInW(n, i, end) + n);
  multiplySymmetric(a, n, v, p);
  for (let r = i + 1; r < end; r++) {
    const vr = a.subarray(r * n, r * n + i);
    const wr = w.subarray(offsetInW(n, r, end), offsetInW(n, r, end) + i);
    const [vv, wv] = [dot(vr, 0, v, 0, i), dot(wr, 0, v, 0, i)];
    for (let j = 0; j < i; j++) p[j]! -= wr[j]! * vv + vr[j]! * wv;
  }
  for (let j = 0; j < i; j++) p[j]! *= tau;
  const half = 0.5 * tau * dot(p, 0, v, 0, i);
  for (let j = 0; j < i; j++) p[j]! -= half * v[j]!;
}

/** y += A x for the leading block of the size of x; reads each entry of the lower triangle once, four rows at a time. */
function multiplySymmetric(a: Float64Array, n: number, x: Float64Array, y: Float64Array): void {
  const whole = x.length - (x.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const [row0, row1, row2, row3] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n];
    const [x0, x1, x2, x3] = [x[i]!, x[i + 1]!, x[i + 2]!, x[i + 3]!];
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let j = 0; j < i; j++) {
      const xj = x[j]!;
      const a0 = a[row0 + j]!;
      const a1 = a[row1 + j]!;
      const a2 = a[row2 + j]!;
      const a3 = a[row3 + j]!;
      sum0 += a0 * xj;
      sum1 += a1 * xj;
      sum2 += a2 * xj;
      sum3 += a3 * xj;
      y[j]! += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3;
    }
    y[i]! += sum0;
    y[i + 1]! += sum1;
    y[i + 2]! += sum2;
    y[i + 3]! += sum3;
    for (let r = i; r < i + 4; r++) multiplyRow(a, n, x, y, r, i);
  }
  for (let r = whole; r < x.length; r++) multiplyRow(a, n, x, y, r, 0);
}

/** The part of y += A x that entries (r, from..r) and their mirror images give. */
function multiplyRow(a: Float64Array, n: number, x: Float64Array, y: Float64Array, r: number, from: number): void {
  const row = r * n;
  let sum = a[row + r]! * x[r]!;
  for (let j = from; j < r; j++) {
    sum += a[row + j]! * x[j]!;
    y[j]! += a[row + j]! * x[r]!;
  }
  y[r]! += sum;
}

/**
 * Replaces the rows z of the n x n array by (Q z)ᵀ. O(2n³), all in matrix products:
 * H(i) … H(i + r - 1) = I - Vᵀ S V with the reflectors in the rows of V and S upper triangular.
 */
export async function applyReflectors(t: Tridiagonal, rows: Float64Array, work: Work): Promise<void> {
  const n = t.diagonal.length;
  const z = blockAt(rows, n);
  for (let start = 1; start < n; start += REFLECTORS) {
    const count = Math.min(REFLECTORS, n - start);
    const support = start + count - 1;
    const v = blockAt(t.reflectors, n, start);
    const triangle = blockAt(reflectorTriangle(t, start, count), count);
    const [zv, zvs] = [blockAt(new Float64Array(n * count), count), blockAt(new Float64Array(n * count), count)];
    const step = partOf(work, (start / n) ** 2, ((start + count) / n) ** 2);
    await multiplyAdd({ c: zv, a: z, b: transposed(v), m: n, n: count, k: support, sign: 1 }, partOf(step, 0, 0.5));
    await multiplyAdd({ c: zvs, a: zv, b: triangle, m: n, n: count, k: count, sign: 1 }, partOf(step, 0.5, 0.5));
    await multiplyAdd({ c: z, a: zvs, b: v, m: n, n: support, k: count, sign: -1 }, partOf(step, 0.5, 1));
  }
}

/** S of some reflectors from the products V Vᵀ of their vectors, column by column: S[p, p] = tau(p), S[..p, p] = -tau(p) S[..p, ..p] (V[..p] v(p)). */
export function fillTriangle(s: Float64Array, products: Float64Array, tau: Float64Array): void {
  const count = tau.length;
  for (let p = 0; p < count; p++) {
    for (let q = 0; q < p; q++) {
      let sum = 0;
      for (let r = q; r < p; r++) sum += s[q * count + r]! * products[p * count + r]!;
      s[q * count + p] = -tau[p]! * sum;
    }
    s[p * count + p] = tau[p]!;
  }
}

function reflectorTriangle(t: Tridiagonal, start: number, count: number): Float64Array {
  const n = t.diagonal.length;
  const products = new Float64Array(count * count);
  for (let p = 0; p < count; p++) {
    for (let q = 0; q < p; q++)
      products[p * count + q] = dot(t.reflectors, (start + q) * n, t.reflectors, (start + p) * n, start + q);
  }
  const s = new Float64Array(count * count);
  fillTriangle(s, products, t.tau.subarray(start, start + count));
  return s;
}
