import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addToDiagonal, column, fromRows, type Matrix, matrix, takeBlock, takeRows } from "../../src/matrix/matrix.ts";
import { looAt, looFromCholesky } from "../../src/predict/leave-one-out.ts";
import { logMarginalLikelihood, logMarginalLikelihoodAt } from "../../src/predict/marginal-likelihood.ts";
import { alphaAt, effectiveDegreesOfFreedomAt, fittedAt, rankAt, ridgePath } from "../../src/predict/ridge-path.ts";
import { ridgeScores } from "../../src/predict/ridge-scores.ts";
import { gap, gauss, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

const problems = fc.record({
  seed: fc.nat(1e6),
  n: fc.integer({ min: 2, max: 10 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  diagReg: fc.constantFrom(0, 1e-3, 0.5, 20),
});

/** Leaves each row out, solves again, predicts it. */
function leaveOneOutByRefitting(k: Matrix, y: Matrix, diagReg: number): { residuals: Matrix; variances: number[] } {
  const residuals = matrix(y.rows, y.cols);
  const variances: number[] = [];
  for (let i = 0; i < k.rows; i++) {
    const rest = Array.from({ length: k.rows }, (_, j) => j).filter((j) => j !== i);
    const cross = takeBlock(k, [i], rest);
    const inner = addToDiagonal(takeBlock(k, rest, rest), diagReg);
    const prediction = times(cross, gauss(inner, takeRows(y, rest)).solution);
    prediction.data.forEach((value, j) => {
      residuals.data[i * y.cols + j] = y.data[i * y.cols + j]! - value;
    });
    const explained = times(cross, gauss(inner, takeBlock(k, rest, [i])).solution).data[0]!;
    variances.push(k.data[i * k.cols + i]! + diagReg - explained);
  }
  return { residuals, variances };
}

function evidenceByDeterminant(a: Matrix, y: Float64Array, scale: number): number {
  const { solution, det } = gauss(a, matrix(y.length, 1, y));
  const quadratic = y.reduce((sum, value, i) => sum + value * solution.data[i]!, 0);
  return -quadratic / scale / 2 - Math.log(det) / 2 - (y.length / 2) * Math.log(2 * Math.PI * scale);
}

describe("a ridge path", () => {
  it("is the direct solve at each ridge", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, n, outputs }) => {
        const k = randomKernel(seed, n, 0).dd;
        const y = randomMatrix(seed + 1, n, outputs);
        const path = await ridgePath(k, y);
        for (const diagReg of [0, 1e-6, 0.1, 3, 1e4]) {
          const direct = gauss(addToDiagonal(k, diagReg), y).solution;
          expect(gap((await alphaAt(path, diagReg)).data, direct.data)).toBeLessThan(1e-10);
          expect(gap((await fittedAt(path, diagReg)).data, times(k, direct).data)).toBeLessThan(1e-10);
          const hat = gauss(addToDiagonal(k, diagReg), k).solution;
          const trace = Array.from({ length: n }, (_, i) => hat.data[i * n + i]!).reduce((a, b) => a + b);
          expect(effectiveDegreesOfFreedomAt(path, diagReg)).toBeCloseTo(trace, 9);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("leaves one out as refitting does, also from a Cholesky factor", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, n, outputs, diagReg }) => {
        const k = randomKernel(seed, n, 0).dd;
        const y = randomMatrix(seed + 1, n, outputs);
        const { residuals, variances } = leaveOneOutByRefitting(k, y, diagReg);
        const fromPath = succeed(await looAt(await ridgePath(k, y), diagReg));
        const fromFactor = succeed(await looFromCholesky(k, y, { diagReg }));
        for (const loo of [fromPath, fromFactor]) {
          expect(gap(loo.residuals.data, residuals.data)).toBeLessThan(1e-10);
          expect(gap(loo.variances, variances)).toBeLessThan(1e-10);
        }
        const { solution, det } = gauss(addToDiagonal(k, diagReg), y);
        expect(gap(fromFactor.alpha.data, solution.data)).toBeLessThan(1e-10);
        expect(fromFactor.logDet).toBeCloseTo(Math.log(det), 9);
      }),
      { numRuns: 30 },
    );
  });

  it("leaves one out the same by both roads where Cholesky works in several panels", async () => {
    const k = randomKernel(9, 300, 0).dd;
    const y = randomMatrix(10, 300, 2);
    const fromPath = succeed(await looAt(await ridgePath(k, y), 1));
    const fromFactor = succeed(await looFromCholesky(k, y, { diagReg: 1 }));
    expect(gap(fromFactor.residuals.data, fromPath.residuals.data)).toBeLessThan(1e-10);
    expect(gap(fromFactor.variances, fromPath.variances)).toBeLessThan(1e-10);
  });

  it("stops when told to, and reports its progress up to 1", async () => {
    const k = randomKernel(11, 20, 0).dd;
    const y = randomMatrix(12, 20, 1);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(ridgePath(k, y, { signal })).rejects.toThrow("enough");
    await expect(looFromCholesky(k, y, { signal })).rejects.toThrow("enough");
    const path = await ridgePath(k, y);
    await expect(ridgeScores(path, [1], { signal })).rejects.toThrow("enough");
    const fractions: number[] = [];
    const onProgress = (fraction: number): void => void fractions.push(fraction);
    await looFromCholesky(k, y, { onProgress });
    await ridgeScores(path, [1, 2], { onProgress });
    expect(fractions).toEqual([0.5, 1, 0.5, 1]);
  });

  it("has the evidence of the definition, by both roads, at any scale", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, n, outputs, diagReg }) => {
        const k = randomKernel(seed, n, 0).dd;
        const y = randomMatrix(seed + 1, n, outputs);
        const a = addToDiagonal(k, diagReg);
        const path = await ridgePath(k, y);
        for (const scale of [1, 0.3, "profiled"] as const) {
          const fromPath = succeed(logMarginalLikelihoodAt(path, diagReg, { scale }));
          const fromFactor = succeed(await logMarginalLikelihood(k, y, { diagReg, scale }));
          for (const evidence of [fromPath, fromFactor]) {
            const expected = Array.from({ length: outputs }, (_, j) =>
              evidenceByDeterminant(a, column(y, j), evidence.scales[j]!),
            );
            expect(gap(evidence.perOutput, expected)).toBeLessThan(1e-10);
            expect(evidence.total).toBeCloseTo(
              expected.reduce((sum, value) => sum + value),
              8,
            );
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("has no evidence at a scale that is not above 0", async () => {
    const [k, y] = [randomKernel(1, 6, 0).dd, randomMatrix(2, 6, 1)];
    for (const scale of [0, -1, Number.NaN]) {
      await expect(logMarginalLikelihood(k, y, { scale })).rejects.toThrow("logMarginalLikelihood: scale must be");
      expect(await ridgePath(k, y).then((path) => () => logMarginalLikelihoodAt(path, 1, { scale }))).toThrow("scale");
    }
  });

  it("profiles the most likely scale", async () => {
    const path = await ridgePath(randomKernel(1, 6, 0).dd, randomMatrix(2, 6, 1));
    const best = succeed(logMarginalLikelihoodAt(path, 0.1, { scale: "profiled" }));
    for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2]) {
      const other = succeed(logMarginalLikelihoodAt(path, 0.1, { scale: best.scales[0]! * factor }));
      expect(other.total).toBeLessThan(best.total);
    }
    const zero = await ridgePath(randomKernel(1, 6, 0).dd, matrix(6, 1));
    expect(succeed(logMarginalLikelihoodAt(zero, 0.1, { scale: "profiled" })).total).toBe(Number.POSITIVE_INFINITY);
  });

  it("scores many ridges as one by one", async () => {
    const path = await ridgePath(randomKernel(3, 8, 0).dd, randomMatrix(4, 8, 2));
    const scores = await ridgeScores(path, [0, 0.1, 10]);
    for (const score of scores.map(succeed)) {
      const { residuals } = succeed(await looAt(path, score.diagReg));
      expect(score.looMeanSquare).toBeCloseTo(residuals.data.reduce((sum, r) => sum + r * r, 0) / 16, 12);
      expect(score.logMarginalLikelihood).toBe(succeed(logMarginalLikelihoodAt(path, score.diagReg)).total);
    }
    expect(scores.map((score) => score.ok && score.effectiveDegreesOfFreedom)[0]).toBeCloseTo(8, 12);
    const [profiled] = (await ridgeScores(path, [0.1], { scale: "profiled" })).map(succeed);
    const evidence = succeed(logMarginalLikelihoodAt(path, 0.1, { scale: "profiled" }));
    expect(profiled!.logMarginalLikelihood).toBe(evidence.total);
    expect(profiled!.logMarginalLikelihood).not.toBe(succeed(scores[1]!).logMarginalLikelihood);
  });

  it("halves the targets where the ridge is the eigenvalue", async () => {
    const path = await ridgePath(fromRows([[1]]), fromRows([[3]]));
    expect((await alphaAt(path, 1)).data[0]).toBeCloseTo(1.5, 14);
    expect((await fittedAt(path, 1)).data[0]).toBeCloseTo(1.5, 14);
  });
});

