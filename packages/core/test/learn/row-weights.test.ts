import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import { NtkClassifier, NtkRegressor } from "../../src/learn/estimators.ts";
import { evaluateClassification, evaluateRegression, regressionScore } from "../../src/learn/evaluate.ts";
import { fitClassification } from "../../src/learn/fit-classification.ts";
import { fitKernel } from "../../src/learn/fit-kernel.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { intervalFactor } from "../../src/learn/interval-factor.ts";
import { leaveInputsOut, weighedTargets, weighGram } from "../../src/learn/leave-inputs-out.ts";
import { fitLinear } from "../../src/learn/linear-baseline.ts";
import type { RegressionModel } from "../../src/learn/model.ts";
import { decodeModel, encodeModel } from "../../src/learn/model-file.ts";
import { predictMeans } from "../../src/learn/predict-regression.ts";
import { noiseVariance, replicateVariance } from "../../src/learn/replicates.ts";
import { sortedByWeight, weightedMean } from "../../src/learn/row-weights.ts";
import { isDesign, rowsByInput } from "../../src/learn/rows-by-input.ts";
import { selectCandidate } from "../../src/learn/select.ts";
import { columnOf, type Table, takeTableRows } from "../../src/learn/table.ts";
import { logLossAt } from "../../src/learn/temperature.ts";
import { type Matrix, matrix, row, takeBlock, takeRows, transpose } from "../../src/matrix/matrix.ts";
import { looAt } from "../../src/predict/leave-one-out.ts";
import { tridiagonalPath } from "../../src/predict/tridiagonal-path.ts";
import { key, normal, uniform } from "../../src/random/key.ts";
import { gap, gauss, randomMatrix, succeed, times } from "../predict/brute.ts";
import { numeric, ringTable, smoothTable, text } from "./tables.ts";

const relu: Candidate = {
  name: "relu",
  network: fullyConnected({ depth: 2, activation: "relu", bStd: 0.5 }),
  kernel: "ntk",
};

/** Row numbers of an original with the weight of each row. */
const weighted = fc.record({
  seed: fc.nat(1e6),
  of: fc.array(fc.nat(6), { minLength: 2, maxLength: 12 }).filter((of) => new Set(of).size > 1),
  outputs: fc.integer({ min: 1, max: 2 }),
  diagReg: fc.constantFrom(1e-3, 0.05, 2),
});

const integers = (count: number, seed: number) =>
  Float64Array.from(uniform(key(seed), count), (u) => 1 + Math.floor(4 * u));
const repeated = (counts: Float64Array) => Array.from(counts).flatMap((count, i) => new Array<number>(count).fill(i));
const meanOf = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
const withMeanOne = (values: Float64Array) => values.map((value) => value / meanOf(values));

