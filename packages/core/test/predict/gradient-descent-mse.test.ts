import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumericalError } from "../../src/errors.ts";
import { lossCurvature, type SquaredLoss } from "../../src/loss/squared-loss.ts";
import { addToDiagonal, fromRows, type Matrix, matrix, takeRows, transpose } from "../../src/matrix/matrix.ts";
import { gradientDescentMse, gradientDescentMseOn } from "../../src/predict/gradient-descent-mse.ts";
import { kernelDescentAt } from "../../src/predict/kernel-gradient-descent.ts";
import { kernelRegression } from "../../src/predict/kernel-regression.ts";
import { alphaAt, fittedAt, ridgePath } from "../../src/predict/ridge-path.ts";
import { gap, gauss, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

const plus = (a: Matrix, b: Matrix, sign = 1): Matrix =>
  matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value + sign * b.data[at]!),
  );

const problems = fc.record({
  seed: fc.nat(1e6),
  n: fc.integer({ min: 1, max: 6 }),
  m: fc.integer({ min: 1, max: 3 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  diagReg: fc.constantFrom(0, 0.3),
  loss: fc.constantFrom<SquaredLoss>("sum", "half-sum", "half-mean"),
  learningRate: fc.constantFrom(0.05, 1),
  t: fc.double({ min: 0.01, max: 5, noNaN: true }),
});

/** A random problem with a random start. */
function pose({ seed, n, m, outputs }: { seed: number; n: number; m: number; outputs: number }) {
  const { dd, td } = randomKernel(seed, n, m);
  const [y, fxTrain0, fxTest0] = [1, 2, 3].map((more, at) => randomMatrix(seed + more, at < 2 ? n : m, outputs));
  return { dd, td, y: y!, start: { fxTrain0: fxTrain0!, fxTest0: fxTest0!, kTestTrain: td } };
}

describe("gradient flow in closed form", () => {
  it("starts at the start, with no weight moved", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ diagReg, loss, learningRate, ...size }) => {
        const { dd, y, start } = pose(size);
        const flow = succeed(await gradientDescentMse(dd, y, { diagReg, loss, learningRate }));
        const { fxTrain, fxTest, alpha } = await flow.at(0, start);
        expect(fxTrain.data).toEqual(start.fxTrain0.data);
        expect(fxTest!.data).toEqual(start.fxTest0.data);
        expect(alpha.data.every((value) => value === 0)).toBe(true);
      }),
    );
  });

  it("is a semigroup: from where it is at s, the rest of the way", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ loss, learningRate, t, ...size }) => {
        const { dd, y, start } = pose(size);
        const flow = succeed(await gradientDescentMse(dd, y, { loss, learningRate }));
        const [half, whole] = await flow.at([0.3 * t, t], start);
        const rest = await flow.at(0.7 * t, {
          kTestTrain: start.kTestTrain,
          fxTrain0: half!.fxTrain,
          fxTest0: half!.fxTest,
        });
        expect(gap(rest.fxTrain.data, whole!.fxTrain.data)).toBeLessThan(1e-11);
        expect(gap(rest.fxTest!.data, whole!.fxTest!.data)).toBeLessThan(1e-11);
      }),
    );
  });

  it("obeys its differential equation, ridge included", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ loss, learningRate, diagReg, t, ...size }) => {
        const { dd, y, start } = pose(size);
        const flow = succeed(await gradientDescentMse(dd, y, { loss, learningRate, diagReg }));
        const rate = learningRate * lossCurvature(loss, y);
        const h = 1e-4 / (rate * 100);
        const [behind, now, ahead] = await flow.at([t, t + h, t + 2 * h], start);
        const slope = plus(ahead!.alpha, behind!.alpha, -1).data.map((value) => value / (2 * h));
        // α̇ = −ηc (f − y + r α)
        const expected = now!.alpha.data.map(
          (value, at) => -rate * (now!.fxTrain.data[at]! - y.data[at]! + diagReg * value),
        );
        const size0 = rate * Math.max(...y.data.map(Math.abs), 1);
        slope.forEach((value, at) => {
          expect(Math.abs(value - expected[at]!)).toBeLessThan(2e-5 * size0);
        });
        const fitted = plus(start.fxTrain0, times(dd, now!.alpha));
        expect(gap(now!.fxTrain.data, fitted.data)).toBeLessThan(1e-11);
        expect(gap(now!.fxTest!.data, plus(start.fxTest0, times(start.kTestTrain, now!.alpha)).data)).toBeLessThan(
          1e-12,
        );
      }),
    );
  });

  it("ends at kernel ridge regression of what is left to learn", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ loss, learningRate, diagReg, ...size }) => {
        const { dd, td, y, start } = pose(size);
        const flow = succeed(await gradientDescentMse(dd, y, { loss, learningRate, diagReg }));
        const limit = await flow.at(Number.POSITIVE_INFINITY, start);
        const { solution } = gauss(addToDiagonal(dd, diagReg), plus(y, start.fxTrain0, -1));
        expect(gap(limit.fxTest!.data, plus(start.fxTest0, times(td, solution)).data)).toBeLessThan(1e-9);
        const zero = succeed(await kernelRegression(dd, y, { diagReg }));
        expect(gap((await flow.at(Number.POSITIVE_INFINITY)).alpha.data, zero.alpha.data)).toBeLessThan(1e-9);
        if (diagReg === 0) expect(gap(limit.fxTrain.data, y.data)).toBeLessThan(1e-12);
      }),
    );
  });

  it("keeps the ridge in the training outputs at t = ∞, which the peer answers with y itself", async () => {
    const { dd, y } = pose({ seed: 2, n: 5, m: 1, outputs: 2 });
    const flow = succeed(await gradientDescentMse(dd, y, { diagReg: 2 }));
    const { fxTrain } = await flow.at(Number.POSITIVE_INFINITY);
    expect(gap(fxTrain.data, times(dd, gauss(addToDiagonal(dd, 2), y).solution).data)).toBeLessThan(1e-12);
    expect(gap(fxTrain.data, (await fittedAt(flow.path, 2)).data)).toBeLessThan(1e-12);
    expect(gap(fxTrain.data, y.data)).toBeGreaterThan(1e-3);
  });

  it("reports progress over many times and stops when asked to", async () => {
    const { dd, y } = pose({ seed: 2, n: 5, m: 1, outputs: 2 });
    const flow = succeed(await gradientDescentMse(dd, y));
    const fractions: number[] = [];
    await flow.at([1, 2, 3, 4], {}, { onProgress: (fraction) => void fractions.push(fraction) });
    expect(fractions).toEqual([0.25, 0.5, 0.75, 1]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(flow.at([1, 2], {}, { signal })).rejects.toThrow("enough");
  });

  it("takes times in any order, with the same bits (the peer's answer depends on the order)", async () => {
    const { dd, y, start } = pose({ seed: 4, n: 5, m: 2, outputs: 2 });
    const flow = succeed(await gradientDescentMse(dd, y, { loss: "half-mean" }));
    const order = [5, Number.POSITIVE_INFINITY, 1, 0, 1, 0.25];
    const many = await flow.at(order, start);
    for (const [k, t] of order.entries()) expect(many[k]).toEqual(await flow.at(t, start));
  });

  it("converts between the scales of time: half-mean at t is half-sum at t/|y|", async () => {
    const { dd, y, start } = pose({ seed: 4, n: 4, m: 2, outputs: 3 });
    const mean = succeed(await gradientDescentMse(dd, y, { loss: "half-mean", learningRate: 0.7 }));
    const sum = succeed(await gradientDescentMse(dd, y, { loss: "half-sum" }));
    const [a, b] = [await mean.at(3, start), await sum.at((3 * 0.7) / 12, start)];
    expect(gap(a.fxTest!.data, b.fxTest!.data)).toBeLessThan(1e-13);
  });

  it("does not move with learning rate zero, however long", async () => {
    const { dd, y, start } = pose({ seed: 4, n: 4, m: 2, outputs: 1 });
    const flow = succeed(await gradientDescentMse(dd, y, { learningRate: 0 }));
    for (const t of [3, Number.POSITIVE_INFINITY]) {
      expect((await flow.at(t, start)).fxTest!.data).toEqual(start.fxTest0.data);
      expect(succeed(await flow.atStep(t, start)).fxTest!.data).toEqual(start.fxTest0.data);
    }
  });
});

