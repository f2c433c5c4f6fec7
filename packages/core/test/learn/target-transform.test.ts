import { beforeAll, describe, expect, it } from "vitest";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { decodeModel, encodeModel } from "../../src/learn/model-file.ts";
import { predictMeans, predictRegression } from "../../src/learn/predict-regression.ts";
import { columnOf, type Table, takeTableRows } from "../../src/learn/table.ts";
import {
  expectedTarget,
  restoreTarget,
  smearOf,
  targetOutliers,
  transformTarget,
} from "../../src/learn/target-transform.ts";
import { key, normal, split } from "../../src/random/key.ts";
import { numeric, tableOf } from "./tables.ts";

const candidates = [
  { name: "erf", network: fullyConnected({ depth: 1, activation: "erf", bStd: 0.5 }), kernel: "nngp" },
] as const;

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** y = g(0.8 a + 0.5 sin 2b + 0.5 noise + shift). */
function shaped(n: number, seed: number, shape: (value: number) => number): Table {
  const [a, b, noise] = split(key(seed), 3).map((from) => normal(from, n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const y = a.map((value, i) => shape(0.8 * value + 0.5 * Math.sin(2 * b[i]!) + 0.5 * noise[i]!));
  return tableOf([
    ["a", numeric(a)],
    ["b", numeric(b)],
    ["y", numeric(y)],
  ]);
}

const learn = (table: Table) => fitRegression(table, { target: "y", candidates });

describe("the scale of a target", () => {
  it("is restored", () => {
    for (const transform of ["identity", "root", "log"] as const)
      for (const y of [1e-8, 0.3, 1, 7, 1e9])
        expect(restoreTarget(transform, transformTarget(transform, y)) / y).toBeCloseTo(1, 12);
    expect(restoreTarget("root", -2)).toBe(0);
  });

  it.each([
    ["log", Math.exp],
    ["root", (value: number) => Math.max(value + 2.5, 0.01) ** 2],
    ["identity", (value: number) => value],
    ["identity", (value: number) => value + 100],
    ["identity", (value: number) => Math.exp(value) - 0.5], // not above 0
  ] as const)("is that on which the noise is even: %s", async (transform, shape) => {
    expect((await learn(shaped(200, 1, shape))).transform).toBe(transform);
  });

  it("does not matter by its unit", async () => {
    for (const unit of [1e-6, 1, 1e7]) {
      const model = await learn(shaped(120, 2, (value) => unit * Math.exp(value)));
      expect(model.transform).toBe("log");
    }
  });
});

describe("predictions on another scale", () => {
  let fresh: Table;
  let predicted: Awaited<ReturnType<typeof predictRegression>>;
  let y: Float64Array;

  beforeAll(async () => {
    const all = shaped(1300, 5, Math.exp);
    const model = await learn(takeTableRows(all, rows(0, 300)));
    expect(model.transform).toBe("log");
    expect(decodeModel(encodeModel(model), "m")).toEqual(model);
    fresh = takeTableRows(all, rows(300, 1300));
    predicted = await predictRegression(model, fresh);
    expect(await predictMeans(model, fresh)).toEqual(predicted.prediction);
    y = columnOf(fresh, "y")!.values as Float64Array;
  });

  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it("are expected targets, not medians", () => {
    const { prediction, lower, upper } = predicted;
    expect(mean(prediction) / mean(y)).toBeGreaterThan(0.93);
    expect(mean(prediction) / mean(y)).toBeLessThan(1.07);
    const medians = prediction.map((_, i) => Math.sqrt(lower[i]! * upper[i]!));
    expect(mean(medians) / mean(y)).toBeLessThan(0.93); // e^(−0.5²/2) = 0.88
  });

  it("have intervals above 0 that hold small and large targets", () => {
    const { lower, upper } = predicted;
    expect(lower.every((value) => value > 0)).toBe(true);
    const a = columnOf(fresh, "a")!.values as Float64Array;
    for (const some of [
      rows(0, 1000),
      rows(0, 1000).filter((i) => a[i]! > 1),
      rows(0, 1000).filter((i) => a[i]! < -1),
    ]) {
      const held = some.filter((i) => y[i]! >= lower[i]! && y[i]! <= upper[i]!).length / some.length;
      expect(held).toBeGreaterThan(0.9);
      expect(held).toBeLessThan(0.99);
    }
  });

  it("stay within reach of the training targets, however far the inputs", async () => {
    const train = shaped(150, 6, Math.exp);
    const model = await learn(train);
    const far = tableOf([
      ["a", numeric([1e3, -1e3, 1e9])],
      ["b", numeric([0, 1e6, -1e12])],
    ]);
    const y = columnOf(train, "y")!.values as Float64Array;
    const [least, most] = [Math.min(...y), Math.max(...y)];
    const { prediction, lower, upper } = await predictRegression(model, far);
    for (const [i, value] of prediction.entries()) {
      expect(lower[i]).toBeLessThan(value);
      expect(upper[i]! / value).toBeGreaterThan(1 - 1e-12);
    }
    for (const values of [prediction, lower, upper])
      for (const value of values) {
        expect(value).toBeGreaterThanOrEqual((0.999 * least ** 2) / most);
        expect(value).toBeLessThanOrEqual((1.001 * most ** 2) / least);
      }
  });

  it("of known errors are the mean of what they restore", () => {
    const scale = { transform: "log", targetMean: 1, targetStd: 2, smear: [-0.5, 0.1] } as const;
    expect(expectedTarget(scale, 0.3)).toBeCloseTo((Math.exp(1 + 2 * -0.2) + Math.exp(1 + 2 * 0.4)) / 2, 12);
    expect(smearOf("identity", Float64Array.of(1, 2))).toEqual([]);
    expect(smearOf("log", Float64Array.of(3, -1, 2))).toEqual([-1, 2, 3]);
    const many = smearOf(
      "root",
      Float64Array.from({ length: 640 }, (_, i) => i),
    );
    expect([many.length, many[0], many.at(-1)]).toEqual([64, 5, 635]);
  });

  it("slips are looked for where targets lean, on a logarithmic scale", () => {
    const skewed = normal(key(9), 200).map((value) => Math.exp(2 * value));
    expect(targetOutliers(skewed)).toBeNull();
    const isSlip = targetOutliers(Float64Array.of(...skewed, 1e20))!;
    expect([isSlip(1e20), isSlip(Math.max(...skewed))]).toEqual([true, false]);
  });
});
