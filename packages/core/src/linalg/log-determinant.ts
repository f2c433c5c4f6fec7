import * as portable from "../special/portable.ts";
import type { CholeskyFactor } from "./engine.ts";

/** log det A = 2 Σ log L[i, i] from A = L Lᵀ; 0 for the empty matrix. The determinant itself would overflow. */
export function logDeterminant(factor: CholeskyFactor): number {
  const { data, cols } = factor.lower;
  let sum = 0;
  for (let i = 0; i < cols; i++) sum += portable.log(data[i * cols + i]!);
  return 2 * sum;
}
