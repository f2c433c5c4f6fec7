import { normalCdf, SQRT_TWO_PI } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";
import { belowBound } from "./activation.ts";

/*
 * The new sine of φ(x) = x Φ(x) for nearly parallel rows, where √(κ(p,p,p) κ(q,q,q) − κ²) would cancel. With r = √(pq), θ the angle
 * and κ(θ) = κ(r cos θ, p, q),
 *
 *   2 (1 − ρ') = g + 2 (κ(0) − κ(θ))/√(κ(p,p,p) κ(q,q,q)),   g = E (φ(√p z)/√κ(p,p,p) − φ(√q z)/√κ(q,q,q))²
 *
 * a sum of two terms that are not negative.
 */

/** The new sine for c > 0, from κ of the self terms. The angle comes out to about 1e-15 absolutely. */
export function geluSine(c: number, sine: number, p: number, q: number, selfP: number, selfQ: number): number {
  const bound = p === q ? selfP : Math.sqrt(selfP) * Math.sqrt(selfQ);
  if (bound === 0) return 0;
  const radial = p === q ? 0 : radialGap(Math.sqrt(p), Math.sqrt(q), Math.sqrt(selfP), Math.sqrt(selfQ));
  const squared = radial + 2 * (turned(c, sine, p, q) / bound);
  return bound * Math.sqrt(squared * (1 - squared / 4));
}

/**
 * κ(0) − κ(θ), from the differences of the three terms of κ. With δ = r − c, Dₜ² = 1 + p + q + (r sin t)², and
 * D − D₀ = sine²/(D + D₀) in place of the difference.
 */
function turned(c: number, sine: number, p: number, q: number): number {
  const r = Math.sqrt(p) * Math.sqrt(q);
  const start = Math.sqrt(1 + p + q);
  const end = portable.hypot(start, sine);
  const lost = belowBound(r, c, sine);
  const growth = (sine / (end + start)) * sine;
  const [inverseP, inverseQ] = [1 / (1 + p), 1 / (1 + q)];
  // atan2(r, D₀) − atan2(c, D) and (r² + pq D₀²)/(H² D₀) − (c² + pq D²)/(H² D), H² = (1 + p)(1 + q)
  const angle = portable.atan2(lost * (end / start) + growth * (c / start), end + c * (r / start));
  const curved =
    (sine * inverseP * (sine * inverseQ)) / start +
    growth * ((c * inverseP * (c * inverseQ)) / start / end - p * inverseP * (q * inverseQ));
  return Math.max(0, lost / 4 + (lost * portable.atan2(r, start) + c * angle + curved) / (2 * Math.PI));
}

/** Spacing in y of x = sinh(y)/scale: φ is analytic within π/4 of the real line, which makes the trapezoidal rule exact to rounding. */
const STEP = 1 / 8;
/** Beyond so many standard deviations Φ is 0 or 1, and the Gaussian 0. */
const REACH = 10;
/** From this √p on, what both Φ give beyond their steps is taken out of the sum: there the sum need not be spectral any more. */
const STEEP = 1e6;

/** g = E x² (Φ(ax)/α − Φ(bx)/β)² with α = √κ/a of each. */
function radialGap(a: number, b: number, rootA: number, rootB: number): number {
  const [alpha, beta] = [rootA / a, rootB / b];
  const [smaller, larger] = [Math.min(a, b), Math.max(a, b)];
  if (smaller === 0) return 2;
  const isSteep = larger > STEEP;
  const far = isSteep ? 1 / alpha - 1 / beta : 0;
  const scale = Math.max(1, larger);
  const reach = (scale * REACH) / (isSteep ? Math.max(1, smaller) : 1);
  const last = Math.ceil(portable.log(2 * reach + 1) / STEP);
  let sum = 0;
  for (let k = -last; k <= last; k++) {
    const [up, down] = [portable.exp(k * STEP), portable.exp(-k * STEP)];
    const x = (up - down) / 2 / scale;
    const difference = normalCdf(a * x) / alpha - normalCdf(b * x) / beta;
    const rest = k > 0 ? (difference - far) * (difference + far) : difference * difference;
    sum += rest * x * x * portable.exp(-0.5 * x * x) * ((up + down) / 2 / scale);
  }
  return far * far * 0.5 + (sum * STEP) / SQRT_TWO_PI;
}
