import { describe, expect, it } from "vitest";
import { DataError, ShapeError, ValueError } from "../../src/errors.ts";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import { NtkClassifier, NtkRegressor } from "../../src/learn/estimators.ts";
import type { ClassificationModel, RegressionModel } from "../../src/learn/model.ts";
import { decodeModel, encodeModel } from "../../src/learn/model-file.ts";
import { fromRows, matrix, toRows } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";
import { watched } from "../predict/watched.ts";
import { numeric, tableOf } from "./tables.ts";

const candidates: readonly Candidate[] = [
  { name: "relu", network: fullyConnected({ depth: 1, activation: "relu", bStd: 0.5 }), kernel: "ntk" },
];
const x = matrix(30, 2, normal(key(1), 60));
const y = Float64Array.from({ length: 30 }, (_, i) => x.data[2 * i]! ** 2 + x.data[2 * i + 1]!);
const labels = Array.from(y, (value) => (value > 0.5 ? 10 : 2));
const regressor = () => new NtkRegressor({ candidates });
const classifier = () => new NtkClassifier({ candidates });

describe("conventions", () => {
  it("fit returns the estimator, itself", async () => {
    const [r, c] = [regressor(), classifier()];
    expect(await r.fit(x, y)).toBe(r);
    expect(await c.fit(x, labels)).toBe(c);
  });

  it("before fit, predictions are refused, by rejecting", async () => {
    await expect(regressor().predict(x)).rejects.toThrow(ValueError);
    await expect(regressor().predictInterval(x)).rejects.toThrow("NtkRegressor: call fit before");
    await expect(regressor().score(x, y)).rejects.toThrow(ValueError);
    await expect(classifier().predict(x)).rejects.toThrow("NtkClassifier: call fit before");
    await expect(classifier().predictProba(x)).rejects.toThrow(ValueError);
    expect(() => classifier().classes).toThrow(ValueError);
    expect(() => regressor().model).toThrow(ValueError);
  });

  it("rows, a matrix and a table of the same numbers are the same input", async () => {
    const rows = toRows(x);
    const table = tableOf([
      ["x0", numeric(rows.map(([a]) => a!))],
      ["x1", numeric(rows.map(([, b]) => b!))],
    ]);
    const inputs = [x, rows, rows.map((values) => Float64Array.from(values)), table];
    const predictions = await Promise.all(
      inputs.map(async (input) => (await regressor().fit(input, y)).predict(input)),
    );
    for (const prediction of predictions) expect(prediction).toEqual(predictions[0]);
    const mixed = await (await regressor().fit(x, y)).predict(table);
    expect(mixed).toEqual(predictions[0]);
    expect(await (await regressor().fit(x, [...y])).predict(x)).toEqual(predictions[0]);
  });

  it("score is R² and accuracy", async () => {
    const r = await regressor().fit(x, y);
    const prediction = await r.predict(x);
    const mean = y.reduce((a, b) => a + b) / 30;
    const [sse, sst] = [0, 1].map((k) =>
      y.reduce((sum, v, i) => sum + (v - (k === 0 ? prediction[i]! : mean)) ** 2, 0),
    );
    expect(await r.score(x, y)).toBeCloseTo(1 - sse! / sst!, 12);
    const c = await classifier().fit(x, labels);
    const hits = (await c.predict(x)).filter((label, i) => label === `${labels[i]}`).length;
    expect(await c.score(x, labels)).toBe(hits / 30);
    expect(await c.score(x, labels.map(String))).toBe(hits / 30);
    const others = labels.map((label, i) => (i < 10 ? 12 - label : label));
    const right = (await c.predict(x)).filter((label, i) => label === `${others[i]}`).length;
    expect(right).toBeLessThan(30);
    expect(await c.score(x, others)).toBe(right / 30);
  });

  it("probabilities stand in the order of classes, numbers in the order of numbers", async () => {
    const c = await classifier().fit(x, labels);
    expect(c.classes).toEqual(["2", "10"]);
    const [probabilities, prediction] = [await c.predictProba(x), await c.predict(x)];
    prediction.forEach((label, i) => {
      expect(label).toBe(probabilities.data[2 * i]! >= probabilities.data[2 * i + 1]! ? "2" : "10");
    });
  });

  it("a saved model goes into a new estimator", async () => {
    const r = await regressor().fit(x, y);
    const loaded = decodeModel(encodeModel(r.model), "m") as RegressionModel;
    expect(await new NtkRegressor({}, loaded).predict(x)).toEqual(await r.predict(x));
    const c = await classifier().fit(x, labels);
    const classes = decodeModel(encodeModel(c.model), "m") as ClassificationModel;
    expect(await new NtkClassifier({}, classes).predictProba(x)).toEqual(await c.predictProba(x));
  });

  it("predict computes no variance, and predicts what predictInterval does", async () => {
    const { engine, asked, deaf, signal } = watched();
    const { model } = await regressor().fit(x, y);
    const watchedOne = new NtkRegressor({ engine, signal }, model);
    const prediction = await watchedOne.predict(x);
    expect([asked.includes("solve"), deaf]).toEqual([false, []]);
    expect((await watchedOne.predictInterval(x)).prediction).toEqual(prediction);
    expect(asked).toContain("solve");
  });

  it("predictInterval takes the level", async () => {
    const r = await regressor().fit(x, y);
    const [narrow, wide] = [await r.predictInterval(x, { level: 0.5 }), await r.predictInterval(x)];
    expect(narrow.prediction).toEqual(wide.prediction);
    narrow.upper.forEach((value, i) => {
      expect(value).toBeLessThan(wide.upper[i]!);
    });
    const reason = new Error("enough");
    const stopped = new NtkRegressor({ candidates, signal: AbortSignal.abort(reason) }, r.model);
    await expect(stopped.predictInterval(x)).rejects.toBe(reason);
  });

  it("an input may have the name of the target", async () => {
    const rows = toRows(x);
    const table = tableOf([
      ["y", numeric(rows.map(([a]) => a!))],
      ["y'", numeric(rows.map(([, b]) => b!))],
    ]);
    const prediction = await (await regressor().fit(table, y)).predict(table);
    expect(prediction).toEqual(await (await regressor().fit(x, y)).predict(x));
  });
});