describe("singular kernels, where the peer gives NaN", () => {
  // Rank one, two equal training points that disagree, and a test point beside them.
  const kernel = fromRows([
    [1, 1],
    [1, 1],
  ]);
  const y = fromRows([[3], [1]]);
  const kTestTrain = fromRows([[0.5, 0.5]]);

  it("at finite t the mode without rate enters α by its limit, and no prediction", async () => {
    const flow = succeed(await gradientDescentMse(kernel, y));
    for (const t of [1e-3, 1, 1e3, 1e12]) {
      const { alpha, fxTrain, fxTest } = await flow.at(t, { kTestTrain });
      const learned = -Math.expm1(-2 * t);
      expect(gap(fxTrain.data, [2 * learned, 2 * learned])).toBeLessThan(1e-14);
      expect(Math.abs(fxTest!.data[0]! - learned)).toBeLessThan(1e-14 * (1 + t));
      expect(gap(alpha.data, [learned + t, learned - t])).toBeLessThan(1e-13);
    }
  });

  it("an eigenvalue that is exactly zero is the limit of small ones", async () => {
    const start = { kTestTrain: fromRows([[0.3, -0.4]]) };
    const at = async (smallest: number): Promise<Matrix> => {
      const diagonal = fromRows([
        [1, 0],
        [0, smallest],
      ]);
      return (await succeed(await gradientDescentMse(diagonal, y)).at(2, start)).fxTest!;
    };
    expect(gap((await at(0)).data, (await at(1e-9)).data)).toBeLessThan(1e-7);
    expect(Number.isFinite((await at(0)).data[0]!)).toBe(true);
  });

  it("at t = ∞ what is out of the range of the kernel stays as it was", async () => {
    const flow = succeed(await gradientDescentMse(kernel, y));
    const start = { kTestTrain, fxTrain0: fromRows([[5], [-1]]), fxTest0: fromRows([[7]]) };
    const { alpha, fxTrain, fxTest } = await flow.at(Number.POSITIVE_INFINITY, start);
    expect(gap(fxTrain.data, [5, -1])).toBeLessThan(1e-14); // y − f₀ = (−2, 2) is out of the range
    expect(gap(fxTest!.data, [7])).toBeLessThan(1e-14);
    expect(Math.max(...alpha.data.map(Math.abs))).toBeLessThan(1e-14);
    const from0 = await flow.at(Number.POSITIVE_INFINITY, { kTestTrain });
    expect(gap(from0.fxTrain.data, [2, 2])).toBeLessThan(1e-14);
    expect(gap(from0.fxTest!.data, [1])).toBeLessThan(1e-14);
  });

  it("the limit of a rank-deficient kernel is the pseudoinverse", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const features = randomMatrix(seed, 6, 3);
      const low = times(features, transpose(features));
      const targets = randomMatrix(seed + 1, 6, 2);
      const flow = succeed(await gradientDescentMse(low, targets));
      const limit = await flow.at(Number.POSITIVE_INFINITY);
      const late = await flow.at(1e9);
      expect(gap(limit.alpha.data, (await alphaAt(flow.path, 0)).data)).toBeLessThan(1e-12);
      expect(gap(late.fxTrain.data, limit.fxTrain.data)).toBeLessThan(1e-12);
    }
  });

  it("a zero kernel learns nothing", async () => {
    const flow = succeed(await gradientDescentMse(matrix(2, 2), y));
    expect((await flow.at(9)).fxTrain.data).toEqual(new Float64Array(2));
    expect((await flow.at(Number.POSITIVE_INFINITY)).alpha.data).toEqual(new Float64Array(2));
  });

  it("an eigenvalue negative by rounding is zero; by more, a value that names a ridge that does", async () => {
    const rounded = addToDiagonal(kernel, -2e-16);
    const flow = succeed(await gradientDescentMse(rounded, y));
    expect((await flow.at(1e6)).fxTrain.data.every(Number.isFinite)).toBe(true);
    const indefinite = fromRows([
      [1, 2],
      [2, 1],
    ]);
    const failed = await gradientDescentMse(indefinite, y);
    expect(failed).toMatchObject({ ok: false, reason: "indefinite" });
    if (failed.ok) return;
    expect(failed.smallestEigenvalue).toBeCloseTo(-1, 14);
    succeed(await gradientDescentMse(indefinite, y, { diagReg: failed.suggestedDiagReg }));
  });
});

