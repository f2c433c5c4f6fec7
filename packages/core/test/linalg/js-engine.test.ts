import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { addToDiagonal, type Matrix, matrix, takeBlock, takeRows, transpose } from "../../src/matrix/matrix.ts";
import {
  checkEngine,
  eighLaws,
  failureLaw,
  productLaws,
  svdLaws,
  triangularLaws,
} from "../../src/testing/engine-laws.ts";
import { broken } from "../../src/testing/laws.ts";
import { positiveDefinite, rectangular, symmetric } from "./arbitrary.ts";

const size = fc.integer({ min: 0, max: 40 });
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("jsEngine", () => {
  it.each([
    { seed: 1, n: 70 },
    { seed: 2, n: 33 },
    { seed: 3, n: 100 },
  ])("obeys the laws of an engine (seed $seed, n $n)", async (options) => {
    expect(broken(await checkEngine(jsEngine, options))).toBe("");
  });

  it("multiplies and decomposes matrices of any shape", async () => {
    await fc.assert(
      fc.asyncProperty(rectangular(size, size), async (a) => {
        expect(broken([...(await productLaws(jsEngine, "any", a)), ...(await svdLaws(jsEngine, "any", a))])).toBe("");
      }),
      { numRuns: 60 },
    );
  });

  it("diagonalizes any symmetric matrix", async () => {
    await fc.assert(
      fc.asyncProperty(symmetric(50), async (a) => {
        expect(broken(await eighLaws(jsEngine, "any", a))).toBe("");
      }),
      { numRuns: 60 },
    );
  });

  it("solves with any positive definite matrix", async () => {
    await fc.assert(
      fc.asyncProperty(positiveDefinite(60), async (a) => {
        expect(broken(await triangularLaws(jsEngine, "any", a))).toBe("");
      }),
      { numRuns: 40 },
    );
  });

  it("suggests a ridge that works for any matrix that is not positive definite", async () => {
    await fc.assert(
      fc.asyncProperty(symmetric(30), fc.integer({ min: -300, max: 300 }), async (a, exponent) => {
        const scaled = matrix(
          a.rows,
          a.rows,
          a.data.map((value) => value * 10 ** exponent),
        );
        const result = await jsEngine.cholesky(scaled);
        if (!result.ok) expect(broken([await failureLaw(jsEngine, "any", scaled)])).toBe("");
      }),
      { numRuns: 200 },
    );
  });
});

describe("bits", () => {
  const a = matrix(
    90,
    300,
    new Float64Array(27000).map((_, i) => Math.sin(i)),
  );
  const b = matrix(
    300,
    70,
    new Float64Array(21000).map((_, i) => Math.cos(i)),
  );

  it("of a slice of a product do not depend on the rest, across panels of the inner size", async () => {
    const whole = await jsEngine.matmul(a, b);
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(range(90), { minLength: 1 }),
        fc.subarray(range(70), { minLength: 1 }),
        async (i, j) => {
          const part = await jsEngine.matmul(takeRows(a, i), transpose(takeRows(transpose(b), j)));
          expect(part.data).toEqual(takeBlock(whole, i, j).data);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("of a column of a solution do not depend on the other columns", async () => {
    const gram = addToDiagonal(await jsEngine.matmul(a, a, { transposeB: true }), 1);
    const factor = await jsEngine.cholesky(gram);
    if (!factor.ok) throw new Error("not positive definite");
    const whole = await jsEngine.solveTriangular(factor.lower, a);
    const part = await jsEngine.solveTriangular(factor.lower, takeBlock(a, range(90), [7, 250]));
    expect(part.data).toEqual(takeBlock(whole, range(90), [7, 250]).data);
  });
});

describe("suggestedDiagReg", () => {
  const nearlySingular = (gap: number): Matrix => matrix(2, 2, Float64Array.of(1, 1 + gap, 1 + gap, 1));

  it.each([
    [1e-3, 1e-2],
    [1e-9, 1e-8],
    [0.5, 1],
  ])("is at most ten times too large: smallest eigenvalue -%f", async (gap, expected) => {
    const result = await jsEngine.cholesky(nearlySingular(gap));
    expect(result).toMatchObject({ ok: false, pivot: 1, suggestedDiagReg: expected });
  });
});
