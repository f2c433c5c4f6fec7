import { gaussHermite } from "../special/gauss-hermite.ts";
import { gaussLegendre, type QuadratureRule } from "../special/gauss-legendre.ts";
import { SQRT_TWO_PI } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";
import type { GaussianPair } from "./gaussian-pair.ts";
import { lineRule } from "./line-rule.ts";

/** Called with a node and its weight. */
export type PairVisitor = (u: number, v: number, weight: number) => void;

/**
 * E f(u, v) ≈ Σ weight f(u, v) by rules that know nothing of f but where its kinks are. Higher levels have more nodes. Whoever
 * uses a level checks what comes out.
 */
export interface PairRule {
  /** The level to try first where φ changes over distances of about 1. */
  firstLevel(p: number, q: number): number;
  /** Returns false, without a visit, at a level that does not exist. */
  visit(pair: GaussianPair, level: number, visit: PairVisitor): boolean;
}

/** The rule for functions with these kinks. */
export function pairRule(kinks: readonly number[]): PairRule {
  if (kinks.length === 0) return strips;
  return kinks.every((kink) => kink === 0) ? sectors : lineRule(kinks);
}

/** Standard deviations within which the Gaussian is integrated: beyond, it weighs 2e-22 of f(0). */
const REACH = 10;

const MAX_LEVEL = 11;

function levelFor(p: number, q: number, atOne: number): number {
  const [larger, k] = [Math.max(p, q), portable.exponent(Math.max(p, q))];
  return Math.max(0, (larger > 2 ** k ? k + 1 : k) + atOne);
}

/**
 * Smooth f, rows nearly parallel: u = √p x, v = √q (cos θ x + sin θ y), x and y independent N(0, 1). In x the trapezoidal rule
 * with spacing h = 2^{−1−level/2}, which converges exponentially; in y, where f varies sin θ times as fast, `acrossRule`.
 */
const strips: PairRule = {
  firstLevel: (p, q) => levelFor(p, q, 2),
  visit({ c, sine, p, q }, level, visit) {
    const norm = portable.hypot(c, sine);
    const [cos, sin] = norm === 0 ? [1, 0] : [c / norm, sine / norm];
    const h = portable.power(2, -1 - level / 2);
    const across = acrossRule(sin, h);
    if (level > MAX_LEVEL || across === undefined) return false;
    const { nodes, weights } = across;
    const [rootP, rootQ] = [Math.sqrt(p), Math.sqrt(q)];
    const last = Math.floor(REACH / h);
    for (let k = -last; k <= last; k++) {
      const x = k * h;
      const weight = (h * portable.exp(-0.5 * x * x)) / SQRT_TWO_PI;
      for (let j = 0; j < nodes.length; j++) {
        visit(rootP * x, rootQ * (cos * x + sin * nodes[j]!), weight * weights[j]!);
      }
    }
    return true;
  },
};

const HERMITE_SIZES = [4, 6, 9, 13, 18, 26];

const MAX_ACROSS = 300;

/** For functions of sin·y that spacing h resolves: Gauss-Hermite while that takes few nodes, else the trapezoidal rule. */
function acrossRule(sin: number, h: number): QuadratureRule | undefined {
  if (sin === 0) return gaussHermite(1);
  const wanted = 3.5 + 20 * sin + ((5 * sin) / h) ** 2;
  const size = HERMITE_SIZES.find((n) => n >= wanted);
  if (size !== undefined) return gaussHermite(size);
  const step = Math.min(0.7, h / sin);
  const last = Math.floor(REACH / step);
  if (2 * last + 1 > MAX_ACROSS) return undefined;
  const nodes = Float64Array.from({ length: 2 * last + 1 }, (_, k) => (k - last) * step);
  return { nodes, weights: nodes.map((y) => (step * portable.exp(-0.5 * y * y)) / SQRT_TWO_PI) };
}

/**
 * f with kinks at u = 0 and v = 0: in polar coordinates u = √p R cos α, v = √q R cos(α − θ) these are the rays α = ±π/2 and
 * θ ± π/2. Between them, in sectors of angles π − θ and θ, f is smooth for every θ: Gauss-Legendre in α and in R ≤ REACH.
 */
const sectors: PairRule = {
  firstLevel: (p, q) => levelFor(p, q, -1),
  visit({ c, sine, p, q }, level, visit) {
    if (level > MAX_LEVEL) return false;
    const theta = portable.atan2(sine, c);
    const [rootP, rootQ] = [Math.sqrt(p), Math.sqrt(q)];
    const growth = portable.power(2, level / 4);
    const radial = radialRule(Math.ceil(28 * growth));
    for (const [from, length] of [
      [-Math.PI / 2, theta],
      [theta - Math.PI / 2, Math.PI - theta],
      [Math.PI / 2, theta],
      [theta + Math.PI / 2, Math.PI - theta],
    ] as const) {
      if (length === 0) continue;
      const { nodes, weights } = gaussLegendre(Math.ceil(16 * growth * Math.min(1, 0.25 + length)));
      for (let i = 0; i < nodes.length; i++) {
        const alpha = from + (length / 2) * (1 + nodes[i]!);
        const [stepU, stepV] = [rootP * portable.cos(alpha), rootQ * portable.cos(alpha - theta)];
        const arc = ((length / 2) * weights[i]!) / (2 * Math.PI);
        for (let j = 0; j < radial.nodes.length; j++) {
          const r = radial.nodes[j]!;
          visit(stepU * r, stepV * r, arc * radial.weights[j]!);
        }
      }
    }
    return true;
  },
};

const radialRules = new Map<number, QuadratureRule>();

/** ∫ f(R) R e^{−R²/2} dR over R ≤ REACH by n-point Gauss-Legendre. Cached. */
function radialRule(n: number): QuadratureRule {
  const known = radialRules.get(n);
  if (known) return known;
  const { nodes, weights } = gaussLegendre(n);
  const radii = nodes.map((x) => (REACH / 2) * (1 + x));
  const rule = {
    nodes: radii,
    weights: weights.map((w, i) => (REACH / 2) * w * radii[i]! * portable.exp(-0.5 * radii[i]! * radii[i]!)),
  };
  radialRules.set(n, rule);
  return rule;
}
