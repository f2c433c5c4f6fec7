import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { ridgePath } from "../../src/predict/ridge-path.ts";
import { child, key, normal, uniform } from "../../src/random/key.ts";
import type { Bound } from "../../src/theory/bound.ts";
import { concentrationWidth, kernelConcentration } from "../../src/theory/concentration.ts";
import { gradientDescentIterations, gronwallDecay, nesterovIterations } from "../../src/theory/decay.ts";
import { minNormRisk } from "../../src/theory/double-descent.ts";
import { labelComplexity } from "../../src/theory/generalization.ts";
import { lazyScaleBounds, lazyScaleThreshold } from "../../src/theory/lazy-scale.ts";
import { movementBounds } from "../../src/theory/movement.ts";
import { closestPair, smallestEigenvalueBound } from "../../src/theory/smallest-eigenvalue.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** J Jᵀ of a random n x p Jacobian. */
async function randomKernel(seed: number, n: number, p: number): Promise<Matrix> {
  const j = matrix(n, p, normal(key(seed), n * p));
  return jsEngine.matmul(j, j, { transposeB: true });
}

describe("Lemma 2", () => {
  it("asks for the width of its own constant", () => {
    expect(concentrationWidth({ n: 20, epsilon: 0.5, delta: 0.1 })).toBe(28_760);
    expect(concentrationWidth({ n: 20, epsilon: 1, delta: 0.1, largestNorm: 2 })).toBe(115_037);
  });

  it("promises at that width the distance it was asked for, and more just below", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        fc.double({ min: 0.001, max: 0.9, noNaN: true }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (n, epsilon, delta, largestNorm) => {
          const width = concentrationWidth({ n, epsilon, delta, largestNorm });
          const at = (m: number) => kernelConcentration({ n, delta, largestNorm, width: m }).promises.value;
          expect(at(width)).toBeLessThanOrEqual(epsilon * (1 + 1e-12));
          if (width > 1) expect(at(width - 1)).toBeGreaterThan(epsilon * (1 - 1e-12));
        },
      ),
    );
  });

  it("says what was measured beside it, and how loose it is", () => {
    const found = kernelConcentration({ n: 20, delta: 0.1, width: 28_760, distance: 0.0191 });
    expect(found.measured).toBe(0.0191);
    expect(found.slack).toBeCloseTo(26.2, 1);
    expect(kernelConcentration({ n: 20, delta: 0.1, width: 28_760 }).slack).toBeNull();
  });

  it.each([
    [{ n: 0, epsilon: 1, delta: 0.1 }, "n must be a whole number from 1, got 0"],
    [{ n: 5, epsilon: 0, delta: 0.1 }, "epsilon must be above 0, got 0"],
    [{ n: 5, epsilon: 1, delta: 1 }, "delta must be between 0 and 1, got 1"],
  ])("refuses %o", (sample, message) => {
    expect(() => concentrationWidth(sample)).toThrow(message);
  });
});

describe("the smallest eigenvalue", () => {
  it("lies below that of every block of two", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 12 }), async (seed, n, p) => {
        const kernel = await randomKernel(seed, n, p);
        const smallest = (await jsEngine.eigh(kernel)).values[0]!;
        const { promises, slack } = smallestEigenvalueBound(kernel, smallest);
        expect(promises.value).toBeGreaterThanOrEqual(smallest - 1e-12 * kernel.data[0]!);
        if (smallest > 1e-9) expect(slack).toBeGreaterThanOrEqual(1 - 1e-9);
        if (n === 2 && smallest > 1e-9) expect(slack).toBeLessThan(1 + 1e-9);
      }),
    );
  });

  it("is held near 0 by the closest pair", () => {
    const [a, b] = [3e-9, 1];
    expect(
      closestPair(
        fromRows([
          [0, 5],
          [1, 1],
          [-2, -2 * (1 + a)],
          [b, 0],
        ]),
      ),
    ).toMatchObject({ i: 1, j: 2 });
    const { sine } = closestPair(
      fromRows([
        [1, 1],
        [-2, -2 * (1 + a)],
      ]),
    );
    expect(sine / (a / 2)).toBeCloseTo(1, 6);
    expect(
      closestPair(
        fromRows([
          [1, 2],
          [-3, -6],
          [4, 0],
        ]),
      ).sine,
    ).toBeLessThan(1e-15);
    expect(
      closestPair(
        fromRows([
          [0, 0],
          [1, 0],
        ]),
      ).sine,
    ).toBe(0);
    expect(
      closestPair(
        fromRows([
          [1e-200, 0],
          [0, 1e200],
        ]),
      ).sine,
    ).toBeCloseTo(1, 12);
    expect(() => closestPair(fromRows([[1, 2]]))).toThrow("two rows or more, got 1");
  });
});

