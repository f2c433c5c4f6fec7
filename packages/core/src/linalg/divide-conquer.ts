import { blockAt } from "./block.ts";
import { deflate, type Halves, type Merge } from "./deflate.ts";
import type { LinalgKernels } from "./kernels.ts";
import { secularRoot } from "./secular.ts";
import { tridiagonalQl } from "./tridiagonal-ql.ts";
import { partOf, type Work } from "./work.ts";

/** Blocks up to this size are diagonalized directly. */
const LEAF = 32;

interface Arrays {
  readonly n: number;
  /** Diagonal, then eigenvalues. */
  readonly d: Float64Array;
  readonly e: Float64Array;
  /** Row i is the eigenvector of d[i]; zero outside the diagonal blocks that are finished. */
  readonly z: Float64Array;
  readonly gathered: Float64Array;
  readonly weights: Float64Array;
  readonly tolerance: number;
  readonly kernels: LinalgKernels;
}

/**
 * Eigenvalues of a tridiagonal matrix (into `d`, not sorted) and eigenvectors (returned, row i belongs to d[i]), by
 * divide and conquer (Cuppen 1981, with the corrected z of Gu & Eisenstat 1994). At most O(8n³/3), nearly all of it in
 * matrix products; eigenvalues that agree to rounding error ("deflation") cost nothing.
 *
 * The largest entry must be near 1.
 */
export async function tridiagonalEigenvectors(
  d: Float64Array,
  e: Float64Array,
  work: Work,
  kernels: LinalgKernels,
): Promise<Float64Array> {
  const n = d.length;
  const z = kernels.allocate(n * n);
  for (let i = 0; i < n; i++) z[i * n + i] = 1;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(d[i]!), Math.abs(e[i]!));
  const [gathered, weights] = [kernels.allocate(n * n), kernels.allocate(n * n)];
  await solve({ n, d, e, z, gathered, weights, tolerance: 8 * Number.EPSILON * largest, kernels }, 0, n, work);
  return z;
}

async function solve(arrays: Arrays, low: number, high: number, work: Work): Promise<void> {
  const { n, d, e, z } = arrays;
  if (high - low <= LEAF) {
    tridiagonalQl(d.subarray(low, high), e.slice(low, high), z, low * n + low, n);
    return work.breathe(1);
  }
  // T = diag(T1, T2) + |β| u uᵀ with u = e(middle - 1) ± e(middle).
  const middle = (low + high) >> 1;
  const beta = e[middle - 1]!;
  d[middle - 1]! -= Math.abs(beta);
  d[middle]! -= Math.abs(beta);
  await solve(arrays, low, middle, partOf(work, 0, 0.15));
  await solve(arrays, middle, high, partOf(work, 0.15, 0.3));
  const u = new Float64Array(high - low);
  for (let i = low; i < middle; i++) u[i - low] = z[i * n + middle - 1]! * Math.SQRT1_2;
  for (let i = middle; i < high; i++) u[i - low] = Math.sign(beta) * z[i * n + middle]! * Math.SQRT1_2;
  const halves = { d, z, stride: n, low, middle, high };
  const merge = deflate(halves, u, 2 * Math.abs(beta), arrays.tolerance);
  if (merge.kept.length > 0) await mergeHalves(arrays, halves, merge, partOf(work, 0.3, 1));
}

/**
 * Replaces the kept eigenpairs by those of diag(d) + rho u uᵀ in their span, in the first rows of the block; the
 * deflated pairs move behind them. New vector j is Σ weights[j, i] (old vector i), over the kept ones in grouped order,
 * so that the products can leave out the halves in which vectors are zero.
 */
async function mergeHalves(arrays: Arrays, halves: Halves, merge: Merge, work: Work): Promise<void> {
  const { n, d, z, gathered, weights, kernels } = arrays;
  const { low, middle, high } = halves;
  const { kept, deflated, grouped, inFirst, inSecond } = merge;
  const [total, firstSize, secondSize] = [kept.length, middle - low, high - middle];
  const values = await secularWeights(d, merge, weights, partOf(work, 0, 0.2));
  const firstOfSecond = total - inSecond;
  const secondAt = gatherRows(z, n, grouped.slice(0, inFirst), low, middle, gathered, 0);
  const deflatedAt = gatherRows(z, n, grouped.slice(firstOfSecond), middle, high, gathered, secondAt);
  gatherRows(z, n, deflated, low, high, gathered, deflatedAt);
  d.set([...values, ...deflated.map((i) => d[i]!)], low);
  for (let i = low; i < low + total; i++) z.fill(0, i * n + low, i * n + high);
  deflated.forEach((_, slot) => {
    const from = deflatedAt + slot * (high - low);
    z.set(gathered.subarray(from, from + high - low), (low + total + slot) * n + low);
  });
  const a = blockAt(weights, total);
  const b = blockAt(gathered, firstSize);
  const bothA = { ...a, offset: firstOfSecond };
  const bothB = { ...blockAt(gathered, secondSize), offset: secondAt };
  const sizes = { m: total, sign: 1 } as const;
  const [first, second] = [blockAt(z, n, low, low), blockAt(z, n, low, middle)];
  await kernels.multiplyAdd({ ...sizes, c: first, a, b, n: firstSize, k: inFirst }, partOf(work, 0.2, 0.6));
  await kernels.multiplyAdd(
    { ...sizes, c: second, a: bothA, b: bothB, n: secondSize, k: inSecond },
    partOf(work, 0.6, 1),
  );
}

/** Copies columns [from, to) of the listed rows to `target` in `out`, one after the other; returns where they end. */
function gatherRows(
  z: Float64Array,
  stride: number,
  rows: readonly number[],
  from: number,
  to: number,
  out: Float64Array,
  target: number,
): number {
  let next = target;
  for (const i of rows) {
    out.set(z.subarray(i * stride + from, i * stride + to), next);
    next += to - from;
  }
  return next;
}

/**
 * The eigenvalues of diag(d) + rho u uᵀ over the kept rows, ascending; row j of `weights` receives the unit eigenvector
 * of value j, in grouped order.
 *
 * The eigenvectors û[i] / (d[i] - λ[j]) use the û for which the computed λ are exact, û[i]² = Π (λ[j] - d[i]) / Π
 * (d[j] - d[i]) / rho: that makes them orthogonal to rounding error without extra precision.
 */
async function secularWeights(d: Float64Array, merge: Merge, weights: Float64Array, work: Work): Promise<Float64Array> {
  const { kept, u, rho, grouped } = merge;
  const n = kept.length;
  const poles = Float64Array.from(kept, (i) => d[i]!);
  const values = new Float64Array(n);
  const square = new Float64Array(n).fill(1);
  for (let j = 0; j < n; j++) {
    const distances = weights.subarray(j * n, (j + 1) * n);
    values[j] = secularRoot(poles, u, rho, j, distances);
    for (let i = 0; i < n; i++) square[i]! *= i === j ? -distances[i]! : distances[i]! / (poles[i]! - poles[j]!);
    await work.breathe((j + 1) / n);
  }
  const corrected = u.map((value, i) => Math.sign(value) * Math.sqrt(square[i]!));
  const slotOf = new Map(grouped.map((i, slot) => [i, slot]));
  const slots = kept.map((i) => slotOf.get(i)!);
  const vector = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const distances = weights.subarray(j * n, (j + 1) * n);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const weight = corrected[i]! / distances[i]!;
      vector[slots[i]!] = weight;
      sum += weight * weight;
    }
    const length = Math.sqrt(sum);
    for (let i = 0; i < n; i++) distances[i] = vector[i]! / length;
  }
  return values;
}
