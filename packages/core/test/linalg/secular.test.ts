import fc from "fast-check";
import { expect, it } from "vitest";
import { secularRoot } from "../../src/linalg/secular.ts";

const problem = fc
  .array(
    fc.record({ gap: fc.double({ min: -14, max: 0, noNaN: true }), z: fc.double({ min: -7, max: 0, noNaN: true }) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((rows) => {
    const d: number[] = [];
    for (const { gap } of rows) d.push((d.at(-1) ?? -1) + 10 ** gap);
    return { d: Float64Array.from(d), z: Float64Array.from(rows, ({ z }) => 10 ** z) };
  });

it("the roots lie between the poles and make the secular function vanish to rounding error", () => {
  fc.assert(
    fc.property(problem, fc.double({ min: 1e-3, max: 2, noNaN: true }), ({ d, z }, rho) => {
      fc.pre(d.every((value, i) => i === 0 || value > d[i - 1]!));
      const distances = new Float64Array(d.length);
      for (let j = 0; j < d.length; j++) {
        const value = secularRoot(d, z, rho, j, distances);
        expect(value).toBeGreaterThanOrEqual(d[j]!);
        expect(distances[j]!).toBeLessThan(0);
        if (j + 1 < d.length) expect(distances[j + 1]!).toBeGreaterThan(0);
        const terms = Array.from(z, (zi, i) => (rho * zi * zi) / distances[i]!);
        const size = terms.reduce((sum, term) => sum + Math.abs(term), 1);
        expect(Math.abs(1 + terms.reduce((sum, term) => sum + term, 0)) / size).toBeLessThan(1e-14);
      }
    }),
    { numRuns: 2000 },
  );
});