describe("a row of weight w", () => {
  it("is predicted with as w copies of it are, at the same ridge of a row", async () => {
    await fc.assert(
      fc.asyncProperty(weighted, async ({ seed, of, outputs, diagReg }) => {
        const x = takeRows(randomMatrix(seed, 7, 2), of);
        const y = randomMatrix(seed + 1, of.length, outputs);
        const counts = integers(of.length, seed + 2);
        const all = repeated(counts);
        const criterion = () => 1;
        const roles = { weights: withMeanOne(counts) };
        const own = await selectCandidate(x, y, [relu], { criterion, seed: 0, roles });
        const copied = await selectCandidate(takeRows(x, all), takeRows(y, all), [relu], { criterion, seed: 0 });
        const one = await fitKernel({ ...own, diagReg: diagReg / meanOf(counts) }, {});
        const other = await fitKernel({ ...copied, diagReg }, {});
        expect(gap(one.fitted.alpha.data, other.fitted.alpha.data)).toBeLessThan(1e-10);
        expect(gap(one.lower.data, other.lower.data)).toBeLessThan(1e-10);
      }),
      { numRuns: 40 },
    );
  });

  it("is left out, with all rows of its input or alone in a design, as solving again without does", async () => {
    const designs = new Set<boolean>();
    await fc.assert(
      fc.asyncProperty(weighted, async ({ seed, of, outputs, diagReg }) => {
        const x = takeRows(randomMatrix(seed, 7, 2), of);
        const y = randomMatrix(seed + 1, of.length, outputs);
        const weights = withMeanOne(uniform(key(seed + 2), of.length).map((u) => 0.05 + u));
        const data = rowsByInput(x, y, { weights });
        const gram = weighGram(await kernelFn(relu.network)(data.x, null, "ntk"), data.counts);
        const loo = succeed(await looAt(await tridiagonalPath(gram, weighedTargets(data)), diagReg));
        const left = leaveInputsOut(data, loo, diagReg);
        const k = await kernelFn(relu.network)(x, null, "ntk");
        const single = isDesign(data);
        designs.add(single);
        for (let i = 0; i < of.length; i++) {
          const rest = [...of.keys()].filter((j) => (single ? j !== i : of[j] !== of[i]));
          const { said, variance } = refit(k, y, weights, diagReg, rest, i);
          expect(left.variances[i]! / variance).toBeCloseTo(1, 6);
          said.forEach((value, j) => {
            expect(left.residuals.data[i * outputs + j]).toBeCloseTo(row(y, i)[j]! - value, 7);
          });
        }
      }),
      { numRuns: 60 },
    );
    expect(designs.size).toBe(2);
  });

  it("has a target whose noise is 1/w of that of a row of weight 1", () => {
    const of = Array.from({ length: 600 }, (_, i) => i >> 1);
    const weights = Float64Array.from(of, (_, i) => (i % 2 === 0 ? 1.6 : 0.4));
    const y = matrix(
      600,
      1,
      normal(key(1), 600).map((v, i) => v / Math.sqrt(weights[i]!)),
    );
    const floor = replicateVariance(rowsByInput(matrix(600, 1, Float64Array.from(of)), y, { weights }));
    expect(floor).toBeGreaterThan(0.8);
    expect(floor).toBeLessThan(1.05);
    // Variances of rows are those of the function, here 0, and diagReg/w.
    const variances = weights.map((weight) => 0.01 / weight);
    expect(noiseVariance({ residuals: y, variances, weights }, 0.01, 0)).toBe(0.01);
    const withFunction = weights.map((weight) => 0.5 + 0.01 / weight);
    const noise = noiseVariance({ residuals: y, variances: withFunction, weights }, 0.01, 0.7);
    const share = y.data.map((r, i) => (r * r * noise) / (0.5 + noise / weights[i]!));
    expect(meanOf(share)).toBeCloseTo(0.7, 8);
  });
});

/** What a model on some of the rows says of another, and the variance of its target. */
function refit(k: Matrix, y: Matrix, weights: Float64Array, diagReg: number, rest: readonly number[], i: number) {
  const inner = takeBlock(k, rest, rest);
  rest.forEach((j, at) => {
    inner.data[at * rest.length + at]! += diagReg / weights[j]!;
  });
  const cross = takeBlock(k, [i], rest);
  const explained = times(cross, gauss(inner, transpose(cross)).solution).data[0]!;
  const said = times(cross, gauss(inner, takeRows(y, rest)).solution).data;
  return { said, variance: k.data[i * k.cols + i]! + diagReg / weights[i]! - explained };
}

