import { addToDiagonal, matrix } from "../matrix/matrix.ts";
import type { CholeskyFactor, Engine, WorkOptions } from "./engine.ts";

/** The diagonal of A⁻¹ from A = L Lᵀ: (A⁻¹)[i, i] = Σ (L⁻¹)[k, i]² over k. O(n³). */
export async function inverseDiagonal(
  engine: Engine,
  factor: CholeskyFactor,
  options: WorkOptions = {},
): Promise<Float64Array> {
  const n = factor.lower.rows;
  const inverse = await engine.solveTriangular(factor.lower, addToDiagonal(matrix(n, n), 1), options);
  const result = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i <= k; i++) result[i]! += inverse.data[k * n + i]! ** 2;
  }
  return result;
}
