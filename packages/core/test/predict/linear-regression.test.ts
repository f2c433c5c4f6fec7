import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/errors.ts";
import type { SquaredLoss } from "../../src/loss/squared-loss.ts";
import { fromRows, type Matrix, matrix, transpose } from "../../src/matrix/matrix.ts";
import { gradientDescentSteps } from "../../src/predict/gradient-descent-steps.ts";
import {
  linearMaxLearningRate,
  linearRegression,
  linearWeightsAt,
  minNormWeights,
} from "../../src/predict/linear-regression.ts";
import { gap, gauss, randomMatrix, succeed, times } from "./brute.ts";

const shapes = fc.record({
  seed: fc.nat(1e6),
  n: fc.integer({ min: 1, max: 8 }),
  d: fc.integer({ min: 1, max: 8 }),
  outputs: fc.integer({ min: 1, max: 3 }),
});
const losses = fc.constantFrom<SquaredLoss>("sum", "half-sum", "half-mean");

describe("minNormWeights", () => {
  it("is (XᵀX)⁻¹Xᵀy with more examples than inputs, Xᵀ(XXᵀ)⁻¹y with fewer, X⁻¹y with as many", async () => {
    for (const [n, d] of [
      [9, 4],
      [4, 9],
      [5, 5],
    ] as const) {
      const [x, y] = [randomMatrix(n, n, d), randomMatrix(d + 20, n, 2)];
      const xt = transpose(x);
      const expected =
        n > d
          ? gauss(times(xt, x), times(xt, y)).solution
          : n < d
            ? times(xt, gauss(times(x, xt), y).solution)
            : gauss(x, y).solution;
      const problem = await linearRegression(x, y);
      expect(problem.rank).toBe(Math.min(n, d));
      expect(gap((await minNormWeights(problem)).data, expected.data)).toBeLessThan(1e-10);
    }
  });

  it("is X⁺y of inputs that are a product of two narrow matrices, in any units", async () => {
    const [left, right, y] = [randomMatrix(4, 6, 2), randomMatrix(5, 2, 5), randomMatrix(6, 6, 1)];
    // X = L R: X⁺ = Rᵀ(RRᵀ)⁻¹(LᵀL)⁻¹Lᵀ
    const inner = gauss(times(transpose(left), left), times(transpose(left), y)).solution;
    const expected = times(transpose(right), gauss(times(right, transpose(right)), inner).solution);
    for (const size of [1, 1e12, 1e-12]) {
      const x = times(left, right);
      const problem = await linearRegression({ ...x, data: x.data.map((value) => value * size) }, y);
      expect(problem.rank).toBe(2);
      const { data } = await minNormWeights(problem);
      expect(
        gap(
          data.map((value) => value * size),
          expected.data,
        ),
      ).toBeLessThan(1e-10);
    }
  });

  it("loses 1 − n/d of random weights it has too few examples of", async () => {
    const [n, d, trials] = [12, 30, 200];
    let lost = 0;
    for (let trial = 0; trial < trials; trial++) {
      const [x, w] = [randomMatrix(2 * trial, n, d), randomMatrix(2 * trial + 1, d, 1)];
      const found = await minNormWeights(await linearRegression(x, times(x, w)));
      lost += squared(found.data.map((value, i) => value - w.data[i]!)) / squared(w.data) / trials;
    }
    expect(Math.abs(lost - (1 - n / d))).toBeLessThan(0.03); // four standard errors
  });
});

describe("gradientDescentSteps", () => {
  const [x, y] = [randomMatrix(1, 3, 2), randomMatrix(2, 3, 2)];
  const rate = { learningRate: 1e-3, steps: 4 };

  it("reports each step, and leaves its start as it was", async () => {
    const fractions: number[] = [];
    const w0 = randomMatrix(3, 2, 2);
    await gradientDescentSteps(x, y, { ...rate, w0, onProgress: (fraction) => void fractions.push(fraction) });
    expect(fractions).toEqual([0.25, 0.5, 0.75, 1]);
    expect(w0).toEqual(randomMatrix(3, 2, 2));
  });

  it("refuses a start of another shape", async () => {
    for (const [rows, cols] of [
      [3, 2],
      [2, 1],
    ] as const)
      await expect(gradientDescentSteps(x, y, { ...rate, w0: matrix(rows, cols) })).rejects.toThrow(
        `w0 must be 2 x 2, got ${rows} x ${cols}`,
      );
  });
});

