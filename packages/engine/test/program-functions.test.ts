import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberAlgebra } from "../src/program/algebra.ts";
import { acos, atan2, erf, exp, expm1 } from "../src/program/functions.ts";

interface Golden {
  readonly cases: readonly { readonly function: string; readonly values: readonly (readonly (number | null)[])[] }[];
}

const golden = JSON.parse(readFileSync(new URL("golden/mpmath-functions.json", import.meta.url), "utf8")) as Golden;

const FUNCTIONS: Readonly<Record<string, (...x: number[]) => number>> = {
  atan2: (y, x) => atan2(numberAlgebra, y!, x!),
  acos: (x) => acos(numberAlgebra, x!),
  exp: (x) => exp(numberAlgebra, x!),
  expm1: (x) => expm1(numberAlgebra, x!),
  erf: (x) => erf(numberAlgebra, x!),
};

/** The gap between float64 numbers of the size of x. */
function ulp(x: number): number {
  const size = Math.abs(x);
  if (size < 2 ** -1022) return Number.MIN_VALUE;
  return 2 ** (Math.floor(Math.log2(size)) - 52) * (size < 2 ** Math.floor(Math.log2(size)) ? 0.5 : 1);
}

describe("50-digit values, to 2 units in the last place", () => {
  it.each(Object.keys(FUNCTIONS))("%s", (name) => {
    const { values } = golden.cases.find((each) => each.function === name)!;
    expect(values.length).toBeGreaterThanOrEqual(2000);
    for (const row of values) {
      const [x, [value, hundredths]] = [row.slice(0, -2) as number[], row.slice(-2)];
      const found = FUNCTIONS[name]!(...x);
      if (value === null) {
        expect(found, `${name}(${x})`).toBe(Infinity);
        continue;
      }
      const unit = ulp(value!);
      const error = Math.abs((found - value!) / unit - hundredths! / 100);
      expect(error, `${name}(${x}) = ${found}, not ${value}`).toBeLessThanOrEqual(2);
    }
  });
});

it.each(["acos", "exp", "expm1", "erf"])("%s of NaN is NaN", (name) => {
  expect(FUNCTIONS[name]!(Number.NaN)).toBeNaN();
});

it("atan2 of NaN is NaN", () => {
  expect(atan2(numberAlgebra, Number.NaN, 1)).toBeNaN();
  expect(atan2(numberAlgebra, 1, Number.NaN)).toBeNaN();
});

it("ends of the domain", () => {
  expect(exp(numberAlgebra, Infinity)).toBe(Infinity);
  expect(exp(numberAlgebra, -Infinity)).toBe(0);
  expect(expm1(numberAlgebra, Infinity)).toBe(Infinity);
  expect(expm1(numberAlgebra, -Infinity)).toBe(-1);
  expect(expm1(numberAlgebra, -0)).toBe(-0);
  expect([erf(numberAlgebra, Infinity), erf(numberAlgebra, -Infinity), erf(numberAlgebra, -0)]).toEqual([1, -1, -0]);
  expect(acos(numberAlgebra, 1 + 2 ** -52)).toBeNaN();
  expect(acos(numberAlgebra, -1 - 2 ** -52)).toBeNaN();
});

it("exp agrees with expm1, erf is odd, acos x + acos −x = π", () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      const growth = exp(numberAlgebra, x);
      expect(Math.abs(expm1(numberAlgebra, x) - (growth - 1))).toBeLessThanOrEqual(4e-16 * Math.max(1, growth));
      expect(erf(numberAlgebra, -x)).toBe(-erf(numberAlgebra, x));
      const cosine = x / 700;
      expect(acos(numberAlgebra, cosine) + acos(numberAlgebra, -cosine)).toBeCloseTo(Math.PI, 14);
    }),
  );
});
