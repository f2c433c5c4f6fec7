import { dateOfDay } from "./calendar.ts";
import { DATE_WRITINGS, DAY, type DateWriting, parseDate } from "./parse-date.ts";
import { parseDuration } from "./parse-duration.ts";

type Cells = readonly (string | null)[];

/** A column of dates, how they are written, and what is to be doubted. */
export interface DatesFound {
  readonly writing: DateWriting;
  /** The row of a date that may be read with day before month or month before day, where no row of the column decides. */
  readonly open: number | undefined;
  /** The first row that holds no date, probably a mistake. */
  readonly unread: number | undefined;
}

/** Rows that tell a column of dates from others. */
const SAMPLE = 100;
/** A column of which at least this share are dates is meant to hold them. */
const MOSTLY_DATES = 0.9;

/**
 * How the dates of a column are written, decided by all of its rows; null when it holds something else. Where no date shows whether the
 * day or the month comes first, it is the day between points, as in 01.02.2012, and else the month.
 */
export function findDates(cells: Cells): DatesFound | null {
  const rows = cells.flatMap((cell, row) => (cell === null ? [] : [row]));
  const sample = rows.slice(0, SAMPLE);
  const reads = (writing: DateWriting) => (row: number) => !Number.isNaN(parseDate(cells[row]!, writing));
  const likely = DATE_WRITINGS.filter((writing) => sample.filter(reads(writing)).length > sample.length / 2);
  const counts = likely.map((writing) => ({ writing, count: rows.filter(reads(writing)).length }));
  const most = counts.reduce((max, { count }) => Math.max(max, count), 0);
  if (most === 0 || most < MOSTLY_DATES * rows.length) return null;
  const best = counts.filter(({ count }) => count === most).map(({ writing }) => writing);
  const [writing = "ymd"] = best;
  const isOpen = writing === "dmy" && best.includes("mdy");
  const open = isOpen ? rows.find((row) => differs(cells[row]!)) : undefined;
  const chosen = open !== undefined && !/^\d+\s?\./.test(cells[open]!) ? "mdy" : writing;
  const unread = most < rows.length ? rows.find((row) => !reads(chosen)(row)) : undefined;
  return { writing: chosen, open, unread };
}

/** Whether it matters for the text which of day and month comes first. */
function differs(text: string): boolean {
  const [day, month] = [parseDate(text, "dmy"), parseDate(text, "mdy")];
  return !Number.isNaN(day) && !Number.isNaN(month) && day !== month;
}

/** What a column says that leaves open which of day and month comes first, or that holds times alone; undefined where there is no doubt. */
export function dateNote(cells: Cells, { writing, open }: DatesFound): string | undefined {
  if (open !== undefined) {
    const text = cells[open]!;
    const iso = isoDate(parseDate(text, writing));
    const [first, second] = writing === "dmy" ? ["day", "month"] : ["month", "day"];
    return `"${text}" is read as ${iso}, the ${first} before the ${second}, which no row of the column decides: write dates like ${iso} to be sure`;
  }
  if (writing !== "clock") return undefined;
  const text = cells.find((cell) => cell !== null) ?? "";
  const seconds = parseDuration(text);
  return `"${text}" is read as a time of day${Number.isNaN(seconds) ? "" : `, as a target as ${seconds} seconds`}`;
}

function isoDate(seconds: number): string {
  const { year, month, day } = dateOfDay(Math.floor(seconds / DAY));
  return [year, month, day].map((part) => `${part}`.padStart(2, "0")).join("-");
}
