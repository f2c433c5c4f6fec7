import { DataError, didYouMean, listed } from "../errors.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkTable } from "./check-table.ts";
import { type DateFeature, dateFeature, dateWidth, writeDate } from "./date-feature.ts";
import { tooManyTexts, whyLeftOut } from "./many-texts.ts";
import { meanAndStd } from "./mean-and-std.ts";
import { missingIndicator } from "./missing-indicator.ts";
import { findOutliers } from "./outliers.ts";
import { parseDuration } from "./parse-duration.ts";
import {
  asDurations,
  asNumeric,
  asTexts,
  type Column,
  columnsByName,
  type NumericColumn,
  type Table,
  type TableDialect,
  type TextColumn,
} from "./table.ts";

/**
 * How the columns of a table become inputs of a network, learned on training rows only. Plain data.
 *
 * Numbers are standardized; texts become one input per level (one-hot), centred and scaled so that the column as a
 * whole has variance 1; dates and times become the parts that `dateFeature` finds in them; a missing value becomes the mean, with an
 * indicator input beside it when training rows had missing values too.
 */
export interface Preprocessor {
  readonly features: readonly Feature[];
  /** Columns left out, and why. */
  readonly dropped: readonly DroppedColumn[];
  /** How the text of the training table was written: others are read alike. Absent when it came from elsewhere. */
  readonly dialect?: TableDialect | undefined;
}

export type Feature = NumericFeature | CategoryFeature | DateFeature;

export interface NumericFeature {
  readonly kind: "numeric";
  readonly name: string;
  readonly mean: number;
  readonly std: number;
  /** Mean of the missing-value indicator, or null when no training value was missing. */
  readonly missing: number | null;
  /** Whether they are the seconds of durations, which then are read as such. */
  readonly durations?: boolean | undefined;
  /** Where training had outliers (`findOutliers`): what lies outside of the range of the other values is taken as its nearer end. */
  readonly clipped?: { readonly count: number; readonly range: readonly [least: number, most: number] } | undefined;
}

export interface CategoryFeature {
  readonly kind: "category";
  readonly name: string;
  readonly levels: readonly string[];
  /** Share of each level among the training rows. */
  readonly shares: readonly number[];
}

export interface DroppedColumn {
  readonly name: string;
  readonly reason: string;
}

/** Which columns are inputs. */
export interface InputOptions {
  /** Names of columns that are not learned from; predictions ignore them. */
  readonly exclude?: readonly string[] | undefined;
}

/** The level that stands for a missing text. */
const MISSING_LEVEL = "(missing)";

/** Learns from the rows of `table`, of which every column but `target` and those excluded is an input. */
export function fitPreprocessor(table: Table, target: string, options: InputOptions = {}): Preprocessor {
  const learned = learnFeatures(table, target, options);
  const { features, dropped } = learned;
  if (features.length === 0)
    throw new DataError(
      `${table.source}: no column is left to learn from: ${
        listed(
          dropped.map(({ name, reason }) => `"${name}" ${reason}`),
          8,
        ) || "the target is the only one"
      }`,
    );
  return learned;
}

/** The same, also where every column is left out. */
export function learnFeatures(table: Table, target: string, { exclude = [] }: InputOptions = {}): Preprocessor {
  checkTable(table);
  checkExcluded(table, target, exclude);
  const excluded = new Set(exclude);
  const features: Feature[] = [];
  const dropped: DroppedColumn[] = [];
  table.names.forEach((name, j) => {
    if (name === target) return;
    const column = table.columns[j]!;
    const reason = excluded.has(name) ? "is excluded" : column.aside;
    if (reason !== undefined) {
      dropped.push({ name, reason });
      return;
    }
    const feature = column.kind === "numeric" ? numericFeature(name, column) : textFeature(table, name, column);
    if ("reason" in feature) dropped.push(feature);
    else features.push(feature);
  });
  return { features, dropped, ...(table.dialect && { dialect: table.dialect }) };
}

function checkExcluded({ source, names }: Table, target: string, exclude: readonly string[]): void {
  const own = new Set(names);
  for (const name of exclude) {
    if (name === target)
      throw new DataError(`${source}: "${target}" is the target and cannot be excluded: exclude other columns only`);
    if (!own.has(name))
      throw new DataError(
        `${source}: no column to exclude is named "${name}"${didYouMean(name, names)}; the columns are ${listed(names)}`,
      );
  }
}

