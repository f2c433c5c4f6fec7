import { DataError, didYouMean } from "../errors.ts";
import { columnVector, type Matrix, matrix, row } from "../matrix/matrix.ts";
import { checkOptions } from "../matrix/option-names.ts";
import * as portable from "../special/portable.ts";
import { largest, predictClassification } from "./fit-classification.ts";
import { applyLinear, fitLinear } from "./linear-baseline.ts";
import { meanAndStd } from "./mean-and-std.ts";
import type { ClassificationModel, ClassificationPrediction, RegressionModel, RegressionPrediction } from "./model.ts";
import { PREDICTION_NAMES, type PredictTableOptions, predictRegression } from "./predict-regression.ts";
import { preprocess } from "./preprocess.ts";
import { learnedRows, type RowColumns } from "./row-roles.ts";
import { weightedMean } from "./row-weights.ts";
import type { Table } from "./table.ts";
import { classTarget, numericTarget } from "./target.ts";
import { bestTemperature, logLossAt, softmaxRows } from "./temperature.ts";

export interface RegressionScore {
  /** √ of the mean squared error, in units of the target. */
  readonly rmse: number;
  /** Mean absolute error, in units of the target. */
  readonly mae: number;
  /** 1 − mean squared error / variance of the targets; 1 is perfect, 0 is the mean. Null where they do not vary, as one does not. */
  readonly r2: number | null;
}

export interface RegressionEvaluation {
  readonly task: "regression";
  readonly rows: number;
  readonly model: RegressionScore;
  /** Share of targets inside their interval. */
  readonly coverage: number;
  readonly level: number;
  readonly baselines: { readonly mean: RegressionScore; readonly linear: RegressionScore };
  readonly truth: Float64Array;
  readonly predictions: RegressionPrediction;
}

/** How good the model is on rows it has not seen, beside the mean of the target and a linear model. */
export async function evaluateRegression(
  model: RegressionModel,
  train: Table,
  test: Table,
  { level = 0.95, ...options }: PredictTableOptions = {},
): Promise<RegressionEvaluation> {
  checkOptions("evaluateRegression", options, PREDICTION_NAMES);
  const seen = countedNumbers(model, train);
  const { table: unseen, values: truth, weights } = countedNumbers(model, test, 1);
  const predictions = await predictRegression(model, unseen, { ...options, level });
  const inside = truth.map((y, i) => (y >= predictions.lower[i]! && y <= predictions.upper[i]! ? 1 : 0));
  const size = powerOfTwo([seen.values]); // squares of large targets would overflow
  const linear = await fitLinear(
    preprocess(model.preprocessor, seen.table),
    columnVector(seen.values.map((value) => value / size)),
    { ...options, weights: seen.weights },
  );
  const linearFit = await applyLinear(linear, preprocess(model.preprocessor, unseen), options);
  const { mean } = meanAndStd(seen.values, seen.weights);
  const score = (prediction: Float64Array) => regressionScore(truth, prediction, weights);
  return {
    task: "regression",
    rows: truth.length,
    model: score(predictions.prediction),
    coverage: weightedMean(inside, weights),
    level,
    baselines: {
      mean: score(truth.map(() => mean)),
      linear: score(linearFit.data.map((value) => value * size)),
    },
    truth,
    predictions,
  };
}

/** The rows that count, with their targets. */
function countedNumbers({ target, rowColumns }: RegressionModel, table: Table, minRows?: number) {
  const { rows, values } = numericTarget(table, target, minRows);
  const { table: counted, kept, roles } = learnedRows(table, target, rows, weightOf(rowColumns), minRows);
  return { table: counted, values: Float64Array.from(kept, (at) => values[at]!), weights: roles.weights };
}

/** The same with their classes. */
function countedLabels(model: ClassificationModel, table: Table, minRows?: number) {
  const { target, rowColumns, classes } = model;
  const { rows, values } = classTarget(table, target, minRows, classes);
  const { table: counted, kept, roles } = learnedRows(table, target, rows, weightOf(rowColumns), minRows);
  const labels = kept.map((at) => labelOf(values[at]!, classes, table.source, target));
  return { table: counted, labels, weights: roles.weights };
}

/** What is asked of rows that scores are of: their weights alone. */
function weightOf({ weight }: RowColumns = {}): RowColumns {
  return { weight };
}

