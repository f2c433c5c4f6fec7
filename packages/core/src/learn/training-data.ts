import { DataError } from "../errors.ts";
import { columnVector, type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, optionNames } from "../matrix/option-names.ts";
import { meanAndStd } from "./mean-and-std.ts";
import { fitPreprocessor, type InputOptions, type Preprocessor, preprocess } from "./preprocess.ts";
import { type Table, takeTableRows } from "./table.ts";
import { classTarget, inferTask, numericTarget, targetColumn } from "./target.ts";

/**
 * How a target becomes outputs:
 *
 *   "numeric"   one, of mean 0 and variance 1
 *   "classes"   one, −1 for the first class and +1 for the second
 *   "one-hot"   one for each class, 1 in its own rows and 0 in others
 */
export type TargetScale =
  | { readonly kind: "numeric"; readonly name: string; readonly mean: number; readonly std: number }
  | { readonly kind: "classes"; readonly name: string; readonly classes: readonly [string, string] }
  | { readonly kind: "one-hot"; readonly name: string; readonly classes: readonly string[] };

/** Rows of a table as a network trains on them. */
export interface TrainingData {
  readonly x: Matrix;
  /** n x outputs. */
  readonly y: Matrix;
}

/** The same, with what other rows need to become inputs and targets of the same kind. */
export interface LearnedData extends TrainingData {
  readonly preprocessor: Preprocessor;
  readonly scale: TargetScale;
}

export interface TrainingDataOptions extends InputOptions {
  /** An output for each class, as softmax needs: of two classes too, and of whole numbers. Default: of three classes or more. */
  readonly oneHot?: boolean | undefined;
}

const NAMES = optionNames<TrainingDataOptions>({ exclude: true, oneHot: true });

/**
 * The rows that have a target, standardized: inputs as `Preprocessor` says, the target as `TargetScale` does. Throws DataError for a
 * target that is constant, or has more classes than half the rows.
 */
export function trainingData(table: Table, target: string, options: TrainingDataOptions = {}): LearnedData {
  checkOptions("trainingData", options, NAMES);
  const { oneHot = false, ...inputs } = options;
  const { rows, scale } = learnScale(table, target, oneHot);
  const known = takeTableRows(table, rows);
  const preprocessor = fitPreprocessor(known, target, inputs);
  return { preprocessor, scale, ...dataLike({ preprocessor, scale }, known) };
}

/** Other rows, made into inputs and targets by what the training rows said; those without a target are left out. */
export function dataLike({ preprocessor, scale }: Omit<LearnedData, "x" | "y">, table: Table): TrainingData {
  const { rows, y } = scaledTarget(table, scale);
  return { x: preprocess(preprocessor, takeTableRows(table, rows)), y };
}

interface LearnedScale {
  readonly rows: readonly number[];
  readonly scale: TargetScale;
}

function learnScale(table: Table, target: string, oneHot: boolean): LearnedScale {
  inferTask(table, target); // throws for texts that should be numbers
  const { kind } = targetColumn(table, target);
  if (kind === "text" || oneHot) return learnClasses(table, target, oneHot);
  const { rows, values } = numericTarget(table, target);
  const { mean, std } = meanAndStd(values);
  if (std === 0) throw constantTarget(table, target, `${values[0]}`);
  return { rows, scale: { kind: "numeric", name: target, mean, std } };
}

function learnClasses(table: Table, target: string, oneHot: boolean): LearnedScale {
  const { rows, values, numeric } = classTarget(table, target);
  const amount = numeric ? values.find((value) => !Number.isInteger(Number(value))) : undefined;
  if (amount !== undefined)
    throw new DataError(
      `${table.source}: target "${target}" holds ${amount}, which is no class: classes are texts or whole numbers, other numbers are learned with a squared loss`,
    );
  const classes = [...new Set(values)];
  if (numeric) classes.sort((a, b) => Number(a) - Number(b));
  else classes.sort();
  const [first, second, ...others] = classes;
  if (first === undefined || second === undefined)
    throw constantTarget(table, target, numeric ? `${first}` : `"${first}"`);
  if (classes.length > rows.length / 2)
    throw new DataError(
      `${table.source}: target "${target}" has ${classes.length} classes in ${rows.length} rows, too many to learn: a class needs two rows or more, on average`,
    );
  return others.length === 0 && !oneHot
    ? { rows, scale: { kind: "classes", name: target, classes: [first, second] } }
    : { rows, scale: { kind: "one-hot", name: target, classes } };
}

function constantTarget({ source }: Table, target: string, value: string): DataError {
  return new DataError(`${source}: target "${target}" is ${value} in every row, so there is nothing to learn`);
}

function scaledTarget(table: Table, scale: TargetScale): { readonly rows: readonly number[]; readonly y: Matrix } {
  if (scale.kind === "numeric") {
    const { rows, values } = numericTarget(table, scale.name, 1);
    return { rows, y: columnVector(values.map((value) => (value - scale.mean) / scale.std)) };
  }
  const { rows, values } = classTarget(table, scale.name, 1, scale.classes);
  const numbers = new Map(scale.classes.map((name, k) => [name, k]));
  const labels = values.map((value) => numbers.get(value) ?? -1);
  const unknown = values[labels.indexOf(-1)];
  if (unknown !== undefined)
    throw new DataError(
      `${table.source}: target "${scale.name}" holds the class "${unknown}", which no training row has: leave its rows out`,
    );
  if (scale.kind === "classes") return { rows, y: columnVector(Float64Array.from(labels, (label) => 2 * label - 1)) };
  const y = matrix(rows.length, scale.classes.length);
  for (const [i, label] of labels.entries()) y.data[i * y.cols + label] = 1;
  return { rows, y };
}
