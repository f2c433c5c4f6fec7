import { dateOfDay, dayNumber } from "./calendar.ts";

/**
 * How the dates of a column are written. "ymd": the year first, or months by their names; such are read in every column. "dmy" and "mdy":
 * beside those, day before month or month before day, the year last. "clock": times of day alone.
 */
export type DateWriting = "ymd" | "dmy" | "mdy" | "clock";

export const DATE_WRITINGS: readonly DateWriting[] = ["ymd", "dmy", "mdy", "clock"];

/** Seconds in a day. */
export const DAY = 86_400;

/**
 * The seconds that a date and time stand for, since 1970 began on the clock of whoever wrote it, or since midnight for a time of day
 * alone; NaN for other texts. Zones do not count: it is the clock on the wall that weekdays and rush hours follow.
 */
export function parseDate(text: string, writing: DateWriting): number {
  if (writing === "clock") return ALONE.test(text) ? Number.NaN : clockSeconds(text, false);
  const own = text.replace(WEEKDAY, "");
  for (const { pattern, fields } of PATTERNS) {
    const match = pattern.exec(own);
    if (!match) continue;
    const found = fields(match, writing);
    const day = found && existingDay(...found);
    if (day === null) return Number.NaN;
    return day * DAY + timeAfter(own.slice(match[0].length));
  }
  return Number.NaN;
}

const ZONE = /:\d{2}(?:[.,]\d+)?\s*([+-])(\d{2})(?::?(\d{2}))?(?:\s*\[[^\]]*\])?$/;

/** The same by the clock of Greenwich, so that moments of several zones are in order. */
export function parseMoment(text: string, writing: DateWriting): number {
  const [, sign, hours, minutes = "0"] = ZONE.exec(text) ?? [];
  const ahead = sign === undefined ? 0 : 3600 * Number(hours) + 60 * Number(minutes);
  return parseDate(text, writing) - (sign === "-" ? -ahead : ahead);
}

type Fields = readonly [year: number, month: number, day: number];

interface Pattern {
  readonly pattern: RegExp;
  readonly fields: (match: RegExpExecArray, writing: DateWriting) => Fields | null;
}

/** A weekday before the date says nothing that the date does not. */
const WEEKDAY = /^(mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(day)?\.?,?\s+/i;

const PATTERNS: readonly Pattern[] = [
  {
    // 2012-01-31, 2012/1/31, 2012-01
    pattern: /^(\d{4})([-/.])(\d{1,2})(?:\2(\d{1,2}))?(?!\d)/,
    fields: ([, year, , month, day = "1"]) => [Number(year), Number(month), Number(day)],
  },
  {
    // 31.01.2012, 1/31/12
    pattern: /^(\d{1,2})(\s?[-/.]\s?)(\d{1,2})\2(\d{4}|\d{2})(?!\d)/,
    fields: ([, first = "", mark = "", second = "", year = ""], writing) => {
      // 1.2.10 is the version of something.
      if (year.length === 2 && mark === "." && first.length + second.length < 4) return null;
      if (writing === "dmy") return [fullYear(year), Number(second), Number(first)];
      return writing === "mdy" ? [fullYear(year), Number(first), Number(second)] : null;
    },
  },
  {
    // 31-Jan-2012, 31 January 2012, 31JAN12
    pattern: /^(\d{1,2})(?:st|nd|rd|th)?[-/. ]{0,2}([a-z]{3,9})[-/.,' ]{0,2}(\d{4}|\d{2})(?!\d)/i,
    fields: ([, day, month = "", year = ""]) => [fullYear(year), monthNumber(month), Number(day)],
  },
  {
    // Jan 31, 2012
    pattern: /^([a-z]{3,9})[-/. ]{1,2}(\d{1,2})(?:st|nd|rd|th)?(?:, ?|[-/. ])(\d{4})(?!\d)/i,
    fields: ([, month = "", day, year]) => [Number(year), monthNumber(month), Number(day)],
  },
  {
    // 2012-Jan-31
    pattern: /^(\d{4})[-/. ]([a-z]{3,9})[-/. ](\d{1,2})(?!\d)/i,
    fields: ([, year, month = "", day]) => [Number(year), monthNumber(month), Number(day)],
  },
  {
    // January 2012, Jan-2012
    pattern: /^([a-z]{3,9})[-/., ]{1,2}(\d{4})(?!\d)/i,
    fields: ([, month = "", year]) => [Number(year), monthNumber(month), 1],
  },
];

const MONTHS: readonly string[] = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** From 1; 0 for other words. */
function monthNumber(word: string): number {
  return 1 + MONTHS.findIndex((name) => name.startsWith(word.toLowerCase().replace(/^sept$/, "sep")));
}

/** Two digits are years from 1969 to 2068, as POSIX has it. */
function fullYear(digits: string): number {
  const year = Number(digits);
  return digits.length > 2 ? year : year + (year < 69 ? 2000 : 1900);
}

/** Years outside of these stand for something else, like 9999 for never. */
const [FIRST_YEAR, LAST_YEAR] = [1500, 2499];

/** Days since 1 January 1970, or null for a day that no calendar has. */
function existingDay(year: number, month: number, day: number): number | null {
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return null;
  const number = dayNumber({ year, month, day });
  return dateOfDay(number).day === day ? number : null;
}

/** Hours, minutes, seconds with their fraction, am or pm, and a zone. */
const CLOCK =
  /^(\d{1,2})([:.])(\d{2})(?:\2(\d{2})(?:[.,](\d{1,9}))?)?(?:\s?([ap])\.?m\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*\[[^\]]*\])?$/i;
/** 14.35 alone is a number. */
const ALONE = /^\d*\.\d*$/;

/** The time that stands behind a date, 0 where none does. */
function timeAfter(rest: string): number {
  if (/^(Z|[+-]\d{2}:\d{2})?$/i.test(rest)) return 0;
  const apart = /^(?:T|[ ,]+T?|:)(?=\d)/i.exec(rest);
  return apart ? clockSeconds(rest.slice(apart[0].length), true) : Number.NaN;
}

function clockSeconds(text: string, midnightEnds: boolean): number {
  const match = CLOCK.exec(text);
  if (!match) return Number.NaN;
  const [, hour = "", , minute, second = "0", fraction = "0", half] = match;
  const [h, m, s] = [Number(hour), Number(minute), Number(`${second}.${fraction}`)];
  if (m > 59 || s >= 60 || (half !== undefined && (h < 1 || h > 12))) return Number.NaN;
  if (h > 23) return midnightEnds && h === 24 && m === 0 && s === 0 ? DAY : Number.NaN;
  const hours = half === undefined ? h : (h % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  return 3600 * hours + 60 * m + s;
}