describe("means, quantiles and scores by weight", () => {
  it("are those of as many copies", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 2, max: 12 }), (seed, n) => {
        const [values, counts] = [normal(key(seed), n), integers(n, seed + 1)];
        const copies = Float64Array.from(repeated(counts), (i) => values[i]!);
        const truth = normal(key(seed + 2), n);
        const copiedTruth = Float64Array.from(repeated(counts), (i) => truth[i]!);
        expect(weightedMean(values, counts)).toBeCloseTo(meanOf(copies), 12);
        const [a, b] = [regressionScore(truth, values, counts), regressionScore(copiedTruth, copies)];
        for (const name of ["rmse", "mae", "r2"] as const) expect(a[name]).toBeCloseTo(b[name]!, 10);
        const [own, all] = [sortedByWeight(values, withMeanOne(counts)), copies.sort()];
        own.forEach((value, r) => {
          expect(value).toBe(all[Math.ceil((r + 1) * meanOf(counts) * (1 - 1e-12)) - 1]);
        });
        const outputs = matrix(n, 2, normal(key(seed + 3), 2 * n));
        const labels = Array.from(values, (value) => (value > 0 ? 1 : 0));
        const rows = repeated(counts);
        const loss = logLossAt(
          takeRows(outputs, rows),
          rows.map((i) => labels[i]!),
          0.7,
          0.1,
        );
        expect(logLossAt(outputs, labels, 0.7, 0.1, counts)).toBeCloseTo(loss, 12);
      }),
    );
  });

  it("calibrate intervals as copies do", () => {
    const [looScores, looWeights] = [normal(key(1), 40).map(Math.abs), integers(40, 2)];
    const copies = Float64Array.from(repeated(looWeights), (i) => looScores[i]!);
    for (const level of [0.5, 0.8, 0.95])
      expect(intervalFactor({ looScores, looWeights, leftOut: 1e12 }, level)).toBe(
        copies.sort()[Math.ceil(level * meanOf(looWeights) * 40 - 1e-9) - 1],
      );
    const apart = Float64Array.of(1, 2, 3);
    expect(intervalFactor({ looScores: apart, looWeights: Float64Array.of(1, 1, 8), leftOut: 1e12 }, 0.3)).toBe(3);
    expect(intervalFactor({ looScores: apart, looWeights: Float64Array.of(8, 1, 1), leftOut: 1e12 }, 0.3)).toBe(1);
  });

  it("of a linear model are those of weighted least squares, left out as by fitting again", async () => {
    const [x, y] = [randomMatrix(1, 9, 2), randomMatrix(2, 9, 1)];
    const weights = withMeanOne(uniform(key(3), 9).map((u) => 0.1 + u));
    const fitted = await fitLinear(x, y, { weights });
    /** Weights and offset by the normal equations of the rows, the offset without a ridge. */
    const solve = (rows: readonly number[]) => {
      const a = matrix(3, 3);
      const b = matrix(3, 1);
      for (const i of rows) {
        const z = [x.data[2 * i]!, x.data[2 * i + 1]!, 1];
        for (let p = 0; p < 3; p++) {
          for (let q = 0; q < 3; q++) a.data[3 * p + q]! += weights[i]! * z[p]! * z[q]!;
          b.data[p]! += weights[i]! * z[p]! * y.data[i]!;
        }
      }
      for (let p = 0; p < 2; p++) a.data[3 * p + p]! += fitted.diagReg;
      return gauss(a, b).solution.data;
    };
    const all = Array.from({ length: 9 }, (_, i) => i);
    expect(gap([...fitted.weights.data, ...fitted.offset], solve(all))).toBeLessThan(1e-10);
    let square = 0;
    for (const i of all) {
      const [p, q, offset] = solve(all.filter((j) => j !== i));
      const said = p! * x.data[2 * i]! + q! * x.data[2 * i + 1]! + offset!;
      expect(fitted.looOutputs.data[i]).toBeCloseTo(said, 9);
      square += (weights[i]! * (y.data[i]! - said) ** 2) / 9;
    }
    expect(fitted.looMeanSquare).toBeCloseTo(square, 9);
  });
});

const withWeights = (table: Table, values: ArrayLike<number>, name = "w"): Table => ({
  ...table,
  names: [...table.names, name],
  columns: [...table.columns, numeric(Float64Array.from(values))],
});

