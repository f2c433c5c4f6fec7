import { type Matrix, matrix } from "../matrix/matrix.ts";
import type { TridiagonalForm, WorkOptions } from "./engine.ts";
import { jsKernels, type LinalgKernels } from "./kernels.ts";
import { lowerTriangle } from "./lower-triangle.ts";
import { scaleOf } from "./scaling.ts";
import { partOf, startWork } from "./work.ts";

/** A = Q T Qᵀ by reflectors, the first half of `eigh`. O(10n³/3). */
export async function tridiagonalForm(
  a: Matrix,
  options: WorkOptions = {},
  kernels: LinalgKernels = jsKernels,
): Promise<TridiagonalForm> {
  const n = a.rows;
  const work = startWork(options);
  const lower = lowerTriangle("tridiagonalForm", a, kernels.allocate);
  const scale = scaleOf(lower);
  for (let i = 0; i < lower.length; i++) lower[i]! *= scale;
  const tridiagonal = await kernels.tridiagonalize(lower, n, partOf(work, 0, 0.4));
  const basis = matrix(n, n, kernels.allocate(n * n));
  for (let i = 0; i < n; i++) basis.data[i * (n + 1)] = 1;
  await kernels.applyReflectors(tridiagonal, basis.data, partOf(work, 0.4, 1));
  return {
    diagonal: tridiagonal.diagonal.map((value) => value / scale),
    offDiagonal: tridiagonal.offDiagonal.map((value) => value / scale),
    basis,
  };
}
