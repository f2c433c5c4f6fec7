import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Activation, SINE_UNKNOWN, sineByQuadrature } from "../../src/activations/activation.ts";
import { ACTIVATIONS, makeActivation } from "../../src/activations/registry.ts";
import type { ActivationSpec } from "../../src/activations/spec.ts";
import { ACTIVATION_EXAMPLES } from "../../src/testing/activation-examples.ts";
import { TOLERANCE } from "../../src/testing/laws.ts";
import { bruteDual } from "./brute.ts";

const named = ACTIVATION_EXAMPLES.map((spec) => [JSON.stringify(spec), spec] as const);
const QUADRATURE = ["tanh", "sigmoid", "softplus", "silu", "elu"];

function dual(activation: Activation, theta: number, p: number, q: number): Float64Array {
  const r = Math.sqrt(p) * Math.sqrt(q);
  return dualAt(activation, r * Math.cos(theta), theta === Math.PI ? 0 : r * Math.sin(theta), p, q);
}

function dualAt(activation: Activation, c: number, sine: number, p: number, q: number): Float64Array {
  const out = new Float64Array([0, 0, SINE_UNKNOWN]);
  activation.dual(c, sine, p, q, out);
  return out;
}

/** √(κ(p,p,p) κ(q,q,q)), the bound on |κ|, and the same for κ̇. */
function scales(activation: Activation, p: number, q: number): [number, number] {
  const [self1, self2] = [dualAt(activation, p, 0, p, p), dualAt(activation, q, 0, q, q)];
  return [Math.sqrt(self1[0]!) * Math.sqrt(self2[0]!), Math.sqrt(self1[1]!) * Math.sqrt(self2[1]!)];
}

const variance = fc.double({ min: -3, max: 1, noNaN: true }).map((exponent) => 10 ** exponent);
const angle = fc.double({ min: 0.02, max: Math.PI - 0.02, noNaN: true });
const options = (spec: ActivationSpec) => ({ numRuns: QUADRATURE.includes(spec.type) ? 25 : 100 });

it("every activation has an example", () => {
  const covered = new Set(ACTIVATION_EXAMPLES.map(({ type }) => type));
  expect(Object.keys(ACTIVATIONS).filter((type) => !covered.has(type as ActivationSpec["type"]))).toEqual([]);
});

describe("|κ(c, p, q)| ≤ √(κ(p,p,p) κ(q,q,q)), symmetric in p and q", () => {
  it.each(named)("%s", (_, spec) => {
    const activation = makeActivation(spec);
    fc.assert(
      fc.property(angle, variance, variance, (theta, p, q) => {
        const [kappa, kappaDot] = dual(activation, theta, p, q);
        const [bound] = scales(activation, p, q);
        expect(Math.abs(kappa!)).toBeLessThanOrEqual(bound * (1 + 1e-12));
        const [swapped, swappedDot] = dual(activation, theta, q, p);
        expect(Math.abs(swapped! - kappa!)).toBeLessThanOrEqual(1e-12 * bound);
        expect(Math.abs(swappedDot! - kappaDot!)).toBeLessThanOrEqual(1e-11 * (1 + Math.abs(kappaDot!)));
      }),
      options(spec),
    );
  });
});

describe("sine² + κ² = κ(p,p,p) κ(q,q,q) wherever out[2] is given", () => {
  it.each(named)("%s", (_, spec) => {
    const activation = makeActivation(spec);
    fc.assert(
      fc.property(angle, variance, variance, (theta, p, q) => {
        const [kappa, , sine] = dual(activation, theta, p, q);
        if (sine === SINE_UNKNOWN) return;
        const [bound] = scales(activation, p, q);
        expect(Math.abs(sine! * sine! + kappa! * kappa! - bound * bound)).toBeLessThanOrEqual(1e-12 * bound * bound);
      }),
      options(spec),
    );
  });
});

/** expNormalized divides by √p √q: only its derivative in c is meant, which the difference takes at fixed p and q. */
describe("κ̇ = ∂κ/∂c (Price's theorem)", () => {
  const smooth = named.filter(
    ([, spec]) => spec.type !== "sign" && !(spec.type === "rectifiedMonomial" && spec.degree === 0),
  );
  it.each(smooth)("%s", (_, spec) => {
    const activation = makeActivation(spec);
    const moderate = fc.double({ min: 0.3, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0.6, max: 2.5, noNaN: true }), moderate, moderate, (theta, p, q) => {
        const r = Math.sqrt(p * q);
        const c = r * Math.cos(theta);
        const h = 2e-3 * r;
        const kappa = (at: number) => dualAt(activation, at, Math.sqrt((r - at) * (r + at)), p, q)[0]!;
        const slope =
          (45 * (kappa(c + h) - kappa(c - h)) -
            9 * (kappa(c + 2 * h) - kappa(c - 2 * h)) +
            kappa(c + 3 * h) -
            kappa(c - 3 * h)) /
          (60 * h);
        const [, kappaDot] = dual(activation, theta, p, q);
        const [bound, boundDot] = scales(activation, p, q);
        expect(Math.abs(slope - kappaDot!)).toBeLessThanOrEqual(1e-9 * Math.max(bound / r, boundDot, 1e-3));
      }),
      options(spec),
    );
  });
});