describe("a table with a column of weights", () => {
  const fit = { target: "y", candidates: [relu] };

  it("is learned by them: rows of little weight spoil little, equal weights change nothing, 0 leaves out", async () => {
    const table = smoothTable(80, 3);
    const noise = normal(key(4), 80);
    const spoilt = (i: number) => i % 2 === 1;
    const y = (columnOf(table, "y")!.values as Float64Array).map((v, i) => v + (spoilt(i) ? 3 * noise[i]! : 0));
    const columns = [...table.columns.slice(0, 3), numeric(y)];
    const known = withWeights(
      { ...table, columns },
      Array.from(y, (_, i) => (spoilt(i) ? 1e-4 : 1)),
    );
    const test = smoothTable(200, 5);
    const rmse = async (model: RegressionModel) =>
      regressionScore(columnOf(test, "y")!.values as Float64Array, await predictMeans(model, test)).rmse;
    const byWeight = await fitRegression(known, { ...fit, weight: "w" });
    expect(byWeight.preprocessor.dropped).toEqual([{ name: "w", reason: "weighs the rows" }]);
    expect(await rmse(byWeight)).toBeLessThan(0.5 * (await rmse(await fitRegression({ ...table, columns }, fit))));

    const plain = await fitRegression(table, fit);
    const equal = await fitRegression(withWeights(table, new Float64Array(80).fill(3)), { ...fit, weight: "w" });
    expect(gap(await predictMeans(equal, test), await predictMeans(plain, test))).toBeLessThan(1e-10);
    expect(equal.scores).toEqual(plain.scores);

    const half = Array.from({ length: 80 }, (_, i) => (i % 4 === 0 ? 0 : 1));
    const fewer = await fitRegression(withWeights(table, half), { ...fit, weight: "w" });
    const without = takeTableRows(
      table,
      [...half.keys()].filter((i) => half[i] !== 0),
    );
    expect(fewer).toMatchObject({ rows: 60, weightless: 20, rowColumns: { weight: "w" } });
    const expected = await fitRegression(without, fit);
    expect(gap(await predictMeans(fewer, test), await predictMeans(expected, test))).toBeLessThan(1e-10);
    expect(decodeModel(encodeModel(fewer), "m")).toEqual(fewer);
    for (const looWeights of [undefined, new Float64Array(60), new Float64Array(59).fill(1)])
      expect(() => decodeModel(encodeModel({ ...fewer, looWeights }), "m")).toThrow(/m is damaged: .*"loo_weights"/);
  });

  it("chooses the scale of the target by them", async () => {
    // The rows that count are skewed and the logarithm of a smooth function; the others, as many, are far from that.
    const table = smoothTable(80, 21, 0.2);
    const smooth = columnOf(table, "y")!.values as Float64Array;
    const other = uniform(key(22), 80);
    const y = smooth.map((v, i) => (i % 2 === 0 ? Math.exp(1.5 * v) : 5 + 20 * other[i]!));
    const known = { ...table, columns: table.columns.with(3, numeric(y)) };
    const weights = Array.from(y, (_, i) => (i % 2 === 0 ? 1 : 1e-6));
    const options = { ...fit, weight: "w" };
    const model = await fitRegression(withWeights(known, weights), options);
    const alone = await fitRegression(
      takeTableRows(
        known,
        [...y.keys()].filter((i) => i % 2 === 0),
      ),
      fit,
    );
    expect([model.transform, alone.transform]).toEqual(["log", "log"]);
    const middle = (smear: readonly number[]) => smear[smear.length >> 1]! * model.targetStd;
    expect(Math.abs(middle(model.smear))).toBeLessThan(0.2);
  });

  it("classifies by them", async () => {
    const table = ringTable(60, 6);
    const labels = columnOf(table, "where")!.values as readonly string[];
    // Wrong labels in a third of the rows, which weigh next to nothing.
    const wrong = labels.map((label, i) => (i % 3 === 0 ? (label === "ring" ? "inside" : "ring") : label));
    const known = { ...table, columns: [...table.columns.slice(0, 2), text(wrong)] };
    const weights = wrong.map((_, i) => (i % 3 === 0 ? 1e-3 : 1));
    const options = { target: "where", candidates: [relu] };
    const model = await fitClassification(withWeights(known, weights), { ...options, weight: "w" });
    const blind = await fitClassification(known, options);
    const test = ringTable(200, 7);
    const [one, other] = [
      await evaluateClassification(
        model,
        withWeights(known, weights),
        withWeights(test, new Float64Array(200).fill(2)),
      ),
      await evaluateClassification(blind, known, test),
    ];
    expect(one.model.accuracy).toBeGreaterThan(other.model.accuracy + 0.05);
    const share = (name: string) =>
      weightedMean(
        Float64Array.from(wrong, (l) => (l === name ? 1 : 0)),
        Float64Array.from(weights),
      );
    const surprise = (columnOf(test, "where")!.values as readonly string[]).map((l) => -Math.log(share(l)));
    expect(one.baselines.majority.logLoss).toBeCloseTo(meanOf(Float64Array.from(surprise)), 10);
  });

  it("is scored by them, baselines too", async () => {
    const train = smoothTable(40, 8);
    const model = await fitRegression(withWeights(train, new Float64Array(40).fill(1)), { ...fit, weight: "w" });
    const test = smoothTable(30, 9);
    const counts = Float64Array.from({ length: 30 }, (_, i) => i % 4);
    const own = await evaluateRegression(
      model,
      withWeights(train, new Float64Array(40).fill(1)),
      withWeights(test, counts),
    );
    const plain = await fitRegression(train, fit);
    const copies = await evaluateRegression(plain, train, takeTableRows(test, repeated(counts)));
    expect(own.rows).toBe(22);
    for (const name of ["rmse", "mae", "r2"] as const) {
      expect(own.model[name]).toBeCloseTo(copies.model[name]!, 8);
      expect(own.baselines.linear[name]).toBeCloseTo(copies.baselines.linear[name]!, 8);
      expect(own.baselines.mean[name]).toBeCloseTo(copies.baselines.mean[name]!, 8);
    }
    expect(own.coverage).toBeCloseTo(copies.coverage, 12);
    await expect(evaluateRegression(model, withWeights(train, new Float64Array(40).fill(1)), test)).rejects.toThrow(
      'test: no weight column is named "w"; the columns are a, b, level, y',
    );
  });

  it.each([
    [[1, 1, -2, 1, 1, 1], 'the weight "w" is -2 in data row 3'],
    [[1, 1, 1, Number.NaN, 1, 1], 'the weight "w" is missing in data row 4'],
    [[0, 0, 0, 0, 0, 0], 'the weight "w" is 0 in every row'],
    [[1, 0, 0, 1, 1, 1], "at least 5 rows with a target and a weight above 0 are needed to learn, got 4"],
  ])("of %j is refused", async (weights, message) => {
    await expect(fitRegression(withWeights(smoothTable(6, 1), weights), { ...fit, weight: "w" })).rejects.toThrow(
      message,
    );
  });

  it("that is none, the target, or of texts is refused", async () => {
    const table = withWeights(smoothTable(6, 1), [1, 1, 1, 1, 1, 1]);
    const refused = (weight: string) => fitRegression(table, { ...fit, weight });
    await expect(refused("W")).rejects.toThrow('test: no weight column is named "W" (did you mean "w"?)');
    await expect(refused("y")).rejects.toThrow('test: "y" is the target and cannot be the weight column too');
    await expect(refused("level")).rejects.toThrow(
      /the weight "level" is (low|high) in data row 1: weights must be finite numbers/,
    );
  });

  it("needs no weight where the target is missing", async () => {
    const table = withWeights(smoothTable(8, 1), [Number.NaN, 1, 1, 1, 1, 1, 1, 1]);
    const y = (columnOf(table, "y")!.values as Float64Array).with(0, Number.NaN);
    const columns = table.columns.with(3, numeric(y));
    expect((await fitRegression({ ...table, columns }, { ...fit, weight: "w" })).rows).toBe(7);
  });
});

