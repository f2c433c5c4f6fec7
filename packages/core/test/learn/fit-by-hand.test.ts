import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import { fitClassification, predictClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { intervalFactor } from "../../src/learn/interval-factor.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { preprocess } from "../../src/learn/preprocess.ts";
import { compareCandidates, selectCandidate, settleRidge } from "../../src/learn/select.ts";
import { columnOf, type Table } from "../../src/learn/table.ts";
import { bestTemperature, softmaxRows } from "../../src/learn/temperature.ts";
import {
  addToDiagonal,
  fromRows,
  type Matrix,
  matrix,
  takeBlock,
  takeRows,
  transpose,
} from "../../src/matrix/matrix.ts";
import { key, normal, permutation } from "../../src/random/key.ts";
import { gap, gauss, times } from "../predict/brute.ts";
import { watched } from "../predict/watched.ts";
import { numeric, ringTable, smoothTable, tableOf, text } from "./tables.ts";

const relu: Candidate = {
  name: "relu",
  network: fullyConnected({ depth: 1, activation: "relu", bStd: 0.5 }),
  kernel: "ntk",
};
const erf: Candidate = {
  name: "erf",
  network: fullyConnected({ depth: 1, activation: "erf", bStd: 0.5 }),
  kernel: "nngp",
};

/** What is said of each row by a model solved again without it, and the variance of that. */
function leftOut(k: Matrix, y: Matrix, diagReg: number): { outputs: Matrix; variances: number[] } {
  const outputs = matrix(y.rows, y.cols);
  const variances = Array.from({ length: y.rows }, (_, i) => {
    const rest = Array.from({ length: y.rows }, (_unused, j) => j).filter((j) => j !== i);
    const [inner, cross] = [addToDiagonal(takeBlock(k, rest, rest), diagReg), takeBlock(k, [i], rest)];
    outputs.data.set(times(cross, gauss(inner, takeRows(y, rest)).solution).data, i * y.cols);
    return k.data[i * k.cols + i]! + diagReg - times(cross, gauss(inner, transpose(cross)).solution).data[0]!;
  });
  return { outputs, variances };
}

const values = (table: Table, name: string) => columnOf(table, name)!.values as Float64Array;

describe("a regression is, by hand,", () => {
  it("a solve, intervals as wide as the posterior says, scaled by what was left out", async () => {
    const [train, test] = [smoothTable(15, 1), smoothTable(6, 2)];
    const model = await fitRegression(train, { target: "y", candidates: [relu], seed: 3 });
    const targets = values(train, "y");
    const mean = targets.reduce((sum, value) => sum + value, 0) / 15;
    const std = Math.sqrt(targets.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 15);
    const y = matrix(
      15,
      1,
      targets.map((value) => (value - mean) / std),
    );
    const { diagReg, xTrain } = model.fitted;
    const kernel = kernelFn(relu.network);
    const [x, kdd] = [preprocess(model.preprocessor, test), await kernel(xTrain, null, "ntk")];
    const [ktd, a] = [await kernel(x, xTrain, "ntk"), addToDiagonal(kdd, diagReg)];
    expect(gap(model.fitted.alpha.data, gauss(a, y).solution.data)).toBeLessThan(1e-8);
    const { outputs, variances } = leftOut(kdd, y, diagReg);
    const scores = variances.map((variance, i) => Math.abs(y.data[i]! - outputs.data[i]!) / Math.sqrt(variance));
    expect(gap(model.looScores, scores)).toBeLessThan(1e-8);
    const { prediction, lower, upper } = await predictRegression(model, test, { level: 0.7 });
    const explained = times(ktd, gauss(a, transpose(ktd)).solution);
    const own = (await kernel(x, null, "ntk")).data;
    times(ktd, gauss(a, y).solution).data.forEach((value, i) => {
      expect(prediction[i]).toBeCloseTo(mean + std * value, 8);
      const half = intervalFactor(model, 0.7) * std * Math.sqrt(own[i * 7]! - explained.data[i * 7]! + diagReg);
      expect([lower[i], upper[i]]).toEqual(
        [prediction[i]! - half, prediction[i]! + half].map((v) => expect.closeTo(v, 7)),
      );
    });
    expect(model).toMatchObject({ task: "regression", target: "y", seed: 3, engine: "js" });
    expect(model.fitted.architecture).toBe("relu");
  });

  it("one more than its rows in the rank of a level", () => {
    const looScores = Float64Array.of(1, 2, 3, 4);
    expect(intervalFactor({ looScores, leftOut: looScores.length }, 0.8)).toBe(4);
    expect(intervalFactor({ looScores, leftOut: looScores.length }, 0.79)).toBe(4);
    expect(intervalFactor({ looScores, leftOut: looScores.length }, 0.6)).toBe(3);
    // Above 0.8 the size of a Gaussian: its 0.9 interval is 1.645 wide, √(30/4) the root mean square, √(5/3) for four.
    expect(intervalFactor({ looScores, leftOut: looScores.length }, 0.9)).toBeCloseTo(
      1.6448536269514722 * Math.sqrt(7.5) * Math.sqrt(5 / 3),
      10,
    );
  });
});

describe("a classification is, by hand,", () => {
  it("a solve of centred indicators, at the temperature that suits what was left out", async () => {
    const [train, test] = [ringTable(24, 2), ringTable(5, 9)];
    const model = await fitClassification(train, { target: "where", candidates: [relu], seed: 4 });
    const labels = Array.from(values(train, "where") as unknown as string[], (name) => model.classes.indexOf(name));
    const y = fromRows(labels.map((label) => [0, 1, 2].map((k) => (k === label ? 2 / 3 : -1 / 3))));
    const { diagReg, xTrain } = model.fitted;
    const kernel = kernelFn(relu.network);
    const kdd = await kernel(xTrain, null, "ntk");
    const alpha = gauss(addToDiagonal(kdd, diagReg), y).solution;
    expect(gap(model.fitted.alpha.data, alpha.data)).toBeLessThan(1e-8);
    const { temperature, logLoss } = bestTemperature(leftOut(kdd, y, diagReg).outputs, labels, 2 / 25);
    expect(model.temperature / temperature).toBeCloseTo(1, 6);
    const { score } = model.scores.find(({ name }) => name === model.fitted.architecture)!;
    expect(score).toBeCloseTo(logLoss, 8);
    const { probabilities } = await predictClassification(model, test);
    const outputs = times(await kernel(preprocess(model.preprocessor, test), xTrain, "ntk"), alpha);
    expect(gap(probabilities.data, softmaxRows(outputs, model.temperature).data)).toBeLessThan(1e-8);
    expect(model).toMatchObject({
      task: "classification",
      target: "where",
      seed: 4,
      engine: "js",
      numericClasses: false,
    });
  });

  it("possible with classes of two rows each on average, not of fewer", async () => {
    const table = (names: readonly string[]) =>
      tableOf([
        ["x", numeric([1, 2, 3, 4, 5, 6])],
        ["y", text(names)],
      ]);
    const options = { target: "y", candidates: [relu] };
    expect((await fitClassification(table(["a", "b", "c", "a", "b", "c"]), options)).classes.length).toBe(3);
    await expect(fitClassification(table(["a", "b", "c", "d", "b", "c"]), options)).rejects.toThrow(
      "4 classes in 6 rows, too many to learn",
    );
  });
});

describe("the choice", () => {
  const [x, y] = [matrix(12, 2, normal(key(1), 24)), matrix(12, 1, normal(key(2), 12))];

  it("of what is equally good is the first: candidate and smallest ridge", async () => {
    const { candidate, scores } = await selectCandidate(x, y, [relu, erf], { criterion: () => 1, seed: 0 });
    expect(candidate).toBe(relu);
    expect(scores.map(({ relativeDiagReg }) => relativeDiagReg)).toEqual(
      [1e-9, 1e-9].map((r) => expect.closeTo(r, 20)),
    );
  });

  it("reports each candidate, and works where all inputs are zero", async () => {
    const fractions: number[] = [];
    const bare = { ...relu, network: fullyConnected({ depth: 1, activation: "relu", bStd: 0 }) };
    const { diagReg, scores } = await selectCandidate(matrix(12, 2), y, [bare, relu], {
      criterion: ({ residuals }) => residuals.data.reduce((sum, r) => sum + r * r, 0),
      seed: 0,
      onProgress: (fraction) => void fractions.push(fraction),
    });
    expect(fractions).toEqual([0.5, 1]);
    expect([diagReg, ...scores.map(({ score }) => score)].every(Number.isFinite)).toBe(true);
  });

  it("on some rows is settled at the best of five ridges near it on all", async () => {
    const square = (residuals: Matrix) => residuals.data.reduce((sum, r) => sum + r * r, 0) / 12;
    const options = { criterion: ({ residuals }: { residuals: Matrix }) => square(residuals), seed: 5, maxRows: 8 };
    const compared = await compareCandidates(x, y, [relu, erf], options);
    const { network, kernel } = compared.winner;
    const k = await kernelFn(network)(x, null, kernel);
    const mean = Array.from({ length: 12 }, (_, i) => k.data[i * 13]! / 12).reduce((p, q) => p + q);
    const tried = [-1, -2 / 3, -1 / 3, 0, 1 / 3].map((power) => {
      const ridge = compared.best.relative * 10 ** power * mean;
      const { outputs } = leftOut(k, y, ridge);
      return { ridge, score: square({ ...y, data: y.data.map((value, i) => value - outputs.data[i]!) }) };
    });
    const best = tried.reduce((p, q) => (q.score < p.score ? q : p));
    const { diagReg, candidate, scores, memory } = await settleRidge(compared, options);
    expect(diagReg / best.ridge).toBeCloseTo(1, 10);
    expect([candidate, scores]).toEqual([compared.winner, compared.scores]);
    expect(memory!.length).toBe(144);
    const taken = [...permutation(key(5), 12).slice(0, 8)].sort((p, q) => p - q);
    expect(compared.gram).toEqual(await kernelFn(network)(takeRows(x, taken), null, kernel));
    const { engine, signal, asked, deaf } = watched();
    await selectCandidate(x, y, [relu, erf], { ...options, engine, signal });
    expect([asked.filter((name) => name === "gram").length, deaf]).toEqual([3, []]);
    const rows = (await compareCandidates(x, y, [relu, erf], { ...options, maxRows: 12 })).onSubset;
    expect([compared.onSubset, compared.gram.rows, rows]).toEqual([true, 8, false]);
  });

  it("between own scales and one for all is that of the data, and is reported", async () => {
    const [a, noise] = [normal(key(3), 40), normal(key(4), 40)];
    const table = (size: number) =>
      tableOf([
        ["a", numeric(a)],
        ["noise", numeric(noise.map((v) => size * v))],
        ["y", numeric(a.map((v) => Math.sin(2 * v)))],
      ]);
    const fractions: number[] = [];
    const options = { target: "y", candidates: [relu, erf] };
    // Beside `a` the small column vanishes on a common scale, and is noise of the same size on its own.
    const shared = await fitRegression(table(1e-3), { ...options, onProgress: (f) => void fractions.push(f) });
    expect(shared.fitted.architecture).toMatch(/, one scale for all columns$/);
    expect(fractions).toEqual([0.4, 0.8, 0.9, 1].map((f) => expect.closeTo(f, 14)));
    expect(shared.scores.map(({ name }) => name.split(",").length)).toEqual([1, 1, 2]);
    expect(shared.preprocessor.features.map((f) => (f.kind === "numeric" ? f.std : 0))).toEqual(
      new Array(2).fill(expect.closeTo(Math.sqrt(variance(a) / 2), 6)),
    );
    // A large column of noise hides `a` on a common scale.
    const own = await fitRegression(table(1e3), options);
    expect(own.fitted.architecture).not.toMatch(/one scale/);
    expect(own.scores.length).toBe(3);
  });
});

function variance(v: Float64Array): number {
  const mean = v.reduce((sum, value) => sum + value, 0) / v.length;
  return v.reduce((sum, value) => sum + (value - mean) ** 2, 0) / v.length;
}
