import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import { evaluateRegression } from "../../src/learn/evaluate.ts";
import { fitClassification } from "../../src/learn/fit-classification.ts";
import { fitKernel } from "../../src/learn/fit-kernel.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { leaveInputsOut, weighedTargets, weighGram } from "../../src/learn/leave-inputs-out.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { preprocess } from "../../src/learn/preprocess.ts";
import { noiseVariance, replicateVariance } from "../../src/learn/replicates.ts";
import { differentRows, isDesign, rowsByInput } from "../../src/learn/rows-by-input.ts";
import { compareCandidates, selectCandidate, settleRidge } from "../../src/learn/select.ts";
import { columnOf, type Table, takeTableRows } from "../../src/learn/table.ts";
import {
  addToDiagonal,
  fromRows,
  type Matrix,
  matrix,
  takeBlock,
  takeRows,
  transpose,
} from "../../src/matrix/matrix.ts";
import { looAt } from "../../src/predict/leave-one-out.ts";
import { tridiagonalPath } from "../../src/predict/tridiagonal-path.ts";
import { key, normal, split } from "../../src/random/key.ts";
import { gap, gauss, randomMatrix, succeed, times } from "../predict/brute.ts";
import { numeric, ringTable, smoothTable, tableOf } from "./tables.ts";

const relu: Candidate = {
  name: "relu",
  network: fullyConnected({ depth: 2, activation: "relu", bStd: 0.5 }),
  kernel: "ntk",
};
const erf: Candidate = {
  name: "erf",
  network: fullyConnected({ depth: 1, activation: "erf", bStd: 0.5 }),
  kernel: "nngp",
};

/** Row numbers of an original, each as often as it is to be there. */
const copies = fc
  .record({ inputs: fc.integer({ min: 2, max: 7 }), more: fc.array(fc.nat(20), { maxLength: 8 }) })
  .map(({ inputs, more }) => [...Array.from({ length: inputs }, (_, i) => i), ...more.map((i) => i % inputs)]);

const problems = fc.record({
  seed: fc.nat(1e6),
  of: copies,
  outputs: fc.integer({ min: 1, max: 3 }),
  diagReg: fc.constantFrom(1e-4, 1e-2, 0.5, 20),
});

/** Each row predicted by a model solved again without the rows that `out` names for it, and the variance of that. */
function refitted(k: Matrix, y: Matrix, diagReg: number, out: (i: number, j: number) => boolean) {
  const residuals = matrix(y.rows, y.cols);
  const variances = Array.from({ length: y.rows }, (_, i) => {
    const rest = Array.from({ length: y.rows }, (_unused, j) => j).filter((j) => !out(i, j));
    const [inner, cross] = [addToDiagonal(takeBlock(k, rest, rest), diagReg), takeBlock(k, [i], rest)];
    times(cross, gauss(inner, takeRows(y, rest)).solution).data.forEach((value, j) => {
      residuals.data[i * y.cols + j] = y.data[i * y.cols + j]! - value;
    });
    return k.data[i * k.cols + i]! + diagReg - times(cross, gauss(inner, transpose(cross)).solution).data[0]!;
  });
  return { residuals, variances };
}

async function leftOut(x: Matrix, y: Matrix, diagReg: number) {
  const data = rowsByInput(x, y);
  const gram = weighGram(await kernelFn(relu.network)(data.x, null, "ntk"), data.counts);
  const weighted = succeed(await looAt(await tridiagonalPath(gram, weighedTargets(data)), diagReg));
  return { data, loo: leaveInputsOut(data, weighted, diagReg) };
}

