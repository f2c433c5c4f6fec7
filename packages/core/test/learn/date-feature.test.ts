import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fullyConnected } from "../../src/learn/candidates.ts";
import type { DateFeature } from "../../src/learn/date-feature.ts";
import { weekdayOf } from "../../src/learn/date-feature.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { inferColumn } from "../../src/learn/infer-column.ts";
import type { RegressionModel } from "../../src/learn/model.ts";
import { decodeModel, encodeModel } from "../../src/learn/model-file.ts";
import { parseDate } from "../../src/learn/parse-date.ts";
import { predictMeans } from "../../src/learn/predict-regression.ts";
import { fitPreprocessor, inputWidth, preprocess } from "../../src/learn/preprocess.ts";
import { type Column, takeTableRows } from "../../src/learn/table.ts";
import { inferTask, numericTarget } from "../../src/learn/target.ts";
import { column, type Matrix, row } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";
import { numeric, tableOf, text } from "./tables.ts";

const cells = (...texts: (string | null)[]) => inferColumn("day", texts);
const preprocessorOf = (own: Column) =>
  fitPreprocessor(
    tableOf([
      ["day", own],
      ["y", numeric(Array.from({ length: own.values.length }, (_, i) => i))],
    ]),
    "y",
  );
const featureOf = (own: Column) => preprocessorOf(own).features[0] as DateFeature;
const partsOf = (own: Column) => featureOf(own).parts.map(({ kind }) => kind);
const inputsOf = (train: Column, other: Column): Matrix =>
  preprocess(preprocessorOf(train), tableOf([["day", other]], "new.csv"));

/** Days from the first on, every so many. */
const days = (first: string, count: number, every = 1, clock = "") =>
  Array.from({ length: count }, (_, i) => {
    const date = new Date(Date.parse(first) + 86_400_000 * every * i);
    return `${date.toISOString().slice(0, 10)}${clock}`;
  });

describe("a column of dates", () => {
  it.each<[string, string[], string[]]>([
    ["ten days", days("2012-01-01", 10), ["trend"]],
    ["two weeks", days("2012-01-01", 14), ["trend", "weekday"]],
    ["thirteen days", days("2012-01-01", 13), ["trend"]],
    ["every seventh day", days("2012-01-01", 30, 7), ["trend"]],
    ["every seventh day of a year", days("2012-01-01", 53, 7), ["trend", "season"]],
    ["a year of days", days("2012-01-01", 366), ["trend", "season", "weekday"]],
    ["half a year of days", days("2012-01-01", 183), ["trend", "weekday"]],
    ["months", Array.from({ length: 12 }, (_, m) => `2012-${m + 1}`), ["trend", "season"]],
    ["ends of months", ["2012-01-31", "2012-02-29", "2012-05-31", "2013-02-28", "2013-03-31"], ["trend", "season"]],
    ["years", Array.from({ length: 12 }, (_, m) => `${2000 + m}-01-01`), ["trend"]],
    ["hours of a day", Array.from({ length: 24 }, (_, h) => `2012-01-03 ${h}:00`), ["trend", "hour"]],
    ["days at noon", days("2012-01-01", 20, 1, " 12:00"), ["trend", "weekday"]],
    ["times", ["8:00", "9:30", "14:05:10"], ["hour"]],
  ])("%s has the parts that it warrants", (_, texts, parts) => {
    expect(partsOf(cells(...texts))).toEqual(parts);
  });

  it("of few different ones is no category, and one of none or of one is left out", () => {
    expect(featureOf(cells("2012-01-01", "2012-01-02", "2012-01-01")).kind).toBe("date");
    const reason = (own: Column) => {
      const table = tableOf([
        ["day", own],
        ["a", numeric([1, 2, 3])],
        ["y", numeric([1, 2, 4])],
      ]);
      return fitPreprocessor(table, "y").dropped[0]!.reason;
    };
    expect(reason(cells("2012-01-01", "2012-01-01", "2012-01-01"))).toBe("is constant");
    expect(reason({ ...text([null, null, null]), dates: "ymd" } as Column)).toBe("is empty");
  });

  it("is learned from without a reader too", () => {
    expect(partsOf(text(days("2012-01-01", 14)))).toEqual(["trend", "weekday"]);
  });
});

