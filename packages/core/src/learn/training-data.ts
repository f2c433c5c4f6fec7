import { DataError } from "../errors.ts";
import { columnVector, type Matrix } from "../matrix/matrix.ts";
import { checkOptions, optionNames } from "../matrix/option-names.ts";
import { meanAndStd } from "./mean-and-std.ts";
import { fitPreprocessor, type InputOptions, type Preprocessor, preprocess } from "./preprocess.ts";
import { type Table, takeTableRows } from "./table.ts";
import { classTarget, inferTask, numericTarget, targetColumn } from "./target.ts";

/** How a target becomes one output: numbers get mean 0 and variance 1; of two classes, the first is −1 and the second +1. */
export type TargetScale =
  | { readonly kind: "numeric"; readonly name: string; readonly mean: number; readonly std: number }
  | { readonly kind: "classes"; readonly name: string; readonly classes: readonly [string, string] };

/** Rows of a table as a network with one output trains on them. */
export interface TrainingData {
  readonly x: Matrix;
  /** n x 1. */
  readonly y: Matrix;
}

/** The same, with what other rows need to become inputs and targets of the same kind. */
export interface LearnedData extends TrainingData {
  readonly preprocessor: Preprocessor;
  readonly scale: TargetScale;
}

const NAMES = optionNames<InputOptions>({ exclude: true });

/**
 * The rows that have a target, standardized: inputs as `Preprocessor` says, the target as `TargetScale` does. Throws DataError for a
 * target that is constant or has more than two classes.
 */
export function trainingData(table: Table, target: string, options: InputOptions = {}): LearnedData {
  checkOptions("trainingData", options, NAMES);
  const { rows, scale } = learnScale(table, target);
  const known = takeTableRows(table, rows);
  const preprocessor = fitPreprocessor(known, target, options);
  return { preprocessor, scale, ...dataLike({ preprocessor, scale }, known) };
}

/** Other rows, made into inputs and targets by what the training rows said; those without a target are left out. */
export function dataLike({ preprocessor, scale }: Omit<LearnedData, "x" | "y">, table: Table): TrainingData {
  const { rows, values } = scaledTarget(table, scale);
  return { x: preprocess(preprocessor, takeTableRows(table, rows)), y: columnVector(values) };
}

function learnScale(table: Table, target: string): { readonly rows: readonly number[]; readonly scale: TargetScale } {
  inferTask(table, target); // throws for texts that should be numbers
  if (targetColumn(table, target).kind === "text") {
    const { rows, values } = classTarget(table, target);
    const [first, second, ...others] = [...new Set(values)].sort();
    if (first === undefined || second === undefined) throw constantTarget(table, target, `"${first}"`);
    if (others.length > 0)
      throw new DataError(
        `${table.source}: target "${target}" has ${others.length + 2} classes, one output can learn two of them or a number: keep the rows of two`,
      );
    return { rows, scale: { kind: "classes", name: target, classes: [first, second] } };
  }
  const { rows, values } = numericTarget(table, target);
  const { mean, std } = meanAndStd(values);
  if (std === 0) throw constantTarget(table, target, `${values[0]}`);
  return { rows, scale: { kind: "numeric", name: target, mean, std } };
}

function constantTarget({ source }: Table, target: string, value: string): DataError {
  return new DataError(`${source}: target "${target}" is ${value} in every row, so there is nothing to learn`);
}

function scaledTarget(
  table: Table,
  scale: TargetScale,
): { readonly rows: readonly number[]; readonly values: Float64Array } {
  if (scale.kind === "numeric") {
    const { rows, values } = numericTarget(table, scale.name, 1);
    return { rows, values: values.map((value) => (value - scale.mean) / scale.std) };
  }
  const { rows, values } = classTarget(table, scale.name, 1, scale.classes);
  const unknown = values.find((value) => !scale.classes.includes(value));
  if (unknown !== undefined)
    throw new DataError(
      `${table.source}: target "${scale.name}" holds the class "${unknown}", which no training row has: leave its rows out`,
    );
  return { rows, values: Float64Array.from(values, (value) => (value === scale.classes[1] ? 1 : -1)) };
}
