import { DataError } from "../errors.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import { checkOptions } from "../matrix/option-names.ts";
import { defaultCandidates } from "./candidates.ts";
import { checkPredictions, crossBlocks, fitKernel } from "./fit-kernel.ts";
import { FIT_NAMES, type FitOptions } from "./fit-regression.ts";
import type { LeftOut } from "./leave-inputs-out.ts";
import type { ClassificationModel, ClassificationPrediction } from "./model.ts";
import { PREDICTION_NAMES, type PredictTableOptions } from "./predict-regression.ts";
import { learnedRows } from "./row-roles.ts";
import { selectModel } from "./select-model.ts";
import type { Table } from "./table.ts";
import { classTarget } from "./target.ts";
import { bestTemperature, softmaxRows } from "./temperature.ts";

/**
 * Learns classes from every other column that is not excluded, by regression on one-hot targets minus 1/classes. Rows without a class are
 * left out.
 *
 * Architecture and ridge: least leave-one-out log loss (labels smoothed by 2/(n + 1)), each at its own best temperature;
 * rows with equal inputs are left out together. Probabilities:
 * softmax(outputs / T) at the winner's temperature.
 */
export async function fitClassification(table: Table, options: FitOptions): Promise<ClassificationModel> {
  checkOptions("fitClassification", options, FIT_NAMES);
  const { target, engine = jsEngine, seed = 0, candidates = defaultCandidates() } = options;
  const { rows, values: all, numeric } = classTarget(table, target);
  const { table: known, kept, roles, record } = learnedRows(table, target, rows, options);
  const values = kept.map((at) => all[at]!);
  const classes = sortedClasses(values, numeric);
  checkClasses(table, target, classes, values.length);
  const labels = values.map((value) => classes.indexOf(value));
  const y = oneHot(labels, classes.length);
  const temperatureOf = (loo: LeftOut, targets: Matrix) => {
    const { outputs, labels: own } = looOutputs(loo, targets);
    return bestTemperature(outputs, own, labelDoubt(loo.times), loo.weights);
  };
  const criterion = (loo: LeftOut, targets: Matrix) => temperatureOf(loo, targets).logLoss;
  const select = { ...options, criterion, seed, roles };
  const { preprocessor, selection } = await selectModel(known, target, y, candidates, select);
  const { fitted } = await fitKernel(selection, options);
  options.onProgress?.(1);
  return {
    task: "classification",
    target,
    rows: kept.length,
    leftOut: selection.loo.times,
    ...record,
    preprocessor,
    classes,
    numericClasses: numeric,
    temperature: temperatureOf(selection.loo, selection.loo.y).temperature,
    fitted,
    scores: selection.scores,
    seed,
    engine: engine.name,
  };
}

/**
 * Class probabilities for the rows of a table that has the columns of training, in any order. Where a row has missing values
 * or categories that training never had, they are means over what those may be.
 */
export async function predictClassification(
  model: ClassificationModel,
  table: Table,
  options: PredictTableOptions = {},
): Promise<ClassificationPrediction> {
  checkOptions("predictClassification", options, PREDICTION_NAMES);
  const { engine = jsEngine, signal } = options;
  const probabilities = matrix(table.rows, model.classes.length);
  for await (const { start, owner, cross } of crossBlocks(model, table, options)) {
    const outputs = await engine.matmul(cross, model.fitted.alpha, { signal });
    addShares(softmaxRows(outputs, model.temperature), owner, start, probabilities);
  }
  checkPredictions(table, probabilities.data, probabilities.cols);
  const prediction = Array.from({ length: table.rows }, (_, i) => model.classes[largest(row(probabilities, i))]!);
  return { prediction, classes: model.classes, probabilities };
}

/** Adds the probabilities of completed rows, each the mean over the completions of its row. */
function addShares(shares: Matrix, owner: Uint32Array, start: number, sums: Matrix): void {
  const counts = new Map<number, number>();
  for (const i of owner) counts.set(i, (counts.get(i) ?? 0) + 1);
  owner.forEach((i, at) => {
    const [own, sum] = [row(shares, at), row(sums, start + i)];
    for (let k = 0; k < own.length; k++) sum[k]! += own[k]! / counts.get(i)!;
  });
}

/** Targets with 1 − 1/c for the class and −1/c for the others. */
function oneHot(labels: readonly number[], count: number): Matrix {
  const y = matrix(labels.length, count);
  y.data.fill(-1 / count);
  labels.forEach((label, i) => {
    y.data[i * count + label] = 1 - 1 / count;
  });
  return y;
}

/**
 * The smoothing of labels when temperatures are judged: n times without an error still allow about one in n, so no
 * temperature may promise less. Rows that are left out together are one time.
 */
const labelDoubt = (times: number): number => 2 / (times + 1);

/** What the model says of each training row when fitted without it; labels read back from the one-hot targets. */
function looOutputs({ residuals }: LeftOut, y: Matrix): { outputs: Matrix; labels: number[] } {
  const outputs = matrix(
    y.rows,
    y.cols,
    y.data.map((value, at) => value - residuals.data[at]!),
  );
  return { outputs, labels: Array.from({ length: y.rows }, (_, i) => largest(row(y, i))) };
}

export function largest(values: Float64Array): number {
  return values.reduce((best, value, k) => (value > values[best]! ? k : best), 0);
}

function sortedClasses(values: readonly string[], numeric: boolean): string[] {
  const classes = [...new Set(values)];
  return numeric ? classes.sort((a, b) => Number(a) - Number(b)) : classes.sort();
}

/** A class needs company: more classes than this share of the rows is a column that identifies rows. */
function checkClasses(table: Table, target: string, classes: readonly string[], rows: number): void {
  if (classes.length === 1)
    throw new DataError(
      `${table.source}: target "${target}" is "${classes[0]}" in every row: classification needs at least two classes`,
    );
  if (classes.length > rows / 2)
    throw new DataError(
      `${table.source}: target "${target}" has ${classes.length} classes in ${rows} rows, too many to learn; use --task regression if they are amounts`,
    );
}