describe("its inputs", () => {
  it("are the standardized time, by hand", () => {
    const x = inputsOf(cells("2012-01-01", "2012-01-03", null), cells("2012-01-02", "2012-01-04", "NaT", "2012-01-01"));
    // Mean 2 January, standard deviation 1 day; a third of training is missing: (1 − 1/3)/√(2/9) or (0 − 1/3)/√(2/9).
    const [missing, there] = [Math.SQRT2, -Math.SQRT1_2];
    const expected = [0, there, 2, there, 0, missing, -1, there];
    expect(x.cols).toBe(2);
    x.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 9);
    });
  });

  it("know weekdays", () => {
    const weekday = (date: string) => weekdayOf(parseDate(date, "ymd"));
    // Monday is 0: Apollo 11 landed on a Sunday, and 1 January 2000 was a Saturday.
    expect(weekday("1969-07-20")).toBe(6);
    expect(weekday("1970-01-01 23:59")).toBe(3);
    expect(weekday("2000-01-01")).toBe(5);
    expect(weekday("2012-02-29")).toBe(2);
    expect(weekday("1600-01-01")).toBe(5);
  });

  it("have one for each weekday, with variance 1 together", () => {
    // Two weeks from a Monday on: each share is 1/7, the spread √(7·6/49).
    const train = cells(...days("2024-01-01", 14));
    const x = inputsOf(train, cells("2012-02-29"));
    const spread = Math.sqrt(6 / 7);
    Array.from(row(x, 0).slice(1)).forEach((value, k) => {
      expect(value).toBeCloseTo(((k === 2 ? 1 : 0) - 1 / 7) / spread, 12);
    });
    const workdays = cells(...days("2024-01-01", 5), ...days("2024-01-15", 5));
    expect(Array.from(row(inputsOf(workdays, cells("2024-01-06")), 0).slice(1))).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it("have the phase of the year and of the day", () => {
    const [trend, season, hour] = [1, 2, 2];
    const training = Array.from({ length: 366 }, (_, i) => `${days("2012-01-01", 366)[i]} ${i % 24}:00`);
    const feature = featureOf(cells(...training));
    expect(feature.parts.map(({ kind }) => kind)).toEqual(["trend", "season", "weekday", "hour"]);
    const x = inputsOf(cells(...training), cells("2012-07-02 00:00", "2013-07-02 12:00", "2012-01-01 06:00"));
    const phase = (i: number, from: number, part: number) => {
      const cycle = feature.parts[part]!;
      if (!("centre" in cycle)) throw new Error("not a cycle");
      return [0, 1].map((k) => row(x, i)[from + k]! * cycle.spread + cycle.centre[k]!);
    };
    const expectPhase = (found: number[], turns: number) => {
      expect(found[0]).toBeCloseTo(Math.cos(2 * Math.PI * turns), 12);
      expect(found[1]).toBeCloseTo(Math.sin(2 * Math.PI * turns), 12);
    };
    // 2 July begins after 183 of the 366 days of 2012, and at noon 182.5 of the 365 of 2013 have gone by.
    expectPhase(phase(0, trend, 1), 1 / 2);
    expectPhase(phase(1, trend, 1), 1 / 2);
    expectPhase(phase(2, trend, 1), 1 / 4 / 366);
    expectPhase(phase(0, trend + season + 7, 3), 0);
    expectPhase(phase(1, trend + season + 7, 3), 1 / 2);
    expectPhase(phase(2, trend + season + 7, 3), 1 / 4);
    expect(x.cols).toBe(trend + season + 7 + hour);
  });

  it("have mean 0, and each part variance 1", () => {
    const dates = fc.date({ min: new Date("2010-01-01"), max: new Date("2015-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(fc.array(dates, { minLength: 8, maxLength: 30 }), fc.boolean(), (list, missing) => {
        const own = cells(...list.map((date) => date.toISOString()), ...(missing ? [null, null] : []));
        const preprocessor = preprocessorOf(own);
        const x = preprocess(preprocessor, tableOf([["day", own]]));
        expect(x.cols).toBe(inputWidth(preprocessor));
        const moments = Array.from({ length: x.cols }, (_, j) => {
          const values = column(x, j);
          const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
          return { mean, square: values.reduce((sum, v) => sum + v * v, 0) };
        });
        for (const { mean } of moments) expect(Math.abs(mean)).toBeLessThan(1e-9);
        let at = 0;
        for (const { kind } of featureOf(own).parts) {
          const width = kind === "trend" ? 1 : kind === "weekday" ? 7 : 2;
          const total = moments.slice(at, at + width).reduce((sum, { square }) => sum + square, 0);
          expect(total / list.length).toBeCloseTo(1, 6);
          at += width;
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("which of day and month comes first", () => {
  const written = (...texts: string[]) => {
    const own = cells(...texts);
    return own.kind === "text" ? [own.dates, own.note] : [own.kind];
  };

  it("is decided by the whole column", () => {
    expect(written("01/02/2012", "03/04/2012", "13/02/2012")).toEqual(["dmy", undefined]);
    expect(written("01/02/2012", "03/04/2012", "02/13/2012")).toEqual(["mdy", undefined]);
    expect(written("01.02.2012", "13.02.2012")).toEqual(["dmy", undefined]);
    expect(written("2012-01-02", "2012-02-01")).toEqual(["ymd", undefined]);
    expect(written("2012-01-02", "13.02.2012")).toEqual(["dmy", undefined]);
    expect(written("01/01/2012", "02/02/2012")).toEqual(["dmy", undefined]);
  });

  it("is said where nothing decides", () => {
    expect(written("01/01/2012", "01/02/2012")).toEqual([
      "mdy",
      '"01/02/2012" is read as 2012-01-02, the month before the day, which no row of the column decides: write dates like 2012-01-02 to be sure',
    ]);
    expect(written("01.02.2012", "03.02.2012")).toEqual([
      "dmy",
      '"01.02.2012" is read as 2012-02-01, the day before the month, which no row of the column decides: write dates like 2012-02-01 to be sure',
    ]);
  });

  it("is that of training in other tables", () => {
    const train = cells("01/02/2012", "03/02/2012", "13/02/2012");
    expect(inputsOf(train, cells("05/02/2012"))).toEqual(inputsOf(train, cells("2012-02-05")));
    expect(inputsOf(cells("2/1/2012", "2/13/2012"), cells("2/5/2012"))).toEqual(
      inputsOf(cells("1/2/2012", "13/2/2012"), cells("5/2/2012")),
    );
  });

  it("is that of the whole table when part of it is learned from", () => {
    const table = tableOf([
      ["day", cells("01/02/2012", "03/02/2012", "13/02/2012")],
      ["y", numeric([1, 2, 3])],
    ]);
    expect(fitPreprocessor(takeTableRows(table, [0, 1]), "y").features[0]).toMatchObject({ writing: "dmy" });
  });
});

describe("what is no date", () => {
  it("among dates is refused by its place", () => {
    const own = inferColumn("day", [...days("2012-01-01", 9), "soon"], { place: (i) => `line ${i + 2}` });
    expect(() => preprocessorOf(own)).toThrow(
      'test: column "day" holds dates but line 11 holds "soon": correct it, or leave it empty if it is missing',
    );
    expect(cells(...days("2012-01-01", 8), "soon")).toEqual(text([...days("2012-01-01", 8), "soon"]));
  });

  it.each<[string, Column, string]>([
    ["2012-01-01", cells("soon"), 'held dates like 2012-01-31 in training but data row 1 holds "soon"'],
    [
      "2012-01-01",
      cells("2012-01-03", "13/02/2012"),
      'held dates like 2012-01-31 in training but data row 2 holds "13/',
    ],
    ["13/02/2012", cells("02/13/2012"), 'the day first, in training but data row 1 holds "02/13/2012"'],
    ["02/13/2012", cells("13/02/2012"), 'the month first, in training but data row 1 holds "13/02/2012"'],
    ["2012-01-01", numeric([NaN, 40909]), 'in training but data row 2 holds "40909"'],
    ["14:05", cells("25:10"), 'held times of day in training but data row 1 holds "90600"'],
  ])("is refused at prediction: trained on %s", (trained, other, message) => {
    expect(() => inputsOf(cells(trained, null, null), other)).toThrow(message);
  });

  it("but nothing at all is missing", () => {
    const x = inputsOf(cells("2012-01-01", "2012-01-03", null), cells("", null, "-"));
    expect(row(x, 0)).toEqual(row(x, 2));
  });
});

describe("durations", () => {
  it("are numbers of seconds, and said to be", () => {
    expect(cells("1:23:45", "26:00:00", "NA")).toEqual({
      ...numeric([5025, 93_600, NaN]),
      durations: true,
      note: '"1:23:45" is read as 5025 seconds',
    });
    expect(cells("2 days 03:04:05", "0 days 00:00:01")).toMatchObject({ kind: "numeric" });
    expect(cells("1h 30m", "5m")).toMatchObject(numeric([5400, 300]));
    expect(cells("2d", "5m", "3h").kind).toBe("text");
    expect(cells("16:9", "4:3").kind).toBe("text");
  });

  it("are times of day while no hour is beyond 23", () => {
    expect(cells("1:23:45", "23:00:00")).toEqual({
      ...text(["1:23:45", "23:00:00"]),
      dates: "clock",
      note: '"1:23:45" is read as a time of day, as a target as 5025 seconds',
    });
    expect(cells("1:23 pm", "2:00 pm").note).toBe('"1:23 pm" is read as a time of day');
  });

  it("are what many times of day are as a target", () => {
    const clocks = Array.from({ length: 20 }, (_, i) => `0:${30 + i}:00`);
    const table = tableOf([["y", cells(...clocks)]]);
    expect(inferTask(table, "y")).toBe("regression");
    expect(numericTarget(table, "y").values.slice(0, 2)).toEqual(Float64Array.of(1800, 1860));
    expect(inferTask(tableOf([["y", cells(...days("2012-01-01", 20))]]), "y")).toBe("classification");
    expect(inferTask(tableOf([["y", cells(...clocks.map((_, i) => `0:${30 + (i % 2)}:00`))]]), "y")).toBe(
      "classification",
    );
  });

  it("stay durations in other tables, and numbers do not become some", () => {
    const train = cells("1:00:00", "27:00:00", "2:00:00");
    expect(inputsOf(train, cells("2:30:00"))).toEqual(inputsOf(train, numeric([9000])));
    expect(() => inputsOf(train, cells("2:30:00", "late"))).toThrow(
      'column "day" held durations in training but data row 2 holds "late"',
    );
    expect(() => inputsOf(cells("1", "2"), cells("27:00:00"))).toThrow(
      'column "day" was numeric in training but now holds durations: write them as numbers too',
    );
  });
});

describe("a model of every part", () => {
  const dates = Array.from({ length: 60 }, (_, i) => `${days("2012-01-01", 60, 9)[i]} ${(5 * i) % 24}:30`);
  const table = tableOf([
    ["day", cells(...dates, "")],
    ["late", cells(...dates.map((_, i) => `${i}:00:00`), "99:00:00")],
    ["y", numeric(Array.from({ length: 61 }, (_, i) => Math.sin(i) + i / 10))],
  ]);
  const candidates = [
    { name: "relu", network: fullyConnected({ depth: 1, activation: "relu", bStd: 0.5 }), kernel: "ntk" },
  ] as const;

  it("comes back from its file, and is checked there", async () => {
    const model = await fitRegression(table, { target: "y", candidates });
    const [day] = model.preprocessor.features as [DateFeature]; // the first column is one of dates
    expect(day.parts.map(({ kind }) => kind)).toEqual(["trend", "season", "weekday", "hour"]);
    expect(decodeModel(encodeModel(model), "m")).toEqual(model);
    const decoded = (changed: object) => () => {
      const preprocessor = { ...model.preprocessor, features: [changed] } as typeof model.preprocessor;
      return decodeModel(encodeModel({ ...model, preprocessor }), "m");
    };
    const part = (k: number, changed: object) => ({
      ...day,
      parts: day.parts.map((own, j) => (j === k ? { ...own, ...changed } : own)),
    });
    expect(decoded({ ...day, writing: "ydm" })).toThrow("features[0].writing must be one of ymd, dmy, mdy, clock");
    expect(decoded(part(0, { std: 0 }))).toThrow("features[0].parts[0].std must be above 0");
    expect(decoded(part(1, { centre: [0.5] }))).toThrow("features[0].parts[1].centre must be two numbers");
    expect(decoded(part(2, { shares: [1] }))).toThrow("shares of day must be one for each day of the week");
    expect(decoded(part(3, { kind: "tide" }))).toThrow("parts[3].kind must be one of trend, season, hour, weekday");
  });
});

describe("a daily series", () => {
  const n = 200;
  const dates = days("2023-01-01", n);
  const weekly = [0, 0.2, 0.1, 0.3, 1, 3, 2];
  const y = dates.map((date, i) => i / 50 + weekly[(new Date(date).getUTCDay() + 6) % 7]! + 0.1 * Math.sin(17 * i));
  const table = tableOf([
    ["day", cells(...dates)],
    ["noise", numeric(normal(key(3), n))],
    ["y", numeric(y)],
  ]);
  const held = Array.from({ length: n }, (_, i) => i).filter((i) => i % 5 === 2);
  const [train, test] = [takeTableRows(table, rowsWithout(n, held)), takeTableRows(table, held)];

  async function r2(exclude: readonly string[]): Promise<number> {
    const model = await fitRegression(train, { target: "y", exclude });
    const predicted = await predictMeans(decodeModel(encodeModel(model), "m") as RegressionModel, test); // a regression is what was encoded;
    const truth = held.map((i) => y[i]!);
    const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
    const squares = (of: (i: number) => number) => truth.reduce((sum, value, i) => sum + (value - of(i)) ** 2, 0);
    return 1 - squares((i) => predicted[i]!) / squares(() => mean);
  }

  it("with a weekly pattern is learned from its dates, in a file too", async () => {
    expect(await r2([])).toBeGreaterThan(0.95);
    expect(await r2(["day"])).toBeLessThan(0.1);
  });
});

function rowsWithout(n: number, held: readonly number[]): number[] {
  return Array.from({ length: n }, (_, i) => i).filter((i) => !held.includes(i));
}