/** Scores of predictions against the truth, of one row at least, by weight where there are weights. */
export function regressionScore(
  truth: Float64Array,
  prediction: Float64Array,
  weights?: Float64Array,
): RegressionScore {
  if (truth.length === 0) throw new DataError("there are no rows to score predictions on: pass one at least");
  const size = powerOfTwo([truth, prediction]);
  const std = meanAndStd(truth, weights).std / size;
  const errors = truth.map((y, i) => Math.abs(y - prediction[i]!) / size);
  const squares = errors.map((e) => e * e);
  const [mse, mae] = [weightedMean(squares, weights), weightedMean(errors, weights)];
  return { rmse: Math.sqrt(mse) * size, mae: mae * size, r2: std === 0 ? null : 1 - mse / (std * std) };
}

/** The size of the values as a power of two, to divide by and multiply with without rounding. */
function powerOfTwo(all: readonly Float64Array[]): number {
  const largest = all.flatMap((values) => [...values]).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return largest > 0 ? 2 ** portable.exponent(largest) : 1;
}

export interface ClassificationScore {
  /** Share of rows whose most probable class is the true one. */
  readonly accuracy: number;
  /** Mean of −log probability of the true class, natural logarithm. */
  readonly logLoss: number;
}

export interface ClassificationEvaluation {
  readonly task: "classification";
  readonly rows: number;
  readonly model: ClassificationScore;
  readonly baselines: { readonly majority: ClassificationScore; readonly linear: ClassificationScore };
  readonly classes: readonly string[];
  /** Entry [i][j]: rows of class i predicted as class j. */
  readonly confusion: readonly (readonly number[])[];
  readonly predictions: ClassificationPrediction;
}

/** How good the model is on rows it has not seen, beside the most frequent class and a linear model. */
export async function evaluateClassification(
  model: ClassificationModel,
  train: Table,
  test: Table,
  options: PredictTableOptions = {},
): Promise<ClassificationEvaluation> {
  checkOptions("evaluateClassification", options, PREDICTION_NAMES);
  const { classes } = model;
  const seen = countedLabels(model, train);
  const { table: unseen, labels, weights } = countedLabels(model, test, 1);
  const predictions = await predictClassification(model, unseen, options);
  const x = preprocess(model.preprocessor, seen.table);
  const linear = await fitLinear(x, indicators(seen.labels, classes.length), { ...options, weights: seen.weights });
  const { temperature } = bestTemperature(linear.looOutputs, seen.labels, 0, seen.weights);
  const linearOutputs = await applyLinear(linear, preprocess(model.preprocessor, unseen), options);
  const isOf = (k: number) => Float64Array.from(seen.labels, (label) => (label === k ? 1 : 0));
  const shares = classes.map((_, k) => weightedMean(isOf(k), seen.weights));
  const score = (probabilities: Matrix) => classificationScore(probabilities, labels, weights);
  return {
    task: "classification",
    rows: labels.length,
    model: score(predictions.probabilities),
    baselines: {
      majority: score(constantRows(shares, labels.length)),
      linear: score(softmaxRows(linearOutputs, temperature)),
    },
    classes,
    confusion: confusionMatrix(labels, predictions.probabilities),
    predictions,
  };
}

export function classificationScore(
  probabilities: Matrix,
  labels: readonly number[],
  weights?: Float64Array,
): ClassificationScore {
  const hits = Float64Array.from(labels, (label, i) => (largest(row(probabilities, i)) === label ? 1 : 0));
  const logs = matrix(
    probabilities.rows,
    probabilities.cols,
    probabilities.data.map((p) => portable.log(Math.max(p, Number.MIN_VALUE))),
  );
  return { accuracy: weightedMean(hits, weights), logLoss: logLossAt(logs, labels, 1, 0, weights) };
}

function confusionMatrix(labels: readonly number[], probabilities: Matrix): number[][] {
  const counts = Array.from({ length: probabilities.cols }, () => new Array<number>(probabilities.cols).fill(0));
  labels.forEach((label, i) => {
    counts[label]![largest(row(probabilities, i))]!++;
  });
  return counts;
}

function labelOf(value: string, classes: readonly string[], source: string, target: string): number {
  const label = classes.indexOf(value);
  if (label >= 0) return label;
  throw new DataError(
    `${source}: target "${target}" holds the class "${value}", which no training row has${didYouMean(value, classes)}: add such rows to training, or leave it out here`,
  );
}

function indicators(labels: readonly number[], count: number): Matrix {
  const y = matrix(labels.length, count);
  labels.forEach((label, i) => {
    y.data[i * count + label] = 1;
  });
  return y;
}

function constantRows(values: readonly number[], rows: number): Matrix {
  return matrix(
    rows,
    values.length,
    Float64Array.from({ length: rows * values.length }, (_, at) => values[at % values.length]!),
  );
}
