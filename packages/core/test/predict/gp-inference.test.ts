import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/errors.ts";
import { addToDiagonal, diagonal, type Matrix, matrix, transpose } from "../../src/matrix/matrix.ts";
import type { GpKernels } from "../../src/predict/gp-blocks.ts";
import { type GpKind, gpInference } from "../../src/predict/gp-inference.ts";
import { kernelRegression } from "../../src/predict/kernel-regression.ts";
import { samplePosterior, samplePrior } from "../../src/predict/sample.ts";
import { key, normal, split } from "../../src/random/key.ts";
import { gap, gauss, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

const KINDS: readonly GpKind[] = ["nngp", "ntk", "ntkgp"];

function kernels(seed: number, n: number, m: number): GpKernels & { kTestTest: { nngp: Matrix; ntk: Matrix } } {
  const [k, theta] = [randomKernel(seed, n, m), randomKernel(seed + 1, n, m)];
  return {
    kTrainTrain: { nngp: k.dd, ntk: theta.dd },
    kTestTrain: { nngp: k.td, ntk: theta.td },
    kTestTest: { nngp: k.tt, ntk: theta.tt },
  };
}

const sum = (a: Matrix, b: Matrix, scale: number): Matrix =>
  matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value + scale * b.data[at]!),
  );

function withNaN(rows: number, cols: number): Matrix {
  return matrix(rows, cols, new Float64Array(rows * cols).fill(Number.NaN));
}

/** The formulas of GpKind, term by term. */
function byHand(
  get: GpKind,
  all: ReturnType<typeof kernels>,
  y: Matrix,
  diagReg: number,
): { mean: Matrix; covariance: Matrix } {
  const name = get === "nngp" ? "nngp" : "ntk";
  const td = all.kTestTrain[name]!;
  const t = transpose(gauss(addToDiagonal(all.kTrainTrain[name]!, diagReg), transpose(td)).solution);
  const mean = times(t, y);
  if (get !== "ntk") return { mean, covariance: sum(all.kTestTest[name], times(t, transpose(td)), -1) };
  const [dd, ktd] = [all.kTrainTrain.nngp!, all.kTestTrain.nngp!];
  const cross = times(t, transpose(ktd));
  const spread = sum(all.kTestTest.nngp, times(times(t, dd), transpose(t)), 1);
  return { mean, covariance: sum(sum(spread, cross, -1), transpose(cross), -1) };
}

