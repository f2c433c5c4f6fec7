import {
  apply,
  dense,
  fromRows,
  gradientDescent,
  init,
  jacobian,
  jsEngine,
  type Matrix,
  matrix,
  maxLearningRate,
  relu,
  serial,
  softmaxCrossEntropy,
  squaredLoss,
  train,
} from "ntkit";
import { describe, expect, it } from "vitest";
import { finiteRun } from "../../src/train/finite-width.ts";
import { limitForecast, linearizationForecast } from "../../src/train/forecast.ts";
import { infiniteLimit, infiniteRun } from "../../src/train/infinite-width.ts";
import type { Deterministic } from "../../src/train/linear-descent.ts";
import { limitKernel, type SweepProblem } from "../../src/train/problem.ts";
import { accuracy, LOSSES, scoresOf } from "../../src/train/scores.ts";
import { STATEMENTS, theoryOf } from "../../src/train/theory.ts";

const x = fromRows([
  [1, 0.5],
  [-0.3, 1],
  [0.2, -1.2],
  [-1, -0.4],
  [0.7, 0.9],
]);
const y = fromRows([
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0, 0, 1],
  [1, 0, 0],
]);
const test = { x: fromRows([[0.4, 0.1]]), y: fromRows([[0, 1, 0]]) };
const linear = dense({ width: 3 });
const network = serial(dense({ width: 1, bStd: 0.3 }), relu(), dense({ width: 3 }));
const problem: SweepProblem = {
  ...{ network, train: { x, y }, test, shown: fromRows([[0, 0]]), steps: 40, optimizer: { type: "gradientDescent" } },
  ...{ loss: "softmax", classes: true, batchSize: null, trainable: "all", seed: 3, engine: jsEngine },
};
const OPTIMIZERS: readonly Deterministic[] = [
  { type: "gradientDescent" },
  { type: "heavyBall", momentum: 0.7 },
  { type: "nesterov", momentum: 0.5 },
  { type: "nesterov", momentum: "schedule" },
];
const lossNamed = { squared: squaredLoss("half-sum"), softmax: softmaxCrossEntropy("sum") };
const adam = { type: "adam" } as const;

function expectClose(a: Matrix, b: Matrix, digits: number): void {
  expect([a.rows, a.cols]).toEqual([b.rows, b.cols]);
  a.data.forEach((value, at) => {
    expect(value).toBeCloseTo(b.data[at]!, digits);
  });
}

/** A network that is linear in its weights is its own linearization. */
async function expectWalksAsTrained(one: SweepProblem, times: readonly number[]): Promise<void> {
  const { train: data, optimizer, loss } = one;
  const params = init(linear, 2, { seed: 1 });
  const start = { fxTrain0: apply(linear, params, data.x), fxTest0: apply(linear, params, test.x) };
  const forecast = await linearizationForecast(one, linear, params, { others: test.x, one: null }, {});
  const learningRate = 0.3 * forecast!.maxLearningRate;
  const walked = await forecast!.after(times, learningRate, start);
  for (const [i, steps] of times.entries()) {
    const run = await train(linear, params, data.x, data.y, { steps, optimizer, learningRate, loss: lossNamed[loss] });
    expectClose(walked[i]!.fxTrain, apply(linear, run.params, data.x), 10);
    expectClose(walked[i]!.fxTest, apply(linear, run.params, test.x), 10);
  }
}

