import { blockAt, transposed } from "./block.ts";
import type { LinalgKernels } from "./kernels.ts";
import { fillTriangle, type Tridiagonal } from "./tridiagonalize.ts";
import { partOf, type Work } from "./work.ts";

/** Reflectors that are applied together: enough for fast products, few enough for what is held beside Q to be little. */
const REFLECTORS = 128;

/**
 * Replaces the reflectors by Qᵀ (row i is column i of Q) and returns that. O(4n³/3), nearly all in matrix products.
 *
 * H(i) changes nothing from row and column i on. So the product of the reflectors before row i fills the leading block,
 * and those that are still to come lie below it: beside Q only a block of reflectors and its products with Q are held.
 */
export async function formBasis(t: Tridiagonal, kernels: LinalgKernels, work: Work): Promise<Float64Array> {
  const { reflectors: basis, tau } = t;
  const n = tau.length;
  if (n > 0) basis[0] = 1;
  const most = Math.min(REFLECTORS, n);
  const memory: Memory = {
    v: kernels.allocate(most * n),
    products: kernels.allocate(most * n),
    updates: kernels.allocate(most * n),
    square: kernels.allocate(most * most),
    triangle: kernels.allocate(most * most),
  };
  for (let start = 1; start < n; start += REFLECTORS) {
    const count = Math.min(REFLECTORS, n - start);
    const end = start + count;
    memory.v.set(basis.subarray(start * n, end * n));
    basis.fill(0, start * n, end * n);
    for (let i = start; i < end; i++) basis[i * n + i] = 1;
    const step = partOf(work, (start / n) ** 3, (end / n) ** 3);
    await applyBlock(kernels, basis, n, memory, tau.subarray(start, end), end - 1, step);
  }
  return basis;
}

/** What is held beside Q, as often as it is needed anew: a block of reflectors V, Z Vᵀ, Z Vᵀ S, V Vᵀ and S. */
interface Memory {
  readonly v: Float64Array;
  readonly products: Float64Array;
  readonly updates: Float64Array;
  readonly square: Float64Array;
  readonly triangle: Float64Array;
}

/** Z ← Z - ((Z Vᵀ) S) V for the leading block Z with `side` rows and columns. */
async function applyBlock(
  { multiplyAdd }: LinalgKernels,
  basis: Float64Array,
  n: number,
  memory: Memory,
  tau: Float64Array,
  side: number,
  work: Work,
): Promise<void> {
  const count = tau.length;
  for (const array of [memory.products, memory.updates, memory.square, memory.triangle]) array.fill(0);
  const [z, v] = [blockAt(basis, n), blockAt(memory.v, n)];
  const square = blockAt(memory.square, count);
  await multiplyAdd({ c: square, a: v, b: transposed(v), m: count, n: count, k: side, sign: 1 }, partOf(work, 0, 0.1));
  fillTriangle(memory.triangle, memory.square, tau);
  const [zv, zvs, s] = [memory.products, memory.updates, memory.triangle].map((array) => blockAt(array, count));
  const size = { m: side, n: count } as const;
  await multiplyAdd({ c: zv!, a: z, b: transposed(v), ...size, k: side, sign: 1 }, partOf(work, 0.1, 0.5));
  await multiplyAdd({ c: zvs!, a: zv!, b: s!, ...size, k: count, sign: 1 }, partOf(work, 0.5, 0.6));
  await multiplyAdd({ c: z, a: zvs!, b: v, m: side, n: side, k: count, sign: -1 }, partOf(work, 0.6, 1));
}
