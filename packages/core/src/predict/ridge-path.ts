import { NumericalError } from "../errors.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { checkRange } from "../matrix/check.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import { checkTraining, type PredictOptions } from "./options.ts";
import { checkRepresentable } from "./regularized-solve.ts";
import { type SingularRidge, singularRidge } from "./singular-ridge.ts";
import {
  alphaOnTridiagonal,
  degreesOfFreedomOnTridiagonal,
  singularOnTridiagonal,
  type TridiagonalPath,
} from "./tridiagonal-path.ts";

/**
 * Kernel ridge regression at every ridge from one eigendecomposition K = V diag(λ) Vᵀ. Plain data.
 *
 * With A = K + diagReg·I:  A⁻¹ = V diag(1/(λ + diagReg)) Vᵀ, so that each further ridge costs O(n²).
 */
export interface RidgePath {
  /** λ, ascending; those that are negative by rounding only are set to 0. */
  readonly values: Float64Array;
  /** Row k is the unit eigenvector of values[k] (Vᵀ). */
  readonly vectors: Matrix;
  /** Vᵀ y, n x outputs. */
  readonly projected: Matrix;
  /** n ε max|λ|: an eigenvalue of A this near to zero cannot be told from zero. */
  readonly tolerance: number;
}

const NAMES = optionNames<PredictOptions>({ ...PREDICT_NAMES });

/** Decomposes kTrainTrain (n x n symmetric) once, for yTrain n x outputs. O(9n³); throws on wrong input. */
export async function ridgePath(kTrainTrain: Matrix, yTrain: Matrix, options: PredictOptions = {}): Promise<RidgePath> {
  checkOptions("ridgePath", options, NAMES);
  const { engine = jsEngine, signal, onProgress } = options;
  checkTraining("ridgePath", kTrainTrain, yTrain);
  const { values, vectors } = await engine.eigh(kTrainTrain, { signal, onProgress });
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const tolerance = values.length * Number.EPSILON * largest;
  const clamped = values.map((value) => (value < 0 && value >= -tolerance ? 0 : value));
  const projected = await engine.matmul(vectors, yTrain, { signal });
  checkRepresentable("ridgePath", projected);
  return { values: clamped, vectors, projected, tolerance };
}

/**
 * α = (K + diagReg·I)⁺ y, n x outputs. Where A is singular this is the pseudoinverse, the coefficients of least norm, which
 * a TridiagonalPath has not: NumericalError, as when a value leaves the range of float64. O(n² outputs).
 */
export async function alphaAt(
  path: RidgePath | TridiagonalPath,
  diagReg: number,
  options: PredictOptions = {},
): Promise<Matrix> {
  if ("basis" in path) {
    const singular = singularAt("alphaAt", path, diagReg);
    if (singular) throw new NumericalError(`${singular.message}, or take ridgePath`);
    return alphaOnTridiagonal(path, diagReg, options);
  }
  return combine("alphaAt", path, gainsAt("alphaAt", path, diagReg), options);
}

/**
 * The fit at the training inputs, K α = V diag(λ/(λ + diagReg)) Vᵀ y, n x outputs. Where A is singular, the limit from
 * above: the projection of y on the range of K when diagReg is 0. O(n² outputs).
 */
export async function fittedAt(path: RidgePath, diagReg: number, options: PredictOptions = {}): Promise<Matrix> {
  const shrinkage = gainsAt("fittedAt", path, diagReg).map((gain, k) => gain * path.values[k]!);
  return combine("fittedAt", path, shrinkage, options);
}

/** trace of the hat matrix K(K + diagReg·I)⁺ = Σ λ/(λ + diagReg): from the rank at 0 down to 0. O(n). */
export function effectiveDegreesOfFreedomAt(path: RidgePath | TridiagonalPath, diagReg: number): number {
  if ("basis" in path) return degreesOfFreedomOnTridiagonal(path, diagReg);
  const gains = gainsAt("effectiveDegreesOfFreedomAt", path, diagReg);
  return gains.reduce((sum, gain, k) => sum + gain * path.values[k]!, 0);
}

/** How many eigenvalues of K + diagReg·I are not zero to working precision. */
export function rankAt(path: RidgePath, diagReg: number): number {
  return gainsAt("rankAt", path, diagReg).filter((gain) => gain !== 0).length;
}

/** 1/(λ + diagReg), or 0 where that sum cannot be told from zero: the eigenvalues of A⁺. */
export function gainsAt(where: string, path: RidgePath, diagReg: number): Float64Array {
  checkRange(where, "diagReg", diagReg, 0);
  return path.values.map((value) => (Math.abs(value + diagReg) > path.tolerance ? 1 / (value + diagReg) : 0));
}

/** Why A = K + diagReg·I is not positive definite to working precision, or null when it is. */
export function singularAt(where: string, path: RidgePath | TridiagonalPath, diagReg: number): SingularRidge | null {
  if ("basis" in path) return singularOnTridiagonal(where, path, diagReg);
  checkRange(where, "diagReg", diagReg, 0);
  return singularRidge(where, path.values[0]!, path.tolerance, diagReg);
}

/** V diag(weights) Vᵀ y. */
async function combine(
  where: string,
  path: RidgePath,
  weights: Float64Array,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<Matrix> {
  const scaled = matrix(path.projected.rows, path.projected.cols, path.projected.data.slice());
  weights.forEach((weight, k) => {
    const mode = row(scaled, k);
    for (let j = 0; j < mode.length; j++) mode[j]! *= weight;
  });
  checkRepresentable(where, scaled);
  const combined = await engine.matmul(path.vectors, scaled, { transposeA: true, signal });
  checkRepresentable(where, combined);
  return combined;
}