describe("sampleWeight", () => {
  it("of an estimator is a column of weights", async () => {
    const table = smoothTable(30, 11);
    const inputs = takeTableRows(table, [...Array(30).keys()]);
    const x = { ...inputs, names: inputs.names.slice(0, 3), columns: inputs.columns.slice(0, 3) };
    const y = columnOf(table, "y")!.values as Float64Array;
    const sampleWeight = uniform(key(12), 30);
    const regressor = await new NtkRegressor({ candidates: [relu] }).fit(x, y, { sampleWeight });
    const model = await fitRegression(withWeights(table, sampleWeight), {
      target: "y",
      candidates: [relu],
      weight: "w",
    });
    expect(await regressor.predict(x)).toEqual(await predictMeans(model, x));
    const score = regressionScore(y, await regressor.predict(x), sampleWeight).r2!;
    expect(await regressor.score(x, y, { sampleWeight })).toBeCloseTo(score, 12);
    const labels = Array.from(y, (value) => (value > 0.5 ? "up" : "down"));
    const classifier = await new NtkClassifier({ candidates: [relu] }).fit(x, labels, { sampleWeight });
    const right = (await classifier.predict(x)).map((label, i) => (label === labels[i] ? 1 : 0));
    const accuracy = weightedMean(Float64Array.from(right), sampleWeight);
    expect(await classifier.score(x, labels, { sampleWeight })).toBeCloseTo(accuracy, 12);
    await expect(new NtkRegressor().fit(x, y, { sampleWeight: [1, 2] })).rejects.toThrow(
      "fit: sampleWeight must have one weight for each of the 30 rows, got 2",
    );
    await expect(regressor.score(x, y, { sampleWeight: new Float64Array(30) })).rejects.toThrow("every weight is 0");
    await expect(regressor.score(x, y, { sampleWeight: y })).rejects.toThrow(/score: the weight "sampleWeight" is -/);
  });
});
