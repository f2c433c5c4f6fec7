import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binaryCrossEntropy, softmaxCrossEntropy } from "../../src/loss/cross-entropy.ts";
import type { Loss } from "../../src/loss/loss.ts";
import { type SquaredLoss, squaredLoss } from "../../src/loss/squared-loss.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { gradientDescent } from "../../src/predict/gradient-descent.ts";
import { gradientDescentMse } from "../../src/predict/gradient-descent-mse.ts";
import { gap, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

const plus = (a: Matrix, b: Matrix, sign = 1): Matrix =>
  matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value + sign * b.data[at]!),
  );

const TIGHT = { rtol: 1e-11, atol: 1e-12 };
const oneHot = (n: number, classes: number): Matrix =>
  fromRows(Array.from({ length: n }, (_, i) => Array.from({ length: classes }, (_, j) => (i % classes === j ? 1 : 0))));

function pose(seed: number, n: number, m: number, outputs: number) {
  const { dd, td } = randomKernel(seed, n, m);
  const start = { fxTrain: randomMatrix(seed + 1, n, outputs), fxTest: randomMatrix(seed + 2, m, outputs) };
  return { dd, td, y: randomMatrix(seed + 3, n, outputs), start };
}

describe("gradientDescent", () => {
  it("of a squared loss is the closed form", async () => {
    const cases = fc.record({
      seed: fc.nat(1e6),
      n: fc.integer({ min: 1, max: 5 }),
      outputs: fc.integer({ min: 1, max: 3 }),
      loss: fc.constantFrom<SquaredLoss>("sum", "half-sum", "half-mean"),
      t: fc.double({ min: 0, max: 2, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, n, outputs, loss, t }) => {
        const { dd, td, y, start } = pose(seed, n, 2, outputs);
        const { states } = succeed(
          await gradientDescent(squaredLoss(loss), dd, y, { times: [t], kTestTrain: td, start, ...TIGHT }),
        );
        const flow = succeed(await gradientDescentMse(dd, y, { loss }));
        const exact = await flow.at(t, { fxTrain0: start.fxTrain, fxTest0: start.fxTest, kTestTrain: td });
        expect(gap(states[0]!.fxTrain.data, exact.fxTrain.data)).toBeLessThan(1e-8);
        expect(gap(states[0]!.fxTest!.data, exact.fxTest!.data)).toBeLessThan(1e-8);
        const moved = Math.max(...exact.alpha.data.map(Math.abs), 1);
        states[0]!.alpha.data.forEach((value, at) => {
          expect(Math.abs(value - exact.alpha.data[at]!)).toBeLessThan(1e-8 * moved);
        });
      }),
      { numRuns: 40 },
    );
  });

  const losses: readonly (readonly [string, Loss])[] = [
    ["squared", squaredLoss()],
    ["binary cross-entropy", binaryCrossEntropy("sum")],
    ["softmax cross-entropy", softmaxCrossEntropy("sum")],
  ];

  describe.each(losses)("%s", (_, loss) => {
    const { dd, td, start } = pose(7, 6, 3, 3);
    const y = oneHot(6, 3);
    const options = { kTestTrain: td, start, learningRate: 0.1, ...TIGHT };

    it.each([undefined, 0.8, 1])("momentum %s: goes on from a state as if it had not stopped", async (momentum) => {
      const whole = succeed(await gradientDescent(loss, dd, y, { ...options, momentum, times: [2, 5] }));
      const rest = succeed(
        await gradientDescent(loss, dd, y, { ...options, momentum, start: whole.states[0]!, times: [5] }),
      );
      const [a, b] = [whole.states[1]!, rest.states[0]!];
      expect(gap(b.fxTrain.data, a.fxTrain.data)).toBeLessThan(1e-8);
      expect(gap(b.fxTest!.data, a.fxTest!.data)).toBeLessThan(1e-8);
      expect(gap(b.alpha.data, a.alpha.data)).toBeLessThan(1e-8);
      expect(b.velocity === undefined).toBe(momentum === undefined);
      if (a.velocity) expect(gap(b.velocity!.fxTest!.data, a.velocity.fxTest!.data)).toBeLessThan(1e-7);
      expect(structuredClone(b)).toEqual(b);
    });

    it.each([undefined, 0.8])("momentum %s: the coefficients carry all outputs", async (momentum) => {
      const { states } = succeed(await gradientDescent(loss, dd, y, { ...options, momentum, times: [0, 1, 9] }));
      for (const { fxTrain, fxTest, alpha } of states) {
        expect(gap(fxTrain.data, plus(start.fxTrain, times(dd, alpha)).data)).toBeLessThan(1e-12);
        expect(gap(fxTest!.data, plus(start.fxTest, times(td, alpha)).data)).toBeLessThan(1e-12);
      }
      expect(states[0]!.fxTrain.data).toEqual(start.fxTrain.data);
      const values = states.map(({ fxTrain }) => loss.value(fxTrain, y));
      expect(values[1]!).toBeLessThan(values[0]!);
      expect(values[2]!).toBeLessThan(values[1]!);
    });

    it("is what gradient descent in small steps does, with an error in proportion to the step", async () => {
      const errors: number[] = [];
      for (const learningRate of [1e-2, 1e-3]) {
        let f = start.fxTrain;
        const gradient = matrix(6, 3);
        const steps = Math.round(0.1 / learningRate);
        for (let step = 0; step < steps; step++) {
          loss.gradient(f, y, gradient);
          const change = times(dd, gradient);
          f = plus(f, { ...change, data: change.data.map((value) => learningRate * value) }, -1);
        }
        const run = await gradientDescent(loss, dd, y, { ...options, learningRate, times: [steps] });
        errors.push(gap(f.data, succeed(run).states[0]!.fxTrain.data));
      }
      expect(errors[1]! / errors[0]!).toBeLessThan(0.13);
    });

    it("predicts the same at the training inputs whatever else is predicted", async () => {
      const { kTestTrain, ...without } = options;
      const alone = succeed(
        await gradientDescent(loss, dd, y, { ...without, start: { fxTrain: start.fxTrain }, times: [3] }),
      );
      const beside = succeed(await gradientDescent(loss, dd, y, { ...options, times: [3] }));
      expect(kTestTrain).toBe(td);
      expect(alone.states[0]!.fxTest).toBeUndefined();
      expect(alone.states[0]!.fxTrain).toEqual(beside.states[0]!.fxTrain);
    });
  });

  it("takes times in any order: the peer's answer depends on it, silently", async () => {
    const { dd, td, y, start } = pose(3, 4, 2, 1);
    const run = async (times: readonly number[]) =>
      succeed(await gradientDescent(squaredLoss("half-mean"), dd, y, { times, kTestTrain: td, start })).states;
    const [sorted, shuffled] = [await run([0, 1, 5]), await run([5, 0, 5, 1])];
    expect(shuffled).toEqual([sorted[2], sorted[0], sorted[2], sorted[1]]);
  });

  it("works where the kernel is singular", async () => {
    const kernel = fromRows([
      [1, 1],
      [1, 1],
    ]);
    const y = fromRows([[3], [1]]);
    const { states } = succeed(await gradientDescent(squaredLoss(), kernel, y, { times: [30] }));
    expect(gap(states[0]!.fxTrain.data, [2, 2])).toBeLessThan(1e-7);
  });
});

