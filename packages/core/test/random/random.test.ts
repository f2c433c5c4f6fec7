import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isNtkError } from "../../src/errors.ts";
import { key, normal, permutation, randomInts, split, uniform } from "../../src/random/key.ts";
import { normalQuantile } from "../../src/random/normal-quantile.ts";
import { threefry2x32 } from "../../src/random/threefry.ts";

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("threefry2x32", () => {
  // Random123, kat_vectors: counter, key, output.
  it.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
  ])("gives the published words for counter %i %i", (c0, c1, k0, k1, x0, x1) => {
    const out = new Uint32Array(2);
    threefry2x32(k0, k1, c0, c1, out);
    expect([...out]).toEqual([x0, x1]);
  });
});

describe("normalQuantile", () => {
  // Roots of ln Φ(z) = ln p by mpmath with 60 digits.
  const QUANTILES: [number, number][] = [
    [1e-300, -37.0470962993612],
    [1e-100, -21.273453560965326],
    [1e-20, -9.262340089798407],
    [1e-11, -6.706023155495136],
    [1.3887943864964021e-11, -6.657904643501103],
    [1e-10, -6.361340902404057],
    [1e-5, -4.264890793922825],
    [0.001, -3.0902323061678136],
    [0.02, -2.053748910631823],
    [0.07, -1.4757910281791706],
    [0.0749999, -1.4395321773759007],
    [0.075001, -1.4395244066035215],
    [0.1, -1.2815515655446004],
    [0.3, -0.5244005127080408],
    [0.4999999, -2.5066282747031063e-7],
    [0.5, 0.0],
    [0.6, 0.2533471031357997],
    [0.9, 1.2815515655446006],
    [0.93, 1.475791028179171],
    [0.999, 3.090232306167813],
    [0.9999999999, 6.361340889697422],
  ];
  it.each(QUANTILES)("of %d is right to 2e-15", (p, z) => {
    expect(Math.abs(normalQuantile(p) - z)).toBeLessThanOrEqual(2e-15 * Math.abs(z));
  });
  it("is odd about 1/2", () => {
    for (const p of [1 / 1024, 1 / 64, 1 / 4, 3 / 8]) expect(normalQuantile(1 - p)).toBe(-normalQuantile(p));
  });
  it.each([0, 1, -1, 2, Number.NaN])("refuses p = %d", (p) => {
    expect(() => normalQuantile(p)).toThrow(/strictly between 0 and 1/);
  });
});

describe("draws", () => {
  it("of a shorter request are the first of a longer one", () => {
    fc.assert(
      fc.property(seeds, fc.nat(20), fc.nat(20), (seed, m, extra) => {
        for (const draw of [uniform, normal]) {
          expect([...draw(key(seed), m)]).toEqual([...draw(key(seed), m + extra)].slice(0, m));
        }
        expect(split(key(seed), m)).toEqual(split(key(seed), m + extra).slice(0, m));
      }),
    );
  });

  it("of different seeds and of split keys differ", () => {
    const first = [...Array(200).keys()]
      .flatMap((seed) => [key(seed), ...split(key(seed), 3)])
      .map((k) => uniform(k, 1)[0]);
    expect(new Set(first).size).toBe(800);
  });

  it("uniform is uniform: Kolmogorov-Smirnov, moments, serial correlation", () => {
    const n = 100_000;
    const u = uniform(key(1), n);
    expect(Math.min(...u.subarray(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...u.subarray(0, 1000))).toBeLessThan(1);
    expect(kolmogorovSmirnov(u, (x) => x) * Math.sqrt(n)).toBeLessThan(1.63); // 1 % level
    const lag = u.reduce((sum, x, i) => sum + (i === 0 ? 0 : (x - 0.5) * (u[i - 1]! - 0.5)), 0) / n;
    expect(Math.abs(lag)).toBeLessThan(4 / 12 / Math.sqrt(n));
  });

  it("normal is normal: moments 1 to 4 within four standard errors, quantiles", () => {
    const n = 200_000;
    const z = normal(key(2), n);
    const moment = (k: number) => z.reduce((sum, x) => sum + x ** k, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    const sorted = z.slice().sort();
    // Φ at −3 … 3 by mpmath.
    for (const [x, phi] of [
      [-3, 0.0013498980316301],
      [-1, 0.158655253931457],
      [0, 0.5],
      [2, 0.977249868051821],
    ] as const) {
      const share = sorted.findIndex((value) => value > x) / n;
      expect(Math.abs(share - phi)).toBeLessThan(4 * Math.sqrt((phi * (1 - phi)) / n));
    }
  });

  it("randomInts are in range and equally frequent", () => {
    const draws = randomInts(key(3), 60_000, 6);
    const counts = new Array<number>(6).fill(0);
    for (const draw of draws) counts[draw]!++;
    const chi2 = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chi2).toBeLessThan(15.1); // 1 % level, 5 degrees of freedom
    expect([...randomInts(key(3), 5, 1)]).toEqual([0, 0, 0, 0, 0]);
    expect(randomInts(key(3), 1000, 2 ** 32).some((x) => x > 2 ** 31)).toBe(true);
    expect(randomInts(key(3), 1000, 3 * 2 ** 30).every((x) => x < 3 * 2 ** 30)).toBe(true);
  });

  it("permutation is one of 0 … n − 1, and each of the 6 orders of three is equally frequent", () => {
    fc.assert(
      fc.property(seeds, fc.nat(50), (seed, n) => {
        expect([...permutation(key(seed), n)].sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
      }),
    );
    const counts = new Map<string, number>();
    for (const child of split(key(4), 6000)) {
      const order = permutation(child, 3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    expect([...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(15.1);
  });

  it("keep their values", () => {
    expect({
      split: split(key(7), 2),
      uniform: [...uniform(key(7), 3)],
      normal: [...normal(key(7), 3)],
      ints: [...randomInts(key(7), 5, 10)],
      order: [...permutation(key(7), 6)],
    }).toEqual(FROZEN);
  });

  it("refuse bad arguments by name", () => {
    for (const bad of [
      () => key(-1),
      () => key(0.5),
      () => split(key(0), -1),
      () => normal(key(0), 1.5),
      () => randomInts(key(0), 1, 0),
    ]) {
      let thrown: unknown;
      try {
        bad();
      } catch (error) {
        thrown = error;
      }
      expect(isNtkError(thrown, "value")).toBe(true);
    }
  });
});

/** Values of this generator, which must stay as they are: saved models and reports depend on them. */
const FROZEN = {
  split: [
    [2844531661, 3596575356],
    [1223328645, 113775743],
  ],
  uniform: [0.8441069458065502, 0.4261604167918227, 0.6504592527309165],
  normal: [1.0114813527649222, -0.18615801561889941, 0.3865606305605898],
  ints: [3, 2, 0, 7, 9],
  order: [2, 5, 1, 3, 4, 0],
};

function kolmogorovSmirnov(draws: Float64Array, cdf: (x: number) => number): number {
  const sorted = draws.slice().sort();
  return sorted.reduce((worst, x, i) => {
    const above = (i + 1) / sorted.length - cdf(x);
    return Math.max(worst, above, 1 / sorted.length - above);
  }, 0);
}
