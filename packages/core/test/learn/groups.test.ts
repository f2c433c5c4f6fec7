import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import { NtkClassifier, NtkRegressor } from "../../src/learn/estimators.ts";
import { fitClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { NO_GROUP, readGroups, rowsOfGroups } from "../../src/learn/groups.ts";
import { type Judge, judgeByCholesky, judgeByPath } from "../../src/learn/judge.ts";
import { weighGram } from "../../src/learn/leave-inputs-out.ts";
import { decodeModel, encodeModel } from "../../src/learn/model-file.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { type RowsByInput, rowsByInput } from "../../src/learn/rows-by-input.ts";
import { selectCandidate } from "../../src/learn/select.ts";
import { trainTestSplit } from "../../src/learn/split.ts";
import { columnOf, type Table, takeTableRows } from "../../src/learn/table.ts";
import { fromRows, type Matrix, matrix, row, takeBlock, takeRows, transpose } from "../../src/matrix/matrix.ts";
import { key, normal, uniform } from "../../src/random/key.ts";
import { gap, gauss, randomMatrix, times } from "../predict/brute.ts";
import { numeric, ringTable, tableOf, text } from "./tables.ts";

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

/** What a model on some of the rows says of another, and the variance of its target. */
function refit(k: Matrix, y: Matrix, weights: Float64Array, diagReg: number, rest: readonly number[], i: number) {
  const noise = diagReg / weights[i]!;
  if (rest.length === 0) return { said: new Float64Array(y.cols), variance: k.data[i * k.cols + i]! + noise };
  const inner = takeBlock(k, rest, rest);
  rest.forEach((j, at) => {
    inner.data[at * rest.length + at]! += diagReg / weights[j]!;
  });
  const cross = takeBlock(k, [i], rest);
  const explained = times(cross, gauss(inner, transpose(cross)).solution).data[0]!;
  const said = times(cross, gauss(inner, takeRows(y, rest)).solution).data;
  return { said, variance: k.data[i * k.cols + i]! + noise - explained };
}

describe("rows of one group", () => {
  it("are left out together as solving again without all of them does, wherever else their inputs stand", async () => {
    const problems = fc.record({
      seed: fc.nat(1e6),
      rows: fc.array(fc.tuple(fc.nat(5), fc.constantFrom(0, 1, 2, 3, NO_GROUP)), { minLength: 2, maxLength: 12 }),
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
        const groups = Uint32Array.from(rows, ([, group]) => group);
        const data = rowsByInput(x, y, { groups, ...(weighted && { weights }) });
        const k = await kernelFn(relu.network)(x, null, "ntk");
        const own = (i: number) => (groups[i] === NO_GROUP ? `without, ${rows[i]![0]}` : `${groups[i]}`);
        for (const judge of await judges(data)) {
          const left = await judge(diagReg);
          if (left === null) throw new Error(`${diagReg} is a ridge to judge at`);
          expect(left.times).toBe(new Set(rows.map((_, i) => own(i))).size);
          for (let i = 0; i < rows.length; i++) {
            const rest = [...rows.keys()].filter((j) => own(j) !== own(i));
            const { said, variance } = refit(k, y, weights, diagReg, rest, i);
            expect(left.variances[i]! / variance).toBeCloseTo(1, 5);
            said.forEach((value, j) => {
              expect(left.residuals.data[i * outputs + j]).toBeCloseTo(row(y, i)[j]! - value, 6);
            });
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("of more inputs than are solved at a time, and at a tiny ridge", async () => {
    const x = randomMatrix(1, 170, 3);
    const y = matrix(
      170,
      1,
      Float64Array.from({ length: 170 }, (_, i) => Math.sin(x.data[3 * i]!)),
    );
    const groups = Uint32Array.from({ length: 170 }, (_, i) => (i < 80 ? 0 : i % 9));
    const data = rowsByInput(x, y, { groups });
    const k = await kernelFn(relu.network)(x, null, "ntk");
    for (const judge of await judges(data)) {
      const left = (await judge(1e-7))!;
      for (const i of [0, 79, 81, 169]) {
        const rest = [...groups.keys()].filter((j) => groups[j] !== groups[i]);
        const { said, variance } = refit(k, y, new Float64Array(170).fill(1), 1e-7, rest, i);
        expect(left.residuals.data[i]).toBeCloseTo(y.data[i]! - said[0]!, 6);
        expect(left.variances[i]! / variance).toBeCloseTo(1, 5);
      }
    }
  });

  it("of one row each, are left out as rows of their own inputs", async () => {
    const [x, y] = [randomMatrix(2, 12, 2), randomMatrix(3, 12, 1)];
    const [byGroup] = await judges(rowsByInput(x, y, { groups: Uint32Array.from({ length: 12 }, (_, i) => i) }));
    const [byInput] = await judges(rowsByInput(x, y));
    const [a, b] = [(await byGroup!(0.01))!, (await byInput!(0.01))!];
    expect(gap(a.residuals.data, b.residuals.data)).toBeLessThan(1e-11);
    expect(gap(a.variances, b.variances)).toBeLessThan(1e-11);
  });

  it("choose the ridge that refits choose, on all inputs and on some", async () => {
    const of = Array.from({ length: 24 }, (_, i) => i >> 2);
    const x = randomMatrix(5, 24, 2);
    const y = matrix(
      24,
      1,
      Float64Array.from(of, (g, i) => g + Math.sin(x.data[2 * i]!)),
    );
    const criterion = ({ residuals }: { residuals: Matrix }) => residuals.data.reduce((sum, r) => sum + r * r, 0);
    const roles = { groups: Uint32Array.from(of) };
    const k = await kernelFn(relu.network)(x, null, "ntk");
    const ones = new Float64Array(24).fill(1);
    const score = (diagReg: number) =>
      of.reduce((sum, group, i) => {
        const rest = [...of.keys()].filter((j) => of[j] !== group);
        return sum + (y.data[i]! - refit(k, y, ones, diagReg, rest, i).said[0]!) ** 2;
      }, 0);
    const whole = await selectCandidate(x, y, [relu], { criterion, seed: 0, roles });
    expect(whole.scores[0]!.score / score(whole.diagReg)).toBeCloseTo(1, 8);
    expect(whole.loo.times).toBe(6);
    const settled = await selectCandidate(x, y, [relu], { criterion, seed: 0, roles, maxRows: 15 });
    expect(criterion(settled.loo) / score(settled.diagReg)).toBeCloseTo(1, 8);
    for (const factor of [0.1, 0.3, 2, 10])
      expect(score(whole.diagReg * factor)).toBeGreaterThan(whole.scores[0]!.score * 0.999);
  });

  it("are read by their values, numbers or texts; a missing value is no group", () => {
    expect(readGroups(text(["b", "a", null, "b"]), [0, 1, 2, 3])).toEqual(Uint32Array.of(0, 1, NO_GROUP, 0));
    expect(readGroups(numeric([7, Number.NaN, 7, 3]), [3, 0, 1])).toEqual(Uint32Array.of(0, 1, NO_GROUP));
    const groups = Uint32Array.of(4, NO_GROUP, 4, NO_GROUP, NO_GROUP);
    expect(rowsOfGroups(groups, Uint32Array.of(0, 1, 1, 0, 1))).toEqual([[0, 2], [1, 4], [3]]);
  });
});

/** Patients with a level of their own that no input tells of, each seen ten times. */
function patients(count: number, seed: number): Table {
  const level = normal(key(seed), count);
  const x = normal(key(seed + 1), 10 * count);
  const marker = normal(key(seed + 3), count);
  const of = Array.from(x, (_, i) => Math.floor(i / 10));
  return tableOf([
    ["patient", text(of.map((p) => `p${seed}-${p}`))],
    ["marker", numeric(of.map((p) => marker[p]!))], // tells patients apart, and says nothing of new ones
    ["x", numeric(x)],
    ["y", numeric(of.map((p, i) => 2 * level[p]! + Math.sin(x[i]!)))],
  ]);
}

describe("a table with a column of groups", () => {
  const fit = { target: "y", candidates: [relu], group: "patient" };

  it("gives intervals that hold for new groups, where leave-one-out by rows is far too sure", async () => {
    const [train, test] = [patients(24, 100), patients(40, 200)];
    const truth = columnOf(test, "y")!.values as Float64Array;
    const coverage = async (options: object) => {
      const model = await fitRegression(train, { ...fit, ...options });
      const { lower, upper } = await predictRegression(model, test);
      return truth.filter((y, i) => y >= lower[i]! && y <= upper[i]!).length / truth.length;
    };
    const byGroup = await coverage({});
    expect(byGroup).toBeGreaterThan(0.9);
    expect(await coverage({ group: undefined, exclude: ["patient"] })).toBeLessThan(byGroup - 0.1);
  });

  it("has intervals no narrower where a value is missing than where all are there", async () => {
    const model = await fitRegression(patients(12, 700), fit);
    const test = patients(12, 800);
    const widths = async (table: Table) => {
      const { lower, upper } = await predictRegression(model, table);
      return upper.reduce((sum, value, i) => sum + value - lower[i]!, 0) / upper.length;
    };
    const columns = test.columns.with(2, numeric(new Float64Array(test.rows).fill(Number.NaN)));
    expect(await widths({ ...test, columns })).toBeGreaterThan(await widths(test));
  });

  it("is no input, and the model remembers it", async () => {
    const model = await fitRegression(patients(8, 300), fit);
    expect(model.preprocessor.features.map(({ name }) => name)).toEqual(["marker", "x"]);
    expect(model.preprocessor.dropped).toEqual([{ name: "patient", reason: "groups the rows" }]);
    expect(model).toMatchObject({ rows: 80, leftOut: 8, rowColumns: { group: "patient" } });
    expect(decodeModel(encodeModel(model), "m")).toEqual(model);
  });

  it("holds whole groups out, near the share asked for; those of classes in proportion", () => {
    const table = patients(20, 400);
    const split = { target: "y", task: "regression", testFraction: 0.2, seed: 3, group: "patient" } as const;
    const names = (part: Table) => new Set(columnOf(part, "patient")!.values as readonly string[]);
    const { train, test } = trainTestSplit(table, split);
    expect([train.rows, test.rows]).toEqual([160, 40]);
    for (const name of names(test)) expect(names(train)).not.toContain(name);
    const rings = ringTable(60, 2);
    const groups = text(Array.from({ length: 60 }, (_, i) => `${i % 15}`));
    const grouped = { ...rings, names: [...rings.names, "g"], columns: [...rings.columns, groups] };
    const parts = trainTestSplit(grouped, { ...split, target: "where", task: "classification", group: "g" });
    expect(parts.test.rows).toBe(12);
    const own = (part: Table) => new Set(columnOf(part, "g")!.values as readonly string[]);
    for (const name of own(parts.test)) expect(own(parts.train)).not.toContain(name);
  });

  it("of one value is refused, in training and where all but one group is held out", async () => {
    const one = takeTableRows(patients(1, 500), [...Array(10).keys()]);
    await expect(fitRegression(one, fit)).rejects.toThrow(
      'test: "patient" puts all 10 rows to learn from into one group, so that no other rows can judge them',
    );
    await expect(fitRegression(one, { ...fit, group: "Patient" })).rejects.toThrow(
      'no group column is named "Patient" (did you mean "patient"?)',
    );
  });

  it("classifies with probabilities for new groups", async () => {
    const rings = ringTable(60, 2);
    const groups = text(Array.from({ length: 60 }, (_, i) => (i % 5 === 0 ? null : `${i % 7}`)));
    const grouped = { ...rings, names: [...rings.names, "g"], columns: [...rings.columns, groups] };
    const model = await fitClassification(grouped, { target: "where", candidates: [relu], group: "g" });
    expect(model).toMatchObject({ leftOut: 7 + 12, rowColumns: { group: "g" } });
  });
});

it("groups of an estimator are a column of groups", async () => {
  const table = patients(6, 600);
  const x = fromRows(Array.from({ length: 60 }, (_, i) => [1, 2].map((j) => table.columns[j]!.values[i] as number)));
  const y = columnOf(table, "y")!.values as Float64Array;
  const groups = columnOf(table, "patient")!.values as readonly string[];
  const { model } = await new NtkRegressor({ candidates: [relu] }).fit(x, y, { groups });
  const expected = await fitRegression(table, { target: "y", candidates: [relu], group: "patient" });
  expect([model.leftOut, model.scores, model.looScores]).toEqual([6, expected.scores, expected.looScores]);
  const labels = Array.from(y, (value) => (value > 0 ? 1 : 0));
  const numbers = Array.from({ length: 60 }, (_, i) => (i === 0 ? Number.NaN : i % 4));
  const classifier = await new NtkClassifier({ candidates: [relu] }).fit(x, labels, { groups: numbers });
  expect(classifier.model.leftOut).toBe(5);
  await expect(new NtkRegressor().fit(x, y, { groups: ["a"] })).rejects.toThrow(
    "fit: groups must have one group for each of the 60 rows, got 1",
  );
});
