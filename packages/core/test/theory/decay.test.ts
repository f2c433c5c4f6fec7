import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { child, key, normal, uniform } from "../../src/random/key.ts";
import { gradientDescentIterations, gronwallDecay, nesterovIterations } from "../../src/theory/decay.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe("decay", () => {
  it("needs a kernel above 0, and says whether it is", () => {
    const at = (smallestEigenvalue: number) => gronwallDecay({ smallestEigenvalue, t: 1, start: 2 });
    expect(at(0.5).assumes).toMatchObject([{ holds: true, value: 0.5 }]);
    expect(at(0)).toMatchObject({ assumes: [{ holds: false, value: 0 }], promises: { value: 2 } });
  });

  it.each([
    [0.5, 0.1, "conditionNumber must be at least 1, got 0.5"],
    [2, 0, "tolerance must be between 0 and 1, got 0"],
    [2, 1, "tolerance must be between 0 and 1, got 1"],
  ])("steps refuse condition %d to tolerance %d", (conditionNumber, tolerance, message) => {
    for (const iterations of [gradientDescentIterations, nesterovIterations])
      expect(() => iterations({ conditionNumber, tolerance })).toThrow(message);
  });

  it("steps assume one thing, which numbers cannot tell", () => {
    expect(nesterovIterations({ conditionNumber: 4, tolerance: 0.1 }).assumes).toMatchObject([{ holds: null }]);
    // (1 − 1/4)ᵗ ≤ 0.1 from 8.004 on, 2 (1 − 1/2)ᵗ ≤ 0.1 from 4.3 on
    expect(gradientDescentIterations({ conditionNumber: 4, tolerance: 0.1 }).promises.value).toBe(9);
    expect(nesterovIterations({ conditionNumber: 4, tolerance: 0.1 }).promises.value).toBe(5);
  });

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