describe("a linearization of several outputs", () => {
  it.each(LOSSES.flatMap((loss) => OPTIMIZERS.map((optimizer) => ({ loss, optimizer }))))(
    "walks as the trained linear network: %o",
    ({ loss, optimizer }) => expectWalksAsTrained({ ...problem, loss, optimizer }, [0, 1, 5, 30]),
  );

  it("does so too where its kernel is too large to be kept", async () => {
    const n = 1100; // times three outputs
    const many = { x: matrix(n, 2), y: matrix(n, 3) };
    for (let i = 0; i < n; i++) {
      many.x.data.set([Math.sin(i), Math.cos(2 * i)], 2 * i);
      many.y.data[3 * i + (i % 3)] = 1;
    }
    await expectWalksAsTrained({ ...problem, train: many }, [0, 3]);
  });

  it.each(LOSSES)("mixes the outputs, as the hidden weights that they share do: %s", async (loss) => {
    const net = serial(dense({ width: 6, bStd: 0.3 }), relu(), dense({ width: 3 }));
    const params = init(net, 2, { seed: 5 });
    const forecast = await linearizationForecast({ ...problem, loss }, net, params, { others: test.x, one: null }, {});
    const learningRate = forecast!.maxLearningRate / 3;
    const start = { fxTrain0: apply(net, params, x), fxTest0: apply(net, params, test.x) };
    const [at] = await forecast!.after([25], learningRate, start);
    // The same by its weights: f₀ + J δ, δ ← δ − η Jᵀ ∂L/∂f
    const [own, other] = [jacobian(net, params, x), jacobian(net, params, test.x)];
    const change = matrix(own.cols, 1);
    const outputs = async (j: Matrix, fx0: Matrix) => {
      const moved = await jsEngine.matmul(j, change);
      return matrix(
        fx0.rows,
        3,
        fx0.data.map((f, i) => f + moved.data[i]!),
      );
    };
    for (let step = 0; step < 25; step++) {
      const gradient = matrix(5, 3);
      lossNamed[loss].gradient(await outputs(own, start.fxTrain0), y, gradient);
      const pull = await jsEngine.matmul(own, matrix(15, 1, gradient.data), { transposeA: true });
      for (let k = 0; k < change.data.length; k++) change.data[k]! -= learningRate * pull.data[k]!;
    }
    expectClose(at!.fxTrain, await outputs(own, start.fxTrain0), 10);
    expectClose(at!.fxTest, await outputs(other, start.fxTest0), 10);
  });

  it("is where wide networks go", async () => {
    const limit = await infiniteLimit(problem, {});
    const rate = limit.descent!.maxLearningRate / 4;
    const [narrow, large] = [
      await finiteRun(problem, limit, 64, rate, {}),
      await finiteRun(problem, limit, 4096, rate, {}),
    ];
    expect(large.fromLinearization!.train).toBeLessThan(0.25 * narrow.fromLinearization!.train);
    expect(large.fromLinearization!.train).toBeLessThan(0.02);
    expect(large.fromLimit!.train).toBeLessThan(narrow.fromLimit!.train);
  });
});