describe("decay", () => {
  it("Grönwall holds for every kernel above λ, with equality at λI", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.double({ min: 0.01, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (seed, lambda, t) => {
          const rates = uniform(key(seed), 5).map((u) => lambda * (1 + 3 * u));
          const start = normal(child(key(seed), 1), 5);
          const norm = (v: Float64Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
          const after = start.map((value, k) => value * Math.exp(-rates[k]! * t));
          const bound = (measured: number) =>
            gronwallDecay({ smallestEigenvalue: lambda, t, start: norm(start), measured }).slack!;
          expect(bound(norm(after))).toBeGreaterThanOrEqual(1 - 1e-12);
          expect(bound(norm(start) * Math.exp(-lambda * t))).toBeCloseTo(1, 10);
        },
      ),
    );
  });

  /** Steps until the loss of ½ Σ βₖ xₖ² is `tolerance` of the start. */
  function stepsOf(curvatures: Float64Array, tolerance: number, momentum: number): number {
    const rate = 1 / Math.max(...curvatures);
    const loss = (x: Float64Array) => x.reduce((sum, value, k) => sum + curvatures[k]! * value * value, 0);
    let [x, ahead] = [curvatures.map(() => 1), curvatures.map(() => 1)];
    const start = loss(x);
    let t = 0;
    for (; loss(x) > tolerance * start; t++) {
      const next = ahead.map((value, k) => value * (1 - rate * curvatures[k]!));
      ahead = next.map((value, k) => value + momentum * (value - x[k]!));
      x = next;
    }
    return t;
  }

  it("gradient descent and Nesterov's method need no more steps than promised", () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 1.5, max: 300, noNaN: true }), (seed, conditionNumber) => {
        const curvatures = uniform(key(seed), 6).map((u, k) =>
          k === 0 ? 1 : k === 1 ? 1 / conditionNumber : (1 + u * (conditionNumber - 1)) / conditionNumber,
        );
        const tolerance = 1e-6;
        const root = Math.sqrt(conditionNumber);
        const slow = stepsOf(curvatures, tolerance, 0);
        const fast = stepsOf(curvatures, tolerance, (root - 1) / (root + 1));
        const descent = gradientDescentIterations({ conditionNumber, tolerance, measured: slow });
        expect(descent.slack).toBeGreaterThanOrEqual(1);
        expect(descent.slack).toBeLessThan(6);
        expect(nesterovIterations({ conditionNumber, tolerance, measured: fast }).slack).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  it("one step is enough when all curvatures are one", () => {
    expect(gradientDescentIterations({ conditionNumber: 1, tolerance: 1e-9 }).promises.value).toBe(1);
  });
});