describe("rows with equal inputs", () => {
  it("are left out together as refitting without all of them does; those of a design singly", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, of, outputs, diagReg }) => {
        const x = takeRows(randomMatrix(seed, 7, 2), of);
        const y = randomMatrix(seed + 1, of.length, outputs);
        const { data, loo } = await leftOut(x, y, diagReg);
        const k = await kernelFn(relu.network)(x, null, "ntk");
        const single = isDesign(data);
        const { residuals, variances } = refitted(k, y, diagReg, (i, j) => (single ? i === j : of[i] === of[j]));
        // Where a twin stays, the refit has rounding over the ridge in its variance.
        expect(gap(loo.residuals.data, residuals.data)).toBeLessThan(1e-8);
        expect(gap(loo.variances, variances)).toBeLessThan(1e-8);
        expect(loo.times).toBe(single ? of.length : data.counts.length);
      }),
      { numRuns: 60 },
    );
  });

  it("of a design are left out one by one as refitting does", async () => {
    const of = Array.from({ length: 18 }, (_, i) => i % 3);
    const x = takeRows(randomMatrix(3, 3, 2), of);
    const y = randomMatrix(4, 18, 2);
    for (const diagReg of [1e-6, 1e-2, 5]) {
      const { data, loo } = await leftOut(x, y, diagReg);
      const k = await kernelFn(relu.network)(x, null, "ntk");
      const expected = refitted(k, y, diagReg, (i, j) => i === j);
      expect([isDesign(data), loo.times]).toEqual([true, 18]);
      // The refit is the less exact one where the ridge is small.
      expect(gap(loo.residuals.data, expected.residuals.data)).toBeLessThan(1e-7);
      expect(gap(loo.variances, expected.variances)).toBeLessThan(1e-7);
    }
  });

  it("choose the ridge that refits without all of them choose, on all inputs and on some", async () => {
    const of = [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 2, 2];
    const x = takeRows(randomMatrix(5, 8, 2), of);
    const y = randomMatrix(6, of.length, 1);
    const criterion = ({ residuals }: { residuals: Matrix }) => residuals.data.reduce((sum, r) => sum + r * r, 0);
    const chosen = await selectCandidate(x, y, [erf], { criterion, seed: 0 });
    const k = await kernelFn(erf.network)(x, null, "nngp");
    const score = (ridge: number) => criterion(refitted(k, y, ridge, (i, j) => of[i] === of[j]));
    expect(chosen.scores[0]!.score).toBeCloseTo(score(chosen.diagReg), 8);
    const size = chosen.diagReg / chosen.scores[0]!.relativeDiagReg;
    for (let power = -6; power <= 1; power += 1 / 3)
      expect(score(size * 10 ** power)).toBeGreaterThanOrEqual(chosen.scores[0]!.score * (1 - 1e-9));
    const options = { criterion, seed: 0, maxRows: 5 };
    const compared = await compareCandidates(x, y, [erf], options);
    expect([compared.onSubset, compared.gram.rows]).toEqual([true, 5]);
    const settled = await settleRidge(compared, options);
    expect([settled.gram.rows, settled.loo.residuals.rows]).toEqual([8, 13]);
    expect(criterion(settled.loo)).toBeCloseTo(score(settled.diagReg), 8);
  });

  it("are solved as all rows are, with the posterior variances of all rows", async () => {
    const of = [0, 1, 2, 3, 4, 0, 1, 1, 4];
    const x = takeRows(randomMatrix(7, 5, 2), of);
    const y = randomMatrix(8, of.length, 2);
    const selection = await selectCandidate(x, y, [relu], { criterion: () => 1, seed: 0 });
    const { fitted, lower } = await fitKernel({ ...selection, diagReg: 0.1 }, {});
    const kernel = kernelFn(relu.network);
    const fresh = randomMatrix(9, 4, 2);
    const a = addToDiagonal(await kernel(x, null, "ntk"), fitted.diagReg);
    const [all, own] = [await kernel(fresh, x, "ntk"), await kernel(fresh, fitted.xTrain, "ntk")];
    expect([fitted.xTrain.rows, fitted.alpha.rows, lower.rows]).toEqual([5, 5, 5]);
    expect(gap(times(own, fitted.alpha).data, times(all, gauss(a, y).solution).data)).toBeLessThan(1e-9);
    const half = gauss(lower, transpose(own)).solution;
    const explained = times(transpose(half), half);
    const expected = times(all, gauss(a, transpose(all)).solution);
    expect(gap(explained.data, expected.data)).toBeLessThan(1e-9);
  });

  it("are those of which all inputs are the same numbers", () => {
    const x = fromRows([
      [1, 0],
      [1, -0],
      [0, 1],
      [1 + Number.EPSILON, 0],
      [1, 0],
      [0, 1],
    ]);
    expect(differentRows(x)).toEqual({ inputOf: Uint32Array.of(0, 0, 1, 2, 0, 1), first: Uint32Array.of(0, 2, 3) });
    const { counts, means } = rowsByInput(x, matrix(6, 1, Float64Array.of(3, 5, 1, 9, 1, 2)));
    expect([...counts, ...means.data]).toEqual([3, 2, 1, 3, 1.5, 9]);
  });
});