describe("momentum", () => {
  it("is the damped oscillator of each mode", async () => {
    const y = fromRows([[1], [-2]]);
    const kernel = fromRows([
      [4, 0],
      [0, 0.001],
    ]);
    for (const momentum of [0.9, 1]) {
      const [learningRate, t, friction] = [0.05, 12, 1 - momentum];
      const { states } = succeed(
        await gradientDescent(squaredLoss(), kernel, y, { times: [t], learningRate, momentum, ...TIGHT }),
      );
      [4, 0.001].forEach((eigenvalue, i) => {
        // r̈ = −friction ṙ − ω² r,  r(0) = −y,  ṙ(0) = 0
        const discriminant = (friction / 2) ** 2 - learningRate * eigenvalue;
        const w = Math.sqrt(Math.abs(discriminant));
        const [c, s] = discriminant < 0 ? [Math.cos(w * t), Math.sin(w * t)] : [Math.cosh(w * t), Math.sinh(w * t)];
        const shrink = Math.exp((-friction / 2) * t) * (c + (friction / 2 / w) * s);
        expect(states[0]!.fxTrain.data[i]!).toBeCloseTo(y.data[i]! * (1 - shrink), 9);
      });
    }
  });

  it("with little of it left to lose is gradient descent at η/(1 − m)", async () => {
    const { dd, y, start } = pose(5, 4, 1, 1);
    const errors: number[] = [];
    for (const learningRate of [1e-3, 1e-4]) {
      const options = { start: { fxTrain: start.fxTrain }, times: [0.1 / learningRate] };
      const heavy = await gradientDescent(squaredLoss(), dd, y, { ...options, learningRate, momentum: 0.5 });
      const plain = await gradientDescent(squaredLoss(), dd, y, { ...options, learningRate: learningRate / 0.5 });
      errors.push(gap(succeed(heavy).states[0]!.fxTrain.data, succeed(plain).states[0]!.fxTrain.data));
    }
    expect(errors[1]! / errors[0]!).toBeLessThan(0.13);
  });

  it("is what the heavy ball does in small steps", async () => {
    const { dd, y } = pose(5, 4, 1, 1);
    const errors: number[] = [];
    for (const h of [0.02, 0.002]) {
      const [learningRate, momentum, steps] = [h * h, 1 - 2 * h, Math.round(1 / h)];
      let [f, before] = [matrix(4, 1), matrix(4, 1)];
      for (let step = 0; step < steps; step++) {
        const change = times(dd, plus(f, y, -1)).data;
        const next = f.data.map((v, i) => v - learningRate * change[i]! + momentum * (v - before.data[i]!));
        [before, f] = [f, matrix(4, 1, next)];
      }
      const run = await gradientDescent(squaredLoss(), dd, y, { learningRate, momentum, times: [steps] });
      errors.push(gap(f.data, succeed(run).states[0]!.fxTrain.data));
    }
    expect(errors[1]! / errors[0]!).toBeLessThan(0.15);
  });

  it("lets a first velocity glide, on test outputs too", async () => {
    const y = fromRows([[0]]);
    const start = { velocity: { fxTest: fromRows([[2]]) } };
    for (const [momentum, way] of [
      [0.5, 2 * (1 - Math.exp(-1)) * 2],
      [1, 4],
    ] as const) {
      const options = { times: [2], momentum, start, kTestTrain: fromRows([[0]]) };
      const { states } = succeed(await gradientDescent(squaredLoss(), fromRows([[1]]), y, options));
      expect(states[0]!.fxTest!.data[0]!).toBeCloseTo(way, 12);
      const later = { ...options, start: { ...start, t: 3 }, times: [5] };
      const [end] = succeed(await gradientDescent(squaredLoss(), fromRows([[1]]), y, later)).states;
      expect(end!.fxTest!.data[0]!).toBeCloseTo(way, 12);
      expect(end!.velocity!.fxTest!.data[0]!).toBeCloseTo(2 * Math.exp(-2 * (1 - momentum)), 12);
    }
  });
});

