import {
  apply,
  dense,
  dropout,
  empiricalNtk,
  fanInSum,
  fanOut,
  flattenParams,
  fromRows,
  init,
  jacobian,
  jsEngine,
  kernelDrift,
  kernelFn,
  type Layer,
  linearize,
  parallel,
  relu,
  repeat,
  serial,
  tanh,
  train,
  unflattenParams,
} from "ntkit";
import { describe, expect, it } from "vitest";
import { finiteRun } from "../../src/train/finite-width.ts";
import { checkComparable, denseLayers, withHiddenWidth } from "../../src/train/hidden-width.ts";
import { infiniteLimit, infiniteRun } from "../../src/train/infinite-width.ts";
import { type Deterministic, linearDescent } from "../../src/train/linear-descent.ts";
import { limitKernel, type SweepProblem, stepsPerEpoch } from "../../src/train/problem.ts";

const wide = (width: number) => dense({ width });

describe("hidden widths", () => {
  it.each<[string, Layer, Layer]>([
    ["a chain", serial(wide(8), relu(), wide(9), relu(), wide(1)), serial(wide(5), relu(), wide(5), relu(), wide(1))],
    ["nested", serial(serial(wide(8), relu()), serial(wide(1))), serial(serial(wide(5), relu()), serial(wide(1)))],
    ["repeats", serial(wide(8), repeat(wide(8), 2), wide(1)), serial(wide(5), repeat(wide(5), 2), wide(1))],
    [
      "outputs that are summed",
      serial(wide(8), fanOut(2), parallel(wide(1), serial(wide(8), wide(1))), fanInSum()),
      serial(wide(5), fanOut(2), parallel(wide(1), serial(wide(5), wide(1))), fanInSum()),
    ],
    ["an activation at the end", serial(wide(8), wide(1), tanh()), serial(wide(5), wide(1), tanh())],
  ])("%s", (_, network, expected) => {
    expect(withHiddenWidth(network, 5)).toEqual(expected);
  });

  it("refuses what has none, or an output of two roles", () => {
    expect(() => withHiddenWidth(serial(wide(1)), 5)).toThrow("there is no hidden dense layer");
    expect(() => withHiddenWidth(serial(wide(8), repeat(wide(1), 2)), 5)).toThrow("a repeated layer makes the outputs");
  });

  it("counts layers, and refuses those without a counterpart", () => {
    expect(denseLayers(serial(wide(8), repeat(serial(wide(8), relu()), 3), parallel(wide(1), wide(1))))).toBe(6);
    expect(() => checkComparable(serial(wide(8), dropout({ keep: 0.5 }), wide(1)))).toThrow(
      "layers[1]: training is compared",
    );
    const standard = serial(dense({ width: 8, parameterization: "standard" }), wide(1));
    expect(() => checkComparable(standard)).toThrow('layers[0]: the tangent kernel of the parameterization "standard"');
  });
});

const x = fromRows([
  [1, 0.5],
  [-0.3, 1],
  [0.2, -1.2],
  [-1, -0.4],
  [0.7, 0.9],
]);
const y = fromRows([[1], [-0.5], [0.3], [-1.2], [0.4]]);
const test = { x: fromRows([[0.4, 0.1]]), y: fromRows([[0.6]]) };
const network = serial(dense({ width: 1, bStd: 0.3 }), tanh(), wide(1));
const problem: SweepProblem = {
  ...{ network, train: { x, y }, test, shown: fromRows([[0, 0]]), steps: 40, optimizer: { type: "gradientDescent" } },
  ...{ loss: "squared", classes: false },
  ...{ batchSize: null, trainable: "all", seed: 3, engine: jsEngine },
};
const OPTIMIZERS: readonly Deterministic[] = [
  { type: "gradientDescent" },
  { type: "heavyBall", momentum: 0.7 },
  { type: "nesterov", momentum: 0.5 },
  { type: "nesterov", momentum: "schedule" },
];

describe("linear descent", () => {
  it.each(OPTIMIZERS)("walks as the trained linear network: %o", async (optimizer) => {
    const linear = dense({ width: 1 });
    const params = init(linear, 2, { seed: 1 });
    const kernel = await empiricalNtk(linear, params, x, null);
    const start = {
      fxTrain0: apply(linear, params, x),
      fxTest0: apply(linear, params, test.x),
      kTestTrain: await empiricalNtk(linear, params, test.x, x),
    };
    const descent = await linearDescent(kernel, y, { engine: jsEngine, optimizer });
    const learningRate = 0.3 * descent.maxLearningRate;
    const times = [0, 1, 5, 30];
    const walked = await descent.after(times, learningRate, start);
    for (const [i, steps] of times.entries()) {
      const run = await train(linear, params, x, y, { steps, optimizer, learningRate });
      for (const [own, expected] of [
        [walked[i]!.fxTrain, apply(linear, run.params, x)],
        [walked[i]!.fxTest!, apply(linear, run.params, test.x)],
      ] as const)
        own.data.forEach((value, at) => {
          expect(value).toBeCloseTo(expected.data[at]!, 10);
        });
    }
  });

  it.each(OPTIMIZERS)("is unstable from the largest stable rate on: %o", async (optimizer) => {
    const kernel = await limitKernel(problem, x, null, {});
    const descent = await linearDescent(kernel, y, { engine: jsEngine, optimizer });
    const [within] = await descent.after([3000], 0.99 * descent.maxLearningRate, {});
    expect(Math.max(...within!.fxTrain.data.map(Math.abs))).toBeLessThan(10);
    const [beyond] = await descent.after([300_000], 1.05 * descent.maxLearningRate, {});
    expect(beyond).toBeNull();
  });
});