describe("gradient descent in steps, in closed form", () => {
  it("is the loop", async () => {
    await fc.assert(
      fc.asyncProperty(problems, fc.nat(30), async ({ diagReg, loss, ...size }, steps) => {
        const { dd, td, y, start } = pose(size);
        const learningRate = 0.01 / lossCurvature(loss, y);
        const descent = succeed(await gradientDescentMse(dd, y, { loss, learningRate, diagReg }));
        const reached = succeed(await descent.atStep(steps, start));
        const alpha = matrix(y.rows, y.cols);
        for (let step = 0; step < steps; step++) {
          const residual = plus(plus(start.fxTrain0, times(dd, alpha)), y, -1);
          const change = alpha.data.map((value, at) => -0.01 * (residual.data[at]! + diagReg * value));
          change.forEach((value, at) => {
            alpha.data[at]! += value;
          });
        }
        expect(gap(reached.alpha.data, alpha.data)).toBeLessThan(1e-10);
        expect(gap(reached.fxTest!.data, plus(start.fxTest0, times(td, alpha)).data)).toBeLessThan(1e-10);
        expect(gap(reached.fxTrain.data, plus(start.fxTrain0, times(dd, alpha)).data)).toBeLessThan(1e-10);
      }),
    );
  });

  it("is kernelDescentAt from a start of zero", async () => {
    const { dd, y } = pose({ seed: 8, n: 5, m: 1, outputs: 2 });
    const path = await ridgePath(dd, y);
    const descent = succeed(gradientDescentMseOn(path, { learningRate: 0.02 }));
    for (const t of [0, 1, 7, Number.POSITIVE_INFINITY]) {
      const other = succeed(await kernelDescentAt(path, { descent: "function", learningRate: 0.02, t }));
      expect(gap(succeed(await descent.atStep(t)).alpha.data, other.alpha.data)).toBeLessThan(1e-13);
    }
  });

  it("tends to the flow as the learning rate becomes small", async () => {
    const { dd, y, start } = pose({ seed: 8, n: 4, m: 2, outputs: 1 });
    const errors: number[] = [];
    for (const learningRate of [1e-3, 1e-4, 1e-5]) {
      const descent = succeed(await gradientDescentMse(dd, y, { learningRate }));
      const steps = Math.round(0.1 / learningRate);
      const [walked, flowed] = [succeed(await descent.atStep(steps, start)), await descent.at(steps, start)];
      errors.push(gap(walked.fxTest!.data, flowed.fxTest!.data));
    }
    expect(errors[1]! / errors[0]!).toBeCloseTo(0.1, 1);
    expect(errors[2]! / errors[1]!).toBeCloseTo(0.1, 2);
  });

  it("converges below the largest learning rate, cycles at it, diverges above: as values", async () => {
    const kernel = fromRows([
      [4, 0],
      [0, 1],
    ]);
    const y = fromRows([[1], [1]]);
    const at = async (learningRate: number, t: number) =>
      succeed(await gradientDescentMse(kernel, y, { learningRate })).atStep(t);
    expect(succeed(await at(0.49, Number.POSITIVE_INFINITY)).fxTrain.data).toEqual(y.data);
    const cycle = await at(0.5, Number.POSITIVE_INFINITY);
    expect(cycle).toMatchObject({ ok: false, reason: "two-cycle", maxLearningRate: 0.5 });
    if (!cycle.ok && cycle.reason === "two-cycle") expect(cycle.odd.data).toEqual(Float64Array.of(0.5, 1));
    expect(await at(0.51, Number.POSITIVE_INFINITY)).toMatchObject({ ok: false, reason: "diverges" });
    expect(await at(5, 1e6)).toMatchObject({ ok: false, reason: "diverges" });
    const many = await succeed(await gradientDescentMse(kernel, y, { learningRate: 5 })).atStep([2, 1e6, 0]);
    expect(many.map(({ ok }) => ok)).toEqual([true, false, true]);
  });
});

