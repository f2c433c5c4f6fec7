import { DataError } from "../errors.ts";
import { asNumeric, asTexts, type Column } from "./table.ts";

const DATE =
  /^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?\s?(Z|[+-]\d{2}:?\d{2})?$/;

/** When each of the listed rows was: numbers as they are, dates as milliseconds. Throws DataError naming the row that has neither. */
export function readTimes(source: string, name: string, column: Column, rows: readonly number[]): Float64Array {
  const values = asNumeric(column)?.values;
  return Float64Array.from(rows, (i) => {
    const value = values ? values[i]! : momentOf(column.values[i] as string | null); // a numeric column is its own values
    if (!Number.isNaN(value)) return value;
    const text = asTexts(column, [])[i] ?? null;
    const what = text === null ? "is missing" : `is "${text}"`;
    throw new DataError(
      `${source}: the time "${name}" ${what} in data row ${i + 1}: times must be numbers, or dates like 2012-01-31 or 2012-01-31 14:05`,
    );
  });
}

function momentOf(text: string | null): number {
  const match = text === null ? null : DATE.exec(text);
  if (!match) return Number.NaN;
  const [, year, month, day = "1", hour = "0", minute = "0", second = "0", zone = "Z"] = match;
  const moment = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  return moment + 1000 * Number(second) - zoneOf(zone);
}

/** Milliseconds that clocks of the zone are ahead. */
function zoneOf(zone: string): number {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith("-") ? -1 : 1) * (60 * hours + minutes) * 60_000;
}

/** Where the times change: positions, in rows sorted by time, of rows that are later than the one before. */
export function timeSteps(sorted: Float64Array): readonly number[] {
  return Array.from(sorted.keys()).filter((at) => at > 0 && sorted[at]! > sorted[at - 1]!);
}

/** The rows in the order of their times, those of one time in the order in which they come. */
export function rowsInTime(times: Float64Array): readonly number[] {
  return Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
}
