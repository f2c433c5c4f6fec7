import { readFileSync } from "node:fs";
import fc from "fast-check";
import { type ActivationSpec, type ActivationType, makeActivation, SINE_UNKNOWN } from "ntkit";
import { describe, expect, it } from "vitest";
import { completeFields, type Field } from "../../core/src/activations/fields.ts";
import { ACTIVATIONS } from "../../core/src/activations/registry.ts";
import { ACTIVATION_EXAMPLES } from "../../core/src/testing/activation-examples.ts";
import { numberAlgebra } from "../src/program/algebra.ts";
import { type Dual, type DualOptions, type DualValues, dualOf, type Pair } from "../src/program/duals.ts";

function complete(spec: ActivationSpec): ActivationSpec {
  const fields: Readonly<Record<string, Field>> = ACTIVATIONS[spec.type].fields;
  return completeFields("", { ...spec }, fields) as unknown as ActivationSpec;
}

const WITHOUT: readonly ActivationType[] = ["tanh", "sigmoid", "softplus", "silu", "elu"];
const MORE: readonly ActivationSpec[] = [
  { type: "hermite", degree: 30 },
  { type: "monomial", degree: 20 },
  { type: "rectifiedMonomial", degree: 10 },
  { type: "polynomial", coef: [0.5] },
  { type: "polynomial", coef: [0.5, -2, 0] },
];
const SPECS = [...ACTIVATION_EXAMPLES, ...MORE].filter(({ type }) => !WITHOUT.includes(type));
const ROWS = SPECS.map((spec) => [JSON.stringify(spec), spec, dualOf(complete(spec))!] as const);

/** Digits lost in both by subtraction: their values are compared with their bounds alone. */
const RELATIVE: readonly ActivationType[] = ["exp", "rbf", "expNormalized", "gaussian", "monomial"];

type Input = Pair<number>;

function evaluate(dual: Dual, pair: Input): DualValues<number> {
  return dual(numberAlgebra, pair);
}

/** κ, κ̇ and the new sine (SINE_UNKNOWN where it needs quadrature) of the js engine. */
function core(spec: ActivationSpec, { c, sine, p, q }: Input): DualValues<number> {
  const out = new Float64Array([0, 0, SINE_UNKNOWN]);
  makeActivation(spec).dual(c, sine, Math.min(p, q), Math.max(p, q), out);
  return { kappa: out[0]!, kappaDot: out[1]!, sine: out[2]! };
}

const self = (spec: ActivationSpec, p: number) => core(spec, { c: p, sine: 0, p, q: p });

/** Angles of every kind: any, nearly parallel, nearly orthogonal, nearly opposite, and the three exactly. */
const direction = fc
  .tuple(
    fc.constantFrom("any", "parallel", "orthogonal", "opposite", "exact"),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([kind, draw]): readonly [cos: number, sin: number] => {
    const small = 10 ** (-1 - 11 * draw);
    if (kind === "any") return [Math.cos(Math.PI * draw), Math.sin(Math.PI * draw)];
    if (kind === "parallel") return [Math.cos(small), Math.sin(small)];
    if (kind === "opposite") return [-Math.cos(small), Math.sin(small)];
    if (kind === "orthogonal") return [draw < 0.5 ? small : -small, Math.sqrt(1 - small * small)];
    return draw < 1 / 3 ? [1, 0] : draw < 2 / 3 ? [0, 1] : [-1, 0];
  });

function pairs(minExponent: number, maxExponent: number): fc.Arbitrary<Input> {
  const exponent = fc.double({ min: minExponent, max: maxExponent, noNaN: true });
  return fc.tuple(direction, exponent, exponent, fc.boolean()).map(([[cos, sin], first, second, same]) => {
    const [p, q] = [10 ** first, 10 ** (same ? first : second)];
    const r = Math.sqrt(p) * Math.sqrt(q);
    return { c: r * cos, sine: r * sin, p, q };
  });
}

/** |a − b| / scale, where equal values, infinite ones too, differ by 0. */
function relative(a: number, b: number, scale: number): number {
  return a === b ? 0 : Math.abs(a - b) / scale;
}