describe("movement and labels", () => {
  it("loose ≥ spectral ≥ sharp, which is √(r H⁻¹ r)", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.integer({ min: 1, max: 6 }), async (seed, n) => {
        const kernel = await randomKernel(seed, n, n + 4);
        const residual = matrix(n, 1, normal(child(key(seed), 1), n));
        const path = await ridgePath(kernel, residual);
        const factor = await jsEngine.cholesky(kernel);
        if (!factor.ok) throw new Error("not positive definite");
        const z = await jsEngine.solveTriangular(factor.lower, residual);
        const sharp = Math.sqrt(z.data.reduce((sum, value) => sum + value * value, 0));
        const bounds = movementBounds(path, sharp);
        expect(bounds.sharp.promises.value / sharp).toBeCloseTo(1, 8);
        expect(bounds.spectral.slack).toBeGreaterThanOrEqual(1 - 1e-9);
        expect(bounds.loose.promises.value).toBeGreaterThanOrEqual(bounds.spectral.promises.value * (1 - 1e-12));
        const labels = labelComplexity(path, 0.5);
        expect(labels.promises.value / Math.sqrt((2 * sharp * sharp) / n)).toBeCloseTo(1, 8);
      }),
    );
  });

  it("is without bound where the kernel is singular, and says so", async () => {
    const path = await ridgePath(
      fromRows([
        [1, 1],
        [1, 1],
      ]),
      fromRows([[1], [0]]),
    );
    const { loose, spectral } = movementBounds(path, 1);
    expect(loose.promises.value).toBe(Number.POSITIVE_INFINITY);
    expect(loose.assumes.map(({ holds }) => holds)).toContain(false);
    expect(spectral.slack).toBe(Number.POSITIVE_INFINITY);
  });

  it("refuses more than one output", async () => {
    const path = await ridgePath(fromRows([[1]]), fromRows([[1, 2]]));
    expect(() => movementBounds(path)).toThrow("one column, got 2");
    expect(() => labelComplexity(path)).toThrow("one column, got 2");
  });
});

describe("the lazy scale", () => {
  const setting = { largestSingularValue: 2, smallestSingularValue: 0.5, jacobianLipschitz: 0.25, initialRisk: 1.5 };

  it("is β √(1152 σ² R₀)/s³", () => {
    expect(lazyScaleThreshold(setting)).toBeCloseTo((0.25 * Math.sqrt(1152 * 4 * 1.5)) / 0.125, 10);
    expect(lazyScaleThreshold({ ...setting, jacobianLipschitz: 0 })).toBe(0);
  });

  it("holds for linear networks, whose threshold is 0, at any scale", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.double({ min: 0.1, max: 20, noNaN: true }), async (seed, scale) => {
        const kernel = await randomKernel(seed, 4, 9);
        const target = matrix(4, 1, normal(child(key(seed), 1), 4));
        const path = await ridgePath(kernel, target);
        const risk = target.data.reduce((sum, value) => sum + value * value, 0) / 2;
        const own = {
          largestSingularValue: Math.sqrt(path.values[3]!),
          smallestSingularValue: Math.sqrt(path.values[0]!),
          ...{ jacobianLipschitz: 0, initialRisk: risk, scale },
        };
        const movement = movementBounds(path).sharp.promises.value / scale;
        const found = lazyScaleBounds({ ...own, measured: { movement, rate: 2 * scale ** 2 * path.values[0]! } });
        const kept = ({ slack, assumes }: Bound) => slack! >= 1 && assumes[0]!.holds;
        expect([found.movement, found.rate].map(kept)).toEqual([true, true]);
      }),
    );
  });

  it("says where the scale is too small", () => {
    const { movement } = lazyScaleBounds({ ...setting, scale: 1 });
    expect(movement.assumes[0]).toMatchObject({ holds: false, value: 1 });
    expect(() => lazyScaleBounds({ ...setting, scale: 0 })).toThrow("scale must be above 0, got 0");
  });
});

describe("double descent", () => {
  it("is the formula, and infinite at the peak", () => {
    expect(minNormRisk({ n: 50, features: 10, noise: 0.5 })).toBeCloseTo((0.25 * 10) / 39, 14);
    expect(minNormRisk({ n: 50, features: 200, noise: 0.5 })).toBeCloseTo(0.75 + (0.25 * 50) / 149, 14);
    for (const features of [49, 50, 51])
      expect(minNormRisk({ n: 50, features, noise: 0.5 })).toBe(Number.POSITIVE_INFINITY);
    expect(minNormRisk({ n: 10, features: 100 })).toBeCloseTo(0.9, 14);
    expect(minNormRisk({ n: 10, features: 10 })).toBe(0);
    expect(() => minNormRisk({ n: 10, features: 0 })).toThrow("features must be a whole number from 1, got 0");
  });
});
