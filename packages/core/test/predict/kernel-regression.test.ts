import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumericalError, ShapeError, ValueError } from "../../src/errors.ts";
import { addToDiagonal, column, fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { absoluteDiagReg, kernelRegression } from "../../src/predict/kernel-regression.ts";
import { gap, gauss, randomKernel, randomMatrix, succeed, times } from "./brute.ts";

const problems = fc.record({
  seed: fc.nat(1e6),
  n: fc.integer({ min: 1, max: 12 }),
  outputs: fc.integer({ min: 1, max: 4 }),
  diagReg: fc.constantFrom(0, 1e-6, 0.1, 10),
});

describe("kernelRegression", () => {
  it("solves (K + diagReg I) alpha = y by both methods", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ seed, n, outputs, diagReg }) => {
        const k = randomKernel(seed, n, 0).dd;
        const y = randomMatrix(seed + 1, n, outputs);
        const expected = gauss(addToDiagonal(k, diagReg), y).solution;
        for (const method of ["cholesky", "pseudoinverse"] as const) {
          const solution = succeed(await kernelRegression(k, y, { diagReg, method }));
          expect(gap(solution.alpha.data, expected.data)).toBeLessThan(1e-10);
          expect(solution).toMatchObject({ diagReg, method, rank: n });
        }
      }),
      { numRuns: 50 },
    );
  });

  it("of many outputs is that of each output", async () => {
    const k = randomKernel(1, 9, 0).dd;
    const y = randomMatrix(2, 9, 3);
    const all = succeed(await kernelRegression(k, y));
    for (let j = 0; j < 3; j++) {
      const one = succeed(await kernelRegression(k, matrix(9, 1, column(y, j))));
      expect(gap(column(all.alpha, j), one.alpha.data)).toBeLessThan(1e-13);
    }
  });

  it("interpolates without a ridge", async () => {
    const k = randomKernel(3, 10, 0).dd;
    const y = randomMatrix(4, 10, 2);
    const { alpha } = succeed(await kernelRegression(k, y));
    expect(gap(times(k, alpha).data, y.data)).toBeLessThan(1e-12);
  });

  it("reports a singular matrix, with a ridge that works", async () => {
    const k = fromRows([
      [1, 1, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    const y = fromRows([[1], [3], [5]]);
    const failure = await kernelRegression(k, y);
    expect(failure).toMatchObject({ ok: false, pivot: 1 });
    if (failure.ok) return;
    expect(failure.message).toContain("row 1");
    expect(failure.suggestedDiagReg).toBeGreaterThan(0);
    expect((await kernelRegression(k, y, { diagReg: failure.suggestedDiagReg })).ok).toBe(true);
  });

  it("takes a pivot within its own rounding for zero, and names the least ridge that is more, in any units", async () => {
    for (const size of [1, 2 ** 40, 2 ** -40]) {
      // K + size·I = size [[1, c], [c, 1]], whose last pivot is size (1 − c²) = 2⁻⁵² size.
      const c = size * (1 - 2 ** -53);
      const k = fromRows([
        [0, c],
        [c, 0],
      ]);
      const failure = await kernelRegression(k, fromRows([[1], [1]]), { diagReg: size });
      expect(failure).toMatchObject({ ok: false, pivot: 1, suggestedDiagReg: size * (1 + 8 * Number.EPSILON) });
      const suggested = failure.ok ? 0 : failure.suggestedDiagReg;
      expect((await kernelRegression(k, fromRows([[1], [1]]), { diagReg: suggested })).ok).toBe(true);
    }
  });

  it("by the pseudoinverse gives the least-norm solution of a singular matrix", async () => {
    const k = fromRows([
      [1, 1, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    const { alpha, rank } = succeed(await kernelRegression(k, fromRows([[1], [3], [5]]), { method: "pseudoinverse" }));
    expect(rank).toBe(2);
    expect(gap(alpha.data, [1, 1, 5])).toBeLessThan(1e-14); // (1 + 3)/2 shared by the twins
    const zero = succeed(await kernelRegression(matrix(2, 2), fromRows([[1], [2]]), { method: "pseudoinverse" }));
    expect([zero.rank, ...zero.alpha.data]).toEqual([0, 0, 0]);
  });

  it("refuses wrong input once, at the border", async () => {
    const k = randomKernel(5, 3, 0).dd;
    await expect(kernelRegression(matrix(2, 3), matrix(2, 1))).rejects.toThrow(ShapeError);
    await expect(kernelRegression(k, matrix(2, 1))).rejects.toThrow(ShapeError);
    await expect(kernelRegression(matrix(0, 0), matrix(0, 1))).rejects.toThrow(ShapeError);
    await expect(kernelRegression(k, matrix(3, 1), { diagReg: -1 })).rejects.toThrow(ValueError);
    await expect(kernelRegression(k, matrix(3, 1, Float64Array.of(0, Number.NaN, 0)))).rejects.toThrow(ValueError);
    await expect(kernelRegression(fromRows([[1e-300]]), fromRows([[1e300]]))).rejects.toThrow(NumericalError);
  });
});

describe("absoluteDiagReg", () => {
  it("is relative to the mean self term", () => {
    const k: Matrix = fromRows([
      [1, 9],
      [9, 3],
    ]);
    expect(absoluteDiagReg(k, 0.1)).toBeCloseTo(0.2, 15);
  });
});