it("every activation with a closed form has a dual, the others have none", () => {
  for (const { type } of ACTIVATION_EXAMPLES) {
    const spec = ACTIVATION_EXAMPLES.find((each) => each.type === type)!;
    expect(dualOf(complete(spec)) === undefined, type).toBe(WITHOUT.includes(type));
  }
});

describe.each(ROWS)("%s", (_, spec, dual) => {
  it("gives κ, κ̇ and the angle of the js engine", () => {
    fc.assert(
      fc.property(pairs(-3, 1.5), (pair) => agrees(spec, dual, pair)),
      { numRuns: 400 },
    );
  });

  it("gives them for rows of very different size", () => {
    fc.assert(
      fc.property(pairs(-10, 10), (pair) => agrees(spec, dual, pair)),
      { numRuns: 200 },
    );
  });

  it("does not know which of the two inputs comes first", () => {
    fc.assert(
      fc.property(pairs(-10, 10), ({ c, sine, p, q }) => {
        expect(evaluate(dual, { c, sine, p, q })).toEqual(evaluate(dual, { c, sine, p: q, q: p }));
      }),
    );
  });

  it.each([
    [0, 0],
    [0, 2],
    [2, 0],
  ])("has the limit at zero rows, variances %d and %d", (p, q) => {
    const { kappa, kappaDot, sine } = evaluate(dual, { c: 0, sine: 0, p, q });
    const limit = core(spec, { c: 0, sine: 0, p, q });
    expect(kappa).toBeCloseTo(limit.kappa, 14);
    expect(kappaDot).toBeCloseTo(limit.kappaDot, 14);
    expect(sine).toBeCloseTo(limit.sine === SINE_UNKNOWN ? 0 : limit.sine, 14);
  });

  it("gives identical rows the sine 0", () => {
    fc.assert(
      fc.property(fc.double({ min: -3, max: 1.5, noNaN: true }), (exponent) => {
        const p = 10 ** exponent;
        const { kappa, sine } = evaluate(dual, { c: p, sine: 0, p, q: p });
        expect(relative(kappa, self(spec, p).kappa, self(spec, p).kappa)).toBeLessThanOrEqual(1e-14);
        expect(sine).toBe(0);
      }),
    );
  });

  it("hands an unknown sine on, and nothing that it made up", () => {
    fc.assert(
      fc.property(pairs(-3, 1), (pair) => {
        const [known, unknown] = [evaluate(dual, pair), evaluate(dual, { ...pair, sine: Number.NaN })];
        for (const key of ["kappa", "kappaDot", "sine"] as const) {
          if (!Number.isNaN(unknown[key])) expect(unknown[key], key).toBe(known[key]);
        }
      }),
    );
  });
});

/** Rows of a network that were thin air to a formula: everything is NaN, and computed otherwise. */
it.each(["relu", "abs", "erf", "gelu", "gaussian"] as const)("%s beyond its range is NaN, never wrong", (type) => {
  const dual = dualOf(complete({ type } as ActivationSpec))!;
  for (const p of [1e-200, 1e200]) {
    const { kappa } = evaluate(dual, { c: 0.5 * p, sine: Math.sqrt(0.75) * p, p, q: p });
    const expected = core({ type } as ActivationSpec, { c: 0.5 * p, sine: Math.sqrt(0.75) * p, p, q: p }).kappa;
    if (!Number.isNaN(kappa)) expect(relative(kappa, expected, expected)).toBeLessThanOrEqual(1e-13);
  }
});

it.each(["relu", "leakyRelu", "abs"] as const)("%s holds from 1e-100 to 1e100, relatively", (type) => {
  const spec = { type, ...(type === "leakyRelu" ? { alpha: -0.1 } : {}) } as ActivationSpec;
  const dual = dualOf(complete(spec))!;
  fc.assert(
    fc.property(pairs(-100, 100), (pair) => {
      agrees(spec, dual, pair);
      const [{ kappa }, expected] = [evaluate(dual, pair), core(spec, pair).kappa];
      expect(relative(kappa, expected, Math.abs(expected))).toBeLessThanOrEqual(1e-13);
    }),
    { numRuns: 400 },
  );
});

