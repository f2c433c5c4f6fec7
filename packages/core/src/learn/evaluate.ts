import { DataError } from "../errors.ts";
import { columnVector, type Matrix, matrix, row } from "../matrix/matrix.ts";
import { checkOptions } from "../matrix/option-names.ts";
import * as portable from "../special/portable.ts";
import { largest, predictClassification } from "./fit-classification.ts";
import { PREDICTION_NAMES, type PredictTableOptions, predictRegression } from "./fit-regression.ts";
import { applyLinear, fitLinear } from "./linear-baseline.ts";
import { meanAndStd } from "./mean-and-std.ts";
import type { ClassificationModel, ClassificationPrediction, RegressionModel, RegressionPrediction } from "./model.ts";
import { preprocess } from "./preprocess.ts";
import { type Table, takeTableRows } from "./table.ts";
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
  const seen = numericTarget(train, model.target);
  const { rows, values: truth } = numericTarget(test, model.target, 1);
  const unseen = takeTableRows(test, rows);
  const predictions = await predictRegression(model, unseen, { ...options, level });
  const inside = truth.filter((y, i) => y >= predictions.lower[i]! && y <= predictions.upper[i]!).length;
  const size = powerOfTwo([seen.values]); // squares of large targets would overflow
  const linear = await fitLinear(
    preprocess(model.preprocessor, takeTableRows(train, seen.rows)),
    columnVector(seen.values.map((value) => value / size)),
    options,
  );
  const linearFit = await applyLinear(linear, preprocess(model.preprocessor, unseen), options);
  const { mean } = meanAndStd(seen.values);
  return {
    task: "regression",
    rows: rows.length,
    model: regressionScore(truth, predictions.prediction),
    coverage: inside / rows.length,
    level,
    baselines: {
      mean: regressionScore(
        truth,
        truth.map(() => mean),
      ),
      linear: regressionScore(
        truth,
        linearFit.data.map((value) => value * size),
      ),
    },
    truth,
    predictions,
  };
}

/** Scores of predictions against the truth, of one row at least. */
export function regressionScore(truth: Float64Array, prediction: Float64Array): RegressionScore {
  if (truth.length === 0) throw new DataError("there are no rows to score predictions on: pass one at least");
  const size = powerOfTwo([truth, prediction]);
  const std = meanAndStd(truth).std / size;
  const errors = truth.map((y, i) => Math.abs(y - prediction[i]!) / size);
  const mse = errors.reduce((sum, e) => sum + e * e, 0) / truth.length;
  const mae = errors.reduce((sum, e) => sum + e, 0) / truth.length;
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
  const seen = classTarget(train, model.target, undefined, classes);
  const { rows, values } = classTarget(test, model.target, 1, classes);
  const unseen = takeTableRows(test, rows);
  const labels = labelsOf(values, classes, test.source, model.target);
  const seenLabels = seen.values.map((value) => classes.indexOf(value));
  const predictions = await predictClassification(model, unseen, options);
  const x = preprocess(model.preprocessor, takeTableRows(train, seen.rows));
  const linear = await fitLinear(x, indicators(seenLabels, classes.length), options);
  const { temperature } = bestTemperature(linear.looOutputs, seenLabels);
  const linearOutputs = await applyLinear(linear, preprocess(model.preprocessor, unseen), options);
  const shares = classes.map((_, k) => seenLabels.filter((label) => label === k).length / seenLabels.length);
  return {
    task: "classification",
    rows: rows.length,
    model: classificationScore(predictions.probabilities, labels),
    baselines: {
      majority: classificationScore(constantRows(shares, rows.length), labels),
      linear: classificationScore(softmaxRows(linearOutputs, temperature), labels),
    },
    classes,
    confusion: confusionMatrix(labels, predictions.probabilities),
    predictions,
  };
}

export function classificationScore(probabilities: Matrix, labels: readonly number[]): ClassificationScore {
  const hits = labels.filter((label, i) => largest(row(probabilities, i)) === label).length;
  const logs = matrix(
    probabilities.rows,
    probabilities.cols,
    probabilities.data.map((p) => portable.log(Math.max(p, Number.MIN_VALUE))),
  );
  return { accuracy: hits / labels.length, logLoss: logLossAt(logs, labels, 1) };
}

function confusionMatrix(labels: readonly number[], probabilities: Matrix): number[][] {
  const counts = Array.from({ length: probabilities.cols }, () => new Array<number>(probabilities.cols).fill(0));
  labels.forEach((label, i) => {
    counts[label]![largest(row(probabilities, i))]!++;
  });
  return counts;
}

function labelsOf(values: readonly string[], classes: readonly string[], source: string, target: string): number[] {
  return values.map((value) => {
    const label = classes.indexOf(value);
    if (label < 0)
      throw new DataError(
        `${source}: target "${target}" holds the class "${value}", which no training row has: add such rows to training, or leave it out here`,
      );
    return label;
  });
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