describe("the noise", () => {
  it("is at least what targets of equal inputs show, less a standard error", () => {
    const of = Array.from({ length: 400 }, (_, i) => Math.floor(i / 2));
    const x = matrix(400, 1, Float64Array.from(of));
    const y = matrix(400, 1, normal(key(1), 400));
    const pooled = y.data.reduce((sum, v, i) => sum + (i % 2 === 0 ? (v - y.data[i + 1]!) ** 2 / 2 : 0), 0) / 200;
    const floor = replicateVariance(rowsByInput(x, y));
    expect(floor).toBeGreaterThan(0.8 * pooled);
    expect(floor).toBeLessThanOrEqual(0.9 * pooled + 1e-12);
    // One pair says next to nothing, and rows without repeats nothing.
    expect(replicateVariance(rowsByInput(matrix(3, 1, Float64Array.of(1, 1, 2)), takeRows(y, [0, 1, 2])))).toBe(0);
    expect(replicateVariance(rowsByInput(takeRows(x, [0, 2, 4]), takeRows(y, [0, 2, 4])))).toBe(0);
  });

  it("is raised until its share of the scaled variances is the floor, and never lowered", () => {
    const residuals = matrix(4, 1, Float64Array.of(1, -2, 0.5, 1));
    const loo = { ok: true, residuals, variances: Float64Array.of(1.001, 2.001, 1.001, 0.501) } as const;
    const share = (noise: number) =>
      residuals.data.reduce((sum, r, i) => sum + (r * r * noise) / (loo.variances[i]! - 0.001 + noise), 0) / 4;
    for (const floor of [0.05, 0.5, 1]) {
      const noise = noiseVariance(loo, 0.001, floor);
      expect(noise).toBeGreaterThan(0.001);
      expect(share(noise)).toBeCloseTo(floor, 10);
    }
    expect(share(noiseVariance(loo, 0.001, 1e9))).toBeCloseTo((0.9 * 6.25) / 4, 10);
    expect(noiseVariance(loo, 0.001, 0)).toBe(0.001);
  });

  it("widens intervals where an input of training comes again with another target", async () => {
    // A smooth function of 30 inputs seen twice, with noise of 0.3, and of 60 seen once.
    const x = normal(key(20), 90);
    const noise = normal(key(21), 120);
    const a = Float64Array.from({ length: 120 }, (_, i) => x[i % 90]!);
    const table = tableOf([
      ["a", numeric(a)],
      ["y", numeric(a.map((v, i) => Math.sin(2 * v) + 0.3 * noise[i]!))],
    ]);
    const model = await fitRegression(table, { target: "y", candidates: [relu, erf] });
    const again = normal(key(22), 120);
    const { lower, upper } = await predictRegression(model, table);
    const inside = a.filter((v, i) => {
      const y = Math.sin(2 * v) + 0.3 * again[i]!;
      return y >= lower[i]! && y <= upper[i]!;
    });
    expect(inside.length / 120).toBeGreaterThanOrEqual(0.9);
  });
});

/** The rows, and the first `count` of them again. */
const withCopies = (table: Table, count: number): Table =>
  takeTableRows(table, [
    ...Array.from({ length: table.rows }, (_, i) => i),
    ...Array.from({ length: count }, (_, i) => i % table.rows),
  ]);

/** Targets that have nothing to do with the inputs. */
function noiseTable(n: number, seed: number): Table {
  const keys = split(key(seed), 3);
  return tableOf(["a", "b", "y"].map((name, j) => [name, numeric(normal(keys[j]!, n))] as const));
}

