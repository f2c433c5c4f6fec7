import { DataError, didYouMean, listed } from "../errors.ts";
import { checkTable } from "./check-table.ts";
import { asDurations, asNumeric, asTexts, type Column, columnOf, type Table, type TextColumn } from "./table.ts";

export type Task = "regression" | "classification";

/** Up to this many distinct whole numbers are taken for classes unless the user says otherwise. */
const MAX_NUMERIC_CLASSES = 10;

/** The target column; throws DataError with the nearest name when there is none. */
export function targetColumn(table: Table, target: string): Column {
  checkTable(table);
  const column = columnOf(table, target);
  if (column) return column;
  throw new DataError(
    `${table.source}: no column is named "${target}"${didYouMean(target, table.names)}; the columns are ${listed(table.names)}`,
  );
}

/** Classification for texts and for at most ten different whole numbers, regression otherwise. */
export function inferTask(table: Table, target: string): Task {
  const column = targetColumn(table, target);
  if (column.kind === "text") {
    checkSuspect(table, target, column);
    return areManyDurations(column) ? "regression" : "classification";
  }
  const distinct = new Set(column.values.filter((value) => !Number.isNaN(value)));
  const whole = [...distinct].every(Number.isInteger);
  return whole && distinct.size <= MAX_NUMERIC_CLASSES && column.values.length >= 5 * distinct.size
    ? "classification"
    : "regression";
}

/** Whether they may be times of day, but as a target are rather how long something took. */
function areManyDurations(column: TextColumn): boolean {
  return column.dates === "clock" && new Set(column.values).size > MAX_NUMERIC_CLASSES && asDurations(column) !== null;
}

/** Fewer rows than this cannot be learned from: every one of them must be judged by the others. */
export const MIN_ROWS = 5;

/** Rows that have a target, and their targets; DataError when there are fewer than `minRows`. */
export function numericTarget(
  table: Table,
  target: string,
  minRows: number = MIN_ROWS,
): { rows: number[]; values: Float64Array } {
  const found = targetColumn(table, target);
  const column = asNumeric(found) ?? asDurations(found);
  if (column === null) {
    checkSuspect(table, target, found);
    const texts = asTexts(found, []);
    const row = texts.findIndex((text) => text !== null && !Number.isFinite(Number(text)));
    throw new DataError(
      `${table.source}: regression needs numbers, but target "${target}" holds "${texts[row]}" in data row ${row + 1}: correct it, or use --task classification`,
    );
  }
  const rows = rowsWith(table, target, minRows, (i) => !Number.isNaN(column.values[i]!));
  return { rows, values: Float64Array.from(rows, (i) => column.values[i]!) };
}

/** Rows that have a class, and their classes as texts, like those that are `known`; DataError when there are fewer than `minRows`. */
export function classTarget(
  table: Table,
  target: string,
  minRows: number = MIN_ROWS,
  known: readonly string[] = [],
): { rows: number[]; values: string[]; numeric: boolean } {
  const column = targetColumn(table, target);
  const texts = asTexts(column, known);
  const rows = rowsWith(table, target, minRows, (i) => texts[i] !== null);
  return { rows, values: rows.map((i) => texts[i]!), numeric: column.kind === "numeric" };
}

function rowsWith(table: Table, target: string, minRows: number, known: (i: number) => boolean): number[] {
  const rows = Array.from({ length: table.rows }, (_, i) => i).filter(known);
  if (table.rows === 0)
    throw new DataError(`${table.source} has column names but no rows: it needs a line per row below them`);
  if (rows.length === 0)
    throw new DataError(`${table.source}: target "${target}" is missing in every row: fill it in where it is known`);
  if (rows.length < minRows)
    throw new DataError(
      `${table.source}: at least ${minRows} rows with a target are needed to learn, got ${rows.length}${rows.length < table.rows ? ` of ${table.rows}` : ""}`,
    );
  return rows;
}

function checkSuspect(table: Table, target: string, column: Column): void {
  if (column.kind === "text" && column.suspect && column.suspect.among === undefined)
    throw new DataError(
      `${table.source}: target "${target}" is numeric but ${column.suspect.place} holds "${column.suspect.value}": correct it, or leave it empty if it is missing`,
    );
}
