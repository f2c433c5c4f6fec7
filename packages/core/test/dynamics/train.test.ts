import { describe, expect, it } from "vitest";
import { decodeTrainState, encodeTrainState } from "../../src/dynamics/checkpoint.ts";
import { maxStableRate } from "../../src/dynamics/max-stable-rate.ts";
import { weightMovement } from "../../src/dynamics/movement.ts";
import { nesterovMomentum, type Optimizer } from "../../src/dynamics/optimizer.ts";
import { logSpacedSteps } from "../../src/dynamics/schedule.ts";
import { type TrainOptions, type TrainRecord, train } from "../../src/dynamics/train.ts";
import { empiricalNtk } from "../../src/empirical/empirical-kernel.ts";
import { kernelDrift } from "../../src/empirical/laziness.ts";
import { ShapeError, ValueError } from "../../src/errors.ts";
import { relu, tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { dropout } from "../../src/layers/dropout.ts";
import { serial } from "../../src/layers/serial.ts";
import { softmaxCrossEntropy } from "../../src/loss/cross-entropy.ts";
import { squaredLoss } from "../../src/loss/squared-loss.ts";
import { matrix } from "../../src/matrix/matrix.ts";
import { apply, init } from "../../src/network/network.ts";
import { flattenParams, paramEntries } from "../../src/network/params.ts";
import { encodeParams } from "../../src/network/params-file.ts";
import { gradientDescentMse } from "../../src/predict/gradient-descent-mse.ts";
import { key, normal } from "../../src/random/key.ts";

const x = matrix(9, 3, normal(key(1), 27));
const y = matrix(9, 1, normal(key(2), 9));
const network = serial(dense({ width: 12, bStd: 0.3 }), tanh(), dense({ width: 1, bStd: 0.1 }));
const params = init(network, 3, { seed: 1 });

/** w ← w − η ∇½|Xw/√d − y|² by hand, for one linear layer. */
const linear = dense({ width: 1 });
const linearParams = init(linear, 3, { seed: 4 });
function linearGradient(w: Float64Array): Float64Array {
  const scale = 1 / Math.sqrt(3);
  const g = new Float64Array(3);
  for (let i = 0; i < 9; i++) {
    let r = -y.data[i]!;
    for (let j = 0; j < 3; j++) r += scale * x.data[3 * i + j]! * w[j]!;
    for (let j = 0; j < 3; j++) g[j]! += scale * x.data[3 * i + j]! * r;
  }
  return g;
}

const OPTIMIZERS: readonly Optimizer[] = [
  { type: "gradientDescent" },
  { type: "heavyBall", momentum: 0.8 },
  { type: "nesterov", momentum: 0.7 },
  { type: "nesterov", momentum: "schedule" },
  { type: "langevin", temperature: 0.01 },
];

describe("optimizers are their formulas", () => {
  const byHand = (type: Optimizer["type"], momentum: (k: number) => number, steps: number): Float64Array => {
    let w = flattenParams(linearParams);
    let [v, z] = [new Float64Array(3), w];
    for (let k = 0; k < steps; k++) {
      const g = linearGradient(w);
      if (type === "heavyBall") {
        v = v.map((value, i) => momentum(k) * value - 0.1 * g[i]!);
        w = w.map((value, i) => value + v[i]!);
      } else if (type === "nesterov") {
        const next = w.map((value, i) => value - 0.1 * g[i]!);
        w = next.map((value, i) => value + momentum(k) * (value - z[i]!));
        z = next;
      } else w = w.map((value, i) => value - 0.1 * g[i]!);
    }
    return w;
  };
  it.each([
    [{ type: "gradientDescent" }, () => 0],
    [{ type: "heavyBall", momentum: 0.8 }, () => 0.8],
    [{ type: "nesterov", momentum: 0.7 }, () => 0.7],
    [{ type: "nesterov", momentum: "schedule" }, (k) => k / (k + 3)],
  ] satisfies [Optimizer, (k: number) => number][])("%j", async (optimizer, momentum) => {
    const run = await train(linear, linearParams, x, y, { steps: 25, learningRate: 0.1, optimizer });
    const expected = byHand(optimizer.type, momentum, 25);
    flattenParams(run.params).forEach((w, i) => {
      expect(w).toBeCloseTo(expected[i]!, 12);
    });
  });

  it("Langevin without temperature is gradient descent", async () => {
    const run = (optimizer: Optimizer) =>
      train(network, params, x, y, { steps: 20, learningRate: 0.1, optimizer, seed: 3 });
    expect((await run({ type: "langevin", temperature: 0 })).params).toEqual(
      (await run({ type: "gradientDescent" })).params,
    );
  });

  it("Langevin settles at the temperature: variance T/(λ(1 − ηλ/2)) along a mode", async () => {
    // f = w/1 on x = 1, y = 0: λ = 1
    const one = matrix(1, 1, Float64Array.of(1));
    const [temperature, learningRate, samples] = [0.5, 0.1, 40_000];
    const squares: number[] = [];
    await train(dense({ width: 1 }), init(dense({ width: 1 }), 1, { seed: 1 }), one, matrix(1, 1), {
      ...{ steps: samples, learningRate, seed: 5, optimizer: { type: "langevin", temperature } },
      recordAt: Array.from({ length: samples / 40 }, (_, i) => 40 * (i + 1)),
      onRecord: (record) => void squares.push(record.mse),
    });
    const mean = squares.reduce((sum, value) => sum + value, 0) / squares.length;
    const expected = temperature / (1 - learningRate / 2);
    expect(Math.abs(mean - expected)).toBeLessThan(4 * expected * Math.sqrt(2.2 / squares.length));
  });
});

describe("a run", () => {
  it.each(
    OPTIMIZERS.flatMap((optimizer) =>
      [9, 4].map((batchSize) => [JSON.stringify(optimizer), batchSize, optimizer] as const),
    ),
  )("%s, batches of %i, resumes bit for bit", async (_, batchSize, optimizer) => {
    const net = serial(dense({ width: 6 }), relu(), dropout({ keep: 0.9 }), dense({ width: 1 }));
    const start = init(net, 3, { seed: 2 });
    const options = { optimizer, batchSize, learningRate: 0.05, seed: 7 };
    const whole = await train(net, start, x, y, { ...options, steps: 50 });
    const half = await train(net, start, x, y, { ...options, steps: 23 });
    const rest = await train(net, start, x, y, {
      ...options,
      steps: 50,
      resume: decodeTrainState(encodeTrainState(half.state), "checkpoint"),
    });
    expect(rest.state).toEqual(whole.state);
    expect(rest.records.at(-1)).toEqual(whole.records.at(-1));
  });

  it("leaves the weights it is given alone", async () => {
    const before = flattenParams(params);
    await train(network, params, x, y, { steps: 3 });
    expect(flattenParams(params)).toEqual(before);
  });

  it("takes every row once an epoch", async () => {
    // A linear layer and a tiny rate: after an epoch the change is that of the whole batch to first order.
    const run = (batchSize: number, steps: number) =>
      train(linear, linearParams, x, y, { steps, batchSize, learningRate: 1e-7, seed: 1 });
    const [small, full] = [await run(2, 5), await run(9, 1)];
    const change = (p: typeof params) => flattenParams(p).map((w, i) => w - flattenParams(linearParams)[i]!);
    change(small.params).forEach((v, i) => {
      expect(v / change(full.params)[i]!).toBeCloseTo(1, 4);
    });
  });

  it("moves only the layers that train", async () => {
    const { params: trained } = await train(network, params, x, y, { steps: 5, trainable: "first" });
    const [first, last] = weightMovement(params, trained);
    expect(first!.distance).toBeGreaterThan(0);
    expect(last!.distance).toBe(0);
    const noisy = await train(network, params, x, y, {
      ...{ steps: 5, trainable: "last", seed: 1, optimizer: { type: "langevin", temperature: 1 } },
    });
    expect(weightMovement(params, noisy.params)[0]!.distance).toBe(0);
  });

  it("records what it says", async () => {
    const seen: TrainRecord[] = [];
    const run = await train(network, params, x, y, {
      steps: 40,
      learningRate: 0.05,
      onRecord: (record) => void seen.push(record),
    });
    expect(run.records).toEqual(seen);
    expect(run.records.map(({ step }) => step)).toEqual(logSpacedSteps(40));
    const fx = apply(network, run.params, x);
    const last = run.records.at(-1)!;
    expect(last.t).toBeCloseTo(2, 12);
    expect(last.mse).toBeCloseTo(fx.data.reduce((sum, f, i) => sum + (f - y.data[i]!) ** 2, 0) / 9, 12);
    expect(last.loss).toBeCloseTo(4.5 * last.mse, 12);
    expect(last.movement).toBeCloseTo(
      Math.hypot(...flattenParams(run.params).map((w, i) => w - flattenParams(params)[i]!)) /
        Math.hypot(...flattenParams(params)),
      12,
    );
  });

  it("records the kernel when asked: drift, and the residual along its eigenvectors", async () => {
    const run = await train(network, params, x, y, {
      steps: 30,
      learningRate: 0.05,
      recordAt: [0, 30],
      recordKernel: true,
    });
    const [first, last] = run.records.map(({ kernel }) => kernel!);
    expect(first!.drift).toBe(0);
    const [before, after] = [
      await empiricalNtk(network, params, x, null),
      await empiricalNtk(network, run.params, x, null),
    ];
    expect(last!.drift).toBeCloseTo(kernelDrift(before, after), 12);
    for (const { alignment } of [first!, last!])
      expect(alignment.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    // Modes of large eigenvalues are learned first.
    expect(last!.alignment[8]!).toBeLessThan(first!.alignment[8]!);
    const plain = await train(network, params, x, y, { steps: 1, learningRate: 0.05 });
    expect(plain.records[0]).not.toHaveProperty("kernel");
  });

  it("refuses what is no checkpoint, or was changed", () => {
    const W = Float64Array.of(1, 2);
    expect(() => decodeTrainState(encodeParams(params), "p.safetensors")).toThrow(
      "p.safetensors is not a checkpoint of version 1",
    );
    const changed = encodeTrainState({ step: 1, learningRate: 1, weights: W, initialWeights: W, memory: null });
    changed[changed.length - 9]! ^= 1; // the last weight but one
    expect(() => decodeTrainState(changed, "c")).toThrow("c was changed after it was written");
  });

  it("that diverges says at which step, and keeps what it recorded", async () => {
    const run = await train(linear, linearParams, x, y, { steps: 100_000, learningRate: 5 });
    expect(run.status).toBe("diverged");
    expect(run.message).toContain(`at step ${run.state.step} with learning rate 5`);
    expect(run.records.length).toBeGreaterThan(3);
    expect(run.records.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });

  it("that is aborted ends as stopped, and can go on", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 60);
    const options = { learningRate: 0.05, recordAt: [0, 1, 200_000] };
    const run = await train(network, params, x, y, { ...options, steps: 100_000_000, signal: controller.signal });
    expect(run.status).toBe("stopped");
    expect(run.records.map(({ step }) => step).slice(0, 2)).toEqual([0, 1]);
    const whole = await train(network, params, x, y, { ...options, steps: run.state.step + 5 });
    const rest = await train(network, params, x, y, { ...options, steps: run.state.step + 5, resume: run.state });
    expect(rest.state).toEqual(whole.state);
  });

  it("learns classes with cross-entropy", async () => {
    const net = serial(dense({ width: 30 }), tanh(), dense({ width: 3 }));
    const classes = matrix(9, 3);
    for (let i = 0; i < 9; i++) classes.data[3 * i + (i % 3)] = 1;
    const run = await train(net, init(net, 3, { seed: 1 }), x, classes, {
      steps: 2000,
      loss: softmaxCrossEntropy("sum"),
    });
    expect(run.status).toBe("done");
    expect(run.records.at(-1)!.loss).toBeLessThan(0.1 * run.records[0]!.loss);
  });

  it.each([
    [{ steps: 1.5 }, ValueError, "steps must be a whole number from 0, got 1.5"],
    [{ steps: 1, batchSize: 3 }, ValueError, "the order of mini-batches is random: pass a seed"],
    [
      { steps: 1, optimizer: { type: "langevin", temperature: 1 } },
      ValueError,
      "Langevin noise is random: pass a seed",
    ],
    [
      { steps: 1, optimizer: { type: "heavyBall", momentum: 1 } },
      ValueError,
      "momentum must be at least 0 and below 1, got 1",
    ],
    [{ steps: 1, batchSize: 0 }, ValueError, "batchSize must be a whole number from 1, got 0"],
    [{ steps: 1, learningRate: -1 }, ValueError, "learningRate"],
    [{ steps: 1, trainable: ["7"] }, ValueError, 'no layer with weights at "7"'],
  ] satisfies [TrainOptions, typeof ValueError, string][])("refuses %j", async (options, kind, message) => {
    await expect(train(network, params, x, y, options)).rejects.toThrow(kind);
    await expect(train(network, params, x, y, options)).rejects.toThrow(message);
  });

  it("refuses targets of another shape", async () => {
    await expect(train(network, params, x, matrix(8, 1), { steps: 1, learningRate: 1 })).rejects.toThrow(ShapeError);
    await expect(train(network, params, x, matrix(9, 2), { steps: 1, learningRate: 1 })).rejects.toThrow(
      "outputs and targets must",
    );
  });
});

describe("the largest stable rate", () => {
  it("is 2/λmax of the tangent kernel for half the sum of squares", async () => {
    const ntk = await empiricalNtk(network, params, x, null);
    const descent = await gradientDescentMse(ntk, y);
    if (!descent.ok) throw new Error(descent.message);
    const { rate } = await maxStableRate(network, params, x, y);
    expect(rate * descent.path.values.at(-1)!).toBeCloseTo(2, 6);
  });

  // A network that is linear in its weights is its own linearization.
  const cases: readonly (readonly [string, Optimizer])[] = OPTIMIZERS.slice(0, 3).map((o) => [JSON.stringify(o), o]);
  it.each(cases)("%s converges at 0.99 of it and diverges at 1.01", async (_, optimizer) => {
    for (let seed = 0; seed < 5; seed++) {
      const start = init(linear, 3, { seed });
      const { rate } = await maxStableRate(linear, start, x, y, { optimizer });
      const run = (factor: number) =>
        train(linear, start, x, y, {
          ...{ steps: 3000, learningRate: factor * rate, optimizer, recordAt: [2000, 3000] },
        });
      const [stable, unstable] = [await run(0.99), await run(1.01)];
      expect(stable.records[1]!.loss).toBeLessThanOrEqual(stable.records[0]!.loss * (1 + 1e-12));
      if (unstable.status !== "diverged")
        expect(unstable.records[1]!.loss).toBeGreaterThan(10 * unstable.records[0]!.loss);
    }
  });

  it("covers other losses through the Gauss-Newton matrix", async () => {
    const half = await maxStableRate(network, params, x, y, { loss: squaredLoss("half-sum") });
    const quartic = await maxStableRate(network, params, x, y, {
      loss: {
        ...{ name: "weighted", value: () => 0, gradient: () => {} },
        hessianVectorProduct: (_f, _y, v, out) =>
          out.data.set(v.data.map((value, i) => (i === 0 ? 1.0001 : 1) * value)),
      },
    });
    expect(quartic.curvature / half.curvature).toBeCloseTo(1, 3);
    expect(quartic.curvature).not.toBe(half.curvature);
  });
});

it("logSpacedSteps starts at 0, ends at the end and grows", () => {
  const steps = logSpacedSteps(20_000, 50);
  expect([steps[0], steps.at(-1)]).toEqual([0, 20_000]);
  expect(steps.every((step, i) => i === 0 || step > steps[i - 1]!)).toBe(true);
  expect(steps.length).toBeLessThanOrEqual(50);
  expect(logSpacedSteps(0)).toEqual([0]);
});

it("M5: steps to 1e-6 grow like κ for gradient descent and √κ for Nesterov's method", async () => {
  const stepsTo = async (kappa: number, optimizer: Optimizer, guess: number): Promise<number> => {
    // curvatures spread from 1/κ to 1
    const d = 8;
    const diagonal = matrix(d, d);
    for (let i = 0; i < d; i++) diagonal.data[i * d + i] = Math.sqrt(d) * kappa ** (-i / (2 * (d - 1)));
    const net = dense({ width: 1 });
    const start = { w: matrix(d, 1, new Float64Array(d).fill(1)), b: null };
    const range = Array.from({ length: guess }, (_, i) => Math.floor(0.5 * guess) + i);
    const run = await train(net, start, diagonal, matrix(d, 1), {
      ...{ steps: range.at(-1)!, learningRate: 1, optimizer, recordAt: [0, ...range] },
    });
    const first = run.records[0]!.loss;
    return run.records.find(({ loss }) => loss <= 1e-6 * first)!.step;
  };
  const slope = (a: number, b: number) => Math.log10(b / a) / 2;
  const gd = (kappa: number) => stepsTo(kappa, { type: "gradientDescent" }, Math.ceil(8 * kappa));
  expect(Math.abs(slope(await gd(1e2), await gd(1e4)) - 1)).toBeLessThan(0.03);
  const nag = (kappa: number) =>
    stepsTo(kappa, { type: "nesterov", momentum: nesterovMomentum(kappa) }, Math.ceil(16 * Math.sqrt(kappa)));
  expect(Math.abs(slope(await nag(1e2), await nag(1e4)) - 0.5)).toBeLessThan(0.05);
}, 60_000);

it("names the layers it moves", () => {
  expect(weightMovement(params, params).map(({ path }) => path)).toEqual(["0", "2"]);
  expect(paramEntries(params).map(({ name }) => name)).toEqual(["0.w", "0.b", "2.w", "2.b"]);
});
