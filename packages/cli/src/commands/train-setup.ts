import { InvalidArgumentError } from "commander";
import {
  DataError,
  dataLike,
  inferTask,
  type Layer,
  type LearnedData,
  type Matrix,
  matrix,
  outputWidth,
  type Table,
  type TrainingData,
  trainingData,
} from "ntkit";
import type { Axis } from "../train/figure.ts";
import { checkComparable, withHiddenWidth } from "../train/hidden-width.ts";
import type { Deterministic } from "../train/linear-descent.ts";
import { columnsNamed } from "./column-options.ts";
import { inNetworkFile } from "./common.ts";
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

/** Momentum when none is given: 0.9, or Nesterov's own. */
export function optimizerOf(type: Deterministic["type"], given: number | "schedule" | undefined): Deterministic {
  if (type === "nesterov") return { type, momentum: given ?? "schedule" };
  if (type === "heavyBall") {
    if (given === "schedule")
      throw new DataError("--momentum schedule is of --optimizer nesterov: pass a number, or that optimizer");
    return { type, momentum: given ?? 0.9 };
  }
  if (given !== undefined)
    throw new DataError("--momentum needs --optimizer heavyBall or nesterov: pass one, or leave --momentum out");
  return { type };
}

export interface PreparedData {
  /** The table as it was read. */
  readonly table: Table;
  readonly train: LearnedData;
  readonly test: TrainingData | null;
  /** Inputs over the range of the only feature, or null. */
  readonly shown: Matrix | null;
  readonly axis: Axis | null;
}

interface DataOptions {
  readonly target: string;
  readonly exclude?: readonly string[] | undefined;
  readonly testFraction: number;
  readonly seed: number;
}

/** The table's rows, those of training standardized, the others alike. */
export function prepareData(table: Table, { target, exclude, testFraction, seed }: DataOptions): PreparedData {
  inferTask(table, target); // throws when the target is not there
  const column = table.columns[table.names.indexOf(target)]!;
  const task = column.kind === "text" ? "classification" : "regression";
  const parts = testFraction === 0 ? null : holdOut(table, { target, task, testFraction, seed });
  const train = trainingData(parts?.train ?? table, target, { exclude: columnsNamed(table, "--exclude", exclude) });
  const test = parts && dataLike(train, parts.test);
  return { table, train, test, ...overOnlyFeature(train, test) };
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

/** The network as the infinite limit reads it; throws when it cannot be trained at the widths. */
export async function checkNetwork(
  network: Layer,
  path: string,
  inputs: number,
  list: readonly Width[],
): Promise<Layer> {
  await inNetworkFile(path, async () => {
    checkComparable(network);
    for (const width of [...finiteWidths(list), 1]) {
      const outputs = outputWidth(withHiddenWidth(network, width), inputs);
      if (outputs === 1) continue;
      throw new DataError(
        `${path}: the network must have one output, for the target, got ${typeof outputs === "number" ? outputs : `${outputs.length} branches`}: let it end in a dense layer of width 1`,
      );
    }
  });
  return withHiddenWidth(network, Math.max(1, ...finiteWidths(list)));
}
