import { DataError } from "../errors.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { cos, sin } from "../special/portable.ts";
import { type CalendarDate, dateOfDay, dayNumber } from "./calendar.ts";
import { findDates } from "./find-dates.ts";
import { meanAndStd } from "./mean-and-std.ts";
import { missingIndicator } from "./missing-indicator.ts";
import { DAY, type DateWriting, parseDate } from "./parse-date.ts";
import type { Column, TextColumn } from "./table.ts";

/** How a column of dates or times becomes inputs: one or more for each part that its training rows warrant. */
export interface DateFeature {
  readonly kind: "date";
  readonly name: string;
  readonly writing: DateWriting;
  readonly parts: readonly DatePart[];
  /** Mean of the missing-value indicator, or null when no training value was missing. */
  readonly missing: number | null;
}

export type DatePart = TrendPart | CyclePart | WeekdayPart;

/** The time itself, standardized: what grows or falls on the way. */
export interface TrendPart {
  readonly kind: "trend";
  readonly mean: number;
  readonly std: number;
}

/** The cosine and the sine of the phase of the year or of the day, so that December is next to January and 23:59 to 0:00. */
export interface CyclePart {
  readonly kind: "season" | "hour";
  /** Mean cosine and mean sine. */
  readonly centre: readonly [number, number];
  /** The square root of their variances' sum, so that the part as a whole has variance 1. */
  readonly spread: number;
}

/** One input for each day of the week, as for the levels of a text: Sundays need not be like Saturdays. */
export interface WeekdayPart {
  readonly kind: "weekday";
  /** Share of each day among the training rows, Monday first. */
  readonly shares: readonly number[];
}

/**
 * The feature of a column of dates or times, the reason why it is none, or null when it holds something else.
 *
 * Parts: the trend, where dates differ; the season, where they cover eleven months and three months of the year at least; the weekday, where they
 * cover two weeks, fall on different ones and do not stand for months; the hour, where times of day differ.
 */
export function dateFeature(name: string, column: TextColumn): DateFeature | { name: string; reason: string } | null {
  const writing = column.dates ?? findDates(column.values)?.writing;
  if (writing === undefined) return null;
  const times = Float64Array.from(column.values, (text) => (text === null ? Number.NaN : parseDate(text, writing)));
  const present = times.filter((time) => !Number.isNaN(time));
  if (present.length === 0) return { name, reason: "is empty" };
  const missing = present.length < times.length ? 1 - present.length / times.length : null;
  const parts = writing === "clock" ? hourPart(present) : [...trendPart(present), ...calendarParts(present)];
  if (parts.length === 0 && missing === null) return { name, reason: "is constant" };
  return { kind: "date", name, writing, parts, missing };
}

/** Less than a year by a month: the first of January to the first of December. */
const ABOUT_A_YEAR = 330 * DAY;
/** Three points of the year tell cosine and sine apart. */
const MIN_MONTHS = 3;
const TWO_WEEKS = 14 * DAY;