describe("κ, κ̇ are the Gaussian expectations of φ, φ'", () => {
  const withPhi = named.filter(([, spec]) => spec.type !== "expNormalized");
  it.each(withPhi)("%s", (_, spec) => {
    const activation = makeActivation(spec);
    for (const [theta, p, q] of [
      [1.1, 1, 1],
      [2.6, 0.3, 2],
      [0.05, 1.2, 0.7],
    ] as const) {
      const [kappa, kappaDot] = dual(activation, theta, p, q);
      const [bound, boundDot] = scales(activation, p, q);
      expect(Math.abs(bruteDual(activation.phi, theta, p, q) - kappa!)).toBeLessThanOrEqual(
        TOLERANCE.quadrature * bound,
      );
      const slope = bruteDual(activation.dphi, theta, p, q);
      expect(Math.abs(slope - kappaDot!)).toBeLessThanOrEqual(TOLERANCE.quadrature * Math.max(boundDot, 1));
    }
  });
});

describe("dphi is the derivative of phi", () => {
  it.each(named.filter(([, spec]) => spec.type !== "expNormalized"))("%s", (_, spec) => {
    const { phi, dphi } = makeActivation(spec);
    for (const x of [-2.3, -0.9, -0.1, 0.2, 0.7, 1.9]) {
      expect((8 * (phi(x + 1e-3) - phi(x - 1e-3)) - (phi(x + 2e-3) - phi(x - 2e-3))) / 12e-3).toBeCloseTo(dphi(x), 8);
    }
  });
});

const EXTREME_VARIANCES = [0, 1e-300, 1e-150, 1e-6, 1, 100, 1e4, 1e150, 1e300];
const EXTREME_ANGLES = [0, 1e-17, 1e-8, 1, Math.PI / 2, Math.PI - 1e-8, Math.PI];

describe("never NaN: zero, duplicate, antipodal and extreme rows", () => {
  it.each(named)("%s", (_, spec) => {
    const activation = makeActivation(spec);
    for (const p of EXTREME_VARIANCES) {
      for (const q of [p, 1, 1e300]) {
        for (const theta of EXTREME_ANGLES) {
          const values = dual(activation, theta, Math.min(p, q), Math.max(p, q));
          expect(values.some(Number.isNaN), `${[...values]} at ${theta}, ${p}, ${q}`).toBe(false);
          expect(values[2]! >= 0 || values[2] === SINE_UNKNOWN).toBe(true);
        }
      }
    }
  });
});

describe("finite at moderate variances; a zero row sees φ(0)", () => {
  it.each(named)("%s", (_, spec) => {
    const activation = makeActivation(spec);
    for (const p of [0, 1e-12, 1, 50]) {
      for (const theta of EXTREME_ANGLES) expect(dual(activation, theta, p, 50).every(Number.isFinite)).toBe(true);
    }
    if (spec.type !== "expNormalized") {
      expect(dualAt(activation, 0, 0, 0, 0)[0]).toBeCloseTo(activation.phi(0) ** 2, 14);
    }
  });
});

interface Golden {
  readonly cases: readonly { readonly activation: ActivationSpec; readonly values: readonly (readonly number[])[] }[];
}

const golden = JSON.parse(readFileSync(new URL("../golden/mpmath-duals.json", import.meta.url), "utf8")) as Golden;

describe("50-digit values", () => {
  it.each(golden.cases.map(({ activation, values }) => [JSON.stringify(activation), activation, values] as const))(
    "%s",
    (_, spec, values) => {
      const activation = makeActivation(spec);
      const tolerance = QUADRATURE.includes(spec.type) ? TOLERANCE.quadrature : TOLERANCE.closedForm;
      for (const [c, p, q, kappa, kappaDot] of values as [number, number, number, number, number][]) {
        const r = Math.sqrt(p) * Math.sqrt(q);
        const got = dualAt(activation, c, c * c === p * q ? 0 : Math.sqrt((r - c) * (r + c)), p, q);
        const [bound, boundDot] = scales(activation, p, q);
        expect(Math.abs(got[0]! - kappa)).toBeLessThanOrEqual(tolerance * bound);
        expect(Math.abs(got[1]! - kappaDot)).toBeLessThanOrEqual(tolerance * boundDot);
      }
    },
  );
});

describe("the new sine of nearly parallel rows, by formula and by quadrature", () => {
  it.each(named.filter(([, spec]) => spec.type !== "expNormalized"))("%s", (_, spec) => {
    const activation = makeActivation(spec);
    for (const eps of [1e-2, 1e-4, 1e-8]) {
      for (const [angular, radial] of [
        [0.7, 0],
        [0.4, 1],
      ] as const) {
        const [p, q] = [0.8, 0.8 * (1 + radial * eps) ** 2];
        const [, , sine] = dual(activation, angular * eps, p, q);
        const r = Math.sqrt(p) * Math.sqrt(q);
        const [bound] = scales(activation, p, q);
        const byQuadrature = sineByQuadrature(
          activation,
          r * Math.cos(angular * eps),
          r * Math.sin(angular * eps),
          p,
          q,
        );
        expect(Number.isFinite(byQuadrature)).toBe(true);
        if (sine === SINE_UNKNOWN) continue;
        expect(Math.abs(sine! - byQuadrature) / bound).toBeLessThanOrEqual(3e-15);
      }
    }
  });
});

it("rejects a description that is wrong", () => {
  expect(() => makeActivation({ type: "monomial", degree: 21 })).toThrow(
    /degree of monomial must be an integer from 0 to 20/,
  );
  expect(() => makeActivation({ type: "gaussian", b: 1 })).toThrow(/b of gaussian/);
  expect(() => makeActivation({ type: "expNormalized" }).phi(1)).toThrow(/no finite network/);
});
