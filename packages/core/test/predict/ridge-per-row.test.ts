import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/errors.ts";
import { fromRows, type Matrix, matrix, takeBlock, takeRows, transpose } from "../../src/matrix/matrix.ts";
import { gpInference } from "../../src/predict/gp-inference.ts";
import { kernelRegression } from "../../src/predict/kernel-regression.ts";
import { looFromCholesky } from "../../src/predict/leave-one-out.ts";
import { gap, gauss, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

const problems = fc.record({
  seed: fc.nat(1e6),
  outputs: fc.integer({ min: 1, max: 3 }),
  ridges: fc.array(fc.constantFrom(0, 1e-6, 0.1, 3, 50), { minLength: 2, maxLength: 9 }),
});

/** K with ridges on its diagonal. */
function regularized(k: Matrix, ridges: readonly number[]): Matrix {
  const sum = matrix(k.rows, k.cols, k.data.slice());
  ridges.forEach((ridge, i) => {
    sum.data[i * k.cols + i]! += ridge;
  });
  return sum;
}

describe("a ridge for each row", () => {
  it("solves (K + diag(diagReg)) alpha = y by both methods, and is that of all where all are equal", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, outputs, ridges }) => {
        const n = ridges.length;
        const k = randomKernel(seed, n, 0).dd;
        const before = k.data.slice();
        const y = randomMatrix(seed + 1, n, outputs);
        const expected = gauss(regularized(k, ridges), y).solution;
        for (const method of ["cholesky", "pseudoinverse"] as const)
          for (const diagReg of [ridges, Float64Array.from(ridges)]) {
            const solution = succeed(await kernelRegression(k, y, { diagReg, method }));
            expect(gap(solution.alpha.data, expected.data)).toBeLessThan(1e-10);
            expect(solution).toMatchObject({ method, rank: n });
            expect(solution.diagReg).toBe(diagReg);
          }
        const [same, one] = [new Float64Array(n).fill(ridges[0]!), ridges[0]!];
        const equal = succeed(await kernelRegression(k, y, { diagReg: same }));
        expect(equal.alpha).toEqual(succeed(await kernelRegression(k, y, { diagReg: one })).alpha);
        expect(k.data).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it("leaves out each row, with its own noise, as solving again does", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, outputs, ridges }) => {
        const n = ridges.length;
        const k = randomKernel(seed, n, 0).dd;
        const y = randomMatrix(seed + 1, n, outputs);
        const loo = succeed(await looFromCholesky(k, y, { diagReg: ridges }));
        for (let i = 0; i < n; i++) {
          const rest = Array.from({ length: n }, (_, j) => j).filter((j) => j !== i);
          const inner = takeBlock(regularized(k, ridges), rest, rest);
          const cross = takeBlock(k, [i], rest);
          const said = times(cross, gauss(inner, takeRows(y, rest)).solution);
          const explained = times(cross, gauss(inner, transpose(cross)).solution).data[0]!;
          const variance = k.data[i * n + i]! + ridges[i]! - explained;
          expect(loo.variances[i]! / variance).toBeCloseTo(1, 8);
          for (let j = 0; j < outputs; j++)
            expect(loo.residuals.data[i * outputs + j]).toBeCloseTo(y.data[i * outputs + j]! - said.data[j]!, 8);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("is noise of each target in the posterior of a Gaussian process", async () => {
    const { dd, td, tt } = randomKernel(5, 6, 3);
    const [y, ridges] = [randomMatrix(6, 6, 2), [0.1, 3, 0, 1, 20, 0.5]];
    const kernels = { kTrainTrain: { nngp: dd }, kTestTrain: { nngp: td }, kTestTest: { nngp: tt } };
    const posterior = succeed(await gpInference(kernels, y, { get: "nngp", diagReg: ridges }));
    const solved = gauss(regularized(dd, ridges), y).solution;
    const explained = times(td, gauss(regularized(dd, ridges), transpose(td)).solution);
    expect(gap(posterior.mean.data, times(td, solved).data)).toBeLessThan(1e-10);
    expect(
      gap(
        posterior.covariance!.data,
        tt.data.map((v, at) => v - explained.data[at]!),
      ),
    ).toBeLessThan(1e-10);
  });

  it("of which one is too small: one ridge that would do for all", async () => {
    const k = fromRows([
      [1, 1, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    const y = fromRows([[1], [3], [5]]);
    const failure = await kernelRegression(k, y, { diagReg: [0, 0, 4] });
    if (failure.ok) throw new Error("two equal rows without a ridge are singular");
    expect(failure.message).toContain("the matrix with diagReg of each row, up to 4, is not positive definite");
    expect(failure.suggestedDiagReg).toBeGreaterThanOrEqual(4);
    expect((await kernelRegression(k, y, { diagReg: failure.suggestedDiagReg })).ok).toBe(true);
    expect((await kernelRegression(k, y, { diagReg: [0, 1e-6, 0] })).ok).toBe(true);
  });

  it("is refused where it does not fit the rows, is negative or is no number", async () => {
    const [k, y] = [randomKernel(1, 3, 0).dd, randomMatrix(2, 3, 1)];
    const refused = (diagReg: readonly number[]) => kernelRegression(k, y, { diagReg });
    await expect(refused([1, 2])).rejects.toThrow(
      new ShapeError("kernelRegression: diagReg must be one number, or one for each of the 3 rows, got 2"),
    );
    await expect(refused([1, -2, 3])).rejects.toThrow(
      new ValueError("kernelRegression: diagReg of row 1 must be at least 0, got -2"),
    );
    await expect(refused([1, 2, Number.NaN])).rejects.toThrow("diagReg of row 2 must be at least 0, got NaN");
    await expect(looFromCholesky(k, y, { diagReg: [1, Infinity, 1] })).rejects.toThrow(ValueError);
  });
});
