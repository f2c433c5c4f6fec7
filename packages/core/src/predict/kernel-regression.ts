import { jsEngine } from "../linalg/js-engine.ts";
import { checkRange, checkSquare } from "../matrix/check.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { checkChoice, checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import { checkTraining, type PredictOptions, type Ridge } from "./options.ts";
import { addRidge, factorizeRegularized, type SolveFailure, solveFactorized } from "./regularized-solve.ts";
import { alphaAt, rankAt, ridgePath } from "./ridge-path.ts";

export type RegressionMethod = "cholesky" | "pseudoinverse";

export interface KernelRegressionOptions extends PredictOptions {
  /**
   * Added to the diagonal of kTrainTrain as it is (not relative to its trace): one number, or one for each row, as where the
   * noise of each target is known.
   */
  readonly diagReg?: Ridge | undefined;
  /** "pseudoinverse" also takes a singular matrix, by an eigendecomposition. */
  readonly method?: RegressionMethod | undefined;
}

/** The fitted coefficients: predictions at test rows are kTestTrain · alpha. */
export interface Solution {
  readonly ok: true;
  /** n x outputs. */
  readonly alpha: Matrix;
  /** The absolute ridge that was used, or the ridges of the rows. */
  readonly diagReg: Ridge;
  readonly method: RegressionMethod;
  /** Of A: n, unless the pseudoinverse left out eigenvalues. */
  readonly rank: number;
}

export type Solved = Solution | SolveFailure;

const NAMES = optionNames<KernelRegressionOptions>({ ...PREDICT_NAMES, diagReg: true, method: true });

/**
 * Kernel (ridge) regression: f(x) = Σᵢ αᵢ K(x, xᵢ) with
 *
 *   α = A⁻¹ y    or    α = A⁺ y,    A = K + diagReg·I,    or K + diag(diagReg) with a ridge for each row
 *
 * Ridgeless (diagReg 0) it is the interpolant of least norm, which gradient descent from zero finds: representer
 * theorem and α = y K⁺ (Radhakrishnan, MIT 6.S088, lecture 3, theorem 2, with rows as examples).
 *
 * kTrainTrain n x n symmetric, yTrain n x outputs; all outputs share one factorization. The pseudoinverse leaves out
 * eigenvalues within n ε max|λ| of zero. A matrix that is not positive definite is a value, `ok: false`; throws
 * ShapeError or ValueError for wrong input, NumericalError when alpha leaves the range of float64. O(n³).
 */
export async function kernelRegression(
  kTrainTrain: Matrix,
  yTrain: Matrix,
  options: KernelRegressionOptions = {},
): Promise<Solved> {
  checkOptions("kernelRegression", options, NAMES);
  const { diagReg = 0, method = "cholesky", engine = jsEngine } = options;
  checkChoice("kernelRegression", "method", method, ["cholesky", "pseudoinverse"]);
  checkTraining("kernelRegression", kTrainTrain, yTrain, diagReg);
  if (method === "pseudoinverse") {
    const [k, ridge] = typeof diagReg === "number" ? [kTrainTrain, diagReg] : [addRidge(kTrainTrain, diagReg), 0];
    const path = await ridgePath(k, yTrain, options);
    const alpha = await alphaAt(path, ridge, options);
    return { ok: true, alpha, diagReg, method, rank: rankAt(path, ridge) };
  }
  const factor = await factorizeRegularized("kernelRegression", kTrainTrain, diagReg, engine, options);
  if (!factor.ok) return factor;
  const alpha = await solveFactorized("kernelRegression", factor.lower, yTrain, engine, options);
  return { ok: true, alpha, diagReg, method, rank: kTrainTrain.rows };
}

/** The absolute ridge of a relative one: relative · trace(K)/n, the mean self term. */
export function absoluteDiagReg(kTrainTrain: Matrix, relative: number): number {
  checkSquare("absoluteDiagReg: kTrainTrain", kTrainTrain);
  checkRange("absoluteDiagReg", "relative", relative, 0);
  let mean = 0;
  for (let i = 0; i < kTrainTrain.rows; i++) mean += kTrainTrain.data[i * kTrainTrain.cols + i]! / kTrainTrain.rows;
  return relative * mean;
}
