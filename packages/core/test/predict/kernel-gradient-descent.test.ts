import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lossCurvature, type SquaredLoss } from "../../src/loss/squared-loss.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import {
  type KernelDescent,
  kernelDescentAt,
  kernelMaxLearningRate,
} from "../../src/predict/kernel-gradient-descent.ts";
import { alphaAt, ridgePath } from "../../src/predict/ridge-path.ts";
import { gap, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

/** The recursion of KernelDescent as it is written. */
function descend(descent: KernelDescent, k: Matrix, y: Matrix, rate: number, steps: number): Matrix {
  const alpha = matrix(y.rows, y.cols);
  for (let step = 0; step < steps; step++) {
    const fit = times(k, alpha);
    const residual = matrix(
      y.rows,
      y.cols,
      fit.data.map((value, at) => value - y.data[at]!),
    );
    const change = descent === "function" ? residual : times(k, residual);
    for (let at = 0; at < alpha.data.length; at++) alpha.data[at]! -= rate * change.data[at]!;
  }
  return alpha;
}

const cases = fc.record({
  seed: fc.nat(1e6),
  n: fc.integer({ min: 1, max: 6 }),
  t: fc.nat(30),
  fraction: fc.double({ min: 0.05, max: 1.2, noNaN: true }),
  descent: fc.constantFrom<KernelDescent>("function", "coefficients"),
  loss: fc.constantFrom<SquaredLoss>("sum", "half-sum", "half-mean"),
});

describe("kernelDescentAt", () => {
  it("is the iterate of the recursion as run", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, n, t, fraction, descent, loss }) => {
        const k = randomKernel(seed, n, 0).dd;
        const y = randomMatrix(seed + 1, n, 2);
        const path = await ridgePath(k, y);
        const learningRate = fraction * kernelMaxLearningRate(path, { descent, loss });
        const { alpha } = succeed(await kernelDescentAt(path, { descent, learningRate, t, loss }));
        const run = descend(descent, k, y, learningRate * lossCurvature(loss, y), t);
        expect(gap(alpha.data, run.data)).toBeLessThan(1e-10);
      }),
    );
  });

  it("ends at the interpolant below the largest learning rate, cycles at it, diverges above", async () => {
    for (let seed = 0; seed < 100; seed++) {
      const descent: KernelDescent = seed % 2 === 0 ? "function" : "coefficients";
      const path = await ridgePath(randomKernel(seed, 4, 0).dd, randomMatrix(seed + 1, 4, 1));
      const largest = kernelMaxLearningRate(path, { descent });
      const { alpha } = succeed(await kernelDescentAt(path, { descent, learningRate: 0.99 * largest }));
      expect(gap(alpha.data, (await alphaAt(path, 0)).data)).toBeLessThan(1e-12);
      const at = await kernelDescentAt(path, { descent, learningRate: largest });
      expect(at).toMatchObject({ ok: false, reason: "two-cycle", maxLearningRate: largest });
      const above = await kernelDescentAt(path, { descent, learningRate: 1.01 * largest });
      expect(above).toMatchObject({ ok: false, reason: "diverges" });
    }
  });

  it("has the thresholds 2/λmax and, for the sum of squares, 1/λmax²", async () => {
    const path = await ridgePath(
      fromRows([
        [4, 0],
        [0, 1],
      ]),
      fromRows([[1], [1]]),
    );
    expect(kernelMaxLearningRate(path, { descent: "function" })).toBe(1 / 2);
    expect(kernelMaxLearningRate(path, { descent: "coefficients", loss: "sum" })).toBe(1 / 16);
    expect(kernelMaxLearningRate(path, { descent: "function", loss: "half-mean" })).toBe(1);
  });

  it("of a singular kernel creeps where nothing is felt, and leaves that out in the limit", async () => {
    const k = fromRows([
      [1, 1],
      [1, 1],
    ]);
    const y = fromRows([[3], [1]]);
    const path = await ridgePath(k, y);
    for (const descent of ["function", "coefficients"] as const) {
      const { alpha } = succeed(await kernelDescentAt(path, { descent, learningRate: 0.1, t: 25 }));
      expect(gap(alpha.data, descend(descent, k, y, 0.1, 25).data)).toBeLessThan(1e-12);
      const limit = succeed(await kernelDescentAt(path, { descent, learningRate: 0.1 })).alpha;
      expect(gap(limit.data, [1, 1])).toBeLessThan(1e-14);
    }
  });

  it("creeps by the learning rate a step where an eigenvalue is exactly 0", async () => {
    const [k, y] = [
      fromRows([
        [2, 0],
        [0, 0],
      ]),
      fromRows([[3], [5]]),
    ];
    const path = await ridgePath(k, y);
    for (const descent of ["function", "coefficients"] as const) {
      const { alpha } = succeed(await kernelDescentAt(path, { descent, learningRate: 0.1, t: 25, loss: "sum" }));
      expect(gap(alpha.data, descend(descent, k, y, 0.2, 25).data)).toBeLessThan(1e-12);
    }
  });

  it("does not diverge along an eigenvector in which there is nothing to learn", async () => {
    const k = fromRows([
      [10, 0],
      [0, 1],
    ]);
    const path = await ridgePath(k, fromRows([[0], [3]]));
    for (const t of [1e6, Number.POSITIVE_INFINITY]) {
      const { alpha } = succeed(await kernelDescentAt(path, { descent: "function", learningRate: 1, t }));
      expect(gap(alpha.data, [0, 3])).toBeLessThan(1e-15);
    }
  });

  it("says which learning rate would do, with its own loss", async () => {
    const path = await ridgePath(fromRows([[4]]), fromRows([[1]]));
    const failed = await kernelDescentAt(path, { descent: "coefficients", learningRate: 3, loss: "sum" });
    expect(failed).toMatchObject({ reason: "diverges", maxLearningRate: 1 / 16 });
    if (!failed.ok) expect(failed.message).toContain("the learning rate is 3 and the largest stable one 0.0625");
  });
});