function calendarParts(times: Float64Array): DatePart[] {
  const [first, last] = times.reduce(
    ([low, high], time) => [Math.min(low!, time), Math.max(high!, time)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const covers = (seconds: number) => last! - first! >= seconds;
  const different = (part: (time: number) => number) => new Set(times.map(part)).size;
  return [
    ...(covers(ABOUT_A_YEAR) && different(monthOf) >= MIN_MONTHS ? [cyclePart("season", times)] : []),
    ...(covers(TWO_WEEKS - DAY) && different(weekdayOf) > 1 && !areMonths(times) ? [weekdayPart(times)] : []),
    ...hourPart(times),
  ];
}

function trendPart(times: Float64Array): DatePart[] {
  const { mean, std } = meanAndStd(times);
  return std === 0 ? [] : [{ kind: "trend", mean, std }];
}

function hourPart(times: Float64Array): DatePart[] {
  return new Set(times.map(timeOfDay)).size > 1 ? [cyclePart("hour", times)] : [];
}

function cyclePart(kind: CyclePart["kind"], times: Float64Array): CyclePart {
  const phases = times.map(PHASES[kind]);
  const [x, y] = [meanAndStd(phases.map(cos)), meanAndStd(phases.map(sin))];
  return { kind, centre: [x.mean, y.mean], spread: Math.sqrt(x.std ** 2 + y.std ** 2) || 1 };
}

function weekdayPart(times: Float64Array): WeekdayPart {
  const counts = new Array<number>(7).fill(0);
  for (const time of times) counts[weekdayOf(time)]!++;
  return { kind: "weekday", shares: counts.map((count) => count / times.length) };
}

/** Whether every day is the first of its month, or every day the last: on which weekday that falls is chance. */
function areMonths(times: Float64Array): boolean {
  const dayOfMonth = (time: number) => dateOf(time).day;
  return times.every((time) => dayOfMonth(time) === 1) || times.every((time) => dayOfMonth(time + DAY) === 1);
}

function dateOf(time: number): CalendarDate {
  return dateOfDay(Math.floor(time / DAY));
}

function monthOf(time: number): number {
  return dateOf(time).month;
}

/** From Monday, 0, to Sunday, 6: 1970 began on a Thursday. */
export function weekdayOf(time: number): number {
  const day = (Math.floor(time / DAY) + 3) % 7;
  return day < 0 ? day + 7 : day;
}

/** Seconds since midnight. */
function timeOfDay(time: number): number {
  return time - Math.floor(time / DAY) * DAY;
}

/** The angle from 0 to 2π that has gone by of the year, or of the day. */
const PHASES: Readonly<Record<CyclePart["kind"], (time: number) => number>> = {
  season(time) {
    const { year } = dateOf(time);
    const [start = 0, end = 0] = [year, year + 1].map((own) => DAY * dayNumber({ year: own, month: 1, day: 1 }));
    return (2 * Math.PI * (time - start)) / (end - start);
  },
  hour: (time) => (2 * Math.PI * timeOfDay(time)) / DAY,
};

/** Number of inputs. */
export function dateWidth({ parts, missing }: DateFeature): number {
  return parts.reduce((sum, part) => sum + partWidth(part), missing === null ? 0 : 1);
}

function partWidth({ kind }: DatePart): number {
  return kind === "trend" ? 1 : kind === "weekday" ? 7 : 2;
}

/** Writes the inputs of every row from column `at` on; a missing date has the mean ones. Throws DataError for a text that is no date. */
export function writeDate(feature: DateFeature, column: Column, out: Matrix, at: number, source: string): void {
  const times = timesOf(feature, column, source);
  let from = at;
  for (const part of feature.parts) {
    const width = partWidth(part);
    for (let i = 0; i < out.rows; i++)
      if (!Number.isNaN(times[i]!)) out.data.set(partInputs(part, times[i]!), i * out.cols + from);
    from += width;
  }
  if (feature.missing === null) return;
  for (let i = 0; i < out.rows; i++)
    out.data[i * out.cols + from] = missingIndicator(Number.isNaN(times[i]!), feature.missing);
}

function partInputs(part: DatePart, time: number): readonly number[] {
  if (part.kind === "trend") return [(time - part.mean) / part.std];
  if (part.kind === "weekday") {
    const own = weekdayOf(time);
    const spread = Math.sqrt(part.shares.reduce((sum, share) => sum + share * (1 - share), 0));
    // A day that training never saw is like none of the others, as an unknown level is.
    return part.shares[own] === 0
      ? part.shares.map(() => 0)
      : part.shares.map((share, k) => ((k === own ? 1 : 0) - share) / spread);
  }
  const phase = PHASES[part.kind](time);
  return [(cos(phase) - part.centre[0]) / part.spread, (sin(phase) - part.centre[1]) / part.spread];
}

/** The times of a column as they are written in training, NaN where they are missing. */
function timesOf({ name, writing }: DateFeature, column: Column, source: string): Float64Array {
  if (column.kind === "numeric") {
    const row = column.values.findIndex((value) => !Number.isNaN(value));
    if (row >= 0) throw noDate(source, name, writing, `data row ${row + 1}`, `${column.values[row]}`);
    return column.values;
  }
  const times = Float64Array.from(column.values, (text) => (text === null ? Number.NaN : parseDate(text, writing)));
  const row = column.values.findIndex((text, i) => text !== null && Number.isNaN(times[i]!));
  if (row < 0) return times;
  const { place, value } = column.suspect ?? { place: `data row ${row + 1}`, value: column.values[row]! };
  throw noDate(source, name, writing, place, value);
}

const EXAMPLES: Readonly<Record<DateWriting, string>> = {
  ymd: "dates like 2012-01-31",
  dmy: "dates like 31.01.2012, the day first,",
  mdy: "dates like 01/31/2012, the month first,",
  clock: "times of day",
};

function noDate(source: string, name: string, writing: DateWriting, place: string, value: string): DataError {
  return new DataError(
    `${source}: column "${name}" held ${EXAMPLES[writing]} in training but ${place} holds "${value}": correct it, or leave it empty if it is missing`,
  );
}
