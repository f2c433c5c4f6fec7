import type { Engine } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { checkSquare } from "../matrix/check.ts";
import { diagonal, type Matrix } from "../matrix/matrix.ts";

export interface PositiveSemidefiniteReport {
  readonly ok: boolean;
  readonly smallestEigenvalue: number;
  /** What rounding alone can make of a zero eigenvalue: smaller ones than its negative are real. */
  readonly tolerance: number;
  /** Coefficients v of length 1 with vᵀKv < 0, beyond what rounding can make of the sum; null when ok. */
  readonly witness: Float64Array | null;
}

/**
 * Whether a Gram matrix is positive semidefinite: no eigenvalue below −1e-12 tr K / n, the accuracy of kernels, or below −n ε λ_max,
 * that of the eigensolver. O(9n³). Coefficients that prove the contrary come back as `witness`, after vᵀKv has been computed.
 */
export async function checkPositiveSemidefinite(
  gram: Matrix,
  { engine = jsEngine }: { readonly engine?: Engine } = {},
): Promise<PositiveSemidefiniteReport> {
  checkSquare("checkPositiveSemidefinite", gram);
  const { values, vectors } = await engine.eigh(gram);
  const smallestEigenvalue = values[0] ?? 0;
  const trace = diagonal(gram).reduce((sum, value) => sum + Math.abs(value), 0);
  const n = gram.rows;
  const largest = Math.max(Math.abs(smallestEigenvalue), Math.abs(values.at(-1) ?? 0));
  const tolerance = Math.max((1e-12 * trace) / Math.max(1, n), n * Number.EPSILON * largest);
  const witness = vectors.data.slice(0, n);
  const ok = smallestEigenvalue >= -tolerance || !isNegative(gram, witness);
  return { ok, smallestEigenvalue, tolerance, witness: ok ? null : witness };
}

/** Whether vᵀKv < 0 whatever rounding does to its sum: |error| ≤ (2n + 2) ε Σ |vᵢ Kᵢⱼ vⱼ|. */
function isNegative(gram: Matrix, v: Float64Array): boolean {
  const n = gram.rows;
  let [sum, size] = [0, 0];
  for (let i = 0; i < n; i++) {
    let [row, rowSize] = [0, 0];
    for (let j = 0; j < n; j++) {
      const term = gram.data[i * n + j]! * v[j]!;
      row += term;
      rowSize += Math.abs(term);
    }
    sum += v[i]! * row;
    size += Math.abs(v[i]!) * rowSize;
  }
  return sum < -(2 * n + 2) * Number.EPSILON * size;
}
