import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { erf, erfc } from "../../src/special/erf.ts";
import { gaussHermite } from "../../src/special/gauss-hermite.ts";
import { gaussLegendre } from "../../src/special/gauss-legendre.ts";
import { normalCdf, normalDensity } from "../../src/special/normal-cdf.ts";

interface Golden {
  readonly cases: readonly { readonly function: string; readonly values: readonly (readonly [number, number])[] }[];
}

const golden = JSON.parse(readFileSync(new URL("../golden/mpmath-special.json", import.meta.url), "utf8")) as Golden;
const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = { erf, erfc, normalCdf };

describe("50-digit values", () => {
  it.each(Object.keys(FUNCTIONS))("%s", (name) => {
    const values = golden.cases.find((each) => each.function === name)!.values;
    for (const [x, value] of values) {
      const error = Math.abs(FUNCTIONS[name]!(x) - value);
      // Below the smallest normal number only the absolute error can be small.
      expect(error, `${name}(${x})`).toBeLessThanOrEqual(Math.max(4e-16 * Math.abs(value), 1e-320));
    }
  });
});

it("erf is odd, erf + erfc = 1, Φ(x) + Φ(−x) = 1", () => {
  fc.assert(
    fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (x) => {
      expect(erf(-x)).toBe(-erf(x));
      expect(erf(x) + erfc(x)).toBeCloseTo(1, 15);
      expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 15);
    }),
  );
});

it("is defined at the ends", () => {
  expect([erf(Infinity), erf(-Infinity), erfc(Infinity), erfc(-Infinity)]).toEqual([1, -1, 0, 2]);
  expect([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(0)]).toEqual([0, 1, 0.5]);
  expect([erf(Number.NaN), erfc(Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
});

it("the density is the slope of the distribution function", () => {
  for (const x of [-3, -1, 0, 0.4, 2]) {
    expect((normalCdf(x + 1e-4) - normalCdf(x - 1e-4)) / 2e-4).toBeCloseTo(normalDensity(x), 8);
  }
});

describe("Gauss-Hermite", () => {
  it.each([1, 2, 5, 20, 64, 200, 400, 600])("%i nodes: E z^2k = (2k − 1)!!", (n) => {
    const { nodes, weights } = gaussHermite(n);
    let moment = 1;
    for (let k = 0; k < Math.min(n, 10); k++) {
      const sum = nodes.reduce((total, x, i) => total + weights[i]! * x ** (2 * k), 0);
      expect(Math.abs(sum / moment - 1)).toBeLessThan(1e-13);
      moment *= 2 * k + 1;
    }
  });

  it.each([0, 601, 2.5])("rejects %d nodes", (n) => expect(() => gaussHermite(n)).toThrow(/gaussHermite: n must be/));

  it("nodes ascend and are symmetric", () => {
    const { nodes } = gaussHermite(201);
    expect(nodes.every((x, i) => i === 0 || x > nodes[i - 1]!)).toBe(true);
    expect(nodes.every((x, i) => x === -nodes[200 - i]!)).toBe(true);
  });
});

it("Gauss-Legendre is exact for polynomials of degree 2n − 1", () => {
  for (const n of [1, 4, 20, 50]) {
    const { nodes, weights } = gaussLegendre(n);
    for (let power = 0; power < 2 * n; power += 2) {
      const sum = nodes.reduce((total, x, i) => total + weights[i]! * x ** power, 0);
      expect(sum).toBeCloseTo(2 / (power + 1), 13);
    }
  }
});
