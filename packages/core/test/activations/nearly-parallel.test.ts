import { describe, expect, it } from "vitest";
import { type Activation, SINE_UNKNOWN, sineByQuadrature } from "../../src/activations/activation.ts";
import { pairExpectation } from "../../src/activations/gaussian-pair.ts";
import { numericalActivation } from "../../src/activations/numerical.ts";
import { sineByTables } from "../../src/activations/parallel-sine.ts";
import { makeActivation } from "../../src/activations/registry.ts";

/** κ, κ̇ and the new sine over their bounds, of one pair. */
interface Shares {
  readonly kappa: number;
  readonly kappaDot: number;
  readonly angle: number;
}

interface Pair {
  readonly c: number;
  readonly sine: number;
  readonly p: number;
  readonly q: number;
}

function bounds(activation: Activation, { p, q }: Pair): readonly [number, number] {
  const [a, b] = [p, q].map((v) => {
    const out = new Float64Array(3);
    activation.dual(v, 0, v, v, out);
    return out;
  });
  return [Math.sqrt(a![0]! * b![0]!), Math.sqrt(a![1]! * b![1]!)];
}

function fast(activation: Activation, pair: Pair): Shares {
  const out = new Float64Array([0, 0, SINE_UNKNOWN]);
  activation.dual(pair.c, pair.sine, pair.p, pair.q, out);
  const [bound, slopeBound] = bounds(activation, pair);
  const isUnknown = out[2] === SINE_UNKNOWN && Math.abs(out[0]!) > (1 - 1e-6) * bound;
  const sine = isUnknown ? sineByQuadrature(activation, pair.c, pair.sine, pair.p, pair.q) : out[2]!;
  return { kappa: out[0]! / bound, kappaDot: out[1]! / slopeBound, angle: sine / bound };
}

/** By adaptive nested panels, which know nothing of series and tables. */
function slow(activation: Activation, pair: Pair): Shares {
  const { phi, dphi, kinks = [] } = activation;
  const [bound, slopeBound] = bounds(activation, pair);
  const own = (v: number) => {
    const out = new Float64Array(3);
    activation.dual(v, 0, v, v, out);
    return Math.sqrt(out[0]!);
  };
  const [normU, normV] = [own(pair.p), own(pair.q)];
  const what = activation.name;
  const [product, slopes] = pairExpectation(
    (u, v, values) => {
      values[0] = (phi(u) * phi(v)) / bound;
      values[1] = (dphi(u) * dphi(v)) / slopeBound;
    },
    pair,
    { count: 2, kinks, tolerance: () => 1e-14, what },
  );
  const sign = product! < 0 ? -1 : 1;
  const [squared] = pairExpectation(
    (u, v, values) => {
      const gap = phi(u) / normU - (sign * phi(v)) / normV;
      values[0] = gap * gap;
    },
    pair,
    { count: 1, kinks, tolerance: (size) => Math.max(1e-14 * size, 1e-16 * Math.sqrt(size)), what },
  );
  return { kappa: product!, kappaDot: slopes!, angle: Math.sqrt(squared! * (1 - squared! / 4)) };
}

const bent = numericalActivation({
  name: "bent",
  phi: (x) => (x < 0 ? Math.expm1(x) : Math.tanh(2 * x)),
  dphi: (x) => (x < 0 ? Math.exp(x) : 2 / Math.cosh(2 * x) ** 2),
  kinks: [0],
});

const shifted = numericalActivation({
  name: "shifted",
  phi: (x) => Math.tanh(3 * x - 4),
  dphi: (x) => 3 / Math.cosh(3 * x - 4) ** 2,
});

const ACTIVATIONS = [
  ...(["tanh", "sigmoid", "softplus", "silu", "elu"] as const).map((type) => makeActivation({ type })),
  bent,
  shifted,
];

const VARIANCES = [
  [0.01, 0.012],
  [1, 1],
  [0.02, 3],
  [100, 90],
  [9e3, 1e4],
] as const;

const ANGLES = [0.2, 0.03, 1e-3, 1e-8, 0];

