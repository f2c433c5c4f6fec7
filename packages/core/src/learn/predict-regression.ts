import { jsEngine } from "../linalg/js-engine.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import type { PredictOptions } from "../predict/options.ts";
import { checkPredictions, crossBlocks } from "./fit-kernel.ts";
import { intervalFactors } from "./interval-factor.ts";
import type { RegressionModel, RegressionPrediction } from "./model.ts";
import { meanVariances, mixtures, withNoise } from "./predictive.ts";
import { checkColumns } from "./preprocess.ts";
import type { Table } from "./table.ts";
import { expectedTarget, targetOf, withinReach } from "./target-transform.ts";
import { rowKinds } from "./unknown-inputs.ts";

export interface PredictTableOptions extends PredictOptions {
  /** Probability that an interval holds the target. Default 0.95. */
  readonly level?: number | undefined;
}

export const PREDICTION_NAMES: readonly string[] = optionNames<PredictTableOptions>({ ...PREDICT_NAMES, level: true });

/**
 * Predictions for the rows of a table that has the columns of training, in any order. Where a row has missing values or
 * categories that training never had, they are means over what those may be, with intervals that are calibrated on
 * training rows of the same kind, or made so.
 */
export async function predictRegression(
  model: RegressionModel,
  table: Table,
  { level = 0.95, ...options }: PredictTableOptions = {},
): Promise<RegressionPrediction> {
  checkOptions("predictRegression", options, PREDICTION_NAMES);
  checkColumns(model.preprocessor, table);
  const kinds = rowKinds(model.preprocessor, table);
  const factors = await intervalFactors(model, kinds, level, options);
  const prediction = new Float64Array(table.rows);
  const [middles, deviations] = [new Float64Array(table.rows), new Float64Array(table.rows)];
  for await (const { start, rows, x, owner, cross } of crossBlocks(model, table, options)) {
    const own = await meanVariances(model, x, cross, options);
    const variances = await withNoise(model, own, cross, options);
    const means = await standardizedMeans(model, cross, options);
    const mixed = mixtures(owner, rows, means, variances);
    prediction.set(expectedTargets(model, owner, rows, means), start);
    middles.set(mixed.means, start);
    deviations.set(mixed.variances.map(Math.sqrt), start);
  }
  const bound = (side: number) =>
    middles.map((middle, i) => {
      const half = factors[kinds.kindOf[i]!]! * deviations[i]!;
      return targetOf(model, withinReach(model, middle) + side * half);
    });
  const [lower, upper] = [bound(-1), bound(1)];
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
  for await (const { start, rows, owner, cross } of crossBlocks(model, table, options)) {
    prediction.set(expectedTargets(model, owner, rows, await standardizedMeans(model, cross, options)), start);
  }
  checkPredictions(table, prediction);
  return prediction;
}

/** The expected target of each row, the mean over its completions. */
function expectedTargets(model: RegressionModel, owner: Uint32Array, rows: number, means: Float64Array): Float64Array {
  return mixtures(
    owner,
    rows,
    means.map((mean) => expectedTarget(model, mean)),
    null,
  ).means;
}

async function standardizedMeans(
  { fitted }: RegressionModel,
  cross: Matrix,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<Float64Array> {
  return (await engine.matmul(cross, fitted.alpha, { signal })).data;
}
