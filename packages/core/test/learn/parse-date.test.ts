import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DateWriting, parseDate } from "../../src/learn/parse-date.ts";
import { isPlainlyDuration, parseDuration } from "../../src/learn/parse-duration.ts";

/** Seconds since 1970 began, by the calendar of JavaScript. */
const at = (year: number, month: number, day: number, ...time: number[]) =>
  Date.UTC(year, month - 1, day, ...time) / 1000;
const day = at(2012, 1, 3);
const time = at(2012, 1, 3, 14, 5);

describe("parseDate", () => {
  it("days since 1970 by hand", () => {
    expect(parseDate("1970-01-01", "ymd")).toBe(0);
    expect(parseDate("1970-01-02 00:00:01", "ymd")).toBe(86_401);
    expect(parseDate("1969-12-31", "ymd")).toBe(-86_400);
    expect(parseDate("2012-02-29", "ymd")).toBe(15_399 * 86_400);
  });

  it.each<[string, number]>([
    ["2012-01-03", day],
    ["2012/01/03", day],
    ["2012.1.3", day],
    ["2012-01", at(2012, 1, 1)],
    ["3-Jan-2012", day],
    ["03JAN2012", day],
    ["3rd January, 2012", day],
    ["3 Jan '12", day],
    ["Jan 3, 2012", day],
    ["January 3rd 2012", day],
    ["2012-Jan-03", day],
    ["Sept 2012", at(2012, 9, 1)],
    ["Tue, 3 Jan 2012 14:05:00 GMT", time],
    ["Tuesday, January 3, 2012 2:05 PM", time],
    ["2012-01-03T14:05", time],
    ["2012-01-03 14:05:00", time],
    ["2012-01-03T14:05:00.250Z", time + 0.25],
    ["2012-01-03T14:05:00,5", time + 0.5],
    ["2012-01-03T14:05:00.123456789+01:00", time + 0.123456789],
    ["2012-01-03 14:05:00+0530", time],
    ["2012-01-03 14:05:00 UTC", time],
    ["2012-01-03T14:05:00+01:00[Europe/Berlin]", time],
    ["2012-01-03, 12:05 am", day + 300],
    ["2012-01-03 12:05 p.m.", day + 12 * 3600 + 300],
    ["2012-01-03 24:00", day + 86_400],
    ["2012-01-03Z", day],
  ])("%s says its order itself", (text, seconds) => {
    for (const writing of ["ymd", "dmy", "mdy"] as const) expect(parseDate(text, writing)).toBe(seconds);
    expect(parseDate(text, "clock")).toBeNaN();
  });

  it.each<[string, DateWriting, number]>([
    ["03.01.2012", "dmy", day],
    ["3.1.2012", "dmy", day],
    ["3. 1. 2012", "dmy", day],
    ["03.01.12", "dmy", day],
    ["03-01-2012 14:05", "dmy", time],
    ["10/03/2012 18.00.00", "dmy", at(2012, 3, 10, 18)],
    ["1/3/2012", "mdy", day],
    ["1/3/12 2:05 PM", "mdy", time],
    ["1/3/69", "mdy", at(1969, 1, 3)],
    ["1/3/68", "mdy", at(2068, 1, 3)],
    ["13/02/2012", "mdy", NaN],
    ["02/13/2012", "dmy", NaN],
    ["13/02/2012", "ymd", NaN],
  ])("%s by %s", (text, writing, seconds) => {
    expect(parseDate(text, writing)).toBe(seconds);
  });

  it.each<[string, number]>([
    ["14:05", 14 * 3600 + 300],
    ["14:05:30.5", 14 * 3600 + 330.5],
    ["2:05 PM", 14 * 3600 + 300],
    ["12:00 AM", 0],
    ["18.00.00", 18 * 3600],
    ["14.05", NaN],
    ["24:00", NaN],
    ["25:10", NaN],
    ["14:60", NaN],
    ["14:05:60", NaN],
    ["13:00 pm", NaN],
    ["2012-01-03", NaN],
  ])("%s as a time of day", (text, seconds) => {
    expect(parseDate(text, "clock")).toBe(seconds);
  });

  it.each([
    "2012-13-01",
    "2012-02-30",
    "2011-02-29",
    "2012-00-10",
    "1.2.10",
    "10.0.0.1",
    "9999-12-31",
    "0001-01-01",
    "2012-W05",
    "2012",
    "20120103",
    "Jabberwock 3, 2012",
    "3 May",
    "2012-01-03 soon",
    "2012-01-03T",
    "2012-01-03 25:00",
    "2012-01-033",
    "",
  ])("%j is no date", (text) => {
    for (const writing of ["ymd", "dmy", "mdy", "clock"] as const) expect(parseDate(text, writing)).toBeNaN();
  });

  it("reads what JavaScript writes, whatever the moment", () => {
    const dates = fc.date({ min: new Date("1500-01-01"), max: new Date("2499-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => {
        const seconds = date.getTime() / 1000;
        expect(parseDate(date.toISOString(), "ymd")).toBeCloseTo(seconds, 3);
        expect(parseDate(date.toUTCString(), "ymd")).toBe(Math.floor(seconds));
        const [d, m, y] = [date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCFullYear()];
        const midnight = Math.floor(seconds / 86_400) * 86_400;
        expect(parseDate(`${d}.${m}.${y}`, "dmy")).toBe(midnight);
        expect(parseDate(`${m}/${d}/${y}`, "mdy")).toBe(midnight);
      }),
    );
  });
});

describe("parseDuration", () => {
  it.each<[string, number]>([
    ["1:23:45", 5025],
    ["100:00:00.5", 360_000.5],
    ["-0:00:30", -30],
    ["26:10", 94_200],
    ["2 days 03:04:05", 2 * 86_400 + 11_045],
    ["0 days 00:00:01.250000", 1.25],
    ["-1 days +23:59:59", -1],
    ["1 day, 2:00:00", 93_600],
    ["P1DT2H", 93_600],
    ["PT5M", 300],
    ["PT1.5S", 1.5],
    ["P2W", 1_209_600],
    ["-PT1M", -60],
    ["1h 30m", 5400],
    ["1h30m", 5400],
    ["2 hours and 5 minutes", 7500],
    ["90 sec", 90],
    ["1.5 h", 5400],
    ["3 days", 259_200],
    ["0 days", 0],
  ])("%s", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(["", "P", "PT", "P1M", "P1Y", "1:60", "16:9", "1h 30", "5 metres", "h", "1 month", "5", "2 days 3"])(
    "%j is none",
    (text) => {
      expect(parseDuration(text)).toBeNaN();
    },
  );

  it("may be something else where one letter is the unit", () => {
    expect(["2d", "5m", "-3 h"].map(isPlainlyDuration)).toEqual([false, false, false]);
    expect(["2 days", "1h 5m", "1:05:00", "PT5M"].map(isPlainlyDuration)).toEqual([true, true, true, true]);
  });
});
