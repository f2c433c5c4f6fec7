import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import { NtkRegressor } from "../../src/learn/estimators.ts";
import { evaluateRegression } from "../../src/learn/evaluate.ts";
import { fitClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { forwardWindows } from "../../src/learn/forward-windows.ts";
import { type Judge, judgeByCholesky, judgeByPath } from "../../src/learn/judge.ts";
import { weighGram } from "../../src/learn/leave-inputs-out.ts";
import { decodeModel, encodeModel } from "../../src/learn/model-file.ts";
import { readTimes } from "../../src/learn/row-times.ts";
import { type RowsByInput, rowsByInput } from "../../src/learn/rows-by-input.ts";
import { selectCandidate } from "../../src/learn/select.ts";
import { trainTestSplit } from "../../src/learn/split.ts";
import { columnOf, type Table } from "../../src/learn/table.ts";
import { fromRows, type Matrix, row, takeBlock, takeRows, transpose } from "../../src/matrix/matrix.ts";
import { key, normal, uniform } from "../../src/random/key.ts";
import { gauss, times as product, randomMatrix } from "../predict/brute.ts";
import { numeric, tableOf, text } from "./tables.ts";

const relu: Candidate = {
  name: "relu",
  network: fullyConnected({ depth: 2, activation: "relu", bStd: 0.5 }),
  kernel: "ntk",
};

async function judges(data: RowsByInput): Promise<readonly Judge[]> {
  const gram = await kernelFn(relu.network)(data.x, null, "ntk");
  weighGram(gram, data.counts);
  return [await judgeByPath(gram, data, {}), judgeByCholesky(gram, data, new Float64Array(gram.data.length), {})];
}

const timesOf = fc.array(fc.nat(9), { minLength: 2, maxLength: 30 }).filter((times) => new Set(times).size > 1);

describe("windows of rows in time", () => {
  it("judge every row after the first window once, by all rows that are earlier than its window", () => {
    fc.assert(
      fc.property(timesOf, (list) => {
        const times = Float64Array.from(list);
        const windows = forwardWindows(times);
        expect(windows.length).toBeGreaterThanOrEqual(1);
        expect(windows.length).toBeLessThanOrEqual(5);
        const judged = windows.flatMap(({ next }) => next);
        expect([...windows[0]!.past, ...judged].sort((a, b) => a - b)).toEqual([...list.keys()]);
        for (const { past, next } of windows) {
          const [last, first] = [Math.max(...past.map((i) => times[i]!)), Math.min(...next.map((i) => times[i]!))];
          expect(last).toBeLessThan(first);
          expect([...past].sort((a, b) => a - b)).toEqual([...list.keys()].filter((i) => times[i]! <= last));
        }
      }),
    );
  });

  it("are five of about as many rows where times differ", () => {
    const windows = forwardWindows(Float64Array.from({ length: 60 }, (_, i) => -i));
    expect(windows.map(({ past, next }) => [past.length, next.length])).toEqual([
      [10, 10],
      [20, 10],
      [30, 10],
      [40, 10],
      [50, 10],
    ]);
    expect(windows[0]!.past).toEqual(Array.from({ length: 10 }, (_, i) => 59 - i));
  });
});

describe("rows judged by earlier ones", () => {
  it("are judged as by solving each window again, with weights and repeated inputs", async () => {
    const problems = fc.record({
      seed: fc.nat(1e6),
      rows: fc
        .array(fc.tuple(fc.nat(5), fc.nat(7)), { minLength: 2, maxLength: 14 })
        .filter((rows) => new Set(rows.map(([, time]) => time)).size > 1),
      outputs: fc.integer({ min: 1, max: 2 }),
      diagReg: fc.constantFrom(1e-4, 0.05, 2),
      weighted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, rows, outputs, diagReg, weighted }) => {
        const x = takeRows(
          randomMatrix(seed, 6, 2),
          rows.map(([input]) => input),
        );
        const y = randomMatrix(seed + 1, rows.length, outputs);
        const weights = uniform(key(seed + 2), rows.length).map((u) => (weighted ? 0.1 + 2 * u : 1));
        const times = Float64Array.from(rows, ([, time]) => time);
        const data = rowsByInput(x, y, { times, ...(weighted && { weights }) });
        const k = await kernelFn(relu.network)(x, null, "ntk");
        const windows = forwardWindows(times);
        const judged = windows.flatMap(({ next }) => next);
        for (const judge of await judges(data)) {
          const left = (await judge(diagReg))!;
          expect(left.y).toEqual(takeRows(y, judged));
          expect(left.times).toBe(new Set(judged.map((i) => times[i])).size);
          let at = 0;
          for (const { past, next } of windows)
            for (const i of next) {
              const { said, variance } = refit(k, y, weights, diagReg, past, i);
              expect(left.variances[at]! / variance).toBeCloseTo(1, 5);
              said.forEach((value, j) => {
                expect(left.residuals.data[at * outputs + j]).toBeCloseTo(row(y, i)[j]! - value, 6);
              });
              at++;
            }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("choose the ridge that refits choose, on all inputs and on some", async () => {
    const x = randomMatrix(5, 40, 2);
    const y = takeRows(x, [...Array(40).keys()]);
    const roles = { times: Float64Array.from({ length: 40 }, (_, i) => i) };
    const criterion = ({ residuals }: { residuals: Matrix }) => residuals.data.reduce((sum, r) => sum + r * r, 0);
    const k = await kernelFn(relu.network)(x, null, "ntk");
    const ones = new Float64Array(40).fill(1);
    const score = (diagReg: number) =>
      forwardWindows(roles.times).reduce(
        (sum, { past, next }) =>
          next.reduce((own, i) => {
            const { said } = refit(k, y, ones, diagReg, past, i);
            return own + said.reduce((squares, value, j) => squares + (row(y, i)[j]! - value) ** 2, 0);
          }, sum),
        0,
      );
    const whole = await selectCandidate(x, y, [relu], { criterion, seed: 0, roles });
    expect(whole.scores[0]!.score / score(whole.diagReg)).toBeCloseTo(1, 6);
    const settled = await selectCandidate(x, y, [relu], { criterion, seed: 0, roles, maxRows: 20 });
    expect(criterion(settled.loo) / score(settled.diagReg)).toBeCloseTo(1, 6);
    expect(settled.loo.residuals.rows).toBe(33);
  });
});

/** What a model on some of the rows says of another, and the variance of its target. */
function refit(k: Matrix, y: Matrix, weights: Float64Array, diagReg: number, past: readonly number[], i: number) {
  const inner = takeBlock(k, past, past);
  past.forEach((j, at) => {
    inner.data[at * past.length + at]! += diagReg / weights[j]!;
  });
  const cross = takeBlock(k, [i], past);
  const explained = product(cross, gauss(inner, transpose(cross)).solution).data[0]!;
  const said = product(cross, gauss(inner, takeRows(y, past)).solution).data;
  return { said, variance: k.data[i * k.cols + i]! + diagReg / weights[i]! - explained };
}

/** A walk of steps of 1 over days, which the day before tells better than any input. */
function walk(days: number, seed: number): Table {
  const steps = normal(key(seed), days);
  let sum = 0;
  const y = steps.map((step) => {
    sum += step;
    return sum;
  });
  return tableOf([
    ["day", numeric(Array.from(y, (_, i) => i))],
    ["noise", numeric(normal(key(seed + 1), days))],
    ["y", numeric(y)],
  ]);
}

describe("a table with a column of times", () => {
  const fit = { target: "y", candidates: [relu], time: "day" };

  it("is judged by errors like those on what comes next, where leave-one-out has those in gaps", async () => {
    const [inTime, inGaps, next]: [number[], number[], number[]] = [[], [], []];
    let inside = 0;
    for (let seed = 0; seed < 8; seed++) {
      const table = walk(150, 10 * seed);
      const { train, test } = trainTestSplit(table, { ...fit, task: "regression", testFraction: 0.15, seed: 0 });
      const judged = async (time: string | undefined) => {
        const model = await fitRegression(train, { ...fit, time });
        return { model, rmse: Math.sqrt(model.scores[0]!.score) * model.targetStd };
      };
      const forward = await judged("day");
      inTime.push(forward.rmse);
      inGaps.push((await judged(undefined)).rmse);
      const { model, coverage } = await evaluateRegression(forward.model, train, test);
      next.push(model.rmse);
      inside += coverage / 8;
    }
    const middle = (values: number[]) => values.toSorted((a, b) => a - b)[4]!;
    expect(middle(inTime) / middle(next)).toBeGreaterThan(0.7);
    expect(middle(inTime) / middle(next)).toBeLessThan(1.4);
    expect(middle(inGaps) / middle(next)).toBeLessThan(0.65);
    expect(inside).toBeGreaterThan(0.85);
  });

  it("keeps it as an input, and the model remembers it", async () => {
    const model = await fitRegression(walk(60, 3), fit);
    expect(model.preprocessor.features.map(({ name }) => name)).toEqual(["day", "noise"]);
    expect(model).toMatchObject({ rows: 60, leftOut: 50, rowColumns: { time: "day" } });
    expect(model.looScores.length).toBe(50);
    expect(decodeModel(encodeModel(model), "m")).toEqual(model);
    const { rowColumns: _, ...other } = model;
    expect(() => decodeModel(encodeModel(other), "m")).toThrow('"loo_scores" has the wrong size');
    const table = { ...walk(60, 3), columns: [...walk(60, 3).columns.slice(0, 2), text(ups(60))] };
    expect((await fitClassification(table, fit)).leftOut).toBe(50);
  });

  it("holds the last rows out, those of one time together, wherever they stand", () => {
    const days = [5, 1, 9, 3, 9, 2, 8, 4, 7, 9, 6, 5];
    const table = tableOf([
      ["day", text(days.map((day) => `2012-03-0${day}`))],
      ["y", numeric(days.map((_, i) => Math.sin(i)))],
    ]);
    const split = { target: "y", task: "regression", seed: 0, time: "day" } as const;
    const held = (testFraction: number) => {
      const { train, test } = trainTestSplit(table, { ...split, testFraction });
      expect(train.rows + test.rows).toBe(12);
      return [...(columnOf(test, "day")!.values as readonly string[])].map((day) => Number(day.at(-1)));
    };
    expect(held(0.25)).toEqual([9, 9, 9]);
    expect(held(0.05)).toEqual([9, 9, 9]);
    expect(held(0.34)).toEqual([9, 9, 8, 9]);
    expect(held(0.99)).toHaveLength(11);
  });

  it.each([
    ["2012-01-31", "2012-02-01", "1 day"],
    ["2012-02", "2012-03", "29 days"],
    ["2012-01-31T23:30", "2012-02-01 00:00:30", "30.5 minutes"],
    ["2012-01-31T23:30:00+01:00", "2012-01-31T23:30:00Z", "60 minutes"],
    ["2012-01-31 10:00:00.25", "2012-01-31 10:00:01.25-00:00", "1 second"],
    ["31.01.2012 23:00", "01.02.2012 0:00", "60 minutes"],
    ["1/31/2012", "2/1/2012", "1 day"],
    ["14:05", "14:06:30", "1.5 minutes"],
  ])("reads %s before %s by %s", (early, late, gap) => {
    const units: Record<string, number> = { day: 86_400, minute: 60, second: 1 };
    const [count, unit] = gap.split(" ") as [string, string];
    const [a, b] = readTimes("t", "when", text([early, late]), [0, 1]);
    expect(b! - a!).toBe(Number(count) * units[unit.replace(/s$/, "")]!);
  });

  it("without a time, with one only, or with groups as well is refused", async () => {
    const table = walk(20, 1);
    const with_ = (values: ArrayLike<number> | readonly string[]) => ({
      ...table,
      columns: [
        typeof values[0] === "string" ? text(values as string[]) : numeric(values as number[]),
        ...table.columns.slice(1),
      ],
    });
    const days = Array.from({ length: 20 }, (_, i) => i);
    await expect(fitRegression(with_(days.with(4, Number.NaN)), fit)).rejects.toThrow(
      'test: the time "day" is missing in data row 5: times must be numbers, or dates like 2012-01-31',
    );
    await expect(fitRegression(with_(days.map((i) => (i === 7 ? "soon" : "2012-01-01"))), fit)).rejects.toThrow(
      'test: the time "day" is "soon" in data row 8',
    );
    await expect(fitRegression(with_(days.map(() => 3)), fit)).rejects.toThrow(
      'the time "day" is the same in all 20 rows',
    );
    await expect(fitRegression(table, { ...fit, group: "noise" })).rejects.toThrow(
      'rows are judged by groups ("noise") or by time ("day"), not by both',
    );
    await expect(fitRegression(table, { ...fit, time: "dya" })).rejects.toThrow(
      'test: no time column is named "dya" (did you mean "day"?)',
    );
  });
});

const ups = (count: number) => Array.from({ length: count }, (_, i) => (Math.sin(i) > 0 ? "up" : "down"));

it("times of an estimator order the rows and are no input", async () => {
  const table = walk(40, 7);
  const x = fromRows(Array.from(columnOf(table, "noise")!.values as Float64Array, (value) => [value]));
  const y = columnOf(table, "y")!.values as Float64Array;
  const times = Array.from({ length: 40 }, (_, i) => 100 - i);
  const { model } = await new NtkRegressor({ candidates: [relu] }).fit(x, y, { times });
  expect([model.leftOut, model.looScores.length, model.preprocessor.features.length]).toEqual([33, 33, 1]);
  expect(model.preprocessor.dropped).toEqual([{ name: "time", reason: "orders the rows" }]);
  await expect(new NtkRegressor().fit(x, y, { times: [1] })).rejects.toThrow(
    "times must have one time for each of the 40",
  );
});
