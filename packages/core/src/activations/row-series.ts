import { SQRT_TWO_PI } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";
import { edgesBetween, featuresOf, type Integrands, integrateAdaptively, panelRule } from "./adaptive.ts";

/** A function and its derivative, with the points where they are not smooth. */
export interface SmoothPieces {
  readonly name: string;
  readonly phi: (x: number) => number;
  readonly dphi: (x: number) => number;
  readonly kinks: readonly number[];
}

/** Whether φ is continuous, with no kink but at 0. */
export function hasTables({
  phi,
  dphi,
  kinks = [],
}: Pick<SmoothPieces, "phi" | "dphi"> & { readonly kinks?: readonly number[] }): boolean {
  const near = 1e-10;
  const jump = Math.abs(phi(near) - phi(-near));
  const isContinuous = jump <= 1e-8 * (1 + Math.abs(dphi(near)) + Math.abs(dphi(-near)) + Math.abs(phi(0)));
  return kinks.length === 0 || (kinks.every((kink) => kink === 0) && isContinuous);
}

/** What a row of variance p contributes to every pair it is in. */
export interface RowMoments {
  readonly p: number;
  /** E φ(√p z)² and E φ'(√p z)². */
  readonly square: number;
  readonly slopeSquare: number;
  /** Panels on which φ(√p z), φ'(√p z) are polynomials to rounding. */
  readonly panels: readonly number[];
}

/** Coefficients of φ(√p z) and φ'(√p z) in the normalised Hermite polynomials, and what lies beyond each power of two. */
export interface RowSeries {
  readonly phi: Float64Array;
  readonly dphi: Float64Array;
  /** tails[k] = √(Σ_{n ≥ N} aₙ² / Σ aₙ²), N = FIRST_CHECK · 2ᵏ, of φ and of φ'. */
  readonly phiTails: Float64Array;
  readonly dphiTails: Float64Array;
}

/** Standard deviations within which the Gaussian is integrated: e^{−z²/4}, which bounds hₙ(z) e^{−z²/2}, is 4e-19 there. */
const REACH = 13;

export const FIRST_CHECK = 8;

/** E φ² and E φ'², with panels halved until they hold φ, φ', φ² and φ'² to 1e-14 of their size (1e-15 of φ'(0), φ'(0)²). */
export function rowMoments({ name, phi, dphi, kinks }: SmoothPieces, p: number): RowMoments {
  const root = Math.sqrt(p);
  const integrands: Integrands = (z, values) => {
    const density = portable.exp(-0.5 * z * z) / SQRT_TWO_PI;
    const [value, slope] = [phi(root * z), dphi(root * z)];
    values[0] = value * density;
    values[1] = slope * density;
    values[2] = value * value * density;
    values[3] = slope * slope * density;
  };
  const edges = edgesBetween(
    REACH,
    featuresOf(kinks).map((x) => x / root),
  );
  const steepness = Math.abs(dphi(0));
  const floors = [0, steepness, 0, steepness * steepness];
  const tolerance = (scale: number, index: number) => 1e-14 * scale + 1e-15 * floors[index]! + Number.MIN_VALUE;
  const what = `${name} at variance ${p}`;
  const { sums, panels } = integrateAdaptively(integrands, { count: 4, edges, maxWidth: REACH / 7, tolerance, what });
  return { p, square: sums[2]!, slopeSquare: sums[3]!, panels };
}

/**
 * aₙ = E φ(√p z) hₙ(z) for n < count, likewise φ'. Panels are narrow enough for the oscillation of hₙ, frequency √n.
 * For p < 1 φ(0) and φ'(0), which only reach a₀, are taken out first: the other coefficients are then small beside them.
 */
export function rowSeries({ phi, dphi }: SmoothPieces, row: RowMoments, count: number): RowSeries {
  const { nodes, weights } = panelRule(row.panels, 44 / (Math.sqrt(count) + 6));
  const root = Math.sqrt(row.p);
  const [phi0, dphi0] = row.p < 1 ? [phi(0), dphi(0)] : [0, 0];
  const size = nodes.length;
  const [values, slopes] = [new Float64Array(size), new Float64Array(size)];
  let [previous, current] = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < size; i++) {
    const z = nodes[i]!;
    current[i] = portable.exp(-0.25 * z * z);
    const weight = (weights[i]! * current[i]!) / SQRT_TWO_PI;
    values[i] = weight * (phi(root * z) - phi0);
    slopes[i] = weight * (dphi(root * z) - dphi0);
  }
  const series = { phi: new Float64Array(count), dphi: new Float64Array(count) };
  for (let n = 0; n < count; n++) {
    const [back, scale] = [Math.sqrt(n), 1 / Math.sqrt(n + 1)];
    let [a, b] = [0, 0];
    for (let i = 0; i < size; i++) {
      const h = current[i]!;
      a += values[i]! * h;
      b += slopes[i]! * h;
      previous[i] = (nodes[i]! * h - back * previous[i]!) * scale;
    }
    series.phi[n] = a;
    series.dphi[n] = b;
    [previous, current] = [current, previous];
  }
  series.phi[0] = series.phi[0]! + phi0;
  series.dphi[0] = series.dphi[0]! + dphi0;
  return {
    ...series,
    phiTails: relativeTails(series.phi, row.square),
    dphiTails: relativeTails(series.dphi, row.slopeSquare),
  };
}

/**
 * √(Σ_{n ≥ N} aₙ² / total) at N = FIRST_CHECK · 2ᵏ up to the number of coefficients. What lies beyond the last one is the total
 * less the sum; where that is rounding, four times the sum of the upper half, which covers a decay as slow as n^{−3/4}.
 */
function relativeTails(coefficients: Float64Array, total: number): Float64Array {
  const checks: number[] = [];
  for (let n = FIRST_CHECK; n <= coefficients.length; n *= 2) checks.push(n);
  const squares = (from: number, to: number) => coefficients.subarray(from, to).reduce((sum, a) => sum + a * a, 0);
  const count = coefficients.length;
  const beyond = Math.max(0, total - squares(0, count));
  let tail = beyond > ROUNDING * total ? beyond : Math.min(ROUNDING * total, 4 * squares(count / 2, count));
  const tails = new Float64Array(checks.length);
  let end = count;
  for (let k = checks.length - 1; k >= 0; k--) {
    tail += squares(checks[k]!, end);
    end = checks[k]!;
    tails[k] = total > 0 ? Math.sqrt(tail / total) : 0;
  }
  return tails;
}

/** A difference of two sums of squares below this share of them is not to be trusted. */
const ROUNDING = 1e-13;