function numericFeature(name: string, { values, durations }: NumericColumn): NumericFeature | DroppedColumn {
  const present = values.filter((value) => !Number.isNaN(value));
  if (present.length === 0) return { name, reason: "is empty" };
  const missing = present.length < values.length ? 1 - present.length / values.length : null;
  const outliers = findOutliers(present);
  const { mean, std } = meanAndStd(outliers ? present.filter((value) => !outliers.isOutlier(value)) : present);
  if (std === 0 && missing === null) return { name, reason: "is constant" };
  const clipped = outliers && { clipped: { count: outliers.count, range: outliers.range } };
  return { kind: "numeric", name, mean, std: std || 1, missing, ...clipped, ...(durations && { durations }) };
}

function textFeature(table: Table, name: string, column: TextColumn): Feature | DroppedColumn {
  if (column.suspect) {
    const { place, value, among = "numbers" } = column.suspect;
    throw new DataError(
      `${table.source}: column "${name}" ${among === "numbers" ? "is numeric" : `holds ${among}`} but ${place} holds "${value}": correct it, or leave it empty if it is missing`,
    );
  }
  return dateFeature(name, column) ?? categoryFeature(name, column);
}

function categoryFeature(name: string, column: TextColumn): CategoryFeature | DroppedColumn {
  const counts = new Map<string, number>();
  for (const value of column.values) {
    const level = value ?? MISSING_LEVEL;
    counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  if (counts.size < 2) return { name, reason: counts.has(MISSING_LEVEL) ? "is empty" : "is constant" };
  if (tooManyTexts(counts.size, column.values.length)) return { name, reason: whyLeftOut(column.values, counts.size) };
  const levels = [...counts.keys()].sort();
  return { kind: "category", name, levels, shares: levels.map((level) => counts.get(level)! / column.values.length) };
}

/**
 * The same with one scale for all numbers, the root mean square of their own; null where some column is not a number
 * or there is one only.
 */
export function withSharedScale(preprocessor: Preprocessor): Preprocessor | null {
  const numeric = preprocessor.features.filter((feature) => feature.kind === "numeric");
  if (numeric.length < 2 || numeric.length < preprocessor.features.length) return null;
  const largest = numeric.reduce((most, { std }) => Math.max(most, std), 0); // a million arguments overflow the stack
  const std = largest * Math.sqrt(numeric.reduce((sum, f) => sum + (f.std / largest) ** 2, 0) / numeric.length);
  return { ...preprocessor, features: numeric.map((feature) => ({ ...feature, std })) };
}

/** Number of inputs the features make. */
export function inputWidth({ features }: Preprocessor): number {
  return features.reduce((sum, feature) => sum + widthOf(feature), 0);
}

/** The inputs from `from` to before `to` that a feature makes. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export function spansOf({ features }: Preprocessor): readonly Span[] {
  let at = 0;
  return features.map((feature) => {
    const from = at;
    at += widthOf(feature);
    return { from, to: at };
  });
}

/** Which of its inputs says that a value is missing, as rows in training said; null where none did. */
export function tellsMissing(feature: Feature): number | null {
  if (feature.kind === "numeric") return feature.missing === null ? null : 1;
  if (feature.kind === "date") return feature.missing === null ? null : dateWidth(feature) - 1;
  const at = feature.levels.indexOf(MISSING_LEVEL);
  return at < 0 ? null : at;
}

/** Whether the cell of a row is missing, in a column that has the kind of the feature. */
export function isCellMissing(feature: Feature, column: Column): (row: number) => boolean {
  if (feature.kind === "numeric") {
    const values = numbersOf(feature, column)?.values;
    return (row) => Number.isNaN(values?.[row] ?? Number.NaN);
  }
  return column.kind === "numeric" ? (row) => Number.isNaN(column.values[row]!) : (row) => column.values[row] === null;
}

/** The inputs that a missing value of the feature makes. */
export function missingInputs(feature: Feature): Float64Array {
  const out = matrix(1, widthOf(feature));
  if (feature.kind === "numeric")
    writeNumeric(feature, { kind: "numeric", values: Float64Array.of(Number.NaN) }, out, 0, "");
  else if (feature.kind === "date") writeDate(feature, { kind: "text", values: [null] }, out, 0, "");
  else writeCategory(feature, { kind: "text", values: [null] }, out, 0);
  return out.data;
}

function widthOf(feature: Feature): number {
  if (feature.kind === "category") return feature.levels.length;
  if (feature.kind === "date") return dateWidth(feature);
  return feature.missing === null ? 1 : 2;
}

/**
 * The inputs, one row per row of the table. Throws DataError naming columns that are missing or of another kind than
 * in training; columns that were not there in training are ignored.
 */
export function preprocess(preprocessor: Preprocessor, table: Table): Matrix {
  checkColumns(preprocessor, table);
  const columns = columnsByName(table);
  const result = matrix(table.rows, inputWidth(preprocessor));
  let at = 0;
  for (const feature of preprocessor.features) {
    const column = columns.get(feature.name)!;
    if (feature.kind === "numeric") writeNumeric(feature, column, result, at, table.source);
    else if (feature.kind === "date") writeDate(feature, column, result, at, table.source);
    else writeCategory(feature, column, result, at);
    at += widthOf(feature);
  }
  return result;
}

/** Missing columns that a message names. */
const MOST_ABSENT = 8;

/** Throws DataError naming columns that are missing or of another kind than in training. */
export function checkColumns({ features }: Preprocessor, table: Table): void {
  checkTable(table);
  const columns = columnsByName(table);
  const absent = features.filter(({ name }) => !columns.has(name));
  if (absent.length > 0) {
    const own = new Set(features.map(({ name }) => name));
    const others = table.names.filter((name) => !own.has(name));
    const names = absent.map(({ name }, i) => `"${name}"${i < MOST_ABSENT ? didYouMean(name, others) : ""}`);
    const [columns, are] = absent.length === 1 ? ["column", "is"] : ["columns", "are"];
    throw new DataError(
      `${table.source}: the model was fitted with the ${columns} ${listed(names, MOST_ABSENT)}, which ${are} not there: add or rename ${absent.length === 1 ? "it" : "them"}`,
    );
  }
  for (const feature of features) {
    const column = columns.get(feature.name)!;
    if (feature.kind !== "numeric") continue;
    if (column.kind === "numeric" && column.durations && !feature.durations)
      throw new DataError(
        `${table.source}: column "${feature.name}" was numeric in training but now holds durations: write them as numbers too`,
      );
    if (column.kind === "text" && numbersOf(feature, column) === null) {
      const isNone = feature.durations
        ? (value: string) => Number.isNaN(parseDuration(value))
        : (value: string) => Number.isNaN(Number(value));
      const row = column.values.findIndex((value) => value !== null && isNone(value));
      const { place, value } = column.suspect ?? { place: `data row ${row + 1}`, value: column.values[row] };
      const found = column.suspect || row >= 0 ? `${place} holds "${value}"` : "now holds texts";
      throw new DataError(
        `${table.source}: column "${feature.name}" ${feature.durations ? "held durations" : "was numeric"} in training but ${found}: correct it, or leave it empty if it is missing`,
      );
    }
  }
}

function numbersOf(feature: NumericFeature, column: Column): NumericColumn | null {
  return feature.durations ? asDurations(column) : asNumeric(column);
}

/** Standard deviations from the mean whose squares can still be summed. */
const FARTHEST = 1e120;

function writeNumeric(feature: NumericFeature, column: Column, out: Matrix, at: number, source: string): void {
  const { name, mean, std, missing, clipped } = feature;
  const values = numbersOf(feature, column)?.values;
  for (let i = 0; i < out.rows; i++) {
    const value = values?.[i] ?? Number.NaN;
    const isMissing = Number.isNaN(value);
    const [least, most] = clipped?.range ?? [value, value];
    const input = isMissing ? 0 : (Math.min(Math.max(value, least), most) - mean) / std;
    if (Math.abs(input) > FARTHEST)
      throw new DataError(
        `${source}: column "${name}" holds ${value} in data row ${i + 1}, too far from training (mean ${mean.toPrecision(3)}, standard deviation ${std.toPrecision(3)}) to compute with: correct it, or leave it empty if it is missing`,
      );
    out.data[i * out.cols + at] = input;
    if (missing === null) continue;
    out.data[i * out.cols + at + 1] = missingIndicator(isMissing, missing);
  }
}

function writeCategory({ levels, shares }: CategoryFeature, column: Column, out: Matrix, at: number): void {
  const spread = Math.sqrt(shares.reduce((sum, share) => sum + share * (1 - share), 0));
  const index = new Map(levels.map((level, k) => [level, k]));
  const texts = asTexts(column, levels);
  for (let i = 0; i < out.rows; i++) {
    const own = index.get(texts[i] ?? MISSING_LEVEL);
    for (let k = 0; k < levels.length; k++)
      out.data[i * out.cols + at + k] = own === undefined ? 0 : ((k === own ? 1 : 0) - shares[k]!) / spread;
  }
}