describe("values beyond float64", () => {
  const single = (value: number): Matrix => fromRows([[value]]);

  it("of the coefficients, the training or the test outputs end a flow by an error that says what to do", async () => {
    const far = succeed(await gradientDescentMse(single(1e-300), single(1e300)));
    await expect(far.at(Number.POSITIVE_INFINITY)).rejects.toThrow(
      "gradientDescentMse: a value left the range of float64: rescale the kernel or the targets",
    );
    const near = succeed(await gradientDescentMse(single(1), single(1e10)));
    await expect(near.at(1, { kTestTrain: single(1e300) })).rejects.toThrow(NumericalError);
  });

  it("of one of them are divergence in steps", async () => {
    // 1 − (1 − z)³⁰⁰ = −10³⁰⁰: α is within the range, the outputs are 10¹⁰ times as large.
    const steps = succeed(await gradientDescentMse(single(1e10), single(1e10), { learningRate: 1.1e-9 }));
    expect(await steps.atStep(300)).toMatchObject({ ok: false, reason: "diverges" });
    expect((await steps.atStep(250)).ok).toBe(true);
  });
});

describe("input", () => {
  const { dd, y, start } = pose({ seed: 1, n: 3, m: 2, outputs: 2 });
  it("is refused in one sentence", async () => {
    const flow = succeed(await gradientDescentMse(dd, y));
    await expect(flow.at(-1)).rejects.toThrow("gradientDescentMse: t must be at least 0, or Infinity, got -1");
    await expect(flow.at(Number.NaN)).rejects.toThrow("got NaN");
    await expect(flow.atStep(1.5)).rejects.toThrow("whole number of steps");
    await expect(flow.at(1, { fxTest0: start.fxTest0 })).rejects.toThrow("fxTest0 says nothing without kTestTrain");
    await expect(flow.at(1, { fxTrain0: takeRows(y, [0]) })).rejects.toThrow("fxTrain0 must be 3 x 2, got 1 x 2");
    await expect(flow.at(1, { kTestTrain: y })).rejects.toThrow("kTestTrain must be 3 x 3, got 3 x 2");
    const { kTestTrain } = start;
    await expect(flow.at(1, { kTestTrain, fxTest0: y })).rejects.toThrow("fxTest0 must be 2 x 2, got 3 x 2");
    await expect(gradientDescentMse(dd, y, { learningRate: -1 })).rejects.toThrow("learningRate");
    await expect(gradientDescentMse(dd, y, { diagReg: -1 })).rejects.toThrow("diagReg");
    await expect(gradientDescentMse(y, y)).rejects.toThrow("square");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(gradientDescentMse(dd, y, { signal })).rejects.toThrow("enough");
  });
});
