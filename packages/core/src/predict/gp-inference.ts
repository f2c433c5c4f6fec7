import { ShapeError, ValueError } from "../errors.ts";
import type { Engine } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { checkFinite, checkSquare } from "../matrix/check.ts";
import { diagonal, type Matrix, matrix, row, transpose } from "../matrix/matrix.ts";
import { checkTraining, type PredictOptions } from "./options.ts";
import { checkRepresentable, factorizeRegularized, type SolveFailure, solveFactorized } from "./regularized-solve.ts";

/** The two kernels of one pair of batches, as `kernelFn(network)(x1, x2, ["nngp", "ntk"])` gives them. */
export interface KernelPair<Values = Matrix> {
  readonly nngp?: Values | undefined;
  readonly ntk?: Values | undefined;
}

export interface GpKernels {
  /** n x n. */
  readonly kTrainTrain: KernelPair;
  /** m x n: rows are test inputs. */
  readonly kTestTrain: KernelPair;
  /** m x m for the covariance; its diagonal alone, m values, for the variance; nothing for the mean only. */
  readonly kTestTest?: KernelPair<Matrix | Float64Array> | undefined;
}

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
  /** Absolute ridge on the diagonal; for "nngp" and "ntkgp" the variance of the noise. */
  readonly diagReg?: number | undefined;
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
  readonly diagReg: number;
}

/**
 * Exact inference with infinitely wide networks: mean, and with kTestTest the (co)variance, at the test inputs; see
 * GpKind for the formulas. A singular kernel matrix is a value, `ok: false`. O(n³/3 + n²m + nm²).
 */
export async function gpInference(
  kernels: GpKernels,
  yTrain: Matrix,
  options: GpInferenceOptions,
): Promise<GpPosterior | SolveFailure> {
  const { get, diagReg = 0, engine = jsEngine, signal } = options;
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
    ? await ensembleFactors(where, factor.lower, ktd, ensemble, engine, options)
    : await posteriorFactors(factor.lower, ktd, engine, options);
  checkRepresentable(where, change.left);
  checkRepresentable(where, change.right);
  return { ok: true, mean, diagReg, ...(await addChange(where, prior, change, engine, options)) };
}

/** The change from the prior covariance to the posterior, as the symmetric part of leftᵀ right, both n x m. */
interface Change {
  readonly left: Matrix;
  readonly right: Matrix;
}

/** −K_td A⁻¹ K_dt = −WᵀW with W = L⁻¹K_dt. */
async function posteriorFactors(
  lower: Matrix,
  ktd: Matrix,
  engine: Engine,
  { signal }: PredictOptions,
): Promise<Change> {
  const left = await engine.solveTriangular(lower, transpose(ktd), { signal });
  return {
    left,
    right: matrix(
      left.rows,
      left.cols,
      left.data.map((value) => -value),
    ),
  };
}

/** T K_dd Tᵀ − T K_dt − K_td Tᵀ is the symmetric part of T (K_dd Tᵀ − 2 K_dt). */
async function ensembleFactors(
  where: string,
  lower: Matrix,
  thetaTd: Matrix,
  nngp: { readonly kdd: Matrix; readonly ktd: Matrix },
  engine: Engine,
  { signal }: PredictOptions,
): Promise<Change> {
  const left = await solveFactorized(where, lower, transpose(thetaTd), engine, { signal });
  const right = await engine.matmul(nngp.kdd, left, { signal });
  const kdt = transpose(nngp.ktd);
  return {
    left,
    right: matrix(
      right.rows,
      right.cols,
      right.data.map((value, at) => value - 2 * kdt.data[at]!),
    ),
  };
}

async function addChange(
  where: string,
  prior: Matrix | Float64Array,
  { left, right }: Change,
  engine: Engine,
  { signal }: PredictOptions,
): Promise<{ variance: Float64Array; covariance?: Matrix }> {
  if (prior instanceof Float64Array) {
    const variance = prior.slice();
    for (let k = 0; k < left.rows; k++) {
      const [a, b] = [row(left, k), row(right, k)];
      for (let j = 0; j < variance.length; j++) variance[j]! += a[j]! * b[j]!;
    }
    checkRepresentable(where, matrix(variance.length, 1, variance));
    return { variance: variance.map((value) => Math.max(0, value)) };
  }
  const change = await engine.matmul(left, right, { transposeA: true, signal });
  const covariance = matrix(prior.rows, prior.cols);
  for (let i = 0; i < prior.rows; i++) {
    for (let j = 0; j <= i; j++) {
      const [at, across] = [i * prior.cols + j, j * prior.cols + i];
      const value = (prior.data[at]! + prior.data[across]! + change.data[at]! + change.data[across]!) / 2;
      covariance.data[at] = value;
      covariance.data[across] = value;
    }
  }
  checkRepresentable(where, covariance);
  return { variance: diagonal(covariance).map((value) => Math.max(0, value)), covariance };
}

/** K_dd and K_td beside Θ_dd and Θ_td, checked to have their shapes. */
function nngpBlocks(where: string, kernels: GpKernels, ntkDd: Matrix, ntkTd: Matrix): { kdd: Matrix; ktd: Matrix } {
  const kdd = pick(where, kernels.kTrainTrain, "kTrainTrain", "nngp");
  const ktd = pick(where, kernels.kTestTrain, "kTestTrain", "nngp");
  checkSquare(`${where}: kTrainTrain.nngp`, kdd);
  checkTestTrain(where, ktd, ntkDd.rows);
  if (kdd.rows !== ntkDd.rows || ktd.rows !== ntkTd.rows)
    throw new ShapeError(`${where}: nngp and ntk must have the same shape in kTrainTrain and in kTestTrain`);
  checkFinite(`${where}: kTrainTrain.nngp`, kdd);
  return { kdd, ktd };
}

function pick<Values>(where: string, pair: KernelPair<Values>, block: string, name: "nngp" | "ntk"): Values {
  const values = pair[name];
  if (values === undefined) throw new ValueError(`${where}: ${block}.${name} is needed and was not given`);
  return values;
}

function checkTestTrain(where: string, ktd: Matrix, n: number): void {
  if (ktd.cols !== n)
    throw new ShapeError(
      `${where}: kTestTrain must have one column for each of the ${n} training examples, got ${ktd.cols}`,
    );
  checkFinite(`${where}: kTestTrain`, ktd);
}

function pickPrior(
  where: string,
  pair: KernelPair<Matrix | Float64Array>,
  name: "nngp" | "ntk",
  m: number,
): Matrix | Float64Array {
  const prior = pick(where, pair, "kTestTest", name);
  const values = prior instanceof Float64Array ? matrix(prior.length, 1, prior) : prior;
  if (values === prior) checkSquare(`${where}: kTestTest.${name}`, prior as Matrix);
  if (values.rows !== m)
    throw new ShapeError(`${where}: kTestTest.${name} must be for the ${m} rows of kTestTrain, got ${values.rows}`);
  checkFinite(`${where}: kTestTest.${name}`, values);
  return prior;
}
