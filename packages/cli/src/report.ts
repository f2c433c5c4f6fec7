import {
  brief,
  type ClassificationEvaluation,
  type DroppedColumn,
  type Engine,
  listed,
  type Model,
  type Preprocessor,
  printable,
  type RegressionEvaluation,
  type Table,
} from "ntkit";
import type { Evaluation } from "./plot.ts";
import { learnedCopies, remarkLines } from "./remarks.ts";
import { judgedBy, rowLines, rowsSummary } from "./row-lines.ts";
import { textScatter } from "./text-scatter.ts";

/** All that a run of `ntkit fit` has to say. */
export interface FitSummary {
  readonly path: string;
  readonly table: Table;
  readonly model: Model;
  readonly evaluation: Evaluation | null;
  readonly engine: Engine;
  readonly notes: readonly string[];
  readonly options: { readonly seed: number; readonly out?: string; readonly plot?: string };
  /** Whether the saved model was fitted again on all rows. */
  readonly refitted: boolean;
  /** What is saved: `model`, or that. */
  readonly saved: Model;
}

/** The report as lines of text. */
export function fitReport(summary: FitSummary): string[] {
  const { path, table, model, evaluation, options, refitted } = summary;
  const { features } = model.preprocessor;
  const winner = model.scores.find(({ name }) => name === model.fitted.architecture)!;
  return [
    brief(`${path}: ${table.rows} rows, ${features.length} columns to learn "${model.target}" from (${model.task})`),
    ...inputLines(table, model.target, model.preprocessor),
    evaluation
      ? `fitted on ${model.rows} rows, tested on ${evaluation.rows} rows it has not seen (seed ${options.seed})`
      : `fitted on ${model.rows} rows, none held out (seed ${options.seed})`,
    ...repeatedLines(model, evaluation !== null),
    ...remarkLines(summary.saved, table),
    ...rowLines(model),
    "",
    ...(evaluation ? scoreLines(evaluation) : leaveOneOutLines(model, winner.score)),
    "",
    `model: ${model.fitted.architecture}, ridge ${model.fitted.diagReg.toPrecision(2)}; best of ${model.scores.length} by ${judgedBy(model)}`,
    ...summary.notes.map((note) => `engine: ${note}`),
    ...(options.plot !== undefined && evaluation ? [`plot: ${options.plot}`] : []),
    ...(options.out !== undefined
      ? [`saved: ${options.out}${refitted ? `, fitted again on all ${summary.saved.rows} rows` : ""}`]
      : []),
  ];
}

/** Rows that have no target, which nothing is learned from. */
function rowsWithoutTarget(table: Table, target: string): number {
  const { kind, values } = table.columns[table.names.indexOf(target)]!; // the model was learned from it
  return kind === "numeric"
    ? values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0)
    : values.reduce((sum, value) => sum + (value === null ? 1 : 0), 0);
}

/** How many rows have no target, or no line. */
function withoutTargetLines(table: Table, target: string): string[] {
  const count = rowsWithoutTarget(table, target);
  return count === 0 ? [] : [`left out: ${count} ${count === 1 ? "row" : "rows"} without a target`];
}

/** How the table was read, which rows and columns of it are learned from, and as what. */
export function inputLines(table: Table, target: string, preprocessor: Preprocessor): string[] {
  return [
    ...readingLines(table),
    ...withoutTargetLines(table, target),
    columnsLine(preprocessor),
    ...dateLines(preprocessor),
    ...leftOutLines(preprocessor.dropped),
  ];
}

/** Columns of which the report says how their cells were read. */
const MOST_NOTES = 5;

/** How the table was understood, and its cells where that may be doubted. */
function readingLines(table: Table): string[] {
  const { understood, notes: all } = readingSummary(table);
  const notes = all.map(({ column, note }) => brief(`column "${column}": ${note}`));
  const more = notes.length - MOST_NOTES;
  return [
    ...(understood === null ? [] : [`read as: ${understood}`]),
    ...notes.slice(0, MOST_NOTES),
    ...(more > 0 ? [`and ${more} more columns in such ways`] : []),
  ];
}

interface ReadingSummary {
  readonly understood: string | null;
  readonly notes: readonly { readonly column: string; readonly note: string }[];
}

