import { jsEngine } from "../linalg/js-engine.ts";
import {
  extremeEigenvalues,
  factorizeTridiagonal,
  type SymmetricTridiagonal,
  traceOfInverse,
} from "../linalg/tridiagonal.ts";
import { checkRange } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import * as portable from "../special/portable.ts";
import { checkTraining, type PredictOptions } from "./options.ts";
import { checkRepresentable } from "./regularized-solve.ts";
import { type SingularRidge, singularRidge } from "./singular-ridge.ts";

/**
 * Kernel ridge regression at every ridge from K = Q T Qᵀ with T tridiagonal. Plain data.
 *
 * With A = K + diagReg·I:  A⁻¹ = Q (T + diagReg·I)⁻¹ Qᵀ, and T + diagReg·I = L D Lᵀ costs O(n), so that each further ridge
 * costs O(n²), as with eigenvectors (`ridgePath`), after about half of their work and half of their memory (Eldén 1977, for
 * least squares). Needs A positive definite: no pseudoinverse comes of it.
 */
export interface TridiagonalPath extends SymmetricTridiagonal {
  /** Row k is column k of Q. */
  readonly basis: Matrix;
  /** Qᵀ y, n x outputs. */
  readonly projected: Matrix;
  readonly smallestEigenvalue: number;
  /** n ε max|λ|: an eigenvalue of A this near to zero cannot be told from zero. */
  readonly tolerance: number;
}

/**
 * Reduces kTrainTrain (n x n symmetric) once, for yTrain n x outputs. O(8n³/3), in the memory of one more matrix where the
 * engine reduces in place; throws on wrong input.
 */
export async function tridiagonalPath(
  kTrainTrain: Matrix,
  yTrain: Matrix,
  options: PredictOptions = {},
): Promise<TridiagonalPath> {
  const { engine = jsEngine, signal, onProgress } = options;
  checkTraining("tridiagonalPath", kTrainTrain, yTrain);
  const form = (await engine.tridiagonalForm?.(kTrainTrain, { signal, onProgress })) ?? null;
  const { diagonal, offDiagonal, basis } = form ?? (await diagonalForm(kTrainTrain, options));
  const { smallest, largest } = extremeEigenvalues({ diagonal, offDiagonal });
  const tolerance = diagonal.length * Number.EPSILON * Math.max(Math.abs(smallest), Math.abs(largest));
  const smallestEigenvalue = smallest < 0 && smallest >= -tolerance ? 0 : smallest;
  const projected = await engine.matmul(basis, yTrain, { signal });
  checkRepresentable("tridiagonalPath", projected);
  return { diagonal, offDiagonal, basis, projected, smallestEigenvalue, tolerance };
}

/** The eigendecomposition, whose T is diagonal. */
async function diagonalForm(k: Matrix, { engine = jsEngine, signal, onProgress }: PredictOptions) {
  const { values, vectors } = await engine.eigh(k, { signal, onProgress });
  return { diagonal: values, offDiagonal: new Float64Array(values.length), basis: vectors };
}

/** Why A = K + diagReg·I is not positive definite to working precision, or null when it is. */
export function singularOnTridiagonal(where: string, path: TridiagonalPath, diagReg: number): SingularRidge | null {
  checkRange(where, "diagReg", diagReg, 0);
  return singularRidge(where, path.smallestEigenvalue, path.tolerance, diagReg);
}

/** (T + diagReg·I)⁻¹ Qᵀ y and yᵀ A⁻¹ y of each output, and ln det A. O(n outputs). */
export function solveOnTridiagonal(
  path: TridiagonalPath,
  diagReg: number,
): { readonly solution: Matrix; readonly quadratic: Float64Array; readonly logDet: number } {
  const { pivots, multipliers } = factorizeTridiagonal(path, diagReg);
  const [n, outputs] = [pivots.length, path.projected.cols];
  const solution = matrix(n, outputs, path.projected.data.slice());
  const quadratic = new Float64Array(outputs);
  const { data } = solution;
  for (let i = 0; i < n; i++) {
    for (let at = i * outputs, j = 0; j < outputs; at++, j++) {
      if (i > 0) data[at]! -= multipliers[i - 1]! * data[at - outputs]!;
      quadratic[j]! += data[at]! * (data[at]! / pivots[i]!);
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let at = i * outputs, j = 0; j < outputs; at++, j++) {
      data[at]! /= pivots[i]!;
      if (i < n - 1) data[at]! -= multipliers[i]! * data[at + outputs]!;
    }
  }
  return { solution, quadratic, logDet: pivots.reduce((sum, pivot) => sum + portable.log(pivot), 0) };
}

