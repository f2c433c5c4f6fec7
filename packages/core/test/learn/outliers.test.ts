import { describe, expect, it } from "vitest";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { copiesOfTarget } from "../../src/learn/copies.ts";
import { evaluateRegression } from "../../src/learn/evaluate.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { decodeModel, encodeModel } from "../../src/learn/model-file.ts";
import { findOutliers, quartiles } from "../../src/learn/outliers.ts";
import { fitPreprocessor, preprocess } from "../../src/learn/preprocess.ts";
import { columnOf, type Table, takeTableRows } from "../../src/learn/table.ts";
import { key, normal } from "../../src/random/key.ts";
import { numeric, smoothTable, tableOf, text, unevenTable } from "./tables.ts";

const candidates = [
  { name: "erf", network: fullyConnected({ depth: 1, activation: "erf", bStd: 0.5 }), kernel: "nngp" },
] as const;

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** The table with the largest value of a column a thousand times as large. */
function slipped(table: Table, name: string): Table {
  const columns = table.columns.map((column, j) => {
    if (table.names[j] !== name || column.kind !== "numeric") return column;
    const at = column.values.reduce((best, v, i) => (Math.abs(v) > Math.abs(column.values[best]!) ? i : best), 0);
    return numeric(column.values.map((value, i) => (i === at ? 1000 * value : value)));
  });
  return { ...table, columns };
}

describe("outliers", () => {
  it("are twenty robust standard deviations away", () => {
    // Quartiles 25 and 75 around 50: a robust standard deviation is 50/1.349 = 37.06.
    const values = Float64Array.from({ length: 101 }, (_, i) => i);
    expect(quartiles(values)).toEqual({ low: 25, median: 50, high: 75 });
    expect(findOutliers(values)).toBeNull();
    const far = 50 + (20 * 50) / 1.3489795003921634;
    const withEnd = (value: number) =>
      Float64Array.from(values, (own) => (own === (value > 50 ? 100 : 0) ? value : own));
    for (const value of [far - 1, 101 - far]) expect(findOutliers(withEnd(value))).toBeNull();
    expect(findOutliers(withEnd(far + 1))).toMatchObject({ count: 1, range: [0, 99] });
    expect(findOutliers(withEnd(99 - far))).toMatchObject({ count: 1, range: [1, 100] });
  });

  it("are none of many, of equal values, of few", () => {
    const spread = Array.from(normal(key(1), 98));
    expect(findOutliers(Float64Array.of(...spread, 1e6))?.count).toBe(1);
    expect(findOutliers(Float64Array.of(...spread, 1e6, -1e6))).toBeNull();
    expect(findOutliers(Float64Array.of(...new Array(99).fill(0), 1e6))).toBeNull();
    expect(findOutliers(Float64Array.of(1, 2, 3, 4, 1e6))).toBeNull();
    expect(findOutliers(Float64Array.of(...spread, Number.NaN, 1e6))?.count).toBe(1);
  });

  it("of an input are taken as the nearest other value, and do not count in its scale", () => {
    const table = smoothTable(60, 1);
    const [plain, own] = [fitPreprocessor(table, "y"), fitPreprocessor(slipped(table, "a"), "y")];
    const [a, clipped] = [plain.features[0]!, own.features[0]!];
    if (a.kind !== "numeric" || clipped.kind !== "numeric") throw new Error("a is numeric");
    expect(clipped.std).toBeLessThan(1.05 * a.std);
    expect(clipped.clipped?.count).toBe(1);
    const x = preprocess(own, slipped(table, "a"));
    const inputs = rows(0, 60).map((i) => x.data[i * x.cols]!);
    const values = columnOf(slipped(table, "a"), "a")!.values as Float64Array;
    const at = values.findIndex((value) => Math.abs(value) > 100);
    expect(inputs.filter((value) => value === inputs[at])).toHaveLength(2);
    expect(a.clipped).toBeUndefined();
  });

  it.each(["a", "y"])("in %s do not spoil a fit", async (name) => {
    const all = smoothTable(260, 3, 0.2);
    const [train, fresh] = [takeTableRows(all, rows(0, 60)), takeTableRows(all, rows(60, 260))];
    const score = async (table: Table) => {
      const model = await fitRegression(table, { target: "y", candidates });
      expect(decodeModel(encodeModel(model), "m")).toEqual(model);
      return { ...(await evaluateRegression(model, table, fresh)), slips: model.slips };
    };
    const [plain, spoiled] = [await score(train), await score(slipped(train, name))];
    expect(spoiled.model.rmse).toBeLessThan(1.1 * plain.model.rmse);
    expect(spoiled.coverage).toBeGreaterThan(0.9);
    expect(plain.slips).toBeUndefined();
    expect(spoiled.slips?.length).toBe(name === "y" ? 1 : undefined);
  });
});

describe("a target that is far from what the others say", () => {
  it("is left out, though it is not far from all others", async () => {
    const table = smoothTable(120, 7, 0.1);
    const y = columnOf(table, "y")!.values as Float64Array;
    const spoil = (values: Float64Array) => numeric(values.map((value, i) => (i === 40 ? value + 9 : value)));
    const spoiled = { ...table, columns: table.columns.map((own, j) => (table.names[j] === "y" ? spoil(y) : own)) };
    expect(findOutliers(spoil(y).values as Float64Array)).toBeNull();
    const model = await fitRegression(spoiled, { target: "y", candidates });
    expect(model.slips).toEqual([y[40]! + 9]);
    expect(model.rows).toBe(119);
    expect((await fitRegression(table, { target: "y", candidates })).slips).toBeUndefined();
  });

  it("is none at the ends of a curve without noise", async () => {
    const x = Array.from({ length: 60 }, (_, i) => i / 59);
    const curve = tableOf([
      ["x", numeric(x)],
      ["y", numeric(x.map((value) => Math.exp(4 * value) * Math.sin(8 * value)))],
    ]);
    expect((await fitRegression(curve, { target: "y", candidates })).slips).toBeUndefined();
  });

  it("is none where the noise is uneven", async () => {
    for (let seed = 0; seed < 5; seed++)
      expect((await fitRegression(unevenTable(200, seed), { target: "y", candidates })).slips).toBeUndefined();
  });
});

describe("columns that copy the target", () => {
  const y = Array.from(normal(key(2), 40));
  it("are other units, rounded ones, and other names of classes", () => {
    const table = tableOf([
      ["x", numeric(y.map((value, i) => value + 0.1 * (i % 3)))],
      ["fahrenheit", numeric(y.map((value) => 32 + 1.8 * value))],
      ["rounded", numeric(y.map((value) => -Math.round(value * 1000)))],
      ["constant", numeric(y.map(() => 1))],
      ["text", text(y.map((_, i) => `${i % 2}`))],
      ["y", numeric(y)],
    ]);
    expect(copiesOfTarget(table, "y")).toEqual(["fahrenheit", "rounded"]);
    const classes = tableOf([
      ["code", numeric(y.map((_, i) => 10 * (i % 3)))],
      ["merged", text(y.map((_, i) => (i % 3 === 0 ? "p" : "q")))],
      ["split", text(y.map((_, i) => `${i % 6}`))],
      ["class", text(y.map((_, i) => ["u", "v", "w"][i % 3]!))],
    ]);
    expect(copiesOfTarget(classes, "class")).toEqual(["code"]);
    const names = tableOf([
      ["x", numeric(y)],
      ["id", text(y.map((_, i) => `r${i}`))],
    ]);
    expect(copiesOfTarget(names, "id")).toEqual([]);
  });
});
