import { describe, expect, it } from "vitest";
import { checkPositiveSemidefinite } from "../../src/kernel/positive-semidefinite.ts";
import type { Engine } from "../../src/linalg/engine.ts";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";

const diagonalMatrix = (values: number[]): Matrix =>
  fromRows(values.map((value, i) => values.map((_, j) => (i === j ? value : 0))));

/** An engine that takes v for the eigenvector of −1 in any matrix, right or wrong. */
function claiming(v: number[]): Engine {
  const n = v.length;
  const vectors = matrix(n, n);
  vectors.data.set(v);
  return { ...jsEngine, eigh: async () => ({ values: Float64Array.from(v, (_, i) => i - 1), vectors }) };
}

describe("the tolerance is what rounding can make of an eigenvalue 0", () => {
  it("1e-12 of the mean of the diagonal, whatever the signs on it", async () => {
    for (const values of [
      [4, 2, 0],
      [4, -2, 0],
    ]) {
      const { tolerance } = await checkPositiveSemidefinite(diagonalMatrix(values));
      expect(tolerance / 2e-12).toBeCloseTo(1, 14);
    }
  });

  it("n ε of the largest eigenvalue, of either sign, where that is more", async () => {
    for (const sign of [1, -1]) {
      const { tolerance } = await checkPositiveSemidefinite(matrix(100, 100, new Float64Array(1e4).fill(sign)));
      expect(tolerance / (100 * Number.EPSILON * 100)).toBeCloseTo(1, 12);
    }
  });

  it("an eigenvalue that is negative by less is forgiven, by as much too, by more is not", async () => {
    expect(await checkPositiveSemidefinite(diagonalMatrix([1, -1e-13]))).toMatchObject({ ok: true, witness: null });
    const { ok, witness } = await checkPositiveSemidefinite(diagonalMatrix([1, -1e-12]));
    expect([ok, ...witness!.map(Math.abs)]).toEqual([false, 0, 1]);
    const asMuch = await checkPositiveSemidefinite(diagonalMatrix([1e12, -1e12]), { engine: claiming([0, 1]) });
    expect(asMuch).toEqual({ ok: true, smallestEigenvalue: -1, tolerance: 1, witness: null });
  });

  it("a matrix without entries is positive semidefinite", async () => {
    expect(await checkPositiveSemidefinite(matrix(0, 0))).toEqual({
      ok: true,
      smallestEigenvalue: 0,
      tolerance: 0,
      witness: null,
    });
  });
});

describe("an eigenvalue proves nothing by itself: its vector must give vᵀKv < 0", () => {
  it.each([
    ["which may be positive", [4, -1], [0.6, 0.8], true],
    ["which need not be the eigenvalue", [4, -1], [0.4, Math.sqrt(0.84)], false],
    ["which is 0 in a matrix of zeros", [0, 0], [0.6, 0.8], true],
  ])("%s", async (_, values, v, ok) => {
    const report = await checkPositiveSemidefinite(diagonalMatrix(values), { engine: claiming(v) });
    expect(report).toMatchObject({ ok, smallestEigenvalue: -1, witness: ok ? null : Float64Array.from(v) });
  });

  it("by more than (2n + 2) ε of the sum of sizes", async () => {
    // vᵀKv = −4δ is the rest of terms whose sizes sum to 8: rounding can make −80 ε of 0.
    const check = async (delta: number) => {
      const off = -(1 + delta) * 4;
      const gram = fromRows([
        [4, off, 0, 0],
        [off, 4, 0, 0],
        [0, 0, 4, off],
        [0, 0, off, 4],
      ]);
      return (await checkPositiveSemidefinite(gram, { engine: claiming([0.5, 0.5, 0.5, 0.5]) })).ok;
    };
    expect(await check(0)).toBe(true);
    expect(await check(16 * Number.EPSILON)).toBe(true);
    expect(await check(32 * Number.EPSILON)).toBe(false);
  });
});
