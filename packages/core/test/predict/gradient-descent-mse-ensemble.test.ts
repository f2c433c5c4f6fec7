import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { lossCurvature, type SquaredLoss } from "../../src/loss/squared-loss.ts";
import { diagonal, fromRows, type Matrix, matrix, transpose } from "../../src/matrix/matrix.ts";
import type { GpKernels } from "../../src/predict/gp-blocks.ts";
import { gpInference } from "../../src/predict/gp-inference.ts";
import { gradientDescentMse } from "../../src/predict/gradient-descent-mse.ts";
import { type EnsembleKind, gradientDescentMseEnsemble } from "../../src/predict/gradient-descent-mse-ensemble.ts";
import { gap, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

interface Blocks {
  readonly kTrainTrain: { readonly nngp: Matrix; readonly ntk: Matrix };
  readonly kTestTrain: { readonly nngp: Matrix; readonly ntk: Matrix };
  readonly kTestTest: { readonly nngp: Matrix };
}

function blocks(seed: number, n: number, m: number): Blocks {
  const [nngp, ntk] = [randomKernel(seed, n, m), randomKernel(seed + 1, n, m)];
  return {
    kTrainTrain: { nngp: nngp.dd, ntk: ntk.dd },
    kTestTrain: { nngp: nngp.td, ntk: ntk.td },
    kTestTest: { nngp: nngp.tt },
  };
}

const problems = fc.record({
  seed: fc.nat(1e6),
  n: fc.integer({ min: 1, max: 6 }),
  m: fc.integer({ min: 1, max: 4 }),
  get: fc.constantFrom<EnsembleKind>("nngp", "ntk"),
  loss: fc.constantFrom<SquaredLoss>("sum", "half-sum", "half-mean"),
  t: fc.double({ min: 0.001, max: 3, noNaN: true }),
});

describe("gradientDescentMseEnsemble", () => {
  it("starts at the prior and ends at gpInference, ridge included", async () => {
    await fc.assert(
      fc.asyncProperty(problems, fc.constantFrom(0, 0.2), async ({ seed, n, m, get, loss }, diagReg) => {
        const [kernels, y] = [blocks(seed, n, m), randomMatrix(seed + 2, n, 2)];
        const ensemble = succeed(await gradientDescentMseEnsemble(kernels, y, { get, loss, diagReg }));
        const [end, start] = await ensemble.at([Number.POSITIVE_INFINITY, 0]);
        expect(start!.mean.data.every((value) => value === 0)).toBe(true);
        expect(gap(start!.covariance!.data, kernels.kTestTest.nngp.data)).toBeLessThan(1e-14);
        const posterior = succeed(await gpInference(kernels, y, { get, diagReg }));
        const scale = Math.max(...diagonal(kernels.kTestTest.nngp)) / Math.max(...posterior.variance!);
        expect(gap(end!.mean.data, posterior.mean.data)).toBeLessThan(1e-9);
        expect(gap(end!.covariance!.data, posterior.covariance!.data)).toBeLessThan(1e-9 * Math.max(1, scale));
      }),
    );
  });

  it("is the law of networks whose random start the flow carries along", async () => {
    // f_t(x) = f₀(x) + T (y − f₀(X)), with the linear map T taken from single runs of gradientDescentMse.
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, n, m, get, loss, t }) => {
        const [kernels, y] = [blocks(seed, n, m), randomMatrix(seed + 2, n, 1)];
        const { covariance, mean } = await succeed(await gradientDescentMseEnsemble(kernels, y, { get, loss })).at(t);
        const kTestTrain = kernels.kTestTrain[get];
        // "half-mean" divides by the values of y: one column of targets at a time keeps that number.
        const columns: Float64Array[] = [];
        for (let j = 0; j < n; j++) {
          const unit = matrix(n, 1);
          unit.data[j] = 1;
          const flow = succeed(await gradientDescentMse(kernels.kTrainTrain[get], unit, { loss }));
          columns.push((await flow.at(t, { kTestTrain })).fxTest!.data);
        }
        const map = transpose(fromRows(columns));
        expect(gap(mean.data, times(map, y).data)).toBeLessThan(1e-11);
        const cross = times(map, transpose(kernels.kTestTrain.nngp));
        const middle = times(times(map, kernels.kTrainTrain.nngp), transpose(map));
        const law = kernels.kTestTest.nngp.data.map(
          (value, at) => value + middle.data[at]! - cross.data[at]! - transpose(cross).data[at]!,
        );
        const size = Math.max(...kernels.kTestTest.nngp.data, ...middle.data);
        covariance!.data.forEach((value, at) => {
          expect(Math.abs(value - law[at]!)).toBeLessThan(1e-11 * size);
        });
      }),
    );
  });

  it("has covariances that are symmetric and positive semi-definite to rounding, also where the kernel is singular", async () => {
    for (let seed = 0; seed < 30; seed++) {
      const features = randomMatrix(seed, 9, 4);
      const gram = times(features, transpose(features));
      const part = (rows: number[], cols: number[]): Matrix =>
        fromRows(rows.map((i) => cols.map((j) => gram.data[i * 9 + j]!)));
      const [train, test] = [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8],
      ];
      const kernels: GpKernels = {
        kTrainTrain: { nngp: part(train, train), ntk: part(train, train) },
        kTestTrain: { nngp: part(test, train), ntk: part(test, train) },
        kTestTest: { nngp: part(test, test) },
      };
      for (const get of ["nngp", "ntk"] as const) {
        const ensemble = succeed(await gradientDescentMseEnsemble(kernels, randomMatrix(seed, 6, 1), { get }));
        for (const { covariance, mean } of await ensemble.at([0.01, 0.3, 5, 1e6, Number.POSITIVE_INFINITY])) {
          expect(transpose(covariance!).data).toEqual(covariance!.data);
          const { values } = await jsEngine.eigh(covariance!);
          expect(values[0]!).toBeGreaterThan(-1e-12 * Math.max(...part(test, test).data));
          expect(mean.data.every(Number.isFinite)).toBe(true);
        }
      }
    }
  });

  it("gives the variance alone from a diagonal, the mean alone without a prior", async () => {
    const [kernels, y] = [blocks(5, 5, 3), randomMatrix(7, 5, 2)];
    for (const get of ["nngp", "ntk"] as const) {
      const options = { get, loss: "half-mean" } as const;
      const full = await succeed(await gradientDescentMseEnsemble(kernels, y, options)).at(2);
      const kTestTest = { nngp: diagonal(kernels.kTestTest.nngp) };
      const thin = await succeed(await gradientDescentMseEnsemble({ ...kernels, kTestTest }, y, options)).at(2);
      expect(gap(thin.variance!, full.variance!)).toBeLessThan(1e-13);
      expect(thin.covariance).toBeUndefined();
      const { kTrainTrain, kTestTrain } = kernels;
      const bare = await succeed(await gradientDescentMseEnsemble({ kTrainTrain, kTestTrain }, y, options)).at(2);
      expect(bare).toEqual({ t: 2, mean: full.mean });
      const own = { kTrainTrain: { [get]: kTrainTrain[get] }, kTestTrain: { [get]: kTestTrain[get] } };
      expect(await succeed(await gradientDescentMseEnsemble(own, y, options)).at(2)).toEqual(bare);
    }
  });

  it("counts time in the scale of the loss", async () => {
    const [kernels, y] = [blocks(5, 4, 2), randomMatrix(7, 4, 3)];
    const [a, b] = [
      succeed(await gradientDescentMseEnsemble(kernels, y, { get: "ntk", loss: "half-mean", learningRate: 6 })),
      succeed(await gradientDescentMseEnsemble(kernels, y, { get: "ntk" })),
    ];
    expect(lossCurvature("half-mean", y)).toBe(1 / 12);
    expect(gap((await a.at(2)).covariance!.data, (await b.at(1)).covariance!.data)).toBeLessThan(1e-13);
  });

  it("reports progress over many times", async () => {
    const ensemble = succeed(await gradientDescentMseEnsemble(blocks(5, 4, 2), randomMatrix(7, 4, 1), { get: "ntk" }));
    const fractions: number[] = [];
    await ensemble.at([1, 0, 2, 5], { onProgress: (fraction) => void fractions.push(fraction) });
    expect(fractions).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it("refuses wrong input in one sentence", async () => {
    const [kernels, y] = [blocks(5, 4, 2), randomMatrix(7, 4, 1)];
    const ensemble = succeed(await gradientDescentMseEnsemble(kernels, y, { get: "ntk" }));
    await expect(ensemble.at(-1)).rejects.toThrow('gradientDescentMseEnsemble("ntk"): t must be at least 0');
    const lacking = { ...kernels, kTrainTrain: { ntk: kernels.kTrainTrain.ntk } };
    await expect(gradientDescentMseEnsemble(lacking, y, { get: "ntk" })).rejects.toThrow("kTrainTrain.nngp is needed");
    const indefinite = {
      ...kernels,
      kTrainTrain: {
        nngp: matrix(
          4,
          4,
          kernels.kTrainTrain.nngp.data.map((v) => -v),
        ),
      },
    };
    expect(await gradientDescentMseEnsemble(indefinite, y, { get: "nngp" })).toMatchObject({
      ok: false,
      reason: "indefinite",
    });
  });
});