describe("a table whose rows are copied", () => {
  const options = { target: "y", candidates: [relu, erf] };

  it.each([1, 2])("%d times promises no more of noise than there is", async (times) => {
    const table = noiseTable(60, 31);
    const once = await fitRegression(table, options);
    const copied = await fitRegression(withCopies(table, 60 * times), options);
    const test = noiseTable(300, 32);
    const { model, coverage } = await evaluateRegression(copied, table, test);
    expect(model.r2).toBeLessThan(0.05);
    expect(model.r2).toBeGreaterThan(-0.3);
    expect(coverage).toBeGreaterThanOrEqual(0.92);
    expect(copied.fitted.architecture).toBe(once.fitted.architecture);
    expect([copied.rows, copied.fitted.xTrain.rows, copied.leftOut]).toEqual([60 * (times + 1), 60, 60]);
  });

  it("by 30 % has intervals that hold", async () => {
    let sum = 0;
    for (let seed = 0; seed < 8; seed++) {
      const table = smoothTable(200, 1000 + seed, 0.3);
      const model = await fitRegression(withCopies(table, 60), options);
      sum += (await evaluateRegression(model, table, smoothTable(400, 5000 + seed, 0.3))).coverage;
    }
    expect(sum / 8).toBeGreaterThanOrEqual(0.92);
  });

  it("twice is the same classifier with half the ridge", async () => {
    const table = ringTable(40, 5);
    const fit = { target: "where", candidates: [erf] };
    const [once, twice] = [await fitClassification(table, fit), await fitClassification(withCopies(table, 40), fit)];
    expect(twice.scores[0]!.score).toBeLessThanOrEqual(once.scores[0]!.score * 1.02);
    expect(twice.scores[0]!.score).toBeGreaterThanOrEqual(once.scores[0]!.score * 0.98);
    expect(twice.temperature / once.temperature).toBeCloseTo(1, 0);
  });
});

describe("levels of a design", () => {
  /** Three levels, 20 rows each, with means 0, 5 and 10 and noise 1. */
  const design = tableOf([
    ["level", numeric(Array.from({ length: 60 }, (_, i) => i % 3))],
    ["y", numeric(normal(key(60), 60).map((v, i) => v + 5 * (i % 3)))],
  ]);

  it("are predicted by their own means", async () => {
    const model = await fitRegression(design, { target: "y", candidates: [relu, erf] });
    const { prediction, lower, upper } = await predictRegression(model, takeTableRows(design, [0, 1, 2]));
    const y = columnOf(design, "y")!.values as Float64Array;
    prediction.forEach((value, level) => {
      const mean = y.filter((_, i) => i % 3 === level).reduce((sum, v) => sum + v, 0) / 20;
      expect(Math.abs(value - mean)).toBeLessThan(0.3);
      expect(upper[level]! - lower[level]!).toBeLessThan(6);
    });
  });

  it("are told from copies, and from few rows each", () => {
    const judge = (inputs: number, rows: number, target: (i: number) => number) => {
      const of = Array.from({ length: rows }, (_, i) => i % inputs);
      const y = Float64Array.from(of, (_, i) => target(i));
      return isDesign(rowsByInput(matrix(rows, 1, Float64Array.from(of)), matrix(rows, 1, y)));
    };
    expect(judge(6, 30, (i) => i)).toBe(true);
    expect(judge(6, 29, (i) => i)).toBe(false);
    expect(judge(6, 60, (i) => i % 6)).toBe(false);
    // Four of six inputs have different targets; three are no majority.
    expect(judge(6, 30, (i) => (i % 6 < 4 ? i : 0))).toBe(true);
    expect(judge(6, 30, (i) => (i % 6 < 3 ? i : 0))).toBe(false);
    expect(judge(4, 8, () => 1)).toBe(true);
    expect(judge(5, 8, (i) => i)).toBe(false);
  });
});

it("inputs that differ in the table are different after preprocessing", async () => {
  const model = await fitRegression(smoothTable(40, 70), { target: "y", candidates: [erf] });
  expect(differentRows(preprocess(model.preprocessor, smoothTable(40, 70))).first.length).toBe(40);
});
