import { DataError } from "../errors.ts";
import { findDates } from "./find-dates.ts";
import { parseMoment } from "./parse-date.ts";
import { asNumeric, asTexts, type Column } from "./table.ts";

/** When each of the listed rows was: numbers as they are, dates as seconds. Throws DataError naming the row that has neither. */
export function readTimes(source: string, name: string, column: Column, rows: readonly number[]): Float64Array {
  const values = asNumeric(column)?.values ?? momentsOf(column);
  return Float64Array.from(rows, (i) => {
    const value = values[i]!;
    if (!Number.isNaN(value)) return value;
    const text = asTexts(column, [])[i] ?? null;
    const what = text === null ? "is missing" : `is "${text}"`;
    throw new DataError(
      `${source}: the time "${name}" ${what} in data row ${i + 1}: times must be numbers, or dates like 2012-01-31 or 2012-01-31 14:05`,
    );
  });
}

/** Dates as seconds, NaN for what is none. */
function momentsOf(column: Column): Float64Array {
  if (column.kind === "numeric") return column.values;
  const writing = column.dates ?? findDates(column.values)?.writing ?? "ymd";
  return Float64Array.from(column.values, (text) => (text === null ? Number.NaN : parseMoment(text, writing)));
}

/** Where the times change: positions, in rows sorted by time, of rows that are later than the one before. */
export function timeSteps(sorted: Float64Array): readonly number[] {
  return Array.from(sorted.keys()).filter((at) => at > 0 && sorted[at]! > sorted[at - 1]!);
}

/** The rows in the order of their times, those of one time in the order in which they come. */
export function rowsInTime(times: Float64Array): readonly number[] {
  return Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
}
