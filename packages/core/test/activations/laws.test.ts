import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Activation, SINE_UNKNOWN } from "../../src/activations/activation.ts";
import { ACTIVATIONS, makeActivation } from "../../src/activations/registry.ts";
import type { ActivationSpec } from "../../src/activations/spec.ts";
import { ACTIVATION_EXAMPLES } from "../../src/testing/activation-examples.ts";
import { type ActivationLawOptions, checkActivation } from "../../src/testing/activation-laws.ts";
import { broken, TOLERANCE } from "../../src/testing/laws.ts";

const QUADRATURE = ["tanh", "sigmoid", "softplus", "silu", "elu"];

function optionsFor(spec: ActivationSpec): ActivationLawOptions {
  const isStep = spec.type === "sign" || (spec.type === "rectifiedMonomial" && spec.degree === 0);
  return { isStep, pairs: QUADRATURE.includes(spec.type) ? 20 : 100 };
}

it("every activation has an example", () => {
  const covered = new Set(ACTIVATION_EXAMPLES.map(({ type }) => type));
  expect(Object.keys(ACTIVATIONS).filter((type) => !covered.has(type as ActivationSpec["type"]))).toEqual([]);
});

describe("the laws of an activation", () => {
  it.each(ACTIVATION_EXAMPLES.map((spec) => [JSON.stringify(spec), spec] as const))("%s", (_, spec) => {
    expect(broken(checkActivation(makeActivation(spec), optionsFor(spec)))).toBe("");
  });
});

/** The activation with what `dual` writes changed by `change`, self terms and all. */
function mutant(
  spec: ActivationSpec,
  change: (out: Float64Array, c: number, p: number, q: number) => void,
): Activation {
  const activation = makeActivation(spec);
  return {
    ...activation,
    dual(c, sine, p, q, out) {
      activation.dual(c, sine, p, q, out);
      change(out, c, p, q);
    },
  };
}

function scaled(index: number, factor: number): (out: Float64Array) => void {
  return (out) => {
    if (out[index] !== SINE_UNKNOWN) out[index] = out[index]! * factor;
  };
}

type PairTest = (c: number, p: number, q: number) => boolean;

function put(index: number, value: number, where: PairTest = () => true): Parameters<typeof mutant>[1] {
  return (out, c, p, q) => {
    if (where(c, p, q)) out[index] = value;
  };
}

const zeroRow: PairTest = (_, p) => p === 0;
const notSelf: PairTest = (c, p, q) => c !== p || p !== q;

const relu = { type: "relu" } as const;

/** Each planted error, and a law that must catch it. */
const MUTANTS: readonly (readonly [string, Activation, ActivationLawOptions, RegExp])[] = [
  ["κ̇ twice as large", mutant(relu, scaled(1, 2)), {}, /Price.*\n(.*\n)*κ̇ = E φ'\(u\) φ'\(v\)/],
  ["κ̇ off by 1e-7", mutant({ type: "erf" }, scaled(1, 1 + 1e-7)), {}, /Price/],
  ["κ̇ of 0", mutant(relu, scaled(1, 0)), {}, /Price/],
  ["κ off by 1e-9", mutant(relu, scaled(0, 1 + 1e-9)), {}, /κ = E φ\(u\) φ\(v\)/],
  ["κ of another activation", { ...makeActivation({ type: "gelu" }), phi: Math.tanh }, {}, /κ = E φ\(u\) φ\(v\)/],
  ["dphi of another activation", { ...makeActivation({ type: "erf" }), dphi: Math.cos }, {}, /dphi is the derivative/],
  ["κ above its bound", mutant(relu, put(0, 2, notSelf)), {}, /Cauchy/],
  [
    "κ not symmetric",
    mutant(relu, (out, _, p, q) => {
      if (p > q) out[0] = out[0]! * 1.001;
    }),
    {},
    /symmetric/,
  ],
  ["sine off by 1e-9", mutant(relu, scaled(2, 1 + 1e-9)), {}, /sine² \+ κ²/],
  [
    "sine by subtraction",
    mutant(relu, (out, _, p, q) => {
      out[2] = Math.sqrt(Math.max(0, (p / 2) * (q / 2) - out[0]! * out[0]!));
    }),
    {},
    /the sine of nearly parallel rows/,
  ],
  ["NaN for a zero row", mutant(relu, put(0, Number.NaN, zeroRow)), {}, /are numbers/],
  ["infinite for a zero row", mutant(relu, put(0, Infinity, zeroRow)), {}, /are finite/],
  ["κ of zero rows not φ(0)²", { ...makeActivation(relu), phi: (x) => Math.max(x, 0) + 1 }, {}, /two zero rows/],
  ["a step with a slope", mutant({ type: "sign" }, put(1, 0.1)), { isStep: true }, /for a step/],
  ["a step that is not declared", makeActivation({ type: "sign" }), {}, /Price/],
];

describe("the laws catch", () => {
  it.each(MUTANTS)("%s", (_, activation, options, law) => {
    expect(broken(checkActivation(activation, options))).toMatch(law);
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
      const dual = (c: number, sine: number, p: number, q: number) => {
        const out = new Float64Array([0, 0, SINE_UNKNOWN]);
        activation.dual(c, sine, p, q, out);
        return [out[0]!, out[1]!] as const;
      };
      for (const [c, p, q, kappa, kappaDot] of values as [number, number, number, number, number][]) {
        const r = Math.sqrt(p) * Math.sqrt(q);
        const got = dual(c, c * c === p * q ? 0 : Math.sqrt((r - c) * (r + c)), p, q);
        const [first, second] = [dual(p, 0, p, p), dual(q, 0, q, q)];
        const [bound, boundDot] = [0, 1].map((k) => Math.sqrt(first[k]!) * Math.sqrt(second[k]!));
        expect(Math.abs(got[0] - kappa)).toBeLessThanOrEqual(TOLERANCE.closedForm * bound!);
        expect(Math.abs(got[1] - kappaDot)).toBeLessThanOrEqual(TOLERANCE.closedForm * boundDot!);
      }
    },
  );
});

it("rejects a description that is wrong", () => {
  expect(() => makeActivation({ type: "monomial", degree: 21 })).toThrow(
    /degree of monomial must be an integer from 0 to 20/,
  );
  expect(() => makeActivation({ type: "gaussian", b: 1 })).toThrow(/b of gaussian/);
  expect(() => makeActivation({ type: "expNormalized" }).phi(1)).toThrow(/no finite network/);
});