describe("gpInference", () => {
  it("is the written formulas, term by term", async () => {
    const problems = fc.record({
      seed: fc.nat(1e6),
      n: fc.integer({ min: 1, max: 8 }),
      m: fc.integer({ min: 1, max: 5 }),
      outputs: fc.integer({ min: 1, max: 3 }),
      diagReg: fc.constantFrom(0, 0.1, 5),
      get: fc.constantFrom(...KINDS),
    });
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, n, m, outputs, diagReg, get }) => {
        const all = kernels(seed, n, m);
        const y = randomMatrix(seed + 2, n, outputs);
        const expected = byHand(get, all, y, diagReg);
        const posterior = succeed(await gpInference(all, y, { get, diagReg }));
        expect(gap(posterior.mean.data, expected.mean.data)).toBeLessThan(1e-10);
        expect(gap(posterior.covariance!.data, expected.covariance.data)).toBeLessThan(1e-10);
        expect(transpose(posterior.covariance!).data).toEqual(posterior.covariance!.data);
      }),
      { numRuns: 60 },
    );
  });

  it("gives the variance alone from the diagonal, and the mean alone from nothing", async () => {
    const all = kernels(5, 7, 4);
    const y = randomMatrix(6, 7, 2);
    for (const get of KINDS) {
      const full = succeed(await gpInference(all, y, { get }));
      const kTestTest = { nngp: diagonal(all.kTestTest.nngp), ntk: diagonal(all.kTestTest.ntk) };
      const slim = succeed(await gpInference({ ...all, kTestTest }, y, { get }));
      expect(gap(slim.variance!, full.variance!)).toBeLessThan(1e-12);
      expect(slim.covariance).toBeUndefined();
      expect(kTestTest).toEqual({ nngp: diagonal(all.kTestTest.nngp), ntk: diagonal(all.kTestTest.ntk) });
      const { kTestTest: _, ...without } = all;
      const bare = succeed(await gpInference(without, y, { get }));
      expect(bare).toEqual({ ok: true, mean: full.mean, diagReg: 0 });
    }
  });

  it("has the mean of kernel regression", async () => {
    const all = kernels(7, 6, 3);
    const y = randomMatrix(8, 6, 2);
    const { alpha } = succeed(await kernelRegression(all.kTrainTrain.ntk!, y, { diagReg: 0.2 }));
    const { mean } = succeed(await gpInference(all, y, { get: "ntk", diagReg: 0.2 }));
    expect(gap(mean.data, times(all.kTestTrain.ntk!, alpha).data)).toBeLessThan(1e-13);
  });

  it("knows more than the prior: posterior variance is at most the prior one, and falls with less noise", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const all = kernels(seed, 6, 4);
        const y = randomMatrix(seed, 6, 1);
        for (const get of ["nngp", "ntkgp"] as const) {
          let above = diagonal(get === "nngp" ? all.kTestTest.nngp : all.kTestTest.ntk);
          for (const diagReg of [1e3, 10, 0.1, 0]) {
            const { variance } = succeed(await gpInference(all, y, { get, diagReg }));
            variance!.forEach((value, i) => {
              expect(value).toBeLessThanOrEqual(above[i]! * (1 + 1e-13));
            });
            above = variance!;
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it("at the training inputs without noise repeats the targets with no doubt", async () => {
    const all = kernels(11, 6, 0);
    const atTrain = { kTrainTrain: all.kTrainTrain, kTestTrain: all.kTrainTrain, kTestTest: all.kTrainTrain };
    const y = randomMatrix(12, 6, 2);
    for (const get of KINDS) {
      const { mean, variance } = succeed(await gpInference(atTrain, y, { get }));
      expect(gap(mean.data, y.data)).toBeLessThan(1e-12);
      expect(Math.max(...variance!)).toBeLessThan(1e-12 * 20);
      expect(Math.min(...variance!)).toBeGreaterThanOrEqual(0);
    }
  });

  it("of an ensemble whose two kernels agree is the posterior: training the last layer only", async () => {
    const k = kernels(13, 6, 4);
    const same = {
      kTrainTrain: { nngp: k.kTrainTrain.nngp, ntk: k.kTrainTrain.nngp },
      kTestTrain: { nngp: k.kTestTrain.nngp, ntk: k.kTestTrain.nngp },
      kTestTest: { nngp: k.kTestTest.nngp },
    };
    const y = randomMatrix(14, 6, 1);
    const ensemble = succeed(await gpInference(same, y, { get: "ntk" }));
    const posterior = succeed(await gpInference(same, y, { get: "nngp" }));
    expect(gap(ensemble.covariance!.data, posterior.covariance!.data)).toBeLessThan(1e-12);
  });

  it("needs no kernel that it does not use", async () => {
    const { kTrainTrain, kTestTrain } = kernels(15, 3, 2);
    const y = randomMatrix(16, 3, 1);
    for (const name of ["nngp", "ntk"] as const) {
      const own = { kTrainTrain: { [name]: kTrainTrain[name] }, kTestTrain: { [name]: kTestTrain[name] } };
      expect(succeed(await gpInference(own, y, { get: name })).mean.rows).toBe(2);
    }
  });

  it.each([
    [
      "kTestTrain",
      { nngp: matrix(2, 4) },
      "kTestTrain must have one column for each of the 3 training examples, got 4",
    ],
    ["kTestTrain", { nngp: withNaN(2, 3) }, "kTestTrain: every value must be finite"],
    ["kTestTrain", { nngp: matrix(1, 3) }, "nngp and ntk must have the same shape"],
    ["kTrainTrain", { nngp: matrix(2, 3) }, "kTrainTrain.nngp: the matrix must be square"],
    ["kTrainTrain", { nngp: matrix(2, 2) }, "nngp and ntk must have the same shape"],
    ["kTrainTrain", { nngp: withNaN(3, 3) }, "kTrainTrain.nngp: every value must be finite"],
    ["kTestTest", { nngp: matrix(2, 3) }, "kTestTest.nngp: the matrix must be square"],
    ["kTestTest", { nngp: matrix(3, 3) }, "kTestTest.nngp must be for the 2 rows of kTestTrain, got 3"],
    ["kTestTest", { nngp: new Float64Array(3) }, "kTestTest.nngp must be for the 2 rows of kTestTrain, got 3"],
    ["kTestTest", { nngp: Float64Array.of(1, Number.NaN) }, "kTestTest.nngp: every value must be finite"],
  ])("refuses a wrong %s: %#", async (block, wrong, message) => {
    const all = kernels(15, 3, 2);
    const changed = { ...all, [block]: { ...all[block as "kTestTest"], ...wrong } };
    await expect(gpInference(changed, randomMatrix(16, 3, 1), { get: "ntk" })).rejects.toThrow(message);
  });

  it("says what is missing, misshapen or singular", async () => {
    const all = kernels(15, 3, 2);
    const y = randomMatrix(16, 3, 1);
    const { ntk: _, ...noNtk } = all.kTrainTrain;
    await expect(gpInference({ ...all, kTrainTrain: noNtk }, y, { get: "ntk" })).rejects.toThrow(
      /kTrainTrain.ntk is needed/,
    );
    await expect(gpInference({ ...all, kTestTest: {} }, y, { get: "nngp" })).rejects.toThrow(ValueError);
    await expect(gpInference({ ...all, kTestTrain: all.kTestTest }, y, { get: "nngp" })).rejects.toThrow(ShapeError);
    await expect(gpInference(all, matrix(2, 1), { get: "nngp" })).rejects.toThrow(ShapeError);
    const singular = { ...all, kTrainTrain: { nngp: matrix(3, 3, new Float64Array(9).fill(1)) } };
    expect(await gpInference(singular, y, { get: "nngp" })).toMatchObject({ ok: false, pivot: 1 });
  });
});

describe("samples", () => {
  it("have the mean and the covariance they are drawn from, by either root", async () => {
    const covariance = randomKernel(17, 3, 0).dd;
    const mean = randomMatrix(18, 3, 2);
    const count = 20_000;
    for (const method of ["cholesky", "eigh"] as const) {
      const { samples, clipped } = succeed(
        await samplePosterior({ mean, covariance }, key(1), { samples: count, method }),
      );
      expect(clipped).toBe(0);
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 2; j++) {
          const average = samples.reduce((total, f) => total + f.data[i * 2 + j]!, 0) / count;
          const standardError = Math.sqrt(covariance.data[i * 4]! / count);
          expect(Math.abs(average - mean.data[i * 2 + j]!)).toBeLessThan(4.5 * standardError);
        }
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          const deviation = (f: Matrix, at: number): number => f.data[at * 2]! - mean.data[at * 2]!;
          const c = samples.reduce((total, f) => total + deviation(f, i) * deviation(f, j), 0) / count;
          const [p, q, expected] = [covariance.data[i * 4]!, covariance.data[j * 4]!, covariance.data[i * 3 + j]!];
          expect(Math.abs(c - expected)).toBeLessThan(4.5 * Math.sqrt((p * q + expected * expected) / count));
        }
    }
  });

  it("are the same for the same key, and do not depend on how many are drawn", async () => {
    const covariance = randomKernel(19, 4, 0).dd;
    const two = succeed(await samplePrior(covariance, key(2), { samples: 2, outputs: 3 }));
    const five = succeed(await samplePrior(covariance, key(2), { samples: 5, outputs: 3 }));
    expect(five.samples.slice(0, 2)).toEqual(two.samples);
    expect(two.samples[0]).not.toEqual(two.samples[1]);
  });

  it("are the mean and the root of the covariance times normal numbers of their keys", async () => {
    const [mean, covariance] = [matrix(1, 2, Float64Array.of(5, -7)), matrix(1, 1, Float64Array.of(4))];
    const { samples } = succeed(await samplePosterior({ mean, covariance }, key(2), { samples: 2 }));
    split(key(2), 2).forEach((own, i) => {
      const z = normal(own, 2);
      expect([...samples[i]!.data]).toEqual([5 + 2 * z[0]!, -7 + 2 * z[1]!]);
    });
  });

  it("of a posterior are its mean beside the draws of a prior", async () => {
    const covariance = randomKernel(19, 4, 0).dd;
    const mean = randomMatrix(20, 4, 2);
    for (const method of ["cholesky", "eigh"] as const) {
      const prior = succeed(await samplePrior(covariance, key(2), { samples: 2, outputs: 2, method }));
      const posterior = succeed(await samplePosterior({ mean, covariance }, key(2), { samples: 2, method }));
      posterior.samples.forEach((sample, i) => {
        expect(sample).toEqual(sum(mean, prior.samples[i]!, 1));
      });
    }
  });

  it("say how far below zero an eigenvalue was that they took for zero", async () => {
    const indefinite = matrix(2, 2, Float64Array.of(4, 0, 0, -0.5));
    const { samples, clipped } = succeed(await samplePrior(indefinite, key(3), { method: "eigh" }));
    expect(clipped).toBe(0.5);
    expect(samples[0]!.data[1]).toBeCloseTo(0, 15);
    expect(Math.abs(samples[0]!.data[0]!)).toBeGreaterThan(0);
  });

  it("want a mean for every row, and a covariance that is square and finite", async () => {
    const covariance = randomKernel(19, 3, 0).dd;
    await expect(samplePosterior({ mean: matrix(2, 1), covariance }, key(1))).rejects.toThrow(
      "mean has 2 rows and covariance 3",
    );
    await expect(samplePrior(matrix(2, 3), key(1))).rejects.toThrow("covariance: the matrix must be square");
    await expect(samplePrior(withNaN(2, 2), key(1))).rejects.toThrow("covariance: every value must be finite");
    const mean = withNaN(3, 1);
    await expect(samplePosterior({ mean, covariance }, key(1))).rejects.toThrow("mean: every value must be finite");
    await expect(samplePrior(covariance, key(1), { outputs: 0 })).rejects.toThrow("outputs must be at least 1");
    await expect(samplePrior(covariance, key(1), { samples: -1 })).rejects.toThrow("samples must be at least 0");
  });

  it("of a semi-definite covariance need the other root, and are told so", async () => {
    const ones = matrix(3, 3, new Float64Array(9).fill(1));
    const failure = await samplePrior(ones, key(3));
    expect(failure).toMatchObject({ ok: false, pivot: 1 });
    if (!failure.ok) expect(failure.message).toContain('method "eigh"');
    const { samples } = succeed(await samplePrior(ones, key(3), { method: "eigh" }));
    expect(gap(samples[0]!.data, new Float64Array(3).fill(samples[0]!.data[0]!))).toBeLessThan(1e-7);
  });
});
