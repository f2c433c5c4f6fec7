import { beforeAll, describe, expect, it } from "vitest";
import { DataError, ValueError } from "../../src/errors.ts";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import { evaluateClassification, evaluateRegression } from "../../src/learn/evaluate.ts";
import { fitClassification, predictClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { intervalFactor } from "../../src/learn/interval-factor.ts";
import type { RegressionModel } from "../../src/learn/model.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { columnOf, type Table, takeTableRows } from "../../src/learn/table.ts";
import { numeric, ringTable, smoothTable, tableOf, text } from "./tables.ts";

const CANDIDATES: readonly Candidate[] = [
  { name: "relu", network: fullyConnected({ depth: 2, activation: "relu", bStd: 0.5 }), kernel: "ntk" },
  { name: "erf", network: fullyConnected({ depth: 1, activation: "erf", bStd: 0.5 }), kernel: "ntk" },
];
const options = { target: "y", candidates: CANDIDATES };

/** The table with one numeric column mapped by v ↦ scale·v + shift. */
function affine(table: Table, name: string, scale: number, shift: number): Table {
  const columns = table.columns.map((column, j) =>
    column.kind === "numeric" && table.names[j] === name
      ? numeric(column.values.map((value) => scale * value + shift))
      : column,
  );
  return { ...table, columns };
}

const reversed = (n: number): number[] => Array.from({ length: n }, (_, i) => n - 1 - i);

function expectNear(actual: Float64Array, expected: Float64Array): void {
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-8 * Math.max(1, Math.abs(expected[i]!)));
  });
}

const [train, test] = [smoothTable(80, 1), smoothTable(200, 2)];
let model: RegressionModel;
beforeAll(async () => {
  model = await fitRegression(train, options);
});

describe("regression laws", () => {
  it("the same table and seed give the same model", async () => {
    expect(await fitRegression(train, options)).toEqual(model);
    expect(await fitRegression(train, { ...options, seed: 0 })).toEqual(model);
  });

  it("other units of a feature change nothing", async () => {
    const plain = await predictRegression(model, test);
    for (const [scale, shift] of [
      [1000, 0],
      [-0.01, 5],
    ] as const) {
      const scaled = await fitRegression(affine(train, "a", scale, shift), options);
      const { prediction, lower, upper } = await predictRegression(scaled, affine(test, "a", scale, shift));
      expectNear(prediction, plain.prediction);
      expectNear(lower, plain.lower);
      expectNear(upper, plain.upper);
    }
  });

  it("other units of the target change the units of the predictions", async () => {
    const plain = await predictRegression(model, test);
    const scaled = await predictRegression(await fitRegression(affine(train, "y", 250, -3), options), test);
    expectNear(
      scaled.prediction,
      plain.prediction.map((value) => 250 * value - 3),
    );
    expectNear(
      scaled.lower,
      plain.lower.map((value) => 250 * value - 3),
    );
    const mirrored = await predictRegression(await fitRegression(affine(train, "y", -1, 0), options), test);
    expectNear(
      mirrored.lower,
      plain.upper.map((value) => -value),
    );
  });

  it("neither the order of the rows nor of the columns matters", async () => {
    const plain = await predictRegression(model, test);
    const permuted = await fitRegression(takeTableRows(train, reversed(80)), options);
    expectNear((await predictRegression(permuted, test)).prediction, plain.prediction);
    const columns: Table = { ...train, names: [...train.names].reverse(), columns: [...train.columns].reverse() };
    expectNear((await predictRegression(await fitRegression(columns, options), test)).prediction, plain.prediction);
  });

  it("rows without a target are left out, test rows are not looked at", async () => {
    const more = tableOf(
      train.names.map((name, j) => {
        const column = train.columns[j]!;
        if (column.kind === "text") return [name, text([...column.values, "never seen"])] as const;
        return [name, numeric([...column.values, name === "y" ? Number.NaN : 1e6])] as const;
      }),
    );
    const partly = await fitRegression(more, options);
    expect(partly.fitted.alpha).toEqual(model.fitted.alpha);
    expect(partly.preprocessor).toEqual(model.preprocessor);
    const one = await predictRegression(model, takeTableRows(test, [3]));
    const all = await predictRegression(model, test);
    expect(one.prediction[0]).toBe(all.prediction[3]);
  });

  it("intervals grow with the level and hold the prediction", async () => {
    const levels = await Promise.all([0.1, 0.5, 0.9, 0.95].map((level) => predictRegression(model, test, { level })));
    levels.forEach(({ lower, prediction, upper }, k) => {
      prediction.forEach((value, i) => {
        expect(lower[i]).toBeLessThanOrEqual(value);
        expect(upper[i]).toBeGreaterThanOrEqual(value);
        if (k > 0) expect(upper[i]).toBeGreaterThanOrEqual(levels[k - 1]!.upper[i]!);
      });
    });
  });
});

