import { InvalidArgumentError, type Option } from "commander";
import {
  ADAM_DEFAULTS,
  brief,
  DataError,
  dataLike,
  inferTask,
  type Layer,
  type LearnedData,
  listed,
  type Matrix,
  matrix,
  outputWidth,
  type Shape,
  type Table,
  type TrainingData,
  trainingData,
} from "ntkit";
import type { Axis } from "../train/figure.ts";
import { checkComparable, withHiddenWidth } from "../train/hidden-width.ts";
import type { SweepOptimizer } from "../train/problem.ts";
import { LOSSES, type LossName } from "../train/scores.ts";
import { columnsNamed } from "./column-options.ts";
import { choiceOption, inNetworkFile } from "./common.ts";
import { holdOut } from "./hold-out.ts";

/** A width of the sweep; "inf" is the infinite network. */
export type Width = number | "inf";

const MAX_WIDTH = 1_000_000;

/** "64,256,inf": each once, in ascending order. */
export function widths(text: string): readonly Width[] {
  const list = text.split(",").map((part): Width => {
    const word = part.trim();
    if (/^inf(inity|inite)?$/i.test(word)) return "inf";
    const width = Number(word);
    if (!/^\d+$/.test(word) || width < 1 || width > MAX_WIDTH)
      throw new InvalidArgumentError(`it must be whole numbers from 1 to ${MAX_WIDTH}, and inf, like 64,256,inf.`);
    return width;
  });
  return [...new Set(list)].sort((a, b) => (a === "inf" ? 1 : b === "inf" ? -1 : a - b));
}

export function finiteWidths(list: readonly Width[]): readonly number[] {
  return list.filter((width) => width !== "inf");
}

/** An argument that must be a number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value < Infinity))
    throw new InvalidArgumentError("it must be a number above 0.");
  return value;
}

/** An argument that must be a number in [0, 1), or "schedule". */
export function momentum(text: string): number | "schedule" {
  if (text === "schedule") return text;
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1))
    throw new InvalidArgumentError("it must be a number from 0 up to, not including, 1, or schedule.");
  return value;
}

/** Momentum when none is given: 0.9, or Nesterov's own; Adam's numbers are those of its paper. */
export function optimizerOf(type: SweepOptimizer["type"], given: number | "schedule" | undefined): SweepOptimizer {
  if (type === "nesterov") return { type, momentum: given ?? "schedule" };
  if (type === "heavyBall") {
    if (given === "schedule")
      throw new DataError("--momentum schedule is of --optimizer nesterov: pass a number, or that optimizer");
    return { type, momentum: given ?? 0.9 };
  }
  if (given !== undefined)
    throw new DataError("--momentum needs --optimizer heavyBall or nesterov: pass one, or leave --momentum out");
  if (type !== "adam") return { type };
  const { beta1, beta2, epsilon } = ADAM_DEFAULTS;
  return { type, beta1, beta2, epsilon };
}

/** The option of commands that train. */
export function lossOption(): Option {
  return choiceOption(
    "--loss <name>",
    "squared: half the sum of squared errors; softmax: the sum of cross-entropies (default: softmax where each class has an output, else squared)",
    LOSSES,
  );
}

export interface PreparedData {
  /** The table as it was read. */
  readonly table: Table;
  readonly train: LearnedData;
  readonly test: TrainingData | null;
  readonly loss: LossName;
  /** Inputs over the range of the only feature, or null. */
  readonly shown: Matrix | null;
  readonly axis: Axis | null;
}

interface DataOptions {
  readonly target: string;
  readonly exclude?: readonly string[] | undefined;
  /** Softmax where each class has an output when absent, and squared otherwise. */
  readonly loss?: LossName | undefined;
  /** An output for each class; of three or more and of softmax in any case. */
  readonly oneHot?: boolean | undefined;
  readonly testFraction: number;
  readonly seed: number;
}

/** The table's rows, those of training standardized, the others alike. */
export function prepareData(table: Table, options: DataOptions): PreparedData {
  const { target, exclude, testFraction, seed } = options;
  inferTask(table, target); // throws when the target is not there
  const softmax = options.loss === "softmax";
  if (softmax) checkClasses(table, target);
  const oneHot = softmax || options.oneHot === true;
  const column = table.columns[table.names.indexOf(target)]!;
  const task = oneHot || column.kind === "text" ? "classification" : "regression";
  const excluded = columnsNamed(table, "--exclude", exclude);
  const parts = testFraction === 0 ? null : holdOut(table, { target, task, testFraction, seed, exclude: excluded });
  const train = trainingData(parts?.train ?? table, target, { exclude: excluded, oneHot });
  const test = parts && dataLike(train, parts.test);
  const loss = options.loss ?? (train.scale.kind === "one-hot" ? "softmax" : "squared");
  return { table, train, test, loss, ...overOnlyFeature(train, test) };
}