describe("the kernel of the limit", () => {
  it("is the sum over the layers that train", async () => {
    const of = (trainable: SweepProblem["trainable"]) => limitKernel({ ...problem, trainable }, x, null, {});
    const [all, first, last] = [await of("all"), await of("first"), await of("last")];
    all.data.forEach((value, at) => {
      expect(first.data[at]! + last.data[at]!).toBeCloseTo(value, 12);
    });
    expect(last).toEqual(await kernelFn(network)(x, null, "nngp"));
    const width = 4000;
    const net = withHiddenWidth(network, width);
    for (const trainable of ["first", "last"] as const) {
      const finite = await empiricalNtk(net, init(net, 2, { seed: 1 }), x, null, { trainable });
      expect(kernelDrift(trainable === "first" ? first : last, finite)).toBeLessThan(0.1);
    }
  });
});

describe("one width", () => {
  it("agrees with the library called by hand", async () => {
    const limit = await infiniteLimit(problem, {});
    const learningRate = limit.descent!.maxLearningRate / 4;
    const run = await finiteRun(problem, limit, 12, learningRate, {});
    const net = withHiddenWidth(network, 12);
    const params = init(net, 2, { seed: 3 });
    const trained = await train(net, params, x, y, { steps: 40, learningRate });
    expect(run.params).toEqual(trained.params);
    expect(run.trainMse).toBeCloseTo(trained.records.at(-1)!.mse, 14);
    expect(run.movement).toBe(trained.records.at(-1)!.movement);
    const [before, after] = [
      await empiricalNtk(net, params, x, null),
      await empiricalNtk(net, trained.params, x, null),
    ];
    expect(run.kernelDrift).toBe(kernelDrift(before, after));
    expect(run.kernelGap).toBe(kernelDrift(await kernelFn(network)(x, null, "ntk"), before));
    expect([...run.outputs!.shown]).toEqual([...apply(net, trained.params, fromRows([[0, 0]])).data]);
    expect(run.fromLinearization!.test).toBeCloseTo(await gapByWeights(net, params, learningRate), 9);
  });

  /** The distance to the linearized network, trained by its weights. */
  async function gapByWeights(net: Layer, params: ReturnType<typeof init>, learningRate: number): Promise<number> {
    const linear = linearize(net, params);
    const w = flattenParams(params);
    for (let step = 0; step < 40; step++) {
      const fx = linear(unflattenParams(params, w), x);
      const j = jacobian(net, params, x);
      for (let k = 0; k < w.length; k++)
        for (let i = 0; i < x.rows; i++) w[k]! -= learningRate * j.data[i * w.length + k]! * (fx.data[i]! - y.data[i]!);
    }
    const trained = await train(net, params, x, y, { steps: 40, learningRate });
    return Math.abs(linear(unflattenParams(params, w), test.x).data[0]! - apply(net, trained.params, test.x).data[0]!);
  }

  it("comes closer to the limit as it grows", async () => {
    const limit = await infiniteLimit(problem, {});
    const rate = limit.descent!.maxLearningRate / 4;
    const [narrow, large] = [
      await finiteRun(problem, limit, 8, rate, {}),
      await finiteRun(problem, limit, 2048, rate, {}),
    ];
    expect(large.fromLinearization!.train).toBeLessThan(0.2 * narrow.fromLinearization!.train);
    expect(large.fromLimit!.train).toBeLessThan(narrow.fromLimit!.train);
    expect(large.movement!).toBeLessThan(narrow.movement!);
    expect(large.kernelDrift!).toBeLessThan(narrow.kernelDrift!);
  });

  it("without test rows there is nothing to compare them with", async () => {
    const bare = { ...problem, test: null, shown: null };
    const limit = await infiniteLimit(bare, {});
    const run = await finiteRun(bare, limit, 6, limit.descent!.maxLearningRate / 4, {});
    expect(run).toMatchObject({ testMse: null, fromLinearization: { test: null }, status: "done" });
    expect((await infiniteRun(bare, limit.descent!, 0.1, {})).testMse).toBeNull();
  });

  it("a network that trains where its linearization does not is far from it, by a number", async () => {
    const limit = await infiniteLimit(problem, {});
    const start = await finiteRun(problem, limit, 64, 1e-3, {});
    const run = await finiteRun({ ...problem, steps: 2000 }, limit, 64, 1.2 * start.maxLearningRate!, {});
    expect(run.status).toBe("done");
    expect(run.fromLinearization!.train).toBeGreaterThan(1e160); // whose square is not a float64
    expect(run.fromLinearization!.train).toBeLessThan(Infinity);
  });

  it("what diverges says at which step, with the rest left out", async () => {
    const limit = await infiniteLimit(problem, {});
    const linear = { ...problem, network: serial(wide(1), wide(1)), steps: 5000 };
    const run = await finiteRun(linear, limit, 6, 50, {});
    expect(run).toMatchObject({ status: "diverged", trainMse: null, outputs: null, fromLimit: null });
    expect(run.divergedAt).toBeGreaterThan(0);
    const infinite = await infiniteRun(linear, limit.descent!, 50, {});
    expect(infinite).toMatchObject({ status: "diverged", trainMse: null, outputs: null });
  });
});

describe("mini-batches", () => {
  it("an epoch of them moves the outputs as one step of all rows, to first order", async () => {
    expect(stepsPerEpoch({ ...problem, batchSize: 2 })).toBe(3);
    expect(stepsPerEpoch({ ...problem, batchSize: 99 })).toBe(1);
    const limit = await infiniteLimit(problem, {});
    const rate = limit.descent!.maxLearningRate / 200;
    const run = await finiteRun({ ...problem, batchSize: 2, steps: 120 }, limit, 1000, rate, {});
    expect(run.fromLinearization!.train).toBeLessThan(0.01);
  });
});