describe("the factor of intervals is the conformal rank", () => {
  const looScores = Float64Array.from({ length: 19 }, (_, i) => i + 1);
  it.each([
    [0.95, 19],
    [0.9, 18],
    [0.5, 10],
    [0.01, 1],
    [0.07, 2],
  ])("level %d of 19 scores is score %d", (level, rank) => {
    expect(intervalFactor({ looScores, leftOut: looScores.length }, level)).toBe(rank);
  });

  it("is what Gaussian scores would need where there are too few rows", () => {
    const rms = Math.sqrt(looScores.reduce((sum, score) => sum + score * score, 0) / 19);
    expect(intervalFactor({ looScores, leftOut: looScores.length }, 0.999)).toBeCloseTo(
      3.290526731491926 * rms * Math.sqrt(20 / 18),
      10,
    );
    expect(intervalFactor({ looScores: Float64Array.of(1, 1, 1, 1, 100), leftOut: 5 }, 0.9)).toBe(100);
  });

  it.each([0, 1, -0.1, 1.5, Number.NaN])("level %d is refused", async (level) => {
    expect(() => intervalFactor({ looScores, leftOut: looScores.length }, level)).toThrow(ValueError);
    await expect(predictRegression(model, test, { level })).rejects.toThrow("level must be above 0 and below 1");
  });
});

describe("a smooth function", () => {
  it("is learned better than by the mean and a line, with honest intervals", async () => {
    const evaluation = await evaluateRegression(model, train, test);
    expect(evaluation.model.r2).toBeGreaterThan(0.8);
    expect(evaluation.model.rmse).toBeLessThan(0.6 * evaluation.baselines.linear.rmse);
    expect(evaluation.baselines.linear.rmse).toBeLessThan(evaluation.baselines.mean.rmse);
    expect(evaluation.coverage).toBeGreaterThan(0.85);
    expect(evaluation.coverage).toBeLessThanOrEqual(1);
    const truth = columnOf(test, "y")!.values as Float64Array;
    const { prediction } = evaluation.predictions;
    const square = truth.reduce((sum, y, i) => sum + (y - prediction[i]!) ** 2, 0) / 200;
    expect(evaluation.model.rmse).toBeCloseTo(Math.sqrt(square), 12);
  });
});

