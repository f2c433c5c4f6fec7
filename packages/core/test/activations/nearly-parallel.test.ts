import { describe, expect, it } from "vitest";
import { type Activation, SINE_UNKNOWN } from "../../src/activations/activation.ts";
import { pairExpectation } from "../../src/activations/gaussian-pair.ts";
import { numericalActivation } from "../../src/activations/numerical.ts";
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
  return { kappa: out[0]! / bound, kappaDot: out[1]! / slopeBound, angle: out[2]! / bound };
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

describe.each(ACTIVATIONS.map((activation) => [activation.name, activation] as const))(
  "nearly parallel rows: tables and series of %s = nested panels",
  (_, activation) => {
    it.each(VARIANCES)("variances %d and %d", (p, q) => {
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
  },
);