describe("a ridge path of a singular matrix", () => {
  const twins = fromRows([
    [2, 2, 1],
    [2, 2, 1],
    [1, 1, 3],
  ]);
  const y = fromRows([[1], [3], [-1]]);

  it("fits by projection, and knows its rank", async () => {
    const path = await ridgePath(twins, y);
    expect(gap((await fittedAt(path, 0)).data, [2, 2, -1])).toBeLessThan(1e-14);
    expect(gap(times(twins, await alphaAt(path, 0)).data, [2, 2, -1])).toBeLessThan(1e-14);
    expect(rankAt(path, 0)).toBe(2);
    expect(rankAt(path, 1)).toBe(3);
    expect(effectiveDegreesOfFreedomAt(path, 0)).toBeCloseTo(2, 14);
  });

  it("has no leave-one-out and no evidence without a ridge, and says so as a value", async () => {
    const path = await ridgePath(twins, y);
    for (const failure of [
      await looAt(path, 0),
      logMarginalLikelihoodAt(path, 0),
      (await ridgeScores(path, [0]))[0]!,
    ]) {
      expect(failure).toMatchObject({ ok: false, diagReg: 0 });
      if (failure.ok) continue;
      expect(failure.message).toMatch(/^(looAt|logMarginalLikelihoodAt): the kernel matrix/);
      expect((await looAt(path, failure.suggestedDiagReg)).ok).toBe(true);
    }
    expect(await looFromCholesky(twins, y)).toMatchObject({ ok: false, pivot: 1 });
    expect(await logMarginalLikelihood(twins, y)).toMatchObject({ ok: false, pivot: 1 });
    const [score] = await ridgeScores(path, [0]);
    if (score!.ok === false) expect(score.message).toMatch(/^looAt: /);
    const nothing = await looAt(await ridgePath(matrix(2, 2), matrix(2, 1)), 0);
    expect(nothing).toMatchObject({ ok: false });
    if (!nothing.ok) expect(nothing.suggestedDiagReg).toBeGreaterThan(0);
  });

  it("with a ridge is the refit", async () => {
    const { residuals, variances } = leaveOneOutByRefitting(twins, y, 0.1);
    const loo = succeed(await looAt(await ridgePath(twins, y), 0.1));
    expect(gap(loo.residuals.data, residuals.data)).toBeLessThan(1e-12);
    expect(gap(loo.variances, variances)).toBeLessThan(1e-12);
  });
});
