import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Activation } from "../../src/activations/activation.ts";
import { numericalActivation } from "../../src/activations/numerical.ts";
import { makeActivation } from "../../src/activations/registry.ts";
import type { ActivationSpec } from "../../src/activations/spec.ts";
import { ACTIVATION_EXAMPLES } from "../../src/testing/activation-examples.ts";
import { seriesLaws } from "../../src/testing/activation-series-laws.ts";
import { broken } from "../../src/testing/laws.ts";

const WITH_PHI = ACTIVATION_EXAMPLES.filter(({ type }) => type !== "expNormalized");

function coefficients(activation: Activation, x: number, count: number): number[] {
  const out = new Float64Array(count).fill(Number.NaN);
  activation.taylor!(x, out);
  return [...out];
}

describe("Taylor coefficients", () => {
  it.each(WITH_PHI.map((spec) => [JSON.stringify(spec), spec] as const))("%s", (_, spec) => {
    const activation = makeActivation(spec);
    for (const size of [0, 1e-300, 1e-9, 0.3, 1, 2.7, 9, 40, 1e3, 1e6, 1e150]) {
      for (const x of [size, -size]) {
        const whole = coefficients(activation, x, 12);
        expect([whole[0]! + 0, whole[1]! + 0]).toEqual([activation.phi(x) + 0, activation.dphi(x) + 0]);
        expect(whole.some(Number.isNaN)).toBe(false);
        for (let count = 1; count < 12; count++) {
          expect(coefficients(activation, x, count)).toEqual(whole.slice(0, count));
        }
      }
    }
  });

  it.each(["erf", "sigmoidLike", "tanh", "sigmoid", "gelu", "silu", "softplus", "elu", "gaussian", "gabor"] as const)(
    "%s is a straight line far from 0",
    (type) => {
      const activation = makeActivation({ type });
      for (const x of [1e3, -1e3, 1e6, -1e6, 1e150, -1e150]) {
        expect(coefficients(activation, x, 12).slice(2)).toSatisfy((rest: number[]) => rest.every((c) => c === 0));
      }
    },
  );

  it("of degree 100 are numbers where the recurrence overflows", () => {
    const hermite = makeActivation({ type: "hermite", degree: 99 });
    expect(hermite.phi(-1e150)).toBe(-Infinity);
    expect(hermite.dphi(-1e150)).toBe(Infinity);
    expect(coefficients(hermite, -1e150, 3)).toEqual([-Infinity, Infinity, -Infinity]);
  });
});

interface Golden {
  readonly cases: readonly { readonly activation: ActivationSpec; readonly values: readonly (readonly number[])[] }[];
}

const golden = JSON.parse(readFileSync(new URL("../golden/mpmath-taylor.json", import.meta.url), "utf8")) as Golden;

describe("Taylor coefficients of 50 digits", () => {
  it.each(golden.cases.map(({ activation, values }) => [JSON.stringify(activation), activation, values] as const))(
    "%s",
    (_, spec, values) => {
      const activation = makeActivation(spec);
      for (const [x, ...expected] of values) {
        const found = coefficients(activation, x!, expected.length);
        // φ itself may be 1/2 + erf(bx)/2, close to 0 by subtraction: there the error is absolute.
        const errors = found.map((v, k) => {
          const error = Math.abs(v - expected[k]!);
          return error === 0 ? 0 : error / Math.max(Math.abs(expected[k]!), k === 0 ? 1e-3 : 0);
        });
        expect(Math.max(...errors), `at ${x}: ${found} for ${expected}`).toBeLessThanOrEqual(1e-12);
      }
    },
  );
});

describe("the laws catch", () => {
  const silu = makeActivation({ type: "silu" });
  const relu = makeActivation({ type: "relu" });
  const changed = (change: (out: Float64Array, x: number) => void, of = silu): Activation => ({
    ...of,
    taylor(x, out) {
      of.taylor!(x, out);
      change(out, x);
    },
  });
  const scaled = (k: number, factor: number) =>
    changed((out) => {
      out[k] = out[k]! * factor;
    });
  const MUTANTS: readonly (readonly [string, Activation, RegExp])[] = [
    ["a value off by 1e-14", scaled(0, 1 + 1e-14), /begins with phi/],
    ["a slope off by 1e-14", scaled(1, 1 + 1e-14), /begins with phi/],
    ["a derivative that is not divided by 6", scaled(3, 6), /is the derivative.*\n.*phi\(x \+ h\)/],
    ["a derivative off by 1e-6", scaled(2, 1 + 1e-6), /is the derivative/],
    [
      "NaN far from 0",
      changed((out, x) => {
        if (Math.abs(x) > 1e100) out[3] = Number.NaN;
      }),
      /however large/,
    ],
    [
      "the right side at a kink",
      changed((out, x) => {
        if (x === 0) out[1] = 1;
      }, relu),
      /begins with phi.*\n.*mean of both sides/,
    ],
    [
      "a map of other bits",
      {
        ...silu,
        map(x, out, slope) {
          silu.map!(x, out, slope);
          if (slope) slope[5] = slope[5]! + 1e-16;
        },
      },
      /map has the bits/,
    ],
    [
      "a map that reads what it has written",
      {
        ...silu,
        map(x, out, slope) {
          x.forEach((v, i) => {
            out[i] = silu.phi(v);
          });
          slope?.forEach((_, i) => {
            slope[i] = silu.dphi(x[i]!);
          });
        },
      },
      /map has the bits/,
    ],
  ];
  it.each(MUTANTS)("%s", (_, activation, law) => {
    expect(broken(seriesLaws(activation))).toMatch(law);
  });
});

it("an activation of one's own passes on what it is given", () => {
  const [phi, dphi] = [(x: number) => x * x, (x: number) => 2 * x];
  const plain = numericalActivation({ name: "square", phi, dphi });
  expect([plain.taylor, plain.map]).toEqual([undefined, undefined]);
  const taylor = (x: number, out: Float64Array) => {
    out.fill(0);
    out.set([x * x, 2 * x, 1].slice(0, out.length));
  };
  const full = numericalActivation({ name: "square", phi, dphi, taylor });
  expect(full.taylor).toBe(taylor);
  expect(broken(seriesLaws(full))).toBe("");
});
