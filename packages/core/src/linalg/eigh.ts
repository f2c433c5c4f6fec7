import { type Matrix, matrix } from "../matrix/matrix.ts";
import { tridiagonalEigenvectors } from "./divide-conquer.ts";
import type { Eigh, WorkOptions } from "./engine.ts";
import { jsKernels, type LinalgKernels } from "./kernels.ts";
import { lowerTriangle } from "./lower-triangle.ts";
import { scaleOf } from "./scaling.ts";
import { partOf, startWork, type Work } from "./work.ts";

/**
 * A = V diag(values) Vᵀ for a symmetric matrix: A = Q T Qᵀ by reflectors, T = Z diag(values) Zᵀ by divide and conquer,
 * V = Q Z. Errors are of the size of rounding error times the largest |eigenvalue|. O(6n³), mostly matrix products.
 */
export async function eigh(a: Matrix, options: WorkOptions = {}, kernels: LinalgKernels = jsKernels): Promise<Eigh> {
  const n = a.rows;
  const lower = lowerTriangle("eigh", a, kernels.allocate);
  return eighInPlace(lower, n, startWork(options), kernels);
}

/** `eigh` of the lower triangle in `lower`, which is destroyed. */
export async function eighInPlace(lower: Float64Array, n: number, work: Work, kernels: LinalgKernels): Promise<Eigh> {
  const scale = scaleOf(lower);
  for (let i = 0; i < lower.length; i++) lower[i]! *= scale;
  const tridiagonal = await kernels.tridiagonalize(lower, n, partOf(work, 0, 0.4));
  const { diagonal, offDiagonal } = tridiagonal;
  const rows = await tridiagonalEigenvectors(diagonal, offDiagonal, partOf(work, 0.4, 0.7), kernels);
  await kernels.applyReflectors(tridiagonal, rows, partOf(work, 0.7, 1));
  const order = Array.from(diagonal.keys()).sort((i, j) => diagonal[i]! - diagonal[j]!);
  const vectors = matrix(n, n, kernels.allocate(n * n));
  order.forEach((i, slot) => {
    vectors.data.set(rows.subarray(i * n, (i + 1) * n), slot * n);
  });
  return { values: Float64Array.from(order, (i) => diagonal[i]! / scale), vectors };
}
