import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { ridgePath } from "../../src/predict/ridge-path.ts";
import { child, key, normal } from "../../src/random/key.ts";
import { type Bound, bound, checkAbove0 } from "../../src/theory/bound.ts";
import { concentrationWidth, kernelConcentration } from "../../src/theory/concentration.ts";
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

/** Whether each assumption holds, in their order. */
const holds = ({ assumes }: Bound) => assumes.map((assumption) => assumption.holds);

describe("a bound", () => {
  const stated = (relation: "at most" | "at least", value: number, measured?: number) =>
    bound({ assumes: [], promises: { what: "x", relation, value }, measured });

  it("is loose by the ratio of promise and measurement, above 1 where it is kept", () => {
    expect(stated("at most", 6, 2).slack).toBe(3);
    expect(stated("at least", 2, 6).slack).toBe(3);
    expect(stated("at least", 6, 2).slack).toBe(1 / 3);
    expect(stated("at most", 6)).toMatchObject({ measured: null, slack: null });
  });

  it("is tight where both are 0 or both Infinity", () => {
    for (const value of [0, Number.POSITIVE_INFINITY]) expect(stated("at most", value, value).slack).toBe(1);
  });

  it.each([0, -1, Number.POSITIVE_INFINITY, Number.NaN])("asks for sizes above 0, not %d", (value) => {
    expect(() => checkAbove0("here", "size", value)).toThrow(`here: size must be above 0, got ${value}`);
  });
});

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
    expect(found.promises.what).toBe("‖H(0) − H*‖₂ with probability 0.9");
    const far = kernelConcentration({ n: 20, delta: 0.1, width: 28_760, largestNorm: 3 });
    expect(far.slack).toBeNull();
    expect(far.assumes.map(({ value, holds }) => [value, holds])).toEqual([
      [null, null],
      [3, null],
    ]);
  });

  it.each([
    [{ n: 0, epsilon: 1, delta: 0.1 }, "n must be a whole number from 1, got 0"],
    [{ n: 5, epsilon: 0, delta: 0.1 }, "epsilon must be above 0, got 0"],
    [{ n: 5, epsilon: 1, delta: 1 }, "delta must be between 0 and 1, got 1"],
    [{ n: 5, epsilon: 1, delta: 0 }, "delta must be between 0 and 1, got 0"],
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
    expect(closestPair(matrix(3, 1, Float64Array.of(1, 2, 3)))).toEqual({ i: 0, j: 1, sine: 0 }); // the first of all
    expect(() => closestPair(fromRows([[1, 2]]))).toThrow("two rows or more, got 1");
  });
});

