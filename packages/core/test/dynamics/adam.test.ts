import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeTrainState, encodeTrainState } from "../../src/dynamics/checkpoint.ts";
import { maxStableRate } from "../../src/dynamics/max-stable-rate.ts";
import { initialMemory, type Optimizer, update } from "../../src/dynamics/optimizer.ts";
import { train } from "../../src/dynamics/train.ts";
import { FormatError, ValueError } from "../../src/errors.ts";
import { tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { serial } from "../../src/layers/serial.ts";
import { softmaxCrossEntropy } from "../../src/loss/cross-entropy.ts";
import { squaredLoss } from "../../src/loss/squared-loss.ts";
import { fromRows, matrix } from "../../src/matrix/matrix.ts";
import { init } from "../../src/network/network.ts";
import { flattenParams } from "../../src/network/params.ts";
import { key, normal } from "../../src/random/key.ts";

const adam = { type: "adam" } as const satisfies Optimizer;
const x = matrix(9, 3, normal(key(1), 27));
const y = matrix(9, 1, normal(key(2), 9));
const network = serial(dense({ width: 7, bStd: 0.3 }), tanh(), dense({ width: 1 }));
const params = init(network, 3, { seed: 1 });

/** The weights after each of the gradients, from 0. */
function walk(optimizer: Optimizer, learningRate: number, gradients: readonly (readonly number[])[]): number[][] {
  const w = new Float64Array(gradients[0]!.length);
  const state = initialMemory(optimizer, w)!;
  const memory = [state.subarray(0, w.length), state.subarray(w.length)];
  return gradients.map((gradient, step) => {
    update(optimizer, { w, memory, gradient: Float64Array.from(gradient), step, learningRate, key: null });
    return [...w];
  });
}

interface Case {
  readonly loss: "squared" | "softmax";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly x: number[][];
  readonly y: number[][];
  readonly w0: number[][];
  readonly steps: number[];
  readonly w: number[][];
}

const golden = new URL("../golden/mpmath-adam.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, "utf8")) as { readonly cases: readonly Case[] };

describe("Adam", () => {
  it("takes the first two steps that are computed by hand", () => {
    // β₁ = 1/2, β₂ = 3/4, ε = 1, η = 1. g = 3: m = 3/2, m̂ = 3; v = 9/4, v̂ = 9; w = −3/(3 + 1).
    // g = 1: m = 5/4, m̂ = (5/4)/(3/4) = 5/3; v = 27/16 + 1/4 = 31/16, v̂ = (31/16)/(7/16) = 31/7.
    const walked = walk({ type: "adam", beta1: 0.5, beta2: 0.75, epsilon: 1 }, 1, [[3], [1]]);
    expect(walked[0]![0]).toBe(-0.75);
    expect(walked[1]![0]).toBeCloseTo(-0.75 - 5 / 3 / (Math.sqrt(31 / 7) + 1), 15);
  });

  it("corrects the bias: a gradient that stays moves a weight by η a step, from the first on", () => {
    const walked = walk(adam, 0.01, Array(200).fill([5, -1e-3, 0]));
    for (const [step, [a, b, c]] of walked.entries()) {
      expect(a! / (-0.01 * (step + 1))).toBeCloseTo(1, 8);
      expect(b! / (0.01 * (step + 1))).toBeCloseTo(1, 4); // ε beside 1e-3
      expect(c).toBe(0);
    }
  });

  it("does not see the scale of the loss, nor that of a single weight's gradient", async () => {
    const exact = { ...adam, epsilon: 1e-300 };
    const run = async (loss: ReturnType<typeof squaredLoss>, optimizer: Optimizer = exact) =>
      flattenParams((await train(network, params, x, y, { steps: 60, optimizer, loss, learningRate: 0.02 })).params);
    const [half, whole, mean] = [
      await run(squaredLoss("half-sum")),
      await run(squaredLoss("sum")),
      await run(squaredLoss("half-mean")),
    ];
    expect(whole).toEqual(half); // a factor of 2 is exact
    mean.forEach((w, i) => {
      expect(w).toBeCloseTo(half[i]!, 8);
    });
    const plain = { type: "gradientDescent" } as const;
    expect(await run(squaredLoss("sum"), plain)).not.toEqual(await run(squaredLoss("half-sum"), plain));
    const gradients = Array.from({ length: 30 }, (_, k) => [Math.sin(k), 1024 * Math.sin(k)]);
    for (const [a, b] of walk(exact, 0.1, gradients)) expect(a).toBe(b);
  });

  it.each(cases.map((one) => [`${one.loss}, η = ${one.learningRate}, β₁ = ${one.beta1}`, one] as const))(
    "walks as at 50 digits: %s",
    async (_, one) => {
      const { learningRate, beta1, beta2, epsilon } = one;
      const start = { w: fromRows(one.w0), b: null };
      const loss = one.loss === "squared" ? squaredLoss("half-sum") : softmaxCrossEntropy("sum");
      const seen: Float64Array[] = [];
      await train(dense({ width: one.w0[0]!.length }), start, fromRows(one.x), fromRows(one.y), {
        ...{ steps: one.steps.at(-1)!, optimizer: { type: "adam", beta1, beta2, epsilon }, loss, learningRate },
        recordAt: one.steps,
        onRecord: (_record, own) => void seen.push(flattenParams(own)),
      });
      for (const [i, w] of seen.entries())
        w.forEach((value, at) => {
          expect(Math.abs(value - one.w[i]![at]!)).toBeLessThan(1e-12);
        });
      expect(seen).toHaveLength(one.steps.length);
    },
  );

  it("has the learning rate of its paper where none is given, for no largest stable one is known", async () => {
    expect((await train(network, params, x, y, { steps: 1, optimizer: adam })).learningRate).toBe(0.001);
    const rate = maxStableRate(network, params, x, y, { optimizer: adam });
    await expect(rate).rejects.toThrow(ValueError);
    await expect(rate).rejects.toThrow("Adam has no largest stable rate");
  });

  it.each([9, 4])("resumes bit for bit from a checkpoint, batches of %i", async (batchSize) => {
    const options = { optimizer: adam, batchSize, learningRate: 0.05, seed: 7, trainable: "last" } as const;
    const whole = await train(network, params, x, y, { ...options, steps: 50 });
    const half = await train(network, params, x, y, { ...options, steps: 23 });
    expect(half.state.memory).toHaveLength(2 * half.state.weights.length);
    const resume = decodeTrainState(encodeTrainState(half.state), "checkpoint");
    expect((await train(network, params, x, y, { ...options, steps: 50, resume })).state).toEqual(whole.state);
    await expect(
      train(network, params, x, y, { ...options, optimizer: { type: "heavyBall", momentum: 0.5 }, steps: 50, resume }),
    ).rejects.toThrow("used another optimizer");
  });

  it("a checkpoint's vectors fit its weights", () => {
    const weights = Float64Array.of(1, 2);
    const state = { step: 1, learningRate: 1, weights, initialWeights: weights, memory: new Float64Array(3) };
    expect(() => decodeTrainState(encodeTrainState(state), "c")).toThrow(FormatError);
    const short = { ...state, initialWeights: Float64Array.of(1), memory: null };
    expect(() => decodeTrainState(encodeTrainState(short), "c")).toThrow("c is damaged");
  });

  it.each([
    [{ beta1: 1 }, "train: beta1 must be at least 0 and below 1, got 1"],
    [{ beta2: -0.1 }, "train: beta2 must be at least 0 and below 1, got -0.1"],
    [{ beta2: Number.NaN }, "train: beta2 must be at least 0 and below 1, got NaN"],
    [{ epsilon: 0 }, "train: epsilon must be above 0"],
    [{ epsilon: -1 }, "train: epsilon must be at least 0, got -1"],
  ])("refuses %j", async (numbers, message) => {
    const run = train(network, params, x, y, { steps: 1, optimizer: { ...adam, ...numbers } });
    await expect(run).rejects.toThrow(ValueError);
    await expect(run).rejects.toThrow(message);
  });
});
