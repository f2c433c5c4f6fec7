import { describe, expect, it } from "vitest";
import { SINE_UNKNOWN } from "../../src/activations/activation.ts";
import { differenceQuotient } from "../../src/activations/difference-quotient.ts";
import { normalizedHermite } from "../../src/activations/hermite.ts";
import { dualFromHermite, hermiteCoefficients } from "../../src/activations/hermite-series.ts";
import { numericalActivation } from "../../src/activations/numerical.ts";
import { makeActivation } from "../../src/activations/registry.ts";
import type { ActivationSpec } from "../../src/activations/spec.ts";

const ANGLES = [0, 1e-6, 0.02, 0.3, 1.2, Math.PI / 2, 2.9, Math.PI - 1e-3, Math.PI];

/** Closed forms whose φ the quadrature is given instead, with the largest variance asked of it. */
const KNOWN: readonly (readonly [ActivationSpec, number])[] = [
  [{ type: "erf" }, 100],
  [{ type: "gelu" }, 100],
  [{ type: "sin" }, 100],
  [{ type: "gabor" }, 100],
  [{ type: "relu" }, 100],
  [{ type: "leakyRelu", alpha: 0.2 }, 30],
  [{ type: "polynomial", coef: [0.3, -0.5, 0.2, 0.1] }, 100],
  [{ type: "rectifiedMonomial", degree: 2 }, 10],
];

describe("quadrature = closed form", () => {
  it.each(KNOWN.map(([spec, max]) => [JSON.stringify(spec), spec, max] as const))("%s", (_, spec, max) => {
    const exact = makeActivation(spec);
    const { phi, dphi, kinks = [] } = exact;
    const [out, want] = [new Float64Array(3), new Float64Array(3)];
    for (const numerical of [
      numericalActivation({ name: "φ", phi, dphi, kinks }),
      numericalActivation({ name: "φ", phi, kinks }),
    ]) {
      for (const [p, q] of [
        [0, 1],
        [1e-8, 1],
        [1, 1],
        [0.5, max],
        [max, max],
      ] as const) {
        const self = (v: number) => {
          exact.dual(v, 0, v, v, want);
          return [Math.sqrt(want[0]!), Math.sqrt(want[1]!)] as const;
        };
        const [[p1, d1], [p2, d2]] = [self(p), self(q)];
        for (const theta of ANGLES) {
          const r = Math.sqrt(p) * Math.sqrt(q);
          const [c, sine] = [r * Math.cos(theta), theta === Math.PI ? 0 : r * Math.sin(theta)];
          numerical.dual(c, sine, p, q, out);
          exact.dual(c, sine, p, q, want);
          expect(Math.abs(out[0]! - want[0]!), `κ at ${theta}, ${p}, ${q}`).toBeLessThanOrEqual(1e-10 * p1 * p2);
          expect(Math.abs(out[1]! - want[1]!), `κ̇ at ${theta}, ${p}, ${q}`).toBeLessThanOrEqual(
            1e-10 * Math.max(d1 * d2, 1),
          );
        }
      }
    }
  });
});

it("gives the same bits whatever was asked before", () => {
  const make = () => numericalActivation({ name: "φ", phi: Math.tanh });
  const [fresh, used] = [make(), make()];
  const [a, b] = [new Float64Array([0, 0, SINE_UNKNOWN]), new Float64Array([0, 0, SINE_UNKNOWN])];
  for (let i = 0; i < 50; i++) used.dual(0.9 * i, Math.sqrt(0.19) * i, i, i, b);
  b[2] = SINE_UNKNOWN;
  fresh.dual(1.5, Math.sqrt(3.75), 2, 3, a);
  used.dual(1.5, Math.sqrt(3.75), 2, 3, b);
  expect(a).toEqual(b);
});

/** A kink where nothing happens sends the second activation the slow way. */
describe("nearly parallel rows where φ has a kink at 0: the same as where the quadrature is told of one more", () => {
  const phi = (x: number) => (x < 0 ? Math.expm1(x) : Math.tanh(2 * x));
  const dphi = (x: number) => (x < 0 ? Math.exp(x) : 2 / Math.cosh(2 * x) ** 2);
  const [fast, slow] = [[0], [0, 50]].map((kinks) => numericalActivation({ name: "φ", phi, dphi, kinks }));
  it.each([
    [1, 1],
    [0.02, 3],
    [100, 70],
  ])("variances %d, %d", (p, q) => {
    const [a, b, self] = [new Float64Array(3), new Float64Array(3), new Float64Array(3)];
    fast!.dual(p, 0, p, p, self);
    const [kappaP, slopeP] = self;
    fast!.dual(q, 0, q, q, self);
    const [bound, slopeBound] = [Math.sqrt(kappaP! * self[0]!), Math.sqrt(slopeP! * self[1]!)];
    for (const theta of [1e-9, 1e-4, 0.03, 0.08, Math.PI - 0.02]) {
      const r = Math.sqrt(p * q);
      fast!.dual(r * Math.cos(theta), r * Math.sin(theta), p, q, a);
      slow!.dual(r * Math.cos(theta), r * Math.sin(theta), p, q, b);
      expect(Math.abs(a[0]! - b[0]!), `κ at ${theta}`).toBeLessThanOrEqual(3e-12 * bound);
      expect(Math.abs(a[1]! - b[1]!), `κ̇ at ${theta}`).toBeLessThanOrEqual(3e-12 * slopeBound);
    }
  });
});

it("names the activation and the variance when φ cannot be integrated", () => {
  const phi = (x: number) => Math.sin(1e9 * x);
  const wild = numericalActivation({ name: "wild", phi });
  expect(() => wild.dual(1, 0, 1, 1, new Float64Array(3))).toThrow(
    /wild at variance 1: the quadrature did not converge/,
  );
});

describe("Hermite series", () => {
  it("relu: a₀ = 1/√(2π), a₁ = 1/2, and its dual is the arc-cosine kernel", () => {
    const a = hermiteCoefficients((x) => Math.max(x, 0), 2000, { kinks: [0] });
    expect(a[0]).toBeCloseTo(1 / Math.sqrt(2 * Math.PI), 14);
    expect(a[1]).toBeCloseTo(0.5, 14);
    expect(Math.abs(a[3]!)).toBeLessThan(1e-14);
    const out = new Float64Array(3);
    makeActivation({ type: "relu" }).dual(0.6, 0.8, 1, 1, out);
    expect(dualFromHermite(a, 0.6)).toBeCloseTo(out[0]!, 13);
  });

  it("a Hermite polynomial is its own series", () => {
    const a = hermiteCoefficients((x) => normalizedHermite(5, x), 12);
    a.forEach((value, n) => {
      expect(value).toBeCloseTo(n === 5 ? 1 : 0, 12);
    });
  });

  it("rejects a count that is not positive", () => expect(() => hermiteCoefficients(Math.tanh, 0)).toThrow(/count/));
});

describe("difference quotient", () => {
  it("is good to 1e-11 for smooth functions", () => {
    const slope = differenceQuotient(Math.tanh, []);
    for (const x of [-7, -1, 0, 0.3, 2]) expect(Math.abs(slope(x) - 1 / Math.cosh(x) ** 2)).toBeLessThan(1e-11);
  });

  it("does not reach across a kink, and is the mean at one", () => {
    const slope = differenceQuotient((x) => (x < 1 ? x : 3 * x - 2), [1]);
    expect(slope(0.999)).toBeCloseTo(1, 11);
    expect(slope(1.001)).toBeCloseTo(3, 11);
    expect(slope(1)).toBeCloseTo(2, 6);
  });
});