/**
 * D^(−½) L⁻¹ b for some b = Qᵀ B, n x m: products of two of these are those of B with A⁻¹ between them. A must be positive definite.
 * O(n m).
 */
export function halfOnTridiagonal(path: TridiagonalPath, diagReg: number, b: Matrix): Matrix {
  const { pivots, multipliers } = factorizeTridiagonal(path, diagReg);
  const half = matrix(b.rows, b.cols, b.data.slice());
  const { data } = half;
  for (let k = 1; k < b.rows; k++)
    for (let at = k * b.cols, j = 0; j < b.cols; at++, j++) data[at]! -= multipliers[k - 1]! * data[at - b.cols]!;
  for (let k = 0; k < b.rows; k++) {
    const scale = 1 / Math.sqrt(pivots[k]!);
    for (let at = k * b.cols, j = 0; j < b.cols; at++, j++) data[at]! *= scale;
  }
  return half;
}

/** α = Q (T + diagReg·I)⁻¹ Qᵀ y, n x outputs; A must be positive definite. O(n² outputs). */
export async function alphaOnTridiagonal(
  path: TridiagonalPath,
  diagReg: number,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<Matrix> {
  const { solution } = solveOnTridiagonal(path, diagReg);
  checkRepresentable("alphaAt", solution);
  const alpha = await engine.matmul(path.basis, solution, { transposeA: true, signal });
  checkRepresentable("alphaAt", alpha);
  return alpha;
}

/** trace K(K + diagReg·I)⁻¹ = n - diagReg · trace A⁻¹. O(n). */
export function degreesOfFreedomOnTridiagonal(path: TridiagonalPath, diagReg: number): number {
  checkRange("effectiveDegreesOfFreedomAt", "diagReg", diagReg, 0);
  return path.diagonal.length - (diagReg === 0 ? 0 : diagReg * traceOfInverse(path, diagReg));
}

/** (A⁻¹)ᵢᵢ = Σₖ wₖᵢ²/Dₖ with w = L⁻¹ Qᵀ, row by row: wₖ = qₖ - L[k, k-1] wₖ₋₁. Four rows at a time. O(n²). */
export function inverseDiagonalOnTridiagonal(path: TridiagonalPath, diagReg: number): Float64Array {
  const { pivots, multipliers } = factorizeTridiagonal(path, diagReg);
  const n = pivots.length;
  const { data } = path.basis;
  const [diagonal, w] = [new Float64Array(n), new Float64Array(n)];
  const multiplier = (k: number): number => (k > 0 ? multipliers[k - 1]! : 0);
  const whole = n - (n % 4);
  for (let k = 0; k < whole; k += 4) {
    const [q0, q1, q2, q3] = [k * n, (k + 1) * n, (k + 2) * n, (k + 3) * n];
    const [l0, l1, l2, l3] = [multiplier(k), multiplier(k + 1), multiplier(k + 2), multiplier(k + 3)];
    const [g0, g1, g2, g3] = [1 / pivots[k]!, 1 / pivots[k + 1]!, 1 / pivots[k + 2]!, 1 / pivots[k + 3]!];
    for (let i = 0; i < n; i++) {
      const w0 = data[q0 + i]! - l0 * w[i]!;
      const w1 = data[q1 + i]! - l1 * w0;
      const w2 = data[q2 + i]! - l2 * w1;
      const w3 = data[q3 + i]! - l3 * w2;
      diagonal[i]! += w0 * w0 * g0 + w1 * w1 * g1 + (w2 * w2 * g2 + w3 * w3 * g3);
      w[i] = w3;
    }
  }
  for (let k = whole; k < n; k++) {
    for (let i = 0; i < n; i++) {
      w[i] = data[k * n + i]! - multiplier(k) * w[i]!;
      diagonal[i]! += w[i]! * (w[i]! / pivots[k]!);
    }
  }
  return diagonal;
}
