import { type Matrix, matrix } from "../matrix/matrix.ts";
import type { TridiagonalForm, WorkOptions } from "./engine.ts";
import { formBasis } from "./form-basis.ts";
import { jsKernels, type LinalgKernels } from "./kernels.ts";
import { lowerTriangle } from "./lower-triangle.ts";
import { scaleOf } from "./scaling.ts";
import { partOf, startWork } from "./work.ts";

/** A = Q T Qᵀ by reflectors, the first half of `eigh`. O(8n³/3). Beside A little more is held than Q, which takes their place. */
export async function tridiagonalForm(
  a: Matrix,
  options: WorkOptions = {},
  kernels: LinalgKernels = jsKernels,
): Promise<TridiagonalForm> {
  const n = a.rows;
  const work = startWork(options);
  const lower = lowerTriangle("tridiagonalForm", a, kernels.allocate);
  const scale = scaleOf(lower);
  // Above the diagonal nothing is written: the system gives no memory to what nobody wrote to.
  for (let i = 0; i < n; i++) for (let at = i * n; at <= i * n + i; at++) lower[at]! *= scale;
  const tridiagonal = await kernels.tridiagonalize(lower, n, partOf(work, 0, 0.5));
  const basis = matrix(n, n, await formBasis(tridiagonal, kernels, partOf(work, 0.5, 1)));
  return {
    diagonal: tridiagonal.diagonal.map((value) => value / scale),
    offDiagonal: tridiagonal.offDiagonal.map((value) => value / scale),
    basis,
  };
}