describe("the limit", () => {
  it("on softmax tends to the gradient flow that is integrated, as steps become small", async () => {
    const kernel = await limitKernel(problem, x, null, {});
    const cross = await limitKernel(problem, test.x, x, {});
    const forecast = await limitForecast(problem, kernel, cross, {});
    const flow = await gradientDescent(softmaxCrossEntropy("sum"), kernel, y, { times: [8], kTestTrain: cross });
    if (!flow.ok) throw new Error(flow.message);
    const gapWith = async (rate: number) => {
      const [at] = await forecast!.after([8 / rate], rate, {});
      const gap = (a: Matrix, b: Matrix) => Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i]!)));
      return [gap(at!.fxTrain, flow.states[0]!.fxTrain), gap(at!.fxTest, flow.states[0]!.fxTest!)] as const;
    };
    const [coarse, fine] = [await gapWith(1 / 64), await gapWith(1 / 128)];
    for (const k of [0, 1] as const) {
      expect(fine[k]).toBeLessThan(0.01);
      expect(coarse[k] / fine[k]).toBeCloseTo(2, 1);
    }
  });

  it("of several outputs on a squared loss is that of each alone", async () => {
    const squared = { ...problem, loss: "squared" } as const;
    const kernel = await limitKernel(squared, x, null, {});
    for (const optimizer of OPTIMIZERS) {
      const [at] = await (await limitForecast({ ...squared, optimizer }, kernel, kernel, {}))!.after([17], 0.1, {});
      for (let k = 0; k < 3; k++) {
        const own = matrix(
          5,
          1,
          Float64Array.from({ length: 5 }, (_, i) => y.data[3 * i + k]!),
        );
        const alone = { ...squared, optimizer, train: { x, y: own } };
        const [one] = await (await limitForecast(alone, kernel, kernel, {}))!.after([17], 0.1, {});
        for (let i = 0; i < 5; i++) expect(at!.fxTrain.data[3 * i + k]).toBeCloseTo(one!.fxTrain.data[i]!, 12);
      }
    }
  });

  it("on softmax is stable up to the rate that is said, and where two classes share all probability no further", async () => {
    // One input seen twice, of either class: the kernel is [[1, 1], [1, 1]], the best outputs are equal.
    const twins: SweepProblem = {
      ...problem,
      train: {
        x: fromRows([[1], [1]]),
        y: fromRows([
          [1, 0],
          [0, 1],
        ]),
      },
    };
    const kernel = fromRows([
      [1, 1],
      [1, 1],
    ]);
    const forecast = await limitForecast(twins, kernel, matrix(0, 2), {});
    expect(forecast!.maxLearningRate).toBeCloseTo(2, 9);
    expect(await maxLearningRate(kernel)).toBeCloseTo(1, 9);
    const start = {
      fxTrain0: fromRows([
        [0.1, -0.1],
        [0.1, -0.1],
      ]),
      fxTest0: matrix(0, 2),
    };
    const after = async (factor: number) => {
      const [at] = await forecast!.after([2000], factor * forecast!.maxLearningRate, start);
      return Math.abs(at!.fxTrain.data[0]!);
    };
    expect(await after(0.98)).toBeLessThan(1e-6);
    expect(await after(1.02)).toBeGreaterThan(0.05);
  });

  it("takes the steps that its records are of", async () => {
    const limit = await infiniteLimit(problem, {});
    const run = await infiniteRun(problem, limit.descent!, limit.descent!.maxLearningRate / 2, {});
    expect(run.records[0]).toEqual({
      step: 0,
      loss: expect.closeTo(5 * Math.log(3), 12),
      trainCrossEntropy: expect.closeTo(Math.log(3), 12),
    });
    const losses = run.records.map(({ loss }) => loss);
    expect(losses.every((loss, i) => i === 0 || loss < losses[i - 1]!)).toBe(true);
    expect(run).toMatchObject({ status: "done", trainMse: null, testMse: null, trainAccuracy: 1 });
    expect(run.outputs!.shown).toHaveLength(3);
    expect(run.trainCrossEntropy).toBeCloseTo(losses.at(-1)! / 5, 12);
  });

  it("a path that leaves the range of float64 is none", async () => {
    const limit = await infiniteLimit({ ...problem, loss: "squared", optimizer: OPTIMIZERS[1]! }, {});
    expect(await limit.descent!.after([5000], 1e3, {})).toEqual([null]);
    const squared = { ...problem, loss: "squared" } as const;
    const params = init(linear, 2, { seed: 1 });
    const stepwise = await linearizationForecast(squared, linear, params, { others: test.x, one: null }, {});
    expect((await stepwise!.after([2, 5000], 1e3, {})).map((at) => at === null)).toEqual([false, true]);
    const large = { ...squared, train: { x: matrix(1100, 2, new Float64Array(2200).fill(1)), y: matrix(1100, 3) } };
    const start = { fxTrain0: matrix(1100, 3, new Float64Array(3300).fill(1)), fxTest0: matrix(1, 3) };
    const products = await linearizationForecast(large, linear, params, { others: test.x, one: null }, {});
    expect((await products!.after([200], 1e3, start)).map((at) => at === null)).toEqual([true]);
  });
});

