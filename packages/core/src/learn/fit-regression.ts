import { DataError, ValueError } from "../errors.ts";
import { kernelDiagonal } from "../kernel/kernel-fn.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { startWork } from "../linalg/work.ts";
import { columnVector, type Matrix, matrix, transpose } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import type { LeaveOneOut } from "../predict/leave-one-out.ts";
import type { PredictOptions } from "../predict/options.ts";
import { normalQuantile } from "../random/normal-quantile.ts";
import { type Candidate, defaultCandidates } from "./candidates.ts";
import { checkPredictions, crossBlocks, fitKernel } from "./fit-kernel.ts";
import { meanAndStd } from "./mean-and-std.ts";
import type { RegressionModel, RegressionPrediction } from "./model.ts";
import type { InputOptions } from "./preprocess.ts";
import { noiseVariance, replicateVariance } from "./replicates.ts";
import { selectModel } from "./select-model.ts";
import { type Table, takeTableRows } from "./table.ts";
import { numericTarget } from "./target.ts";

export interface FitOptions extends PredictOptions, InputOptions {
  readonly target: string;
  /** Architectures to choose from; the default ones when absent. */
  readonly candidates?: readonly Candidate[] | undefined;
  readonly seed?: number | undefined;
}

export const FIT_NAMES: readonly string[] = optionNames<FitOptions>({
  ...PREDICT_NAMES,
  target: true,
  candidates: true,
  seed: true,
  exclude: true,
});

export const PREDICTION_NAMES: readonly string[] = optionNames<PredictTableOptions>({ ...PREDICT_NAMES, level: true });

/**
 * Learns a numeric target from every other column that is not excluded. Rows without a target are left out.
 *
 * Architecture and ridge: least leave-one-out squared error, where rows with equal inputs are left out together. Intervals:
 * the Gaussian process's predictive standard deviation, with at least the noise that targets of equal inputs show, scaled
 * so that leave-one-out intervals hold the share of targets they promise.
 */
export async function fitRegression(table: Table, options: FitOptions): Promise<RegressionModel> {
  checkOptions("fitRegression", options, FIT_NAMES);
  const { target, engine = jsEngine, seed = 0, candidates = defaultCandidates() } = options;
  const { rows, values } = numericTarget(table, target);
  const known = takeTableRows(table, rows);
  const { mean: targetMean, std: targetStd } = meanAndStd(values);
  if (targetStd === 0)
    throw new DataError(
      `${table.source}: target "${target}" is ${values[0]} in every row, so there is nothing to learn`,
    );
  const y = columnVector(values.map((value) => (value - targetMean) / targetStd));
  const select = { ...options, criterion: looMeanSquare, seed };
  const { preprocessor, selection } = await selectModel(known, target, y, candidates, select);
  const { fitted, lower } = await fitKernel(selection, options);
  const { data, loo, diagReg } = selection;
  const noise = noiseVariance(loo, diagReg, replicateVariance(data));
  options.onProgress?.(1);
  return {
    task: "regression",
    target,
    rows: rows.length,
    leftOut: loo.times,
    preprocessor,
    targetMean,
    targetStd,
    fitted,
    lower,
    noise,
    looScores: standardizedResiduals(loo, noise - diagReg),
    scores: selection.scores,
    seed,
    engine: engine.name,
  };
}

function looMeanSquare({ residuals }: LeaveOneOut): number {
  return residuals.data.reduce((sum, r) => sum + r * r, 0) / residuals.data.length;
}

function standardizedResiduals({ residuals, variances }: LeaveOneOut, moreNoise: number): Float64Array {
  return residuals.data.map((r, i) => Math.abs(r) / Math.sqrt(variances[i]! + moreNoise)).sort();
}

/**
 * The factor on predicted standard deviations whose intervals hold a new target with probability `level`: the
 * ⌈(n + 1)·level⌉-th smallest leave-one-out score, as in conformal prediction; scores of rows that were left out together
 * share the weight of one. Where rows were left out too few times for that (fewer than 19 for 0.95), the largest score or
 * what Gaussian scores of the same size would need, whichever is larger.
 */
