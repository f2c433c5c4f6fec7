import { existsSync } from "node:fs";
import { DataError, type Table } from "ntkit";
import { readTable } from "../io/table-file.ts";
import { tableFormat, writeTable } from "../io/write-table.ts";
import type { Score } from "./uci-protocol.ts";

/** A finished data set. */
export interface Result extends Score {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  readonly classes: number;
  readonly reference: number;
  /** Wall-clock time of this data set. */
  readonly seconds: number;
  readonly engine: string;
  /** The depths that were tried, as in "1,2,3": results of other depths must not be mixed with these. */
  readonly depths: string;
}

const COLUMNS = [
  "name",
  "n",
  "d",
  "classes",
  "depth",
  "frozen",
  "ridge",
  "validationAccuracy",
  "accuracy",
  "reference",
  "seconds",
  "engine",
  "depths",
] as const satisfies readonly (keyof Result)[];

const TEXT: ReadonlySet<string> = new Set(["name", "engine", "depths"]);

/** Throws, before any work is done, for a name under which results cannot be kept. */
export function checkResultsPath(path: string): void {
  if (path === "-") throw new DataError("results go on in a file after an interruption: give --out the name of one");
  if (tableFormat(path) === "npy")
    throw new DataError(`${path}: results hold names, which .npy cannot: write .csv, .tsv or .parquet`);
}

/** The results that an earlier run left in the file; none when there is no file. */
export async function readResults(path: string, depths: string): Promise<readonly Result[]> {
  if (!existsSync(path)) return [];
  const table = await readTable(path);
  if (table.names.join() !== COLUMNS.join())
    throw new DataError(`${path} is there and holds no results of this benchmark: name another file`);
  const results = Array.from({ length: table.rows }, (_, i) => resultAt(table, i));
  const other = results.find((result) => result.depths !== depths);
  if (other !== undefined)
    throw new DataError(
      `${path} holds results of depths ${other.depths}, not of ${depths}: name another file, or pass --depths ${other.depths}`,
    );
  return results;
}

function resultAt(table: Table, row: number): Result {
  const cells = COLUMNS.map((name, j) => {
    const value = table.columns[j]!.values[row];
    if (TEXT.has(name) ? value === null : !Number.isFinite(value))
      throw new DataError(`${table.source}: data row ${row + 1} has no ${name}: delete the row, or name another file`);
    return [name, TEXT.has(name) ? `${value}` : value];
  });
  return Object.fromEntries(cells) as Result; // each field of its kind, as checked above
}

/** Replaces the file as a whole. */
export async function writeResults(path: string, results: readonly Result[]): Promise<void> {
  await writeTable(
    path,
    COLUMNS.map((name) => ({ name, values: results.map((result) => result[name]) })),
  );
}

/** What all results together say. */
export interface Summary {
  readonly datasets: number;
  readonly meanAccuracy: number;
  readonly meanReference: number;
  readonly atOrAboveReference: number;
  readonly seconds: number;
  /** Names of the engines that computed them: more than one where a run was continued with another. */
  readonly engines: readonly string[];
}

/** The reference is rounded to six decimals. */
const ROUNDING = 5e-7;

export function summarize(results: readonly Result[]): Summary {
  const mean = (value: (result: Result) => number) =>
    results.reduce((sum, result) => sum + value(result), 0) / results.length;
  return {
    datasets: results.length,
    meanAccuracy: mean(({ accuracy }) => accuracy),
    meanReference: mean(({ reference }) => reference),
    atOrAboveReference: results.filter(({ accuracy, reference }) => accuracy >= reference - ROUNDING).length,
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
    engines: [...new Set(results.map(({ engine }) => engine))],
  };
}

type Cells = readonly string[];

const HEADER: Cells = ["n", "d", "classes", "depth", "frozen", "ridge", "accuracy", "reference", "difference"];

/** Lines of the table, made one at a time while data sets finish: the first column is as wide as the longest name. */
export function tableLines(names: readonly string[]): { header: string; line: (result: Result) => string } {
  const width = Math.max(8, ...names.map((name) => name.length));
  const format = (name: string, cells: Cells) =>
    [name.padEnd(width), ...cells.map((cell, j) => cell.padStart(Math.max(6, HEADER[j]!.length)))].join("  ");
  return {
    header: format("data set", HEADER),
    line: ({ name, n, d, classes, depth, frozen, ridge, accuracy, reference }) => {
      const percents = [accuracy, reference].map((share) => (100 * share).toFixed(2));
      const configuration = [n, d, classes, depth, frozen, ridge].map(String);
      return format(name, [...configuration, ...percents, signed(100 * (accuracy - reference))]);
    },
  };
}

function signed(difference: number): string {
  const text = difference.toFixed(2);
  if (Number(text) === 0) return "0.00";
  return difference > 0 ? `+${text}` : text;
}

export function summaryLines(summary: Summary, engineNotes: readonly string[]): readonly string[] {
  const { datasets, meanAccuracy, meanReference, atOrAboveReference, seconds, engines } = summary;
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  return [
    `mean accuracy ${percent(meanAccuracy)}, mean of the reference ${percent(meanReference)} (${datasets} data sets)`,
    `${atOrAboveReference} of ${datasets} data sets at or above the reference`,
    `${seconds.toFixed(1)} seconds with ${engines.join(" and ")}`,
    ...engineNotes.map((note) => `engine: ${note}`),
  ];
}