describe("linearWeightsAt", () => {
  it("is the iterate of gradient descent as run, from any start, with any loss", async () => {
    const cases = fc.tuple(shapes, losses, fc.nat(40), fc.double({ min: 0.05, max: 1.2, noNaN: true }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(cases, async ([{ seed, n, d, outputs }, loss, t, fraction, fromZero]) => {
        const [x, y] = [randomMatrix(seed, n, d), randomMatrix(seed + 1, n, outputs)];
        const w0 = fromZero ? undefined : randomMatrix(seed + 2, d, outputs);
        const problem = await linearRegression(x, y);
        const learningRate = fraction * linearMaxLearningRate(problem, { loss });
        const run = succeed(await gradientDescentSteps(x, y, { learningRate, steps: t, w0, loss }));
        const { weights } = succeed(await linearWeightsAt(problem, { learningRate, t, w0, loss }));
        expect(gap(weights.data, run.weights.data)).toBeLessThan(1e-10);
        expect(run.losses.length).toBe(t + 1);
      }),
    );
  });

  it("starts at w0 and ends at w0(I − P) + X⁺y", async () => {
    const [x, y, w0] = [randomMatrix(1, 3, 7), randomMatrix(2, 3, 2), randomMatrix(3, 7, 2)];
    const problem = await linearRegression(x, y);
    const learningRate = 0.5 * linearMaxLearningRate(problem);
    expect(succeed(await linearWeightsAt(problem, { learningRate, t: 0, w0 })).weights).toEqual(w0);
    const { weights } = succeed(await linearWeightsAt(problem, { learningRate, w0 }));
    const projection = times(transpose(x), gauss(times(x, transpose(x)), x).solution);
    const start = times(projection, w0);
    const minNorm = await minNormWeights(problem);
    const expected = w0.data.map((value, at) => value - start.data[at]! + minNorm.data[at]!);
    expect(gap(weights.data, expected)).toBeLessThan(1e-12);
    expect(gap(times(x, weights).data, y.data)).toBeLessThan(1e-12);
  });

  it("takes rank-deficient inputs, and inputs that are all zero", async () => {
    const [left, right] = [randomMatrix(4, 6, 2), randomMatrix(5, 2, 5)];
    const [x, y] = [times(left, right), randomMatrix(6, 6, 1)];
    const problem = await linearRegression(x, y);
    expect(problem.rank).toBe(2);
    const learningRate = 0.9 * linearMaxLearningRate(problem);
    const { weights } = succeed(await linearWeightsAt(problem, { learningRate }));
    const run = succeed(await gradientDescentSteps(x, y, { learningRate, steps: 3000 }));
    expect(gap(weights.data, run.weights.data)).toBeLessThan(1e-10);
    const nothing = await linearRegression(matrix(2, 2), fromRows([[1], [2]]));
    expect(linearMaxLearningRate(nothing)).toBe(Number.POSITIVE_INFINITY);
    expect([...succeed(await linearWeightsAt(nothing, { learningRate: 1 })).weights.data]).toEqual([0, 0]);
  });

  it("converges at 0.99 and diverges at 1.01 of the largest learning rate, in 100 random problems, as run", async () => {
    for (let seed = 0; seed < 100; seed++) {
      const loss: SquaredLoss = seed % 2 === 0 ? "half-sum" : "half-mean";
      const [x, y] = [randomMatrix(seed, 2 + (seed % 5), 2 + (seed % 3)), randomMatrix(seed + 500, 2 + (seed % 5), 1)];
      const problem = await linearRegression(x, y);
      const largest = linearMaxLearningRate(problem, { loss });
      const below = succeed(await gradientDescentSteps(x, y, { learningRate: 0.99 * largest, steps: 2000, loss }));
      const above = succeed(await gradientDescentSteps(x, y, { learningRate: 1.01 * largest, steps: 2000, loss }));
      expect(below.losses[2000]).toBeLessThanOrEqual(below.losses[0]!);
      expect(below.losses[2000]! - below.losses[1000]!).toBeLessThanOrEqual(1e-12 * below.losses[0]!);
      expect(above.losses[2000]).toBeGreaterThan(1e6 * above.losses[0]!);
      expect((await linearWeightsAt(problem, { learningRate: 0.99 * largest, loss })).ok).toBe(true);
      expect(await linearWeightsAt(problem, { learningRate: 1.01 * largest, loss })).toMatchObject({
        ok: false,
        reason: "diverges",
      });
    }
  });

  it("at exactly the largest learning rate alternates between two weights", async () => {
    const [x, y] = [randomMatrix(7, 5, 3), randomMatrix(8, 5, 1)];
    const problem = await linearRegression(x, y);
    const learningRate = linearMaxLearningRate(problem);
    const cycle = await linearWeightsAt(problem, { learningRate });
    if (cycle.ok || cycle.reason !== "two-cycle") throw new Error("expected a two-cycle");
    for (const [t, expected] of [
      [400, cycle.even],
      [401, cycle.odd],
    ] as const) {
      const run = succeed(await gradientDescentSteps(x, y, { learningRate, steps: t }));
      expect(gap(run.weights.data, expected.data)).toBeLessThan(1e-9);
    }
  });

  it("does not diverge along a direction in which there is nothing to learn", async () => {
    const x = fromRows([
      [10, 0],
      [0, 1],
    ]);
    const y = fromRows([[0], [3]]);
    const problem = await linearRegression(x, y);
    const learningRate = 1; // 50 times the largest stable one of the first direction
    expect(gap(succeed(await linearWeightsAt(problem, { learningRate })).weights.data, [0, 3])).toBeLessThan(1e-15);
    expect(gap(succeed(await linearWeightsAt(problem, { learningRate, t: 1e6 })).weights.data, [0, 3])).toBeLessThan(
      1e-15,
    );
  });

  it("takes what is within rounding of the targets and of the start for nothing to learn, in any units", async () => {
    const x = fromRows([
      [10, 0],
      [0, 1],
    ]);
    const descend = async (y: Matrix, w0?: Matrix) =>
      (await linearWeightsAt(await linearRegression(x, y), { learningRate: 1, w0 })).ok;
    for (const size of [1, 1e12, 1e-12]) {
      const targets = (first: number) => fromRows([[first * size], [3 * size]]);
      expect(await descend(targets(1e-16))).toBe(true);
      expect(await descend(targets(1e-13))).toBe(false);
      const start = fromRows([[size], [0]]);
      expect(await descend(targets(10 * (1 + Number.EPSILON)), start)).toBe(true);
      expect(await descend(targets(10 * (1 + 1e-13)), start)).toBe(false);
    }
    // One output with an error is enough.
    const two = await linearRegression(
      x,
      fromRows([
        [1, 0],
        [3, 3],
      ]),
    );
    expect((await linearWeightsAt(two, { learningRate: 1 })).ok).toBe(false);
  });

  it("says which learning rate would do, with its own loss", async () => {
    const problem = await linearRegression(fromRows([[2], [0]]), fromRows([[1], [1]]));
    const failed = await linearWeightsAt(problem, { learningRate: 3, loss: "half-mean" });
    expect(failed).toMatchObject({ reason: "diverges", maxLearningRate: 1 });
    if (!failed.ok) expect(failed.message).toContain("the learning rate is 3 and the largest stable one 1");
  });

  it("reports an iterate beyond float64 instead of giving it", async () => {
    const [x, y] = [randomMatrix(9, 3, 3), randomMatrix(10, 3, 1)];
    const problem = await linearRegression(x, y);
    const learningRate = 2 * linearMaxLearningRate(problem);
    expect(await linearWeightsAt(problem, { learningRate, t: 1e5 })).toMatchObject({ ok: false, reason: "diverges" });
    const run = await gradientDescentSteps(x, y, { learningRate, steps: 1000 });
    expect(run).toMatchObject({ ok: false, reason: "diverges" });
    expect(run.losses.every(Number.isFinite)).toBe(true);
  });

  it("refuses wrong input", async () => {
    const problem = await linearRegression(randomMatrix(11, 3, 2), randomMatrix(12, 3, 1));
    await expect(linearRegression(matrix(2, 2), matrix(3, 1))).rejects.toThrow(ShapeError);
    await expect(linearRegression(matrix(0, 2), matrix(0, 1))).rejects.toThrow(ShapeError);
    await expect(linearWeightsAt(problem, { learningRate: -1 })).rejects.toThrow(ValueError);
    for (const t of [0.5, -1, Number.NaN])
      await expect(linearWeightsAt(problem, { learningRate: 1, t })).rejects.toThrow(ValueError);
    await expect(linearWeightsAt(problem, { learningRate: 1, w0: matrix(3, 1) })).rejects.toThrow(
      "must be 2 x 1, got 3 x 1",
    );
    await expect(linearWeightsAt(problem, { learningRate: 1, w0: matrix(2, 2) })).rejects.toThrow(
      "must be 2 x 1, got 2 x 2",
    );
  });
});

function squared(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