export function intervalFactor(
  { looScores, leftOut }: Pick<RegressionModel, "looScores" | "leftOut">,
  level: number,
): number {
  if (!(level > 0 && level < 1)) throw new ValueError(`level must be above 0 and below 1, got ${level}`);
  const n = looScores.length;
  const rank = Math.ceil((n + n / leftOut) * level - 1e-9); // 0.07 · 100 is 7, not 8
  if (rank <= n) return looScores[rank - 1]!;
  const rms = Math.sqrt(looScores.reduce((sum, score) => sum + score * score, 0) / n);
  const gaussian = normalQuantile((1 + level) / 2) * rms * Math.sqrt((leftOut + 1) / Math.max(leftOut - 1, 1));
  return Math.max(looScores[n - 1]!, gaussian);
}

export interface PredictTableOptions extends PredictOptions {
  /** Probability that an interval holds the target. Default 0.95. */
  readonly level?: number | undefined;
}

/** Predictions for the rows of a table that has the columns of training, in any order. */
export async function predictRegression(
  model: RegressionModel,
  table: Table,
  { level = 0.95, ...options }: PredictTableOptions = {},
): Promise<RegressionPrediction> {
  checkOptions("predictRegression", options, PREDICTION_NAMES);
  const factor = intervalFactor(model, level) * model.targetStd;
  const prediction = new Float64Array(table.rows);
  const variances = new Float64Array(table.rows);
  for await (const { start, x, cross } of crossBlocks(model, table, options)) {
    prediction.set(await meansOf(model, cross, options), start);
    variances.set(await predictiveVariances(model, x, cross, options), start);
  }
  const lower = prediction.map((value, i) => value - factor * Math.sqrt(variances[i]!));
  const upper = prediction.map((value, i) => value + factor * Math.sqrt(variances[i]!));
  for (const values of [prediction, lower, upper]) checkPredictions(table, values);
  return { prediction, lower, upper };
}

const MEAN_NAMES = optionNames<PredictOptions>({ ...PREDICT_NAMES });

/** The same without intervals, whose variances take the larger part of the time: O(n) for each row after its kernel, not O(n²). */
export async function predictMeans(
  model: RegressionModel,
  table: Table,
  options: PredictOptions = {},
): Promise<Float64Array> {
  checkOptions("predictMeans", options, MEAN_NAMES);
  const prediction = new Float64Array(table.rows);
  for await (const { start, cross } of crossBlocks(model, table, options))
    prediction.set(await meansOf(model, cross, options), start);
  checkPredictions(table, prediction);
  return prediction;
}

async function meansOf(
  { fitted, targetMean, targetStd }: RegressionModel,
  cross: Matrix,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<Float64Array> {
  const means = await engine.matmul(cross, fitted.alpha, { signal });
  return means.data.map((value) => targetMean + targetStd * value);
}

/** Rows whose variances are computed between two looks at the signal. */
const ROWS_AT_A_TIME = 32;

/** K(x,x) of each row. */
async function priorVariances(
  { network, kernel }: RegressionModel["fitted"],
  x: Matrix,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const prior = new Float64Array(x.rows);
  const work = startWork({ signal });
  for (let start = 0; start < x.rows; start += ROWS_AT_A_TIME) {
    const rows = Math.min(ROWS_AT_A_TIME, x.rows - start);
    const data = x.data.subarray(start * x.cols, (start + rows) * x.cols);
    prior.set(kernelDiagonal(network, matrix(rows, x.cols, data), kernel), start);
    await work.breathe(start / x.rows);
  }
  return prior;
}

/** K(x,x) + noise − |L⁻¹ K(xTrain, x)|², at least the noise: the variance of a new target. */
async function predictiveVariances(
  { fitted, lower, noise }: RegressionModel,
  x: Matrix,
  cross: Matrix,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<Float64Array> {
  const prior = await priorVariances(fitted, x, signal);
  const half = await engine.solveTriangular(lower, transpose(cross), { signal });
  const explained = new Float64Array(half.cols);
  for (let at = 0; at < half.data.length; at++) explained[at % half.cols]! += half.data[at]! ** 2;
  return prior.map((value, i) => Math.max(value - explained[i]!, 0) + noise);
}
