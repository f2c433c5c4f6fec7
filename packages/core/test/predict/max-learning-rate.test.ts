import { describe, expect, it } from "vitest";
import { lossCurvature, type SquaredLoss } from "../../src/loss/squared-loss.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { maxLearningRate } from "../../src/predict/max-learning-rate.ts";
import { modeRates } from "../../src/predict/mode-rates.ts";
import { randomKernel, randomMatrix, times } from "./brute.ts";

const diagonalKernel = fromRows([
  [1, 0, 0],
  [0, 2, 0],
  [0, 0, 4],
]);

describe("maxLearningRate", () => {
  it("is 2(1 + m)/(cλ), a quotient: the peer's docstring multiplies by λ", async () => {
    expect(await maxLearningRate(diagonalKernel, { loss: "half-mean" })).toBeCloseTo(1.5, 14);
    expect(await maxLearningRate(diagonalKernel, { loss: "half-mean", outputs: 2 })).toBeCloseTo(3, 14);
    expect(await maxLearningRate(diagonalKernel)).toBeCloseTo(0.5, 14);
    expect(await maxLearningRate(diagonalKernel, { momentum: 0.9 })).toBeCloseTo(0.95, 14);
    expect(await maxLearningRate(diagonalKernel, { momentum: 0.9, nesterov: true })).toBeCloseTo(0.95 / 2.8, 14);
    expect(await maxLearningRate(Float64Array.of(1, 2, 4), { loss: "sum" })).toBe(0.25);
    expect(await maxLearningRate(Float64Array.of(0, 0))).toBe(Number.POSITIVE_INFINITY);
    expect(await maxLearningRate(fromRows([[0]]))).toBe(Number.POSITIVE_INFINITY);
    expect(await maxLearningRate(matrix(3, 3))).toBe(Number.POSITIVE_INFINITY);
  });

  it("is the same from the matrix and from its eigenvalues", async () => {
    const { jsEngine } = await import("../../src/linalg/js-engine.ts");
    const kernel = randomKernel(5, 40, 0).dd;
    const { values } = await jsEngine.eigh(kernel);
    const [a, b] = [await maxLearningRate(kernel), await maxLearningRate(values)];
    expect(Math.abs(a - b) / b).toBeLessThan(1e-12);
  });

  it("refuses what is no kernel", async () => {
    await expect(maxLearningRate(fromRows([[-1]]))).rejects.toThrow("positive semi-definite");
    await expect(maxLearningRate(Float64Array.of(1, -2))).rejects.toThrow("eigenvalue -2");
    await expect(maxLearningRate(new Float64Array(0))).rejects.toThrow("at least one training example");
    await expect(maxLearningRate(diagonalKernel, { momentum: 1.2 })).rejects.toThrow("momentum");
    await expect(maxLearningRate(diagonalKernel, { outputs: 0 })).rejects.toThrow("outputs");
    await expect(maxLearningRate(matrix(2, 2, new Float64Array(4).fill(1.7e308)))).rejects.toThrow(
      /^maxLearningRate: .* not finite: rescale the kernel/,
    );
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(maxLearningRate(diagonalKernel, { signal })).rejects.toThrow("enough");
  });
});

/** The residual after `steps` of the recursion as written, in function space, relative to the first. */
function run(k: Matrix, rate: number, steps: number, momentum: number, nesterov: boolean): number {
  const y = randomMatrix(99, k.rows, 1).data;
  let [f, before] = [new Float64Array(k.rows), new Float64Array(k.rows)];
  const ahead = (m: number): Float64Array => f.map((value, i) => value + m * (value - before[i]!));
  for (let step = 0; step < steps; step++) {
    const at = nesterov ? ahead(momentum) : f;
    const gradient = times(k, { rows: k.rows, cols: 1, data: at.map((value, i) => value - y[i]!) }).data;
    const next = ahead(momentum).map((value, i) => value - rate * gradient[i]!);
    [before, f] = [f, next];
  }
  return Math.hypot(...f.map((value, i) => value - y[i]!)) / Math.hypot(...y);
}

describe("the threshold, on a hundred random problems (M4)", () => {
  it.each([
    ["gradient descent", 0, false],
    ["heavy ball", 0.8, false],
    ["Nesterov", 0.8, true],
  ] as const)("%s converges at 0.99 of it and diverges at 1.01", async (_, momentum, nesterov) => {
    for (let seed = 0; seed < 100; seed++) {
      const loss = (["sum", "half-sum", "half-mean"] as const satisfies readonly SquaredLoss[])[seed % 3]!;
      const kernel = randomKernel(seed, 3 + (seed % 4), 0, 0.5).dd;
      const curvature = lossCurvature(loss, { rows: kernel.rows, cols: 2 });
      const rate = curvature * (await maxLearningRate(kernel, { loss, outputs: 2, momentum, nesterov }));
      expect(run(kernel, 0.99 * rate, 4000, momentum, nesterov)).toBeLessThan(1e-3);
      expect(run(kernel, 1.01 * rate, 4000, momentum, nesterov)).toBeGreaterThan(1e3);
    }
  });
});

describe("modeRates", () => {
  it("gives each mode's rate in the flow and in steps", () => {
    const [slow, fast, atOnce, back, cycle, diverging] = modeRates(Float64Array.of(1e-12, 0.5, 1, 1.5, 2, 3));
    expect(slow!.flow.rate).toBe(1e-12);
    expect(slow!.steps.rate / 1e-12).toBeCloseTo(1, 11);
    expect(fast!.steps).toEqual({ rate: Math.LN2, timeConstant: 1 / Math.LN2 });
    expect(fast!.flow).toEqual({ rate: 0.5, timeConstant: 2 });
    expect(atOnce!.steps).toEqual({ rate: Number.POSITIVE_INFINITY, timeConstant: 0 });
    expect(back!.steps.rate).toBeCloseTo(Math.LN2, 15);
    expect(cycle!.steps).toEqual({ rate: 0, timeConstant: Number.POSITIVE_INFINITY });
    expect(diverging!.steps.rate).toBeCloseTo(-Math.LN2, 15);
    const [zero] = modeRates(Float64Array.of(0));
    expect(zero!.flow.timeConstant).toBe(Number.POSITIVE_INFINITY);
    expect(modeRates(Float64Array.of(3, 6), { loss: "half-mean", outputs: 3, learningRate: 2 })[1]!.flow.rate).toBe(2);
  });
});
