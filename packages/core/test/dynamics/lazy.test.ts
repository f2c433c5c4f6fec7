import { describe, expect, it } from "vitest";
import { gradientFlow } from "../../src/dynamics/gradient-flow.ts";
import { train } from "../../src/dynamics/train.ts";
import { empiricalNtk } from "../../src/empirical/empirical-kernel.ts";
import { hessianNorm } from "../../src/empirical/hessian-norm.ts";
import { kernelDrift, laziness } from "../../src/empirical/laziness.ts";
import { linearizedWeights } from "../../src/empirical/linearized-weights.ts";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { relu, tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import type { DenseParams, Params } from "../../src/layers/rule.ts";
import { serial } from "../../src/layers/serial.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { apply, init } from "../../src/network/network.ts";
import { flattenParams } from "../../src/network/params.ts";
import { gradientDescentMse, type MseDescent } from "../../src/predict/gradient-descent-mse.ts";
import { gradientDescentMseEnsemble } from "../../src/predict/gradient-descent-mse-ensemble.ts";
import { child, key, normal, uniform } from "../../src/random/key.ts";

/** Slope of log y in log x, by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([a, b]) => [Math.log(a), Math.log(b)] as const);
  const [meanX, meanY] = [0, 1].map((k) => logs.reduce((sum, point) => sum + point[k]!, 0) / logs.length) as [
    number,
    number,
  ];
  const [xy, xx] = logs.reduce(([p, q], [a, b]) => [p + (a - meanX) * (b - meanY), q + (a - meanX) ** 2], [0, 0]);
  return xy / xx;
}

const norm = (a: ArrayLike<number>): number => Math.hypot(...Array.from(a));
const gap = (a: Params, b: Params): number => {
  const [v, w] = [flattenParams(a), flattenParams(b)];
  return norm(v.map((value, i) => value - w[i]!));
};

async function descentOf(ntk: Matrix, y: Matrix): Promise<MseDescent> {
  const descent = await gradientDescentMse(ntk, y);
  if (!descent.ok) throw new Error(descent.message);
  return descent;
}

/** n points of g(t) = t + sin 10t on [−1, 1], lifted to the circle. */
function wave(n: number, seed: number): { x: Matrix; y: Matrix } {
  const t = uniform(key(seed), n).map((u) => 2 * u - 1);
  return {
    x: fromRows(Array.from(t, (v) => [v, Math.sqrt(1 - v * v)])),
    y: matrix(
      n,
      1,
      t.map((v) => v + Math.sin(10 * v)),
    ),
  };
}

/** f = √2/√k A relu(√2/√2 B x), A and B standard normal. */
const reluNet = (width: number) =>
  serial(dense({ width, wStd: Math.SQRT2 }), relu(), dense({ width: 1, wStd: Math.SQRT2 }));

describe("M6, M22: wide networks train lazily", () => {
  const { x, y } = wave(8, 3);
  const steps = 300;

  it("movement, distance from the linearization and drift shrink with the width", async () => {
    const points = await Promise.all(
      [64, 256, 1024, 4096].map(async (width) => {
        const network = reluNet(width);
        const sums = { movement: 0, distance: 0, drift: 0, fromLimit: 0 };
        const limit = await kernelFn(network)(x, null, "ntk");
        for (const seed of [1, 2, 3]) {
          const params = init(network, 2, { seed });
          const run = await train(network, params, x, y, { steps, learningRate: 0.02, recordAt: [steps] });
          const before = await empiricalNtk(network, params, x, null);
          const fxTrain0 = apply(network, params, x);
          const linear = await ((await gradientDescentMse(before, y, { learningRate: 0.02 })) as MseDescent).atStep(
            steps,
            { fxTrain0 },
          );
          if (!linear.ok) throw new Error(linear.message);
          const fx = apply(network, run.params, x);
          sums.movement += run.records.at(-1)!.movement;
          sums.distance += norm(fx.data.map((f, i) => f - linear.fxTrain.data[i]!)) / Math.sqrt(8);
          sums.drift += kernelDrift(before, await empiricalNtk(network, run.params, x, null));
          sums.fromLimit += kernelDrift(limit, before);
        }
        return { width, ...sums };
      }),
    );
    const rate = (get: (point: (typeof points)[number]) => number) => slope(points.map((p) => [p.width, get(p)]));
    expect(rate((p) => p.movement)).toBeGreaterThan(-0.65);
    expect(rate((p) => p.movement)).toBeLessThan(-0.4);
    expect(rate((p) => p.distance)).toBeLessThan(-0.3);
    expect(rate((p) => p.drift)).toBeLessThan(-0.4);
    expect(rate((p) => p.fromLimit)).toBeLessThan(-0.35);
    expect(points.at(-1)!.drift).toBeLessThan(points.at(-1)!.fromLimit);
  });
});

describe("M7: scaling the output by α", () => {
  // w' = −α Jᵀ (α f − α f₀ − y): the network whose last wStd is α times as large, without its own start. (With units in antisymmetric
  // pairs the second order cancels, and the deviation falls faster.)
  const [n, width] = [8, 50];
  const x = matrix(n, 3, normal(key(6), 3 * n));
  const y = matrix(n, 1, normal(key(7), n));
  const at = async (alpha: number) => {
    const network = serial(dense({ width, wStd: Math.sqrt(3) }), tanh(), dense({ width: 1, wStd: alpha }));
    const params = init(network, 3, { seed: 4 });
    const fxTrain0 = apply(network, params, x);
    const targets = matrix(
      n,
      1,
      y.data.map((value, i) => value + fxTrain0.data[i]!),
    );
    const descent = await descentOf(await empiricalNtk(network, params, x, null), targets);
    const times = [0.03, 0.1, 0.3, 1, 3, 10, 30].map((t) => (10 * t) / alpha ** 2);
    const flow = await gradientFlow(network, params, x, targets, times, { rtol: 1e-9, atol: 1e-11 });
    if (!flow.ok) throw new Error(flow.message);
    let [deviation, movement] = [0, 0];
    for (const [i, t] of times.entries()) {
      const fx = apply(network, flow.params[i]!, x);
      const linear = (await descent.at(t, { fxTrain0 })).fxTrain;
      deviation = Math.max(deviation, norm(fx.data.map((f, j) => f - linear.data[j]!)));
      movement = Math.max(movement, gap(flow.params[i]!, params));
    }
    return { alpha, deviation, movement };
  };

  it("brings deviation and movement down like 1/α", async () => {
    const points: Awaited<ReturnType<typeof at>>[] = [];
    for (const alpha of [32, 64, 128, 256]) points.push(await at(alpha));
    const rate = (get: (p: (typeof points)[number]) => number) => slope(points.map((p) => [p.alpha, get(p)]));
    for (const found of [rate((p) => p.movement), rate((p) => p.deviation)]) {
      expect(found).toBeGreaterThan(-1.05);
      expect(found).toBeLessThan(-0.93);
    }
  });

  it("movement of a linear flow stays below √λmax/λmin |r₀| in 200 random problems, and is √(r₀ᵀ Θ⁻¹ r₀)", async () => {
    for (let seed = 0; seed < 200; seed++) {
      const network = serial(dense({ width: 20 }), tanh(), dense({ width: 1 }));
      const inputs = matrix(4, 3, normal(child(key(1), seed), 12));
      const targets = matrix(4, 1, normal(child(key(2), seed), 4));
      const params = init(network, 3, { seed });
      const fxTrain0 = apply(network, params, inputs);
      const descent = await descentOf(await empiricalNtk(network, params, inputs, null), targets);
      const { alpha } = await descent.at(Number.POSITIVE_INFINITY, { fxTrain0 });
      const moved = gap(linearizedWeights(network, params, inputs, alpha), params);
      const residual = targets.data.map((v, i) => v - fxTrain0.data[i]!);
      const [smallest, largest] = [descent.path.values[0]!, descent.path.values.at(-1)!];
      expect(moved).toBeLessThanOrEqual((Math.sqrt(largest) / smallest) * norm(residual) * (1 + 1e-9));
      const sharp = Math.sqrt(residual.reduce((sum, r, i) => sum + r * alpha.data[i]!, 0));
      expect(Math.abs(moved / sharp - 1)).toBeLessThan(1e-6);
    }
  });
});

describe("M8: the Hessian shrinks while the kernel stays", () => {
  /** f = k^(−1/2) Σ aⱼ φ(hⱼ) has a block [[a φ'' |x|², φ' |x|], [φ' |x|, 0]]/√k for each unit. */
  const perUnit = (params: Params, x: Float64Array, width: number): number => {
    const [first, , last] = params as readonly [DenseParams, null, DenseParams];
    const scaled = x.map((v) => v / Math.sqrt(x.length));
    const size = norm(scaled);
    let largest = 0;
    for (let j = 0; j < width; j++) {
      let h = 0;
      for (let i = 0; i < x.length; i++) h += scaled[i]! * first.w.data[i * width + j]!;
      const t = Math.tanh(h);
      const [slopeAt, bend] = [(1 - t * t) * size, last.w.data[j]! * -2 * t * (1 - t * t) * size * size];
      largest = Math.max(largest, (Math.abs(bend) + Math.sqrt(bend * bend + 4 * slopeAt * slopeAt)) / 2);
    }
    return largest / Math.sqrt(width);
  };
  const network = (width: number) => serial(dense({ width }), tanh(), dense({ width: 1 }));
  const x = matrix(1, 3, normal(key(3), 3));

  it.each([4, 16, 64])("hessianNorm is the closed form, width %i", async (width) => {
    const params = init(network(width), 3, { seed: 1 });
    const found = (await hessianNorm(network(width), params, x)).data[0]!;
    expect(Math.abs(found / perUnit(params, x.data, width) - 1)).toBeLessThan(1e-10);
  });

  it("like 1/√k with output weights ±1, and √(log k/k) with Gaussian ones", async () => {
    const widths = [64, 256, 1024, 4096, 16384];
    const bounded: number[] = [];
    const gaussian: number[] = [];
    for (const width of widths) {
      const mean = (options: object) => {
        const norms = Array.from({ length: 40 }, (_, seed) =>
          perUnit(init(network(width), 3, { seed, ...options }), x.data, width),
        );
        return norms.reduce((sum, value) => sum + value, 0) / norms.length;
      };
      bounded.push(mean({ outputWeights: "signs" }) * Math.sqrt(width));
      gaussian.push(mean({}) * Math.sqrt(width / Math.log(width)));
    }
    const spread = (values: readonly number[]) => Math.max(...values) / Math.min(...values) - 1;
    expect(spread(bounded)).toBeLessThan(0.05);
    expect(spread(gaussian)).toBeLessThan(0.16);
  });

  it("κ(w₀) falls like the Hessian", async () => {
    const y = matrix(1, 1, Float64Array.of(1));
    const kappas = [];
    for (const width of [64, 256, 1024])
      kappas.push([
        width,
        (
          await laziness(
            network(width),
            init(network(width), 3, { seed: 1, outputWeights: "signs", pairs: "antisymmetric" }),
            x,
            y,
          )
        ).kappa,
      ] as const);
    expect(Math.abs(slope(kappas) + 0.5)).toBeLessThan(0.1);
  });
});

it("M9: modes of a wide network decay at the rates of its kernel", async () => {
  const { x, y } = wave(6, 5);
  const network = reluNet(16_384);
  const params = init(network, 2, { seed: 2 });
  const ntk = await empiricalNtk(network, params, x, null, { trainable: "first" });
  const { path } = await descentOf(ntk, y);
  const [largest, smallest] = [path.values.at(-1)!, path.values[0]!];
  const learningRate = 0.2 / largest;
  const modes = (fx: Matrix): number[] =>
    Array.from({ length: 6 }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < 6; i++) sum += path.vectors.data[k * 6 + i]! * (fx.data[i]! - y.data[i]!);
      return sum;
    });
  const residuals: { step: number; modes: number[] }[] = [];
  await train(network, params, x, y, {
    ...{ steps: 60, learningRate, trainable: "first", recordAt: Array.from({ length: 61 }, (_, i) => i) },
    onRecord: ({ step }, now) => void residuals.push({ step, modes: modes(apply(network, now, x)) }),
  });
  const start = norm(residuals[0]!.modes);
  for (const { step, modes: now } of residuals)
    expect(norm(now) ** 2).toBeLessThanOrEqual(Math.exp(-smallest * learningRate * step) * start ** 2 * (1 + 1e-12));
  for (const k of [5, 4, 3]) {
    // until the mode is a hundredth of what it was
    const rate = -Math.log1p(-learningRate * path.values[k]!);
    const last = Math.min(60, Math.max(1, Math.floor(Math.log(100) / rate)));
    const fitted = -Math.log(Math.abs(residuals[last]!.modes[k]! / residuals[0]!.modes[k]!)) / last;
    expect(fitted / rate).toBeGreaterThan(0.9);
    expect(fitted / rate).toBeLessThan(1.1);
  }
});