describe("the smallest eigenvalue of what is no kernel", () => {
  const ones = fromRows([
    [1, 1],
    [1, 1],
  ]);

  it("a matrix that is not symmetric breaks the assumption", () => {
    expect(holds(smallestEigenvalueBound(ones))).toEqual([true]);
    expect(
      holds(
        smallestEigenvalueBound(
          fromRows([
            [2, 0, 0],
            [0, 2, 1],
            [0, 0.5, 2],
          ]),
        ),
      ),
    ).toEqual([false]);
    const symmetric = fromRows([
      [2, 0.1, 0.2],
      [0.1, 3, 0.3],
      [0.2, 0.3, 4],
    ]);
    expect(holds(smallestEigenvalueBound(symmetric))).toEqual([true]);
  });

  it("zeros are 0, nothing is refused, and a measurement below 0 is rounding", () => {
    expect(smallestEigenvalueBound(matrix(2, 2)).promises.value).toBe(0);
    expect(() => smallestEigenvalueBound(matrix(0, 0))).toThrow("must not be empty");
    expect(smallestEigenvalueBound(ones, -1e-17)).toMatchObject({ measured: 0, slack: 1 });
    expect(smallestEigenvalueBound(ones)).toMatchObject({ measured: null, slack: null });
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

  it("are what three modes give, with their assumptions", async () => {
    const path = await ridgePath(
      fromRows([
        [4, 0, 0],
        [0, 0.25, 0],
        [0, 0, 1],
      ]),
      fromRows([[3], [4], [0]]),
    );
    const { loose, spectral, sharp } = movementBounds(path);
    // ‖r‖ = 5: √4/0.25 · 5, 5/√0.25, √(9/4 + 16/0.25)
    const values = [loose, spectral, sharp].map(({ promises }) => promises.value);
    expect(values).toEqual([40, 10, Math.sqrt(66.25)].map((value) => expect.closeTo(value, 12)));
    expect([loose, spectral, sharp].map(holds)).toEqual([
      [true, null],
      [true, null],
      [true, null],
    ]);
    const labels = labelComplexity(path);
    expect([labels.promises.value, holds(labels)]).toEqual([
      expect.closeTo(Math.sqrt((2 * 66.25) / 3), 12),
      [true, null],
    ]);
  });

  it("say where the kernel is singular", async () => {
    const path = await ridgePath(matrix(1, 1), fromRows([[1]]));
    expect(holds(labelComplexity(path))).toEqual([false, null]);
    expect(holds(movementBounds(path).sharp)).toEqual([false, null]);
  });

  it("of several outputs are those of one whose kernel is block diagonal", async () => {
    const kernel = await randomKernel(3, 4, 9);
    const residual = matrix(4, 2, normal(key(4), 8));
    const blocks = matrix(8, 8);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++)
        for (let k = 0; k < 2; k++) blocks.data[(2 * i + k) * 8 + 2 * j + k] = kernel.data[4 * i + j]!;
    const several = movementBounds(await ridgePath(kernel, residual));
    const one = movementBounds(await ridgePath(blocks, matrix(8, 1, residual.data)));
    for (const name of ["sharp", "spectral", "loose"] as const)
      expect(several[name].promises.value / one[name].promises.value).toBeCloseTo(1, 9);
  });

  it("of labels refuse more than one output", async () => {
    const path = await ridgePath(fromRows([[1]]), fromRows([[1, 2]]));
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

  it("promises 3 √(8 σ² R₀)/(α s²) of movement and α² s²/2 of rate, from the threshold on", () => {
    const linear = { ...setting, jacobianLipschitz: 0.25 / Math.sqrt(1.5), initialRisk: 2 };
    const { movement, rate } = lazyScaleBounds({ ...linear, scale: 3, measured: { rate: 2.25 } });
    expect(movement.promises.value).toBeCloseTo((3 * 2 * 4) / (3 * 0.25), 12);
    expect(rate).toMatchObject({ promises: { value: 1.125 }, slack: 2 });
    const threshold = lazyScaleThreshold(setting);
    for (const [scale, kept] of [
      [threshold, true],
      [threshold * (1 - 1e-12), false],
    ] as const)
      expect(holds(lazyScaleBounds({ ...setting, scale }).movement)).toEqual([kept]);
  });

  it.each([
    ["largestSingularValue", 0, "must be above 0"],
    ["smallestSingularValue", 0, "must be above 0"],
    ["jacobianLipschitz", -1, "must be at least 0"],
    ["initialRisk", -1, "must be at least 0"],
  ])("refuses %s %d", (name, value, rule) => {
    expect(() => lazyScaleThreshold({ ...setting, [name]: value })).toThrow(`${name} ${rule}, got ${value}`);
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
    expect(minNormRisk({ n: 50, features: 51, noise: 1e-200 })).toBe(Number.POSITIVE_INFINITY);
    expect(minNormRisk({ n: 10, features: 100 })).toBeCloseTo(0.9, 14);
    expect(minNormRisk({ n: 10, features: 100, signal: 3 })).toBeCloseTo(8.1, 13);
    expect(minNormRisk({ n: 10, features: 5, noise: 1e150, signal: 1e150 }) / 1e300).toBeCloseTo(1.25, 14);
    for (const [noise, signal] of [
      [2e150, 1],
      [1, 2e150],
    ] as const)
      expect(() => minNormRisk({ n: 10, features: 5, noise, signal })).toThrow("at most 1e150, got 2e+150");
    expect(minNormRisk({ n: 10, features: 10 })).toBe(0);
    expect(() => minNormRisk({ n: 10, features: 0 })).toThrow("features must be a whole number from 1, got 0");
  });
});
