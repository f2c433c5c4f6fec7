import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { largestEigenvalue, type Matvec } from "../../src/linalg/lanczos.ts";
import { addToDiagonal, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";
import { randomMatrix, succeed, times } from "../predict/brute.ts";

const product =
  (a: Matrix): Matvec =>
  (v, out) =>
    out.set(times(a, matrix(v.length, 1, v)).data);

function randomSymmetric(seed: number, n: number): Matrix {
  const a = randomMatrix(seed, n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a.data[j * n + i] = a.data[i * n + j]!;
  return a;
}

describe("largestEigenvalue", () => {
  it("is that of the eigendecomposition, of either sign, and its residual holds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 30 }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        async (seed, n, shift) => {
          const a = addToDiagonal(randomSymmetric(seed, n), shift);
          const { values } = await jsEngine.eigh(a);
          const size = Math.max(-values[0]!, values[n - 1]!);
          const found = succeed(await largestEigenvalue(product(a), normal(key(seed), n)));
          expect(found.converged).toBe(true);
          expect(Math.abs(Math.abs(found.eigenvalue) - size)).toBeLessThan(1e-12 * size);
          const image = times(a, matrix(n, 1, found.vector)).data;
          const residual = Math.hypot(...image.map((value, i) => value - found.eigenvalue * found.vector[i]!));
          expect(residual).toBeLessThan(found.residual + 1e-13 * size);
          expect(Math.abs(Math.hypot(...found.vector) - 1)).toBeLessThan(1e-13);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("takes few products of a large operator, awaits it if need be, and gives the same bits again", async () => {
    const n = 3000;
    const spectrum: Matvec = (v, out) => {
      for (let i = 0; i < n; i++) out[i] = v[i]! * (i === 1234 ? -5 : Math.cos(i));
    };
    const later: Matvec = async (v, out) => {
      await Promise.resolve();
      return spectrum(v, out);
    };
    const found = succeed(await largestEigenvalue(spectrum, normal(key(3), n)));
    expect(found.eigenvalue).toBeCloseTo(-5, 13);
    expect(found.steps).toBeLessThan(25);
    expect(await largestEigenvalue(later, normal(key(3), n))).toEqual(found);
  });

  it("stops in an invariant subspace, also that of zero", async () => {
    const identity = succeed(await largestEigenvalue((v, out) => out.set(v), normal(key(1), 50)));
    expect(identity).toMatchObject({ steps: 1, converged: true });
    expect(identity.eigenvalue).toBeCloseTo(1, 14);
    const zero = succeed(await largestEigenvalue((_, out) => void out.fill(0), normal(key(1), 50)));
    expect(zero).toMatchObject({ eigenvalue: 0, residual: 0, converged: true, steps: 1 });
  });

  it("says when it has not converged, and where the operator is not finite", async () => {
    const close: Matvec = (v, out) => {
      for (let i = 0; i < v.length; i++) out[i] = v[i]! * (1 - 1e-4 * i);
    };
    const found = succeed(await largestEigenvalue(close, normal(key(1), 500), { maxSteps: 5 }));
    expect(found).toMatchObject({ converged: false, steps: 5 });
    expect(found.residual).toBeGreaterThan(1e-8);
    const failed = await largestEigenvalue((_, out) => void out.fill(Number.NaN), normal(key(1), 5));
    expect(failed).toMatchObject({ ok: false, reason: "not-finite", step: 1 });
    await expect(largestEigenvalue(close, new Float64Array(4))).rejects.toThrow("start must be a finite vector");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(largestEigenvalue(close, normal(key(1), 9), { signal })).rejects.toThrow("enough");
  });
});
