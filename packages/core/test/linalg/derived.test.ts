import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inverseDiagonal } from "../../src/linalg/inverse-diagonal.ts";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { logDeterminant } from "../../src/linalg/log-determinant.ts";
import { pseudoinverse } from "../../src/linalg/pseudoinverse.ts";
import { solveCholesky } from "../../src/linalg/solve-cholesky.ts";
import { addToDiagonal, fromRows, type Matrix, matrix, toRows, transpose } from "../../src/matrix/matrix.ts";
import { naiveProduct, rectangularExamples, symmetricExamples } from "../../src/testing/engine-examples.ts";
import { positiveDefinite } from "./arbitrary.ts";

async function factorOf(a: Matrix) {
  const factor = await jsEngine.cholesky(a);
  if (!factor.ok) throw new Error("not positive definite");
  return factor;
}

function largestDifference(a: Matrix, b: Matrix): number {
  return a.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b.data[i]!)), 0);
}

describe("from a Cholesky factor", () => {
  it("solveCholesky undoes a product with A", async () => {
    await fc.assert(
      fc.asyncProperty(positiveDefinite(12), async (a) => {
        const x = matrix(
          a.rows,
          2,
          new Float64Array(2 * a.rows).map((_, i) => Math.cos(i)),
        );
        const solved = await solveCholesky(jsEngine, await factorOf(a), naiveProduct(a, x));
        expect(largestDifference(solved, x)).toBeLessThan(1e-9);
      }),
    );
  });

  it("logDeterminant agrees with the product of the eigenvalues", async () => {
    await fc.assert(
      fc.asyncProperty(positiveDefinite(12), async (a) => {
        const { values } = await jsEngine.eigh(a);
        const expected = values.reduce((sum, value) => sum + Math.log(value), 0);
        expect(logDeterminant(await factorOf(a))).toBeCloseTo(expected, 9);
      }),
    );
  });

  it("logDeterminant has no trouble where the determinant overflows", async () => {
    const a = addToDiagonal(matrix(200, 200), 1e100);
    expect(logDeterminant(await factorOf(a))).toBeCloseTo(200 * 100 * Math.LN10, 6);
  });

  it("inverseDiagonal is the diagonal of the solution with the identity", async () => {
    await fc.assert(
      fc.asyncProperty(positiveDefinite(12), async (a) => {
        const factor = await factorOf(a);
        const inverse = await solveCholesky(jsEngine, factor, addToDiagonal(matrix(a.rows, a.rows), 1));
        const found = await inverseDiagonal(jsEngine, factor);
        found.forEach((value, i) => {
          expect(value / inverse.data[i * a.rows + i]!).toBeCloseTo(1, 9);
        });
      }),
    );
  });
});

describe("pseudoinverse", () => {
  const scale = (a: Matrix) => a.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Squares of entries near 1e±200 leave the range of float64 in the check itself; "graded" has no clear rank.
  const clear = ([name]: readonly [string, Matrix]) => !/1e|graded|Hilbert/.test(name);

  it.each(rectangularExamples(5, 20).filter(clear))("obeys the four equations of Penrose: %s", async (_, a) => {
    const { inverse } = await pseudoinverse(jsEngine, a);
    const [left, right] = [naiveProduct(a, inverse), naiveProduct(inverse, a)];
    const tolerance = 1e-12 * Math.max(1, scale(a));
    expect(largestDifference(naiveProduct(left, a), a)).toBeLessThan(tolerance);
    expect(largestDifference(naiveProduct(right, inverse), inverse)).toBeLessThan(1e-12 * Math.max(1, scale(inverse)));
    expect(largestDifference(left, transpose(left))).toBeLessThan(1e-12);
    expect(largestDifference(right, transpose(right))).toBeLessThan(1e-12);
  });

  it.each(symmetricExamples(6, 20).filter(clear))("agrees with itself by eigenvalues: %s", async (_, a) => {
    const [one, other] = [await pseudoinverse(jsEngine, a), await pseudoinverse(jsEngine, a, { symmetric: true })];
    expect(other.rank).toBe(one.rank);
    expect(largestDifference(other.inverse, one.inverse)).toBeLessThan(1e-11 * Math.max(1, scale(one.inverse)));
  });

  it("reports the rank, and rcond decides it", async () => {
    const a = fromRows([
      [1, 0, 0],
      [0, 1e-3, 0],
    ]);
    expect(await pseudoinverse(jsEngine, a)).toMatchObject({ rank: 2 });
    const { rank, cutoff, inverse } = await pseudoinverse(jsEngine, a, { rcond: 1e-2 });
    expect([rank, cutoff]).toEqual([1, 1e-2]);
    expect(toRows(inverse)).toEqual([
      [1, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it("names a reciprocal that overflows", async () => {
    await expect(pseudoinverse(jsEngine, fromRows([[1e-310]]))).rejects.toThrow("leaves the range of float64");
  });
});