/** The same as data. */
export function readingSummary({ understood, names, columns }: Table): ReadingSummary {
  return {
    understood: understood ?? null,
    notes: columns.flatMap(({ note }, j) => (note === undefined ? [] : [{ column: names[j]!, note }])),
  };
}

function repeatedLines(model: Model, heldOut: boolean): string[] {
  const count = repeatedRows(model);
  if (count === 0) return [];
  const rows = count === 1 ? "1 row repeats the inputs of another" : `${count} rows repeat the inputs of others`;
  if (model.rowColumns?.group !== undefined || model.rowColumns?.time !== undefined) return [`repeated: ${rows}`];
  if (model.leftOut === model.rows)
    return [`repeated: ${rows}: inputs are the levels of a design, and rows are judged one by one`];
  return [`repeated: ${rows}; rows with equal inputs are judged${heldOut ? " and held out" : ""} together`];
}

/** Training rows whose inputs an earlier row has. */
export function repeatedRows({ rows, fitted }: Model): number {
  return rows - fitted.xTrain.rows;
}

function scoreLines(evaluation: Evaluation): string[] {
  return evaluation.task === "regression" ? regressionLines(evaluation) : classificationLines(evaluation);
}

function regressionLines({ model, baselines, coverage, level, truth, predictions }: RegressionEvaluation): string[] {
  const line = (name: string, score: typeof model) => [
    name,
    score.rmse.toPrecision(4),
    score.mae.toPrecision(4),
    score.r2 === null ? "not defined" : score.r2.toFixed(3),
  ];
  return [
    ...alignedTable([
      ["", "RMSE", "MAE", "R²"],
      line("infinite network", model),
      line("linear (ridge)", baselines.linear),
      line("mean of target", baselines.mean),
    ]),
    "",
    ...(model.r2 === null
      ? [`R² is not defined: ${truth.length === 1 ? "one test row does" : "equal test targets do"} not vary`]
      : []),
    `${percent(level)} intervals hold ${percent(coverage)} of the test targets (${Math.round(coverage * truth.length)} of ${truth.length})`,
    "",
    ...textScatter(truth, predictions.prediction),
  ];
}

/** More classes than this do not fit on a terminal line. */
const MAX_CONFUSION = 12;

function classificationLines({ model, baselines, classes, confusion }: ClassificationEvaluation): string[] {
  const line = (name: string, score: typeof model) => [name, percent(score.accuracy), score.logLoss.toFixed(4)];
  const scores = alignedTable([
    ["", "accuracy", "log loss"],
    line("infinite network", model),
    line("linear (ridge)", baselines.linear),
    line("most frequent class", baselines.majority),
  ]);
  if (classes.length > MAX_CONFUSION) return scores;
  const rows = confusion.map((counts, i) => [classes[i]!, ...counts.map(String)]);
  return [...scores, "", ...alignedTable([["true \\ predicted", ...classes], ...rows])];
}

function leaveOneOutLines(model: Model, score: number): string[] {
  const judged = model.rowColumns?.time === undefined ? judgedBy(model) : "judged by earlier rows:";
  const text =
    model.task === "regression"
      ? `${judged} RMSE ${(Math.sqrt(score) * model.targetStd).toPrecision(4)}${model.transform === "identity" ? "" : ` of the ${model.transform}`}`
      : `${judged} log loss ${score.toFixed(4)}`;
  return [`${text}: a little optimistic, since the model was chosen by it; hold rows out for an honest score`];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Columns that a line names. */
const MOST_NAMED = 20;

/** Which columns are learned from. */
export function columnsLine({ features }: Pick<Preprocessor, "features">): string {
  const names = features.map(({ name }) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name));
  return `columns: ${listed(names, MOST_NAMED)}`;
}

/** Columns of dates or times that are listed. */
const MOST_DATES = 10;