describe("one width of several outputs", () => {
  it("agrees with the library called by hand", async () => {
    const limit = await infiniteLimit(problem, {});
    const learningRate = limit.descent!.maxLearningRate / 4;
    const run = await finiteRun(problem, limit, 12, learningRate, {});
    const net = serial(dense({ width: 12, bStd: 0.3 }), relu(), dense({ width: 3 }));
    const loss = softmaxCrossEntropy("sum");
    const trained = await train(net, init(net, 2, { seed: 3 }), x, y, { steps: 40, learningRate, loss });
    expect(run.params).toEqual(trained.params);
    expect(run.trainCrossEntropy).toBeCloseTo(loss.value(apply(net, trained.params, x), y) / 5, 14);
    expect(run.testCrossEntropy).toBeCloseTo(loss.value(apply(net, trained.params, test.x), test.y), 14);
    expect(run.trainMse).toBeNull();
    expect(run.records.at(-1)).toEqual({
      ...{ step: 40, loss: trained.records.at(-1)!.loss, movement: trained.records.at(-1)!.movement },
      trainCrossEntropy: trained.records.at(-1)!.loss / 5,
    });
  });

  it("by Adam has no forecast, and the rest", async () => {
    const of = { ...problem, optimizer: adam };
    const limit = await infiniteLimit(of, {});
    expect(limit.descent).toBeNull();
    const run = await finiteRun(of, limit, 12, 0.01, {});
    const net = serial(dense({ width: 12, bStd: 0.3 }), relu(), dense({ width: 3 }));
    const options = { steps: 40, learningRate: 0.01, loss: softmaxCrossEntropy("sum"), optimizer: adam };
    expect(run.params).toEqual((await train(net, init(net, 2, { seed: 3 }), x, y, options)).params);
    expect(run).toMatchObject({ status: "done", maxLearningRate: null, fromLinearization: null, fromLimit: null });
    const { kernelGap, kernelDrift } = run;
    expect([kernelGap > 0, kernelDrift! > 0]).toEqual([true, true]);
  });
});

describe("scores", () => {
  it("accuracy is of the largest output, or of the sign of the only one", () => {
    const outputs = fromRows([
      [2, 1, 0],
      [3, -1, 2],
      [0, 0.5, 1],
    ]);
    expect(
      accuracy(
        outputs,
        fromRows([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ]),
      ),
    ).toBeCloseTo(2 / 3, 15);
    expect(accuracy(fromRows([[-0.1], [5], [0.2], [-3]]), fromRows([[-1], [1], [-1], [-1]]))).toBe(0.75);
  });

  it("numbers have none, and softmax has no mean square", () => {
    const outputs = { train: new Float64Array(15), test: new Float64Array(3) };
    expect(scoresOf(problem, outputs)).toEqual({
      ...{ trainMse: null, testMse: null, trainAccuracy: 0.4, testAccuracy: 0 },
      ...{ trainCrossEntropy: expect.closeTo(Math.log(3), 14), testCrossEntropy: expect.closeTo(Math.log(3), 14) },
    });
    const squared = scoresOf({ ...problem, loss: "squared", classes: false, test: null }, outputs);
    expect(squared).toMatchObject({ trainMse: expect.closeTo(1 / 3, 14), testMse: null, trainAccuracy: null });
  });
});

describe("theory", () => {
  it("says what holds: of gradient descent on a squared loss all, of Adam the kernel at the start", () => {
    for (const optimizer of OPTIMIZERS) {
      expect(theoryOf({ optimizer, loss: "squared" })).toEqual({ holds: STATEMENTS, doesNotHold: [], caveat: null });
      expect(theoryOf({ optimizer, loss: "softmax" }).doesNotHold).toEqual(["convergenceRates", "minimumNorm"]);
    }
    for (const loss of LOSSES) {
      const { holds, caveat } = theoryOf({ optimizer: adam, loss });
      expect(holds).toEqual(["kernelAtStart"]);
      expect(caveat).toContain("nothing of Adam's path, stable rates, speed or end");
    }
  });
});