describe("labels", () => {
  it("numbers among texts are texts", async () => {
    const mixed = labels.map((label, i) => (i % 2 === 0 ? label : label === 2 ? "two" : "ten"));
    expect((await classifier().fit(x, mixed)).classes).toEqual(["10", "2", "ten", "two"]);
  });

  it("texts and numbers give the same predictions", async () => {
    const numbers = await classifier().fit(x, labels);
    const texts = await classifier().fit(x, labels.map(String));
    expect(await texts.predict(x)).toEqual(await numbers.predict(x));
    expect([...texts.classes].sort()).toEqual([...numbers.classes].sort());
  });

  it.each([
    ["NA", "null"],
    [" padded ", "padded"],
    ["1.0", "1"],
    ["01", "1"],
    ["", "?"],
    ["inf", "-inf"],
    ["__proto__", "constructor"],
  ])("texts are taken as they are: %j and %j", async (a, b) => {
    const names = labels.map((label) => (label === 2 ? a : b));
    const c = await classifier().fit(x, names);
    expect([...c.classes].sort()).toEqual([a, b].sort());
    expect(await c.score(x, names)).toBe(await (await classifier().fit(x, labels)).score(x, labels));
  });
});

describe("wrong inputs are refused by name", () => {
  it.each([
    [
      () => regressor().fit(x, y.subarray(1)),
      ShapeError,
      "fit: x and y must have the same number of rows, got 30 and 29",
    ],
    [() => regressor().fit([[1, 2], [3], [4, 5], [6, 7], [8, 9]], [1, 2, 3, 4, 5]), ShapeError, "row 1 has 1 values"],
    [() => regressor().fit(fromRows([[1], [2], [3], [4], [Infinity]]), [1, 2, 3, 4, 5]), DataError, "holds Infinity"],
    [() => regressor().fit([[1], [2], [3], [4], [5]], [1, 2, 3, 4, Infinity]), DataError, "holds Infinity"],
    [() => regressor().fit([[1], [1], [1], [1], [1]], [1, 2, 3, 4, 5]), DataError, "no column is left"],
    [() => regressor().fit([], []), DataError, "row"],
    [() => new NtkRegressor({ candidates: [] }).fit(x, y), ValueError, "at least one candidate"],
    [() => new NtkRegressor({ candidates, seed: -1 }).fit(x, y), ValueError, "seed"],
    [async () => (await regressor().fit(x, y)).score(x, y.subarray(1)), ShapeError, "score: x and y"],
    [async () => (await regressor().fit(x, y)).score([[1, 2]], [3]), DataError, "which one row does not have"],
    [
      async () =>
        (await regressor().fit(x, y)).score(
          x,
          y.map(() => 0.1),
        ),
      DataError,
      "which equal targets do not have",
    ],
    [async () => (await regressor().fit(x, y)).score(matrix(0, 2), []), DataError, "there are no rows to score"],
    [async () => (await classifier().fit(x, labels)).score(matrix(0, 2), []), DataError, "there are no rows to score"],
    [async () => (await classifier().fit(x, labels)).score(x, labels.slice(1)), ShapeError, "score: x and y"],
    [async () => (await regressor().fit(x, y)).predict([[1]]), DataError, '"x1", which is not there'],
    [async () => (await regressor().fit(x, y)).predict([[1, 2], [3]]), ShapeError, "row 1 has 1 values"],
  ])("%s", async (act, kind, message) => {
    const failing = act();
    await expect(failing).rejects.toThrow(kind);
    await expect(failing).rejects.toThrow(message);
  });
});
