import { type CholeskyOptions, zeros } from "../linalg/engine.ts";
import { inverseDiagonal } from "../linalg/inverse-diagonal.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { logDeterminant } from "../linalg/log-determinant.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import { checkTraining, type PredictOptions, type Ridge } from "./options.ts";
import { factorizeRegularized, type SolveFailure, solveFactorized } from "./regularized-solve.ts";
import { alphaAt, gainsAt, type RidgePath, singularAt } from "./ridge-path.ts";
import type { SingularRidge } from "./singular-ridge.ts";
import { inverseDiagonalOnTridiagonal, type TridiagonalPath } from "./tridiagonal-path.ts";

/**
 * What a model fitted without example i says about it, for every i at once:
 *
 *   yᵢ − f₋ᵢ(xᵢ) = αᵢ / (A⁻¹)ᵢᵢ        Var₋ᵢ(yᵢ) = 1 / (A⁻¹)ᵢᵢ,        A = K + diagReg·I
 *
 * Rasmussen & Williams (2006), equation 5.12. No refitting: exact for any kernel and ridge.
 */
export interface LeaveOneOut {
  readonly ok: true;
  /** Target minus prediction, n x outputs; the prediction is yTrain − residuals. */
  readonly residuals: Matrix;
  /** Predictive variance of a Gaussian process with covariance K and noise diagReg, noise included; n of them. */
  readonly variances: Float64Array;
}

/** Leave-one-out residuals and variances at one ridge of a path. O(n² outputs). */
export async function looAt(
  path: RidgePath | TridiagonalPath,
  diagReg: number,
  options: PredictOptions = {},
): Promise<LeaveOneOut | SingularRidge> {
  const singular = singularAt("looAt", path, diagReg);
  if (singular) return singular;
  const alpha = await alphaAt(path, diagReg, options);
  const inverse = "basis" in path ? inverseDiagonalOnTridiagonal(path, diagReg) : inverseDiagonalAt(path, diagReg);
  return leaveOneOut(alpha, inverse);
}

/** Leave-one-out with the fit and the evidence that the same factorization gives. */
export interface CholeskyLeaveOneOut extends LeaveOneOut {
  readonly alpha: Matrix;
  readonly diagReg: Ridge;
  /** ln det A. */
  readonly logDet: number;
  /** L. */
  readonly lower: Matrix;
}

export interface CholeskyLeaveOneOutOptions extends PredictOptions, Pick<CholeskyOptions, "reuse"> {
  /** One number, or one for each row: then the variance of a row has its own. */
  readonly diagReg?: Ridge | undefined;
}

const NAMES = optionNames<CholeskyLeaveOneOutOptions>({
  ...PREDICT_NAMES,
  diagReg: true,
  reuse: true,
});

/**
 * The same at one ridge from a Cholesky factorization A = L Lᵀ, where (A⁻¹)ᵢᵢ = Σₖ (L⁻¹)ₖᵢ²: a fraction of the work of
 * an eigendecomposition, for large n. Beside K and L it holds a few columns of L⁻¹ at a time. At the next ridge, L of this
 * one may be given as memory to `reuse`. O(2n³/3).
 */
export async function looFromCholesky(
  kTrainTrain: Matrix,
  yTrain: Matrix,
  options: CholeskyLeaveOneOutOptions = {},
): Promise<CholeskyLeaveOneOut | SolveFailure> {
  checkOptions("looFromCholesky", options, NAMES);
  const { diagReg = 0, engine = jsEngine, signal, onProgress } = options;
  checkTraining("looFromCholesky", kTrainTrain, yTrain, diagReg);
  const { reuse = zeros(engine, kTrainTrain.data.length) } = options;
  const factor = await factorizeRegularized("looFromCholesky", kTrainTrain, diagReg, engine, { signal, reuse });
  if (!factor.ok) return factor;
  onProgress?.(0.5);
  const alpha = await solveFactorized("looFromCholesky", factor.lower, yTrain, engine, { signal });
  const diagonal = await inverseDiagonal(engine, factor, {
    signal,
    onProgress: (fraction) => onProgress?.((1 + fraction) / 2),
  });
  return { ...leaveOneOut(alpha, diagonal), alpha, diagReg, logDet: logDeterminant(factor), lower: factor.lower };
}

/** (A⁻¹)ᵢᵢ = Σₖ Vᵢₖ²/(λₖ + diagReg). O(n²). */
function inverseDiagonalAt(path: RidgePath, diagReg: number): Float64Array {
  const diagonal = new Float64Array(path.values.length);
  gainsAt("looAt", path, diagReg).forEach((gain, k) => {
    const vector = row(path.vectors, k);
    for (let i = 0; i < diagonal.length; i++) diagonal[i]! += vector[i]! * vector[i]! * gain;
  });
  return diagonal;
}

function leaveOneOut(alpha: Matrix, inverse: Float64Array): LeaveOneOut {
  const residuals = alpha.data.map((value, at) => value / inverse[Math.floor(at / alpha.cols)]!);
  return {
    ok: true,
    residuals: matrix(alpha.rows, alpha.cols, residuals),
    variances: inverse.map((value) => 1 / value),
  };
}
