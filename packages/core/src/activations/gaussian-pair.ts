import { gaussHermite } from "../special/gauss-hermite.ts";
import { SQRT_TWO_PI } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";
import { edgesBetween, featuresOf, type Integrands, integrateAdaptively } from "./adaptive.ts";

/** A centred Gaussian pair: Var u = p, Var v = q, Cov = c, sine = √(pq − c²). */
export interface GaussianPair {
  readonly c: number;
  readonly sine: number;
  readonly p: number;
  readonly q: number;
}

export interface PairOptions {
  readonly count: number;
  readonly kinks: readonly number[];
  /** Absolute error allowed, by the size of the integral and the number of the integrand. */
  readonly tolerance: (scale: number, index: number) => number;
  readonly what: string;
}

/** Standard deviations within which the Gaussian is integrated: beyond, it weighs less than 1e-22. */
const REACH = 10;

/**
 * E f(u, v) for several f at once, by two nested rules that adapt until they agree, for any correlation:
 *
 *   u = √p (cos(θ/2) s + sin(θ/2) t),   v = ±√q (cos(θ/2) s − sin(θ/2) t),   s, t independent N(0, 1), ± the sign of c
 *
 * For given t the integrand has kinks in s where u or v has one; in t, where two of those meet. The features of a steep φ
 * count as kinks. Where there are none and u − v stays within a few units, the rule in t is Gauss-Hermite with 4, 8, …
 * nodes: few when the rows are nearly parallel, the case it is meant for.
 */
export function pairExpectation(
  f: (u: number, v: number, values: Float64Array) => void,
  { c, sine, p, q }: GaussianPair,
  options: PairOptions,
): Float64Array {
  const half = portable.atan2(sine, Math.abs(c)) / 2;
  const [cos, sin] = [portable.cos(half), portable.sin(half)];
  const [rootP, rootQ] = [Math.sqrt(p), c < 0 ? -Math.sqrt(q) : Math.sqrt(q)];
  const { count, kinks, tolerance, what } = options;
  const points = featuresOf(kinks);
  const given = (t: number): Float64Array => {
    const shift = sin * t;
    const breaks = points.flatMap((k) => [(k / rootP - shift) / cos, (k / rootQ + shift) / cos]);
    const inner: Integrands = (s, values) => {
      f(rootP * (cos * s + shift), rootQ * (cos * s - shift), values);
      const density = portable.exp(-0.5 * s * s) / SQRT_TWO_PI;
      for (let k = 0; k < count; k++) values[k] = values[k]! * density;
    };
    return integrateAdaptively(inner, { count, edges: edgesBetween(REACH, breaks), maxWidth: 3, tolerance, what }).sums;
  };
  if (sin === 0) return given(0);
  if (kinks.length === 0 && sin * Math.max(rootP, Math.abs(rootQ)) < STEEP) {
    const sums = byGaussHermite(given, count, tolerance);
    if (sums) return sums;
  }
  const crossings = points.flatMap((k) => points.map((l) => (k / rootP - l / rootQ) / (2 * sin)));
  const outer: Integrands = (t, values) => {
    const density = portable.exp(-0.5 * t * t) / SQRT_TWO_PI;
    given(t).forEach((value, k) => {
      values[k] = value * density;
    });
  };
  return integrateAdaptively(outer, { count, edges: edgesBetween(REACH, crossings), maxWidth: 5, tolerance, what })
    .sums;
}

/** Standard deviation of (u − v)/2 from which φ can change more than Gauss-Hermite nodes show. */
const STEEP = 4;

const MAX_HERMITE_NODES = 64;

/** Σ wᵢ given(tᵢ) with 4, 8, … nodes until two agree, or undefined when they do not. */
function byGaussHermite(
  given: (t: number) => Float64Array,
  count: number,
  tolerance: (scale: number, index: number) => number,
): Float64Array | undefined {
  let previous = hermiteSums(given, count, 4);
  for (let n = 8; n <= MAX_HERMITE_NODES; n *= 2) {
    const sums = hermiteSums(given, count, n);
    const agrees = sums.every((sum, k) => Math.abs(sum - previous[k]!) <= 10 * tolerance(Math.abs(sum), k));
    if (agrees) return sums;
    previous = sums;
  }
  return undefined;
}

function hermiteSums(given: (t: number) => Float64Array, count: number, n: number): Float64Array {
  const { nodes, weights } = gaussHermite(n);
  const sums = new Float64Array(count);
  for (let i = 0; i < n; i++) {
    const row = given(nodes[i]!);
    for (let k = 0; k < count; k++) sums[k] = sums[k]! + weights[i]! * row[k]!;
  }
  return sums;
}