it.each(["gelu", "gabor", "erf", "sigmoidLike"] as const)(
  "%s has a sine everywhere when none needs its digits",
  (type) => {
    const options: DualOptions = { preciseSine: false };
    const dual = dualOf(complete({ type }), options)!;
    fc.assert(
      fc.property(pairs(-3, 1.5), (pair) => {
        const { kappa, sine } = evaluate(dual, pair);
        const bound = Math.sqrt(self({ type }, pair.p).kappa) * Math.sqrt(self({ type }, pair.q).kappa);
        expect(Math.abs(Math.hypot(kappa, sine) - bound)).toBeLessThanOrEqual(1e-14 * bound);
      }),
    );
  },
);

/** Asserts κ and κ̇ relative to their bounds, and the angle where the sine is known. */
function agrees(spec: ActivationSpec, dual: Dual, pair: Input): void {
  const [found, expected] = [evaluate(dual, pair), core(spec, pair)];
  const [first, second] = [self(spec, pair.p), self(spec, pair.q)];
  const bound = Math.sqrt(first.kappa) * Math.sqrt(second.kappa);
  const boundDot = Math.max(Math.sqrt(Math.abs(first.kappaDot * second.kappaDot)), Math.abs(expected.kappaDot));
  expect(relative(found.kappa, expected.kappa, bound), "κ").toBeLessThanOrEqual(1e-14);
  expect(relative(found.kappaDot, expected.kappaDot, boundDot), "κ̇").toBeLessThanOrEqual(1e-14);
  if (RELATIVE.includes(spec.type)) {
    expect(relative(found.kappa, expected.kappa, Math.abs(expected.kappa)), "κ, relative").toBeLessThanOrEqual(1e-13);
  }
  if (expected.sine === SINE_UNKNOWN) {
    if (Number.isNaN(found.sine)) return;
    const direct = Math.sqrt(Math.max(0, bound - expected.kappa)) * Math.sqrt(Math.max(0, bound + expected.kappa));
    const isSame = pair.p === pair.q && pair.sine === 0;
    expect(isSame || bound === 0 || found.sine > 0.999e-3 * bound, "a sine that has lost its digits").toBe(true);
    if (!isSame) expect(relative(found.sine, direct, bound), "sine").toBeLessThanOrEqual(4e-12);
  } else if (Number.isFinite(expected.sine) && Number.isFinite(expected.kappa)) {
    const angle = Math.atan2(found.sine, found.kappa) - Math.atan2(expected.sine, expected.kappa);
    const isLost = Number.isNaN(found.sine) && SUBTRACTED.includes(spec.type);
    if (!isLost) expect(Math.abs(angle), "angle").toBeLessThanOrEqual(SUBTRACTED.includes(spec.type) ? 4e-12 : 3e-15);
  }
}

/** Where plain TypeScript has a formula for the angle, and programs subtract, or say that digits are lost. */
const SUBTRACTED: readonly ActivationSpec["type"][] = ["gelu"];

interface Golden {
  readonly cases: readonly { readonly activation: ActivationSpec; readonly values: readonly (readonly number[])[] }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../core/test/golden/mpmath-duals.json", import.meta.url), "utf8"),
) as Golden;

describe("50-digit values", () => {
  const cases = golden.cases.filter(({ activation }) => !WITHOUT.includes(activation.type));
  it.each(cases.map(({ activation, values }) => [JSON.stringify(activation), activation, values] as const))(
    "%s",
    (_, spec, values) => {
      const dual = dualOf(complete(spec))!;
      for (const [c, p, q, kappa, kappaDot] of values as [number, number, number, number, number][]) {
        const r = Math.sqrt(p) * Math.sqrt(q);
        const found = evaluate(dual, { c, sine: c * c === p * q ? 0 : Math.sqrt((r - c) * (r + c)), p, q });
        const [first, second] = [self(spec, p), self(spec, q)];
        const bound = Math.sqrt(first.kappa) * Math.sqrt(second.kappa);
        const boundDot = Math.sqrt(first.kappaDot) * Math.sqrt(second.kappaDot);
        expect(relative(found.kappa, kappa!, bound), `κ at ${c}, ${p}, ${q}`).toBeLessThanOrEqual(1e-13);
        expect(relative(found.kappaDot, kappaDot!, boundDot), `κ̇ at ${c}, ${p}, ${q}`).toBeLessThanOrEqual(1e-13);
      }
    },
  );
});