describe("what gradientDescent refuses or cannot do", () => {
  const { dd, td, y } = pose(1, 3, 2, 2);
  const run = (options: object, loss: Loss = squaredLoss()) => gradientDescent(loss, dd, y, { times: [1], ...options });
  it("t = ∞, at once, where the peer never returns", async () => {
    await expect(run({ times: [1, Number.POSITIVE_INFINITY] })).rejects.toThrow(
      "gradientDescent: times must be finite, got Infinity: for a squared loss gradientDescentMse has the limit",
    );
  });

  it("wrong input, in one sentence", async () => {
    await expect(run({ times: [-1] })).rejects.toThrow("times must be at least 0, where the start is, got -1");
    await expect(run({ start: { t: 3 } })).rejects.toThrow("times must be at least 3");
    await expect(run({ start: { velocity: {} } })).rejects.toThrow("there is no momentum");
    await expect(run({ start: { fxTest: td } })).rejects.toThrow("start.fxTest says nothing without kTestTrain");
    await expect(run({ start: { fxTrain: td } })).rejects.toThrow("start.fxTrain must be 3 x 2, got 2 x 3");
    await expect(run({ start: { fxTrain: matrix(2, 2) } })).rejects.toThrow("must be 3 x 2, got 2 x 2");
    await expect(run({ start: { fxTrain: matrix(3, 3) } })).rejects.toThrow("must be 3 x 2, got 3 x 3");
    await expect(run({ kTestTrain: y })).rejects.toThrow("kTestTrain must be 3 x 3");
    await expect(run({ momentum: 1.5 })).rejects.toThrow("momentum");
    await expect(run({}, softmaxCrossEntropy())).rejects.toThrow("gradientDescent: each row of targets");
    await expect(run({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });

  it("an integration that fails is a value", async () => {
    const failed = await run({ times: [1e6], maxSteps: 50 });
    expect(failed).toMatchObject({ ok: false, reason: "too-many-steps" });
    if (!failed.ok) expect(failed.message).toMatch(/^gradientDescent: stopped at t = /);
    const wild: Loss = { value: () => 0, gradient: (_, __, out) => void out.data.fill(Number.NaN) };
    expect(await run({}, wild)).toMatchObject({ ok: false, reason: "not-finite", t: 0 });
  });
});
