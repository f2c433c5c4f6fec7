import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { extremeEigenvalues, factorizeTridiagonal, traceOfInverse } from "../../src/linalg/tridiagonal.ts";
import { addToDiagonal, fromRows, matrix, transpose } from "../../src/matrix/matrix.ts";
import { looAt } from "../../src/predict/leave-one-out.ts";
import { logMarginalLikelihoodAt } from "../../src/predict/marginal-likelihood.ts";
import { alphaAt, effectiveDegreesOfFreedomAt, ridgePath } from "../../src/predict/ridge-path.ts";
import { ridgeScores } from "../../src/predict/ridge-scores.ts";
import { tridiagonalPath } from "../../src/predict/tridiagonal-path.ts";
import { gap, gauss, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

const problems = fc.record({
  seed: fc.nat(1e6),
  n: fc.integer({ min: 1, max: 40 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  diagReg: fc.constantFrom(1e-6, 1e-3, 0.5, 20, 1e4),
});

describe("a tridiagonal path", () => {
  it("says what a ridge path says", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, n, outputs, diagReg }) => {
        const k = randomKernel(seed, n, 0).dd;
        const y = randomMatrix(seed + 1, n, outputs);
        const [path, other] = [await tridiagonalPath(k, y), await ridgePath(k, y)];
        const direct = gauss(addToDiagonal(k, diagReg), y).solution;
        expect(gap((await alphaAt(path, diagReg)).data, direct.data)).toBeLessThan(1e-9);
        const [loo, otherLoo] = [succeed(await looAt(path, diagReg)), succeed(await looAt(other, diagReg))];
        expect(gap(loo.residuals.data, otherLoo.residuals.data)).toBeLessThan(1e-9);
        expect(gap(loo.variances, otherLoo.variances)).toBeLessThan(1e-9);
        const freedom = effectiveDegreesOfFreedomAt(path, diagReg);
        expect(freedom).toBeCloseTo(effectiveDegreesOfFreedomAt(other, diagReg), 9);
        for (const scale of [1, "profiled"] as const) {
          const evidence = succeed(logMarginalLikelihoodAt(path, diagReg, { scale }));
          const otherEvidence = succeed(logMarginalLikelihoodAt(other, diagReg, { scale }));
          expect(gap(evidence.perOutput, otherEvidence.perOutput)).toBeLessThan(1e-9);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("scores many ridges as a ridge path does", async () => {
    const [k, y] = [randomKernel(3, 8, 0).dd, randomMatrix(4, 8, 2)];
    const [scores, expected] = [
      await ridgeScores(await tridiagonalPath(k, y), [1e-3, 0.1, 10]),
      await ridgeScores(await ridgePath(k, y), [1e-3, 0.1, 10]),
    ].map((list) => list.map(succeed));
    for (const [i, score] of scores!.entries()) {
      expect(score.looMeanSquare / expected![i]!.looMeanSquare).toBeCloseTo(1, 10);
      expect(score.logMarginalLikelihood).toBeCloseTo(expected![i]!.logMarginalLikelihood, 9);
    }
  });

  it("takes the eigendecomposition of an engine that has no tridiagonal form", async () => {
    const [k, y] = [randomKernel(5, 20, 0).dd, randomMatrix(6, 20, 1)];
    const { tridiagonalForm: _, ...engine } = jsEngine;
    const path = await tridiagonalPath(k, y, { engine });
    expect(path.offDiagonal.every((value) => value === 0)).toBe(true);
    const expected = succeed(await looAt(await tridiagonalPath(k, y), 0.1));
    expect(gap(succeed(await looAt(path, 0.1)).residuals.data, expected.residuals.data)).toBeLessThan(1e-11);
  });

  it("of a singular matrix needs a ridge, and says which", async () => {
    const twins = fromRows([
      [2, 2, 1],
      [2, 2, 1],
      [1, 1, 3],
    ]);
    const path = await tridiagonalPath(twins, fromRows([[1], [3], [-1]]));
    await expect(alphaAt(path, 0)).rejects.toThrow(/is not positive definite: raise diagReg to .*, or take ridgePath/);
    for (const failure of [await looAt(path, 0), logMarginalLikelihoodAt(path, 0)]) {
      expect(failure).toMatchObject({ ok: false, diagReg: 0 });
      if (!failure.ok) expect((await looAt(path, failure.suggestedDiagReg)).ok).toBe(true);
    }
    const nothing = await looAt(await tridiagonalPath(matrix(2, 2), matrix(2, 1)), 0);
    expect(nothing).toMatchObject({ ok: false });
  });

  it("takes an eigenvalue that is below zero by rounding for zero, as a ridge path does, and no other", async () => {
    for (let seed = 0; seed < 30; seed++) {
      const features = randomMatrix(seed, 9, 4);
      const k = times(features, transpose(features));
      const { smallestEigenvalue, tolerance } = await tridiagonalPath(k, matrix(9, 1));
      expect(smallestEigenvalue).toBeGreaterThanOrEqual(0);
      expect(smallestEigenvalue).toBeLessThanOrEqual(tolerance);
      expect((await ridgePath(k, matrix(9, 1))).values[0]).toBeGreaterThanOrEqual(0);
    }
    const indefinite = fromRows([
      [1, 2],
      [2, 1],
    ]);
    for (const path of [await tridiagonalPath(indefinite, matrix(2, 1)), await ridgePath(indefinite, matrix(2, 1))]) {
      expect("basis" in path ? path.smallestEigenvalue : path.values[0]).toBeCloseTo(-1, 14);
      expect(path.tolerance).toBeCloseTo(6 * Number.EPSILON, 25);
      const failure = await looAt(path, 0.5);
      if (failure.ok) throw new Error("expected a failure");
      expect(failure.message).toContain("with diagReg 0.5 is not positive definite: raise diagReg to 1.0");
      expect(failure.suggestedDiagReg).toBeCloseTo(1, 12);
      expect((await looAt(path, failure.suggestedDiagReg)).ok).toBe(true);
    }
  });

  it("stops when told to, and refuses what is not finite", async () => {
    const [k, y] = [randomKernel(11, 20, 0).dd, randomMatrix(12, 20, 1)];
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(tridiagonalPath(k, y, { signal })).rejects.toThrow("enough");
    k.data[3] = Number.NaN;
    await expect(tridiagonalPath(k, y)).rejects.toMatchObject({ code: "value" });
  });
});

describe("a tridiagonal matrix", () => {
  const entry = fc.double({ min: -4, max: 4, noNaN: true });
  const tridiagonal = fc.array(fc.tuple(entry, entry), { minLength: 1, maxLength: 30 }).map((rows) => ({
    diagonal: Float64Array.from(rows, ([d]) => d),
    offDiagonal: Float64Array.from(rows, ([, e], i) => (i === rows.length - 1 ? 0 : e)),
  }));
  const dense = ({ diagonal, offDiagonal }: { diagonal: Float64Array; offDiagonal: Float64Array }) => {
    const n = diagonal.length;
    const a = matrix(n, n);
    for (let i = 0; i < n; i++) {
      a.data[i * n + i] = diagonal[i]!;
      if (i < n - 1) [a.data[i * n + i + 1], a.data[(i + 1) * n + i]] = [offDiagonal[i]!, offDiagonal[i]!];
    }
    return a;
  };

  it("has the extreme eigenvalues of the decomposition", async () => {
    await fc.assert(
      fc.asyncProperty(tridiagonal, async (t) => {
        const { values } = await jsEngine.eigh(dense(t));
        const { smallest, largest } = extremeEigenvalues(t);
        const size = Math.max(1e-300, Math.abs(smallest), Math.abs(largest));
        expect(Math.abs(smallest - values[0]!) / size).toBeLessThan(1e-13);
        expect(Math.abs(largest - values.at(-1)!) / size).toBeLessThan(1e-13);
      }),
    );
  });

  it("has the inverse's trace, and factors whose product it is", async () => {
    await fc.assert(
      fc.asyncProperty(tridiagonal, async (t) => {
        const n = t.diagonal.length;
        const shift = 9; // beyond every eigenvalue's size: the sum of three entries is less than 12
        const definite = { ...t, diagonal: t.diagonal.map((value) => Math.abs(value)) };
        const { solution } = gauss(addToDiagonal(dense(definite), shift), addToDiagonal(matrix(n, n), 1));
        let trace = 0;
        for (let i = 0; i < n; i++) trace += solution.data[i * (n + 1)]!;
        expect(traceOfInverse(definite, shift)).toBeCloseTo(trace, 12);
        const { pivots, multipliers } = factorizeTridiagonal(definite, shift);
        for (let i = 0; i < n; i++) {
          const product = pivots[i]! + (i > 0 ? multipliers[i - 1]! ** 2 * pivots[i - 1]! : 0);
          expect(product).toBeCloseTo(definite.diagonal[i]! + shift, 12);
        }
      }),
    );
  });
});