/** The same for a network: two classes, and whole numbers, have an output each where the network has so many. */
export async function prepareFor(
  network: Layer,
  path: string,
  table: Table,
  options: DataOptions,
): Promise<PreparedData> {
  const data = prepareData(table, options);
  const { x, y, scale } = data.train;
  if (scale.kind === "one-hot") return data;
  const outputs = await inNetworkFile(path, async () => outputWidth(withHiddenWidth(network, 1), x.cols));
  const classes = scale.kind === "classes" ? 2 : wholeClasses(table, options.target);
  return outputs !== y.cols && outputs === classes ? prepareData(table, { ...options, oneHot: true }) : data;
}

/** How many classes a column of numbers holds, 0 where they are amounts. */
function wholeClasses(table: Table, target: string): number {
  const column = table.columns[table.names.indexOf(target)]!;
  if (column.kind === "text" || inferTask(table, target) === "regression") return 0;
  return new Set(column.values.filter((value) => !Number.isNaN(value))).size;
}

/** Throws for amounts. */
function checkClasses({ source, names, columns }: Table, target: string): void {
  const column = columns[names.indexOf(target)]!;
  const amount =
    column.kind === "numeric" && column.values.find((value) => !Number.isNaN(value) && !Number.isInteger(value));
  if (typeof amount === "number")
    throw new DataError(
      `${source}: --loss softmax needs classes, but target "${target}" holds ${amount}: pass --loss squared, or a column of texts or whole numbers`,
    );
}

/** What the outputs are, and in which unit their error is. */
export function targetLine({ train: { scale }, loss }: PreparedData): string {
  if (scale.kind === "numeric") return "mse 1 is the variance of the target";
  if (scale.kind === "classes")
    return brief(`the target is -1 for "${scale.classes[0]}" and 1 for "${scale.classes[1]}"`);
  const { classes } = scale;
  const names = listed(
    classes.map((name) => `"${name}"`),
    10,
  );
  const sizes = loss === "squared" ? "; the target is 1 for the row's own class and 0 for others" : "";
  return brief(`${classes.length} classes with an output each: ${names}${sizes}`);
}

const SHOWN = 200;

function overOnlyFeature(
  { preprocessor, x }: LearnedData,
  test: TrainingData | null,
): Pick<PreparedData, "shown" | "axis"> {
  const [feature, ...others] = preprocessor.features;
  if (feature?.kind !== "numeric" || feature.missing !== null || others.length > 0) return { shown: null, axis: null };
  const all = [...x.data, ...(test?.x.data ?? [])];
  const [low, high] = all.reduce(([a, b], value) => [Math.min(a!, value), Math.max(b!, value)], [Infinity, -Infinity]);
  const margin = 0.05 * (high! - low!);
  const values = Float64Array.from(
    { length: SHOWN },
    (_, i) => low! - margin + ((high! - low! + 2 * margin) * i) / (SHOWN - 1),
  );
  const inTable = (own: Float64Array) => own.map((value) => feature.mean + feature.std * value);
  const axis = {
    name: feature.name,
    shown: inTable(values),
    train: inTable(x.data),
    test: inTable(test?.x.data ?? new Float64Array(0)),
  };
  return { shown: matrix(SHOWN, 1, values), axis };
}

/** The network as the infinite limit reads it; throws when it cannot be trained at the widths on such data. */
export async function checkNetwork(
  network: Layer,
  path: string,
  data: PreparedData,
  list: readonly Width[],
): Promise<Layer> {
  const { x, y } = data.train;
  await inNetworkFile(path, async () => {
    checkComparable(network);
    for (const width of [...finiteWidths(list), 1]) {
      const outputs = outputWidth(withHiddenWidth(network, width), x.cols);
      if (outputs !== y.cols) throw wrongOutputs(path, data, outputs);
    }
  });
  return withHiddenWidth(network, Math.max(1, ...finiteWidths(list)));
}

function wrongOutputs(path: string, { train: { y, scale } }: PreparedData, outputs: Shape): DataError {
  const got = typeof outputs === "number" ? `${outputs}` : `${outputs.length} branches`;
  const wanted = y.cols === 1 ? "one output, for the target" : `${y.cols} outputs, one for each class of the target`;
  const softmax =
    scale.kind === "numeric" && outputs !== 1 ? ", or, where the numbers are classes, pass --loss softmax" : "";
  return new DataError(
    `${path}: the network must have ${wanted}, got ${got}: let it end in a dense layer of width ${y.cols}${softmax}`,
  );
}