/** Integrated pair by pair, between the lines of their kinks. */
const KINKED_ELSEWHERE = [
  numericalActivation({
    name: "hard tanh",
    phi: (x) => Math.max(-1, Math.min(1, x)),
    dphi: (x) => (Math.abs(x) < 1 ? 1 : 0),
    kinks: [-1, 1],
  }),
  numericalActivation({
    name: "tanh, then linear",
    phi: (x) => (x < 2 ? Math.tanh(x) : Math.tanh(2) + (x - 2) / 2),
    dphi: (x) => (x < 2 ? 1 / Math.cosh(x) ** 2 : 0.5),
    kinks: [2],
  }),
];

describe.each([
  ...ACTIVATIONS.map((activation) => [activation.name, activation, VARIANCES] as const),
  ...KINKED_ELSEWHERE.map((activation) => [activation.name, activation, VARIANCES.slice(0, 3)] as const),
])("nearly parallel rows: tables and series of %s = nested panels", (_, activation, variances) => {
  it.each(variances)("variances %d and %d", (p, q) => {
    for (const theta of ANGLES) {
      for (const sign of [1, -1]) {
        const r = Math.sqrt(p) * Math.sqrt(q);
        const pair = { c: sign * r * Math.cos(theta), sine: r * Math.sin(theta), p, q };
        const [ours, truth] = [fast(activation, pair), slow(activation, pair)];
        const at = `at ${sign > 0 ? "" : "π − "}${theta}`;
        expect(Math.abs(ours.kappa - truth.kappa), `κ ${at}`).toBeLessThanOrEqual(2e-13);
        expect(Math.abs(ours.kappaDot - truth.kappaDot), `κ̇ ${at}`).toBeLessThanOrEqual(2e-13);
        // A sine that is not small is left to subtraction.
        if (ours.angle >= 0) expect(Math.abs(ours.angle - truth.angle), `sine ${at}`).toBeLessThanOrEqual(4e-15);
        else expect(truth.angle).toBeGreaterThan(1e-3);
      }
    }
  });
});

const FORMULAS = [{ type: "gelu" }, { type: "gabor" }, { type: "erf", a: 1, b: 1, c: 0.5 }] as const;

describe.each(FORMULAS.map((spec) => [spec.type, makeActivation(spec)] as const))(
  "nearly parallel rows: the new sine of %s by its κ̇ = nested panels",
  (_, activation) => {
    it.each(VARIANCES.slice(0, 4))("variances %d and %d", (p, q) => {
      for (const theta of [3e-3, 1e-4, 1e-8, 0]) {
        for (const sign of [1, -1]) {
          const r = Math.sqrt(p) * Math.sqrt(q);
          const pair = { c: sign * r * Math.cos(theta), sine: r * Math.sin(theta), p, q };
          const [bound] = bounds(activation, pair);
          const ours = sineByTables(activation, pair);
          expect(ours, `at ${theta}`).toBeDefined();
          expect(Math.abs(ours! / bound - slow(activation, pair).angle), `at ${theta}`).toBeLessThanOrEqual(4e-15);
        }
      }
    });
  },
);

it("a pair, steep and nearly parallel as it may be, takes no evaluation of φ once its rows are known", () => {
  let evaluations = 0;
  const exact = makeActivation({ type: "elu" });
  const counted = numericalActivation({
    name: "counted",
    phi: (x) => {
      evaluations++;
      return exact.phi(x);
    },
    dphi: (x) => {
      evaluations++;
      return exact.dphi(x);
    },
    kinks: [0],
  });
  for (const [p, theta] of [
    [1, 0.1],
    [1e4, 1e-3],
    [5e5, 9e-7],
  ] as const) {
    const out = new Float64Array(3);
    const pair = (share: number) => {
      const angle = share * theta;
      counted.dual(p * Math.cos(angle), p * Math.sin(angle), p, p, out);
    };
    pair(1);
    evaluations = 0;
    for (let k = 1; k <= 50; k++) pair(1 - k / 1000);
    expect(evaluations).toBe(0);
  }
});