it("M23: trained wide networks are the Gaussian that the ensemble predicts", async () => {
  const angles = [-2.2, -0.8, 0.6, 2.1];
  const circle = (t: readonly number[]) => fromRows(t.map((a) => [Math.cos(a), Math.sin(a)]));
  const [x, xTest] = [circle(angles), circle([0, 1.4, -1.5, 3])];
  const y = matrix(4, 1, Float64Array.of(0.5, -0.4, 0.3, 0.2));
  const network = serial(dense({ width: 300, wStd: 1.4, bStd: 0.3 }), relu(), dense({ width: 1, wStd: 1.2 }));
  const kernel = kernelFn(network);
  const both = async (a: Matrix, b: Matrix | null) => ({
    nngp: await kernel(a, b, "nngp"),
    ntk: await kernel(a, b, "ntk"),
  });
  const ensemble = await gradientDescentMseEnsemble(
    { kTrainTrain: await both(x, null), kTestTrain: await both(xTest, x), kTestTest: await both(xTest, null) },
    y,
    { get: "ntk", learningRate: 0.2 },
  );
  if (!ensemble.ok) throw new Error("indefinite");
  const predicted = await ensemble.at(100);
  const networks = 300;
  const outputs: Float64Array[] = [];
  for (let seed = 0; seed < networks; seed++) {
    const run = await train(network, init(network, 2, { seed }), x, y, { steps: 100, learningRate: 0.2, recordAt: [] });
    outputs.push(apply(network, run.params, xTest).data);
  }
  for (let i = 0; i < 4; i++) {
    const values = outputs.map((fx) => fx[i]!).sort((a, b) => a - b);
    const std = Math.sqrt(predicted.variance![i]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / networks;
    expect(Math.abs(mean - predicted.mean.data[i]!)).toBeLessThan((4 * std) / Math.sqrt(networks) + 0.01);
    for (const [share, quantile] of [
      [0.1, -1.2815515655],
      [0.5, 0],
      [0.9, 1.2815515655],
    ] as const) {
      const value = values[Math.floor(share * networks)]!;
      expect(Math.abs(value - predicted.mean.data[i]! - quantile * std)).toBeLessThan(
        (4 * 1.71 * std) / Math.sqrt(networks) + 0.02,
      );
    }
  }
});
