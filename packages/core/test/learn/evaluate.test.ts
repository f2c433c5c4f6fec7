import { beforeAll, describe, expect, it } from "vitest";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import {
  classificationScore,
  evaluateClassification,
  evaluateRegression,
  regressionScore,
} from "../../src/learn/evaluate.ts";
import { fitClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import type { RegressionModel } from "../../src/learn/model.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { columnOf, takeTableRows } from "../../src/learn/table.ts";
import { fromRows } from "../../src/matrix/matrix.ts";
import { numeric, ringTable, smoothTable, tableOf, text } from "./tables.ts";

const candidates: readonly Candidate[] = [
  { name: "relu", network: fullyConnected({ depth: 1, activation: "relu", bStd: 0.5 }), kernel: "ntk" },
];

describe("the score of a regression", () => {
  // Errors 0, 1, 2, 2; mean 3, variance 14/4.
  const [truth, prediction] = [
    [1, 2, 3, 6],
    [1, 3, 5, 4],
  ];
  const scoreAt = (size: number) => {
    const scaled = (values: readonly number[] | undefined) => Float64Array.from(values!, (value) => value * size);
    return regressionScore(scaled(truth), scaled(prediction));
  };

  it("is the root mean square, the mean and the share of the variance that four errors give", () => {
    expect(scoreAt(1)).toEqual({ rmse: 1.5, mae: 1.25, r2: expect.closeTo(1 - 9 / 14, 14) });
  });

  it.each([1e-320, 1e-310, 1e-301, 1e-160, 1e160, 1e300])("has the units of the target: %d", (size) => {
    const { rmse, mae, r2 } = scoreAt(size);
    // A subnormal number has few digits.
    const digits = size < 1e-315 ? 2 : size < 1e-305 ? 6 : 12;
    expect([rmse / size, mae / size, r2]).toEqual([1.5, 1.25, 1 - 9 / 14].map((v) => expect.closeTo(v, digits)));
  });

  it("has no share of the variance where the truth is constant", () => {
    expect(regressionScore(Float64Array.of(2, 2), Float64Array.of(2, 3))).toEqual({
      rmse: Math.SQRT1_2,
      mae: 0.5,
      r2: null,
    });
    expect(regressionScore(new Float64Array(2), new Float64Array(2))).toEqual({ rmse: 0, mae: 0, r2: null });
  });
});

describe("the score of a classification", () => {
  it("is the share of right rows, and the mean of −ln p", () => {
    const probabilities = fromRows([
      [0.5, 0.25, 0.25],
      [0.125, 0.125, 0.75],
      [0.25, 0.5, 0.25],
    ]);
    const { accuracy, logLoss } = classificationScore(probabilities, [0, 2, 0]);
    expect(accuracy).toBe(2 / 3);
    expect(logLoss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.75) + Math.log(0.25)) / 3, 14);
  });

  it("is finite where the true class was thought impossible", () => {
    expect(classificationScore(fromRows([[1, 0]]), [1]).logLoss).toBeCloseTo(-Math.log(Number.MIN_VALUE), 10);
  });
});

describe("a regression beside its baselines", () => {
  const [train, test] = [smoothTable(25, 1), smoothTable(12, 2)];
  let model: RegressionModel;
  beforeAll(async () => {
    model = await fitRegression(train, { target: "y", candidates });
  });

  /** The test table with other targets. */
  const withTargets = (y: readonly number[] | Float64Array) => ({
    ...test,
    columns: test.columns.map((column, j) => (test.names[j] === "y" ? numeric(y) : column)),
  });

  it("covers the targets in their intervals, the ends being in", async () => {
    const { lower, upper, prediction } = await predictRegression(model, test, { level: 0.6 });
    const ends = prediction.map(
      (middle, i) => [middle, lower[i]!, upper[i]!, lower[i]! - 1e-9, upper[i]! + 1e-9][i % 5]!,
    );
    const { coverage, level, rows } = await evaluateRegression(model, train, withTargets(ends), { level: 0.6 });
    expect([rows, level, coverage]).toEqual([12, 0.6, 8 / 12]);
  });

  it("leaves out the rows that have no target", async () => {
    const y = (columnOf(test, "y")!.values as Float64Array).slice();
    y[3] = Number.NaN;
    const known = takeTableRows(test, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await evaluateRegression(model, train, withTargets(y))).toEqual(
      await evaluateRegression(model, train, known),
    );
  });

  it("the mean is that of the training targets", async () => {
    const y = columnOf(train, "y")!.values as Float64Array;
    const mean = y.reduce((sum, value) => sum + value, 0) / 25;
    const { baselines } = await evaluateRegression(model, train, withTargets(new Array(12).fill(mean + 2)));
    expect(baselines.mean.mae).toBeCloseTo(2, 12);
  });

  it("a line is found by the linear model, whatever its units", async () => {
    const line = (n: number, size: number) => {
      const a = Array.from({ length: n }, (_, i) => i / n);
      return tableOf([
        ["a", numeric(a)],
        ["y", numeric(a.map((v) => size * (3 * v - 1)))],
      ]);
    };
    for (const size of [1, 1e200, 1e-200]) {
      const fitted = await fitRegression(line(12, size), { target: "y", candidates });
      const { baselines } = await evaluateRegression(fitted, line(12, size), line(7, size));
      expect(baselines.linear.rmse / size).toBeLessThan(1e-4);
      expect(baselines.mean.rmse / size).toBeGreaterThan(0.5);
    }
  });
});

describe("a classification beside its baselines", () => {
  it("the majority says the shares of the training rows", async () => {
    const train = ringTable(40, 1);
    const fitted = await fitClassification(train, { target: "where", candidates });
    const { baselines, classes } = await evaluateClassification(fitted, train, train);
    const values = columnOf(train, "where")!.values as readonly string[];
    const shares = classes.map((name) => values.filter((value) => value === name).length / 40);
    expect(baselines.majority.accuracy).toBe(Math.max(...shares));
    expect(baselines.majority.logLoss).toBeCloseTo(-shares.reduce((sum, p) => sum + p * Math.log(p), 0), 12);
  });

  it("two classes apart on a line are told by the linear model", async () => {
    const table = (n: number) =>
      tableOf([
        ["a", numeric(Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -1) * (1 + i / n)))],
        ["side", text(Array.from({ length: n }, (_, i) => (i % 2 === 0 ? "right" : "left")))],
      ]);
    const fitted = await fitClassification(table(20), { target: "side", candidates });
    const { baselines, confusion } = await evaluateClassification(fitted, table(20), table(9));
    expect(baselines.linear.accuracy).toBe(1);
    expect(baselines.linear.logLoss).toBeLessThan(0.05);
    expect(confusion).toEqual([
      [4, 0],
      [0, 5],
    ]);
  });
});
