import type { Engine } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { checkSquare } from "../matrix/check.ts";
import { diagonal, type Matrix } from "../matrix/matrix.ts";

export interface PositiveSemidefiniteReport {
  readonly ok: boolean;
  readonly smallestEigenvalue: number;
  /** What rounding alone can make of a zero eigenvalue: smaller ones than its negative are real. */
  readonly tolerance: number;
  /** The sum of squares ≥ 0 that comes out negative: coefficients v with vᵀKv = smallestEigenvalue; null when ok. */
  readonly witness: Float64Array | null;
}

/**
 * Whether a Gram matrix is positive semidefinite: no eigenvalue below −1e-12 tr K / n. O(9n³). Coefficients that
 * prove the contrary come back as `witness`.
 */
export async function checkPositiveSemidefinite(
  gram: Matrix,
  { engine = jsEngine }: { readonly engine?: Engine } = {},
): Promise<PositiveSemidefiniteReport> {
  checkSquare("checkPositiveSemidefinite", gram);
  const { values, vectors } = await engine.eigh(gram);
  const smallestEigenvalue = values[0] ?? 0;
  const trace = diagonal(gram).reduce((sum, value) => sum + Math.abs(value), 0);
  const tolerance = (1e-12 * trace) / Math.max(1, gram.rows);
  const ok = smallestEigenvalue >= -tolerance;
  return { ok, smallestEigenvalue, tolerance, witness: ok ? null : vectors.data.slice(0, gram.rows) };
}