/** What columns of dates and times became. */
export function dateLines({ features }: Pick<Preprocessor, "features">): string[] {
  const dates = features.filter((feature) => feature.kind === "date");
  const lines = dates.slice(0, MOST_DATES).map(({ name, parts, writing }) => {
    const order =
      writing === "dmy" ? ", the day before the month" : writing === "mdy" ? ", the month before the day" : "";
    const what = writing === "clock" ? "times of day" : `dates${order}`;
    return brief(`column "${name}": ${what}, learned as ${listed(parts.map(({ kind }) => kind)) || "missing or not"}`);
  });
  const more = dates.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more columns of dates or times`] : lines;
}

/** Longer names are cut where many are listed. */
const LONGEST_NAME = 40;

/** Lines about columns left out. */
const MOST_LEFT_OUT = 10;

/** A line for each column that is not learned from, and why; where there are many, for each reason. */
export function leftOutLines(dropped: readonly DroppedColumn[]): string[] {
  if (dropped.length <= MOST_LEFT_OUT)
    return dropped.map(({ name, reason }) => brief(`left out: column "${name}" ${reason}`));
  const byReason = new Map<string, string[]>();
  for (const { name, reason } of dropped) {
    const names = byReason.get(reason);
    if (names === undefined) byReason.set(reason, [name]);
    else names.push(name);
  }
  const groups = [...byReason].sort(([, a], [, b]) => b.length - a.length);
  const shown = groups.slice(0, groups.length > MOST_LEFT_OUT + 1 ? MOST_LEFT_OUT : groups.length);
  const rest = groups.slice(shown.length).reduce((sum, [, names]) => sum + names.length, 0);
  return [...shown.map(leftOutLine), ...(rest > 0 ? [`left out: ${rest} more columns, for other reasons`] : [])];
}

function leftOutLine([reason, names]: readonly [string, readonly string[]]): string {
  if (names.length === 1) return brief(`left out: column "${names[0]}" ${reason}`);
  const some = listed(
    names.map((name) => `"${name}"`),
    5,
  );
  return brief(`left out: ${names.length} columns, each ${reason}: ${some}`);
}

/** Longer names in a table are cut. */
const LONGEST_CELL = 120;

/** A cell as it is printed, so that its width is known. */
function shown(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const cell = (text: string) => (text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…` : text);
  return rows.map((row) => row.map((text) => cell(printable(text))));
}

/** First column to the left, the others to the right. */
export function alignedTable(cells: readonly (readonly string[])[]): string[] {
  const rows = shown(cells);
  const widths = rows[0]!.map((_, j) => Math.max(...rows.map((row) => row[j]!.length)));
  return rows.map((row) =>
    row
      .map((cell, j) => (j === 0 ? cell.padEnd(widths[j]!) : cell.padStart(widths[j]!)))
      .join("  ")
      .trimEnd(),
  );
}

/** The report as one JSON object. */
export function fitSummary({ path, table, model, evaluation, engine, options, refitted }: FitSummary): object {
  const { fitted, preprocessor, scores, task, target } = model;
  const { seed, out, plot } = options;
  return {
    table: path,
    ...readingSummary(table),
    task,
    target,
    rows: {
      all: table.rows,
      withoutTarget: rowsWithoutTarget(table, target),
      train: model.rows,
      test: evaluation?.rows ?? 0,
    },
    repeatedRows: repeatedRows(model),
    copiesOfTarget: learnedCopies(model, table),
    ...(model.task === "regression" ? { targetScale: model.transform, slips: model.slips ?? [] } : {}),
    ...rowsSummary(model),
    columns: preprocessor.features.map(({ name }) => name),
    leftOut: preprocessor.dropped,
    seed,
    engine: { name: engine.name, description: engine.description },
    model: {
      architecture: fitted.architecture,
      kernel: fitted.kernel,
      diagReg: fitted.diagReg,
      network: fitted.network,
    },
    leaveOneOut: scores,
    test: evaluation && evaluationSummary(evaluation),
    out: out ?? null,
    plot: plot ?? null,
    refittedOnAllRows: refitted,
  };
}

function evaluationSummary(evaluation: Evaluation): object {
  const { model, baselines } = evaluation;
  if (evaluation.task === "regression")
    return { ...model, coverage: evaluation.coverage, level: evaluation.level, baselines };
  return { ...model, baselines, classes: evaluation.classes, confusion: evaluation.confusion };
}

/** Rows of cells as lines of columns that start at the same place. */
export function leftAligned(cells: readonly (readonly string[])[]): string[] {
  const rows = shown(cells);
  const widths = rows[0]!.map((_, j) => Math.max(...rows.map((row) => row[j]!.length)));
  return rows.map((row) =>
    row
      .map((cell, j) => cell.padEnd(widths[j]!))
      .join("  ")
      .trimEnd(),
  );
}
