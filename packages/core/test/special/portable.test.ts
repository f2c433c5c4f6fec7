import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as portable from "../../src/special/portable.ts";

const bits = new BigInt64Array(1);
const value = new Float64Array(bits.buffer);

/** Steps between neighbouring float64 numbers that lie between two of one sign. */
function ulps(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const [at, other] = [a, b].map((own) => {
    value[0] = own;
    return bits[0]!;
  }) as [bigint, bigint];
  return Math.abs(Number(at - other));
}

/** Numbers of all sizes up to 2^most. */
const upTo = (most: number) =>
  fc
    .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -60, max: most }))
    .map(([x, k]) => x * 2 ** k);
const positive = fc.tuple(fc.double({ min: 0.5, max: 1, noNaN: true }), fc.integer({ min: -1000, max: 1000 }));

describe("portable functions are those of Math but for the last bits", () => {
  it.each([
    ["exp", portable.exp, Math.exp, 10],
    ["expm1", portable.expm1, Math.expm1, 10],
    ["tanh", portable.tanh, Math.tanh, 6],
    ["sin", portable.sin, Math.sin, 20],
    ["cos", portable.cos, Math.cos, 20],
    ["atan", portable.atan, Math.atan, 60],
  ] as const)("%s", (_, ours, theirs, most) => {
    const check = (x: number): void => {
      expect(ulps(ours(x), theirs(x)), `${x}`).toBeLessThanOrEqual(4);
    };
    fc.assert(fc.property(upTo(most), check), { numRuns: 20_000 });
    for (const x of [0, -0, Infinity, -Infinity, Number.NaN, 5e-324, -5e-324, 1e308, -745, 709.78, -746, 1e300])
      check(x);
    expect(Object.is(ours(-0), theirs(-0))).toBe(true);
  });

  it("log, log1p", () => {
    fc.assert(
      fc.property(positive, upTo(-1), ([m, k], small) => {
        const x = m * 2 ** k;
        expect(ulps(portable.log(x), Math.log(x)), `${x}`).toBeLessThanOrEqual(2);
        expect(ulps(portable.log1p(x), Math.log1p(x)), `${x}`).toBeLessThanOrEqual(4);
        expect(ulps(portable.log1p(small), Math.log1p(small)), `${small}`).toBeLessThanOrEqual(4);
      }),
      { numRuns: 20_000 },
    );
    for (const x of [0, -0, -1, Infinity, Number.NaN, 5e-324, 1e-310, 1.7e308, 1]) {
      expect(ulps(portable.log(x), Math.log(x)), `${x}`).toBeLessThanOrEqual(2);
      expect(ulps(portable.log1p(x), Math.log1p(x)), `${x}`).toBeLessThanOrEqual(2);
    }
    expect(portable.log(1)).toBe(0);
  });

  it("atan2, of all quadrants and their borders", () => {
    fc.assert(
      fc.property(upTo(60), upTo(60), (y, x) => {
        expect(ulps(portable.atan2(y, x), Math.atan2(y, x)), `${y} ${x}`).toBeLessThanOrEqual(2);
      }),
      { numRuns: 20_000 },
    );
    const borders = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 5e-324, 1e308];
    for (const y of borders)
      for (const x of borders) expect(ulps(portable.atan2(y, x), Math.atan2(y, x)), `${y} ${x}`).toBeLessThanOrEqual(1);
  });

  it("acos, hypot, power", () => {
    fc.assert(
      fc.property(upTo(0), upTo(9), upTo(6), fc.integer({ min: -80, max: 80 }), (x, a, b, n) => {
        expect(Math.abs(portable.acos(x) - Math.acos(x))).toBeLessThanOrEqual(1e-15);
        expect(ulps(portable.hypot(a, b), Math.hypot(a, b))).toBeLessThanOrEqual(2);
        const [size, found] = [Math.abs(a), portable.power(Math.abs(a), b)];
        if (size > 1e-3 && size < 1e3 && Math.abs(b * Math.log(size)) < 600)
          expect(Math.abs(found / size ** b - 1)).toBeLessThan(3e-16 * (3 + Math.abs(b * Math.log(size))));
        const whole = a ** n;
        if (Math.abs(whole) > 1e-290 && Math.abs(whole) < 1e290)
          expect(Math.abs(portable.power(a, n) / whole - 1)).toBeLessThan(2e-13);
      }),
      { numRuns: 5000 },
    );
    expect([portable.power(0, 0), portable.power(-2, 3), portable.power(-1, 101), portable.power(0, 0.5)]).toEqual([
      1, -8, -1, 0,
    ]);
    expect([portable.power(-2, 0.5), portable.acos(1.1)]).toEqual([Number.NaN, Number.NaN]);
    expect([portable.hypot(1e200, 1e200) / 1e200, portable.hypot(0, 0)]).toEqual([Math.SQRT2, 0]);
  });

  it("exponent", () => {
    for (const k of [-1074, -1073, -1023, -1022, -1, 0, 1, 52, 1023]) {
      expect(portable.exponent(2 ** k)).toBe(k);
      if (k < 1023 && k > -1074) expect(portable.exponent(-1.5 * 2 ** k)).toBe(k);
    }
  });
});
