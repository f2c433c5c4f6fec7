import fc from "fast-check";
import { expect, it } from "vitest";
import { deflate } from "../../src/linalg/deflate.ts";
import { matrix, transpose } from "../../src/matrix/matrix.ts";
import { naiveProduct } from "../../src/testing/engine-examples.ts";

const [middle, n] = [4, 9];
const tolerance = 1e-13;

// Few distinct values, so that several agree within and across the halves.
const problem = fc.record({
  d: fc.array(fc.constantFrom(-1, 0.5, 0.5 + 1e-15, 2), { minLength: n, maxLength: n }),
  u: fc.array(fc.constantFrom(0, 1e-16, 0.2, -0.4), { minLength: n, maxLength: n }),
});

/** Zᵀ (diag(d) + u uᵀ) Z. */
function assembled(d: Float64Array, u: Float64Array, z: Float64Array) {
  const inner = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) inner.data[i * n + j] = u[i]! * u[j]! + (i === j ? d[i]! : 0);
  const rows = matrix(n, n, z);
  return naiveProduct(transpose(rows), naiveProduct(inner, rows));
}

it("keeps the matrix, separates what is kept, and knows which halves each kept row lives in", () => {
  fc.assert(
    fc.property(problem, (start) => {
      const [d, u, z] = [Float64Array.from(start.d), Float64Array.from(start.u), new Float64Array(n * n)];
      for (let i = 0; i < n; i++) z[i * n + i] = 1;
      const before = assembled(d, u, z);
      const merge = deflate({ d, z, stride: n, low: 0, middle, high: n }, u, 1, tolerance);
      const left = new Float64Array(n);
      merge.kept.forEach((i, k) => {
        left[i] = merge.u[k]!;
        if (k > 0) expect(d[i]!).toBeGreaterThan(d[merge.kept[k - 1]!]!);
      });
      assembled(d, left, z).data.forEach((value, i) => {
        expect(Math.abs(value - before.data[i]!)).toBeLessThan(n * tolerance);
      });
      expect([...merge.kept, ...merge.deflated].sort((i, j) => i - j)).toEqual(Array.from({ length: n }, (_, i) => i));
      const lives = (i: number, from: number, to: number) => z.subarray(i * n + from, i * n + to).some((x) => x !== 0);
      for (const i of merge.grouped.slice(merge.inFirst)) expect(lives(i, 0, middle)).toBe(false);
      for (const i of merge.grouped.slice(0, merge.kept.length - merge.inSecond))
        expect(lives(i, middle, n)).toBe(false);
    }),
    { numRuns: 1000 },
  );
});
