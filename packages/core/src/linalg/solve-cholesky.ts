import type { Matrix } from "../matrix/matrix.ts";
import type { CholeskyFactor, Engine, WorkOptions } from "./engine.ts";

/** X with A X = B from A = L Lᵀ: X = L⁻ᵀ (L⁻¹ B). O(2n² m). */
export async function solveCholesky(
  engine: Engine,
  factor: CholeskyFactor,
  b: Matrix,
  options: WorkOptions = {},
): Promise<Matrix> {
  const half = await engine.solveTriangular(factor.lower, b, options);
  return engine.solveTriangular(factor.lower, half, { ...options, transpose: true });
}
