import { type GaussianPair, pairExpectation } from "./gaussian-pair.ts";
import { pairRule } from "./pair-rules.ts";

/**
 * What an infinitely wide network needs to know of an activation φ: the two Gaussian expectations
 *
 *   κ(c, p, q)  = E φ(u) φ(v)      κ̇(c, p, q) = E φ'(u) φ'(v) = ∂κ/∂c      (u, v) ~ N(0, [[p, c], [c, q]])
 *
 * Beside the covariance c, each pair of inputs carries `sine` = √(pq − c²), so that (c, sine) = √(pq)·(cos θ, sin θ).
 * Recovering it from c loses half the digits when two inputs nearly coincide; carried along, θ = atan2(sine, c) is
 * exact to rounding from θ = 0 to π.
 */
export interface Activation {
  readonly name: string;
  phi(x: number): number;
  /** φ' where it exists; at a kink the mean of the one-sided derivatives. */
  dphi(x: number): number;
  /**
   * Taylor coefficients at x: out[k] = φ⁽ᵏ⁾(x)/k! for k < out.length; out[0] and out[1] are phi and dphi. At a kink the higher
   * ones are, as dphi, the mean of both sides. Absent for activations known by values alone.
   */
  taylor?(x: number, out: Float64Array): void;
  /**
   * out[i] = φ(x[i]), and slope[i] = φ'(x[i]) when given: the same bits as phi and dphi, sooner. `out` may be `x` itself.
   * Where absent, phi and dphi are called one by one.
   */
  map?(x: Float64Array, out: Float64Array, slope: Float64Array | null): void;
  /**
   * Writes out[0] = κ, out[1] = κ̇ and, where a formula without cancellation is known, out[2] = the new sine
   * √(κ(p,p,p) κ(q,q,q) − κ²). An activation that leaves out[2] at SINE_UNKNOWN has it computed by subtraction.
   * Self terms are dual(p, 0, p, p): there sine is exactly 0. p = 0 or q = 0 (a zero row) must give the limit.
   */
  dual(c: number, sine: number, p: number, q: number, out: Float64Array): void;
  /** "smooth": κ is analytic in c; "kinked": its slope in θ at θ = 0 is not zero, so digits of `sine` matter. */
  readonly smoothness: "smooth" | "kinked";
  /** Points where φ or one of its derivatives jumps; none when absent. */
  readonly kinks?: readonly number[];
}

/** What out[2] holds before `dual` is called. */
export const SINE_UNKNOWN = -1;

/** √(pq) − c ≥ 0 without cancellation: sine² / (√(pq) + c) where c > 0. For √(pq) + c pass −c. */
export function belowBound(r: number, c: number, sine: number): number {
  return c > 0 ? (sine / (r + c)) * sine : r - c;
}

/** E(u − v)² = p + q − 2c = (√p − √q)² + 2(√(pq) − c), a sum of two terms that are not negative. */
export function squaredDistance(c: number, sine: number, p: number, q: number): number {
  const [a, b] = [Math.sqrt(p), Math.sqrt(q)];
  return (a - b) * (a - b) + 2 * belowBound(a * b, c, sine);
}

/**
 * The new sine where no formula is known and subtraction would cancel, nearly parallel features: by quadrature of
 *
 *   2 (1 − |ρ'|) = E (φ(u)/√p' − s φ(v)/√q')²,   p' = κ(p,p,p), q' = κ(q,q,q), s = sign κ
 *
 * a mean of squares; errors of p' and q' enter squared. The angle comes out to about 1e-15 absolutely.
 */
export function sineByQuadrature(activation: Activation, c: number, sine: number, p: number, q: number): number {
  const out = new Float64Array(3);
  const self = (v: number): number => {
    activation.dual(v, 0, v, v, out);
    return Math.sqrt(out[0]!);
  };
  const [normU, normV] = [self(p), self(q)];
  const bound = normU * normV;
  if (bound === 0 || !Number.isFinite(bound)) return 0;
  const pair = { c, sine, p, q };
  const distance = distanceByRule(activation, pair, normU, normV) ?? distanceByNesting(activation, pair, normU, normV);
  const squared = Math.min(2, distance);
  return bound * Math.sqrt(squared * (1 - squared / 4));
}

/** Absolute error allowed: φ is rounded to 1e-16, the gap to 1e-16, its square to 2e-16 times the gap. */
function distanceTolerance(squared: number): number {
  return Math.max(1e-13 * squared, 4e-16 * Math.sqrt(squared));
}

const MAX_LEVELS = 8;

/** The smaller of E (φ(u)/normU ∓ φ(v)/normV)² by a rule of which two levels agree, or undefined. */
function distanceByRule(
  { phi, kinks = [] }: Activation,
  pair: GaussianPair,
  normU: number,
  normV: number,
): number | undefined {
  const rule = pairRule(kinks);
  const first = rule.firstLevel(pair.p, pair.q);
  let previous = Number.NaN;
  for (let level = first; level < first + MAX_LEVELS; level++) {
    let [same, opposite, lastU, unitU] = [0, 0, Number.NaN, 0];
    const exists = rule.visit(pair, level, (u, v, weight) => {
      if (u !== lastU) [lastU, unitU] = [u, phi(u) / normU];
      const unitV = phi(v) / normV;
      same += weight * (unitU - unitV) * (unitU - unitV);
      opposite += weight * (unitU + unitV) * (unitU + unitV);
    });
    if (!exists) return undefined;
    const squared = Math.min(same, opposite);
    if (Math.abs(squared - previous) <= 10 * distanceTolerance(squared)) return squared;
    previous = squared;
  }
  return undefined;
}

/** The same for any kinks and any steepness. */
function distanceByNesting(activation: Activation, pair: GaussianPair, normU: number, normV: number): number {
  const { name, phi, kinks = [] } = activation;
  const out = new Float64Array(3);
  activation.dual(pair.c, pair.sine, pair.p, pair.q, out);
  const [scaleU, scaleV] = [1 / normU, (out[0]! < 0 ? -1 : 1) / normV];
  const squaredGap = (u: number, v: number, values: Float64Array) => {
    const gap = phi(u) * scaleU - phi(v) * scaleV;
    values[0] = gap * gap;
  };
  const what = `${name} at variances ${pair.p}, ${pair.q}`;
  const [distance] = pairExpectation(squaredGap, pair, { count: 1, kinks, tolerance: distanceTolerance, what });
  return distance!;
}