describe("work", () => {
  it("progress rises to 1, signals stop", async () => {
    const reason = new Error("enough");
    for (const [learn, table, target] of [
      [fitRegression, train, "y"],
      [fitClassification, ringTable(40, 1), "where"],
    ] as const) {
      const seen: number[] = [];
      await learn(table, { ...options, target, onProgress: (fraction) => seen.push(fraction) });
      expect(seen.at(-1)).toBe(1);
      expect(seen).toEqual([...seen].sort((p, q) => p - q));
      await expect(learn(table, { ...options, target, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    }
    await expect(predictRegression(model, test, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("no rows give no predictions", async () => {
    const none = takeTableRows(test, []);
    expect((await predictRegression(model, none)).prediction.length).toBe(0);
  });
});

describe("tables that cannot be learned from", () => {
  const x = numeric([1, 2, 3, 4, 5, 6]);
  it.each([
    [
      tableOf([
        ["x", x],
        ["y", numeric([1, 1, 1, 1, 1, 1])],
      ]),
      'target "y" is 1 in every row',
    ],
    [
      tableOf([
        ["x", x],
        ["y", numeric([1, 2, 3, 4, Number.NaN, Number.NaN])],
      ]),
      "at least 5 rows",
    ],
    [
      tableOf([
        ["x", x],
        ["y", numeric(new Array(6).fill(Number.NaN))],
      ]),
      'target "y" is missing in every row',
    ],
    [
      tableOf([
        ["x", x],
        ["z", x],
      ]),
      'no column is named "y"',
    ],
    [
      tableOf([
        ["x", x],
        ["y", text(["a", "b", "a", "b", "a", "b"])],
      ]),
      'target "y" holds "a"',
    ],
    [
      tableOf([
        ["x", x],
        ["y", numeric([1, 2, 3, 4, 5, Infinity])],
      ]),
      '"y" holds Infinity in data row 6',
    ],
    [
      tableOf([
        ["x", x],
        ["x", x],
        ["y", x],
      ]),
      'two columns are named "x"',
    ],
  ])("regression %#", async (table, message) => {
    await expect(fitRegression(table, options)).rejects.toThrow(DataError);
    await expect(fitRegression(table, options)).rejects.toThrow(message);
  });

  it.each([
    [
      tableOf([
        ["x", x],
        ["y", text(["a", "a", "a", "a", "a", "a"])],
      ]),
      'is "a" in every row',
    ],
    [
      tableOf([
        ["x", x],
        ["y", text(["a", "b", "c", "d", "e", "f"])],
      ]),
      "too many to learn",
    ],
  ])("classification %#", async (table, message) => {
    await expect(fitClassification(table, options)).rejects.toThrow(message);
  });
});

describe("classification", () => {
  const [ring, unseen] = [ringTable(120, 3), ringTable(200, 4)];
  const ringOptions = { target: "where", candidates: CANDIDATES };

  it("beats the majority and the linear model; probabilities are probabilities", async () => {
    const fitted = await fitClassification(ring, ringOptions);
    expect(fitted.classes).toEqual(["inside", "outside", "ring"]);
    const { model: own, baselines, predictions, confusion } = await evaluateClassification(fitted, ring, unseen);
    expect(own.accuracy).toBeGreaterThan(baselines.linear.accuracy + 0.2);
    expect(own.logLoss).toBeLessThan(baselines.majority.logLoss);
    const { probabilities, prediction } = predictions;
    for (let i = 0; i < 200; i++) {
      const p = [...probabilities.data.subarray(3 * i, 3 * i + 3)];
      expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(fitted.classes[p.indexOf(Math.max(...p))]).toBe(prediction[i]);
    }
    const hits = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
    expect(hits / 200).toBe(own.accuracy);
    expect(confusion.flat().reduce((a, b) => a + b)).toBe(200);
  });

  it("neither the order of the rows nor the names of the classes matter", async () => {
    const plain = await predictClassification(await fitClassification(ring, ringOptions), unseen);
    const permuted = await fitClassification(takeTableRows(ring, reversed(120)), ringOptions);
    expectNear((await predictClassification(permuted, unseen)).probabilities.data, plain.probabilities.data);
    const codes = (table: Table): Table => ({
      ...table,
      columns: table.columns.map((c, j) =>
        table.names[j] === "where"
          ? numeric(c.values.map((v) => ["inside", "outside", "ring"].indexOf(`${v}`)) as number[])
          : c,
      ),
    });
    const coded = await fitClassification(codes(ring), ringOptions);
    expect([coded.classes, coded.numericClasses]).toEqual([["0", "1", "2"], true]);
    expectNear((await predictClassification(coded, unseen)).probabilities.data, plain.probabilities.data);
  });

  it("a class that training did not have is an error of the evaluation", async () => {
    const fitted = await fitClassification(ring, ringOptions);
    const strange: Table = { ...unseen, columns: [...unseen.columns.slice(0, 2), text(new Array(200).fill("moon"))] };
    await expect(evaluateClassification(fitted, ring, strange)).rejects.toThrow('the class "moon"');
  });
});
