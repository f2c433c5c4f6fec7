import { jsEngine } from "../linalg/js-engine.ts";
import { type Matrix, transpose } from "../matrix/matrix.ts";
import { checkChoice, checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import {
  addChange,
  checkTestTrain,
  ensembleChange,
  type GpKernels,
  nngpBlocks,
  pick,
  pickPrior,
  posteriorChange,
} from "./gp-blocks.ts";
import { checkTraining, type PredictOptions, type Ridge } from "./options.ts";
import { checkRepresentable, factorizeRegularized, type SolveFailure, solveFactorized } from "./regularized-solve.ts";

/**
 * Which distribution over functions, with A = · + diagReg·I:
 *
 *   "nngp"    posterior of the Gaussian process with covariance K (last layer trained, or Bayes at infinite width)
 *               mean K_td A⁻¹ y,   covariance K_tt − K_td A⁻¹ K_dt,                            A of K_dd
 *   "ntk"     infinite ensemble of infinitely wide networks trained to t = ∞ by gradient flow
 *               mean T y,   covariance K_tt + T K_dd Tᵀ − (T K_dt + K_td Tᵀ),   T = Θ_td A⁻¹,  A of Θ_dd
 *   "ntkgp"   posterior of the Gaussian process with covariance Θ
 *
 * Lee et al. (2019), equations 13 to 16; He, Lakshminarayanan & Teh (2020) for "ntkgp".
 */
export type GpKind = "nngp" | "ntk" | "ntkgp";

export interface GpInferenceOptions extends PredictOptions {
  readonly get: GpKind;
  /** Absolute ridge on the diagonal, or one for each row; for "nngp" and "ntkgp" the variance of the noise. */
  readonly diagReg?: Ridge | undefined;
}

/** A Gaussian over the noiseless outputs at the test inputs; every output has the same covariance. */
export interface GpPosterior {
  readonly ok: true;
  /** m x outputs. */
  readonly mean: Matrix;
  /** m values: there when kTestTest was given. Rounding below zero is set to zero. */
  readonly variance?: Float64Array;
  /** m x m, exactly symmetric: there when kTestTest held matrices. */
  readonly covariance?: Matrix;
  readonly diagReg: Ridge;
}

const NAMES = optionNames<GpInferenceOptions>({ ...PREDICT_NAMES, get: true, diagReg: true });

/**
 * Exact inference with infinitely wide networks: mean, and with kTestTest the (co)variance, at the test inputs; see
 * GpKind for the formulas. A singular kernel matrix is a value, `ok: false`. O(n³/3 + n²m + nm²).
 */
export async function gpInference(
  kernels: GpKernels,
  yTrain: Matrix,
  options: GpInferenceOptions,
): Promise<GpPosterior | SolveFailure> {
  checkOptions("gpInference", options, NAMES);
  const { get, diagReg = 0, engine = jsEngine, signal } = options;
  checkChoice("gpInference", "get", get, ["nngp", "ntk", "ntkgp"]);
  const where = `gpInference("${get}")`;
  const trained = get === "nngp" ? "nngp" : "ntk";
  const kdd = pick(where, kernels.kTrainTrain, "kTrainTrain", trained);
  const ktd = pick(where, kernels.kTestTrain, "kTestTrain", trained);
  checkTraining(where, kdd, yTrain, diagReg);
  checkTestTrain(where, ktd, kdd.rows);
  const prior = kernels.kTestTest && pickPrior(where, kernels.kTestTest, get === "ntkgp" ? "ntk" : "nngp", ktd.rows);
  const ensemble = get === "ntk" && prior !== undefined ? nngpBlocks(where, kernels, kdd, ktd) : null;

  const factor = await factorizeRegularized(where, kdd, diagReg, engine, options);
  if (!factor.ok) return factor;
  const alpha = await solveFactorized(where, factor.lower, yTrain, engine, { signal });
  const mean = await engine.matmul(ktd, alpha, { signal });
  checkRepresentable(where, mean);
  if (prior === undefined) return { ok: true, mean, diagReg };
  const change = ensemble
    ? await ensembleChange(
        await solveFactorized(where, factor.lower, transpose(ktd), engine, { signal }),
        ensemble,
        engine,
        options,
      )
    : posteriorChange(await engine.solveTriangular(factor.lower, transpose(ktd), { signal })); // −K_td A⁻¹ K_dt
  checkRepresentable(where, change.left);
  checkRepresentable(where, change.right);
  return { ok: true, mean, diagReg, ...(await addChange(where, prior, change, engine, options)) };
}
