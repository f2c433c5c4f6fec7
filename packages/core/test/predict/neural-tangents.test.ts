import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { binaryCrossEntropy, softmaxCrossEntropy } from "../../src/loss/cross-entropy.ts";
import { squaredLoss } from "../../src/loss/squared-loss.ts";
import { fromRows, type Matrix } from "../../src/matrix/matrix.ts";
import { type GpKind, gpInference } from "../../src/predict/gp-inference.ts";
import { gradientDescent } from "../../src/predict/gradient-descent.ts";
import { gradientDescentMse } from "../../src/predict/gradient-descent-mse.ts";
import { gradientDescentMseEnsemble } from "../../src/predict/gradient-descent-mse-ensemble.ts";
import { gap, succeed } from "./brute.ts";

interface Gaussian {
  readonly mean: number[][];
  readonly covariance: number[][];
}

type Case = Readonly<Record<GpKind, Gaussian>> & {
  readonly name: string;
  readonly network: Layer;
  readonly xTrain: number[][];
  readonly yTrain: number[][];
  readonly xTest: number[][];
  readonly diagReg: number;
};

/** Answers of neural-tangents; the file's header says how they were made. */
const golden = new URL("../golden/neural-tangents-predict.json", import.meta.url);
const dynamics = new URL("../golden/neural-tangents-dynamics.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, "utf8")) as { readonly cases: readonly Case[] };

describe("gpInference agrees with neural-tangents", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    const [xTrain, xTest] = [fromRows(one.xTrain), fromRows(one.xTest)];
    const kernel = kernelFn(one.network);
    const names = ["nngp", "ntk"] as const;
    const kernels = {
      kTrainTrain: await kernel(xTrain, null, names),
      kTestTrain: await kernel(xTest, xTrain, names),
      kTestTest: await kernel(xTest, null, names),
    };
    for (const get of ["nngp", "ntk", "ntkgp"] as const) {
      const posterior = succeed(await gpInference(kernels, fromRows(one.yTrain), { get, diagReg: one.diagReg }));
      expect(gap(posterior.mean.data, one[get].mean.flat())).toBeLessThan(1e-10);
      expect(gap(posterior.covariance!.data, one[get].covariance.flat())).toBeLessThan(1e-10);
    }
  });
});

type OverTime = readonly number[][][];

interface Run {
  readonly loss: keyof typeof LOSSES;
  readonly momentum?: number;
  readonly times: readonly number[];
  readonly yTrain: number[][];
  readonly train: OverTime;
  readonly test: OverTime;
  readonly qTrain?: OverTime;
  readonly qTest?: OverTime;
}

interface Dynamics extends Omit<Case, GpKind> {
  readonly fxTrain0: number[][];
  readonly fxTest0: number[][];
  readonly learningRate: number;
  readonly times: readonly number[];
  /** train is left out where there is a ridge: there it means something else. */
  readonly mse: { readonly train?: OverTime; readonly test: OverTime };
  readonly nngp: { readonly mean: OverTime; readonly covariance: OverTime };
  readonly ntk: { readonly mean: OverTime; readonly covariance: OverTime };
  readonly runs: readonly Run[];
}

const LOSSES = {
  "half-mean": squaredLoss("half-mean"),
  softmax: softmaxCrossEntropy("mean"),
  binary: binaryCrossEntropy("mean"),
} as const;

const overTime = JSON.parse(readFileSync(dynamics, "utf8")) as { readonly cases: readonly Dynamics[] };

describe.each(overTime.cases.map((one) => [one.name, one] as const))(
  "training agrees with neural-tangents: %s",
  (_, one) => {
    const { learningRate, diagReg, times } = one;
    const [yTrain, fxTrain0, fxTest0] = [one.yTrain, one.fxTrain0, one.fxTest0].map(fromRows) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    const options = { learningRate, diagReg, loss: "half-mean" } as const;

    async function kernels() {
      const [xTrain, xTest] = [fromRows(one.xTrain), fromRows(one.xTest)];
      const kernel = kernelFn(one.network);
      const names = ["nngp", "ntk"] as const;
      return {
        kTrainTrain: await kernel(xTrain, null, names),
        kTestTrain: await kernel(xTest, xTrain, names),
        kTestTest: await kernel(xTest, null, names),
      };
    }

    it("gradientDescentMse at finite t", async () => {
      const { kTrainTrain, kTestTrain } = await kernels();
      const flow = succeed(await gradientDescentMse(kTrainTrain.ntk, yTrain, options));
      const predictions = await flow.at(times, { fxTrain0, fxTest0, kTestTrain: kTestTrain.ntk });
      for (const [k, { fxTrain, fxTest }] of predictions.entries()) {
        expect(gap(fxTest!.data, one.mse.test[k]!.flat())).toBeLessThan(1e-10);
        if (one.mse.train) expect(gap(fxTrain.data, one.mse.train[k]!.flat())).toBeLessThan(1e-10);
      }
    });

    it.each(["nngp", "ntk"] as const)("gradientDescentMseEnsemble of %s at finite t", async (get) => {
      const ensemble = succeed(await gradientDescentMseEnsemble(await kernels(), yTrain, { ...options, get }));
      for (const [k, { t, mean, covariance }] of (await ensemble.at(times)).entries()) {
        expect(gap(covariance!.data, one[get].covariance[k]!.flat())).toBeLessThan(1e-10);
        if (t > 0) expect(gap(mean.data, one[get].mean[k]!.flat())).toBeLessThan(1e-10);
      }
    });

    // Both integrate, the golden values with rtol 1e-12 and atol 1e-14: errors of the steps add up over up to 40 time units.
    const runs = one.runs.map((run) => [`${run.loss}, momentum ${run.momentum}`, run] as const);
    if (runs.length > 0)
      it.each(runs)("gradientDescent of %s", async (_name, run) => {
        const { kTrainTrain, kTestTrain } = await kernels();
        const { states } = succeed(
          await gradientDescent(LOSSES[run.loss], kTrainTrain.ntk, fromRows(run.yTrain), {
            ...{ times: run.times, learningRate, momentum: run.momentum, kTestTrain: kTestTrain.ntk },
            ...{ start: { fxTrain: fxTrain0, fxTest: fxTest0 }, rtol: 1e-12, atol: 1e-14 },
          }),
        );
        for (const [k, { fxTrain, fxTest, velocity }] of states.entries()) {
          expect(gap(fxTrain.data, run.train[k]!.flat())).toBeLessThan(1e-9);
          expect(gap(fxTest!.data, run.test[k]!.flat())).toBeLessThan(1e-9);
          if (!velocity) continue;
          const scale = Math.sqrt(learningRate);
          expect(
            gap(
              velocity.fxTrain.data.map((v) => v / scale),
              run.qTrain![k]!.flat(),
            ),
          ).toBeLessThan(1e-8);
          expect(
            gap(
              velocity.fxTest!.data.map((v) => v / scale),
              run.qTest![k]!.flat(),
            ),
          ).toBeLessThan(1e-8);
        }
      });
  },
);
