import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { differenceQuotient } from "./difference-quotient.ts";
import { type GaussianPair, pairExpectation } from "./gaussian-pair.ts";
import { pairRule } from "./pair-rules.ts";
import {
  FIRST_CHECK,
  type RowMoments,
  type RowSeries,
  rowMoments,
  rowSeries,
  type SmoothPieces,
} from "./row-series.ts";

export interface NumericalOptions {
  readonly name: string;
  /** Any function that grows no faster than a polynomial. */
  readonly phi: (x: number) => number;
  /** φ'; by default a difference quotient of order 6 that does not reach across kinks, good to about 1e-12. */
  readonly dphi?: (x: number) => number;
  /** Points where φ or one of its derivatives jumps. */
  readonly kinks?: readonly number[];
  /** Taylor coefficients, for derivatives of finite networks of higher order than the first: see `Activation`. */
  readonly taylor?: NonNullable<Activation["taylor"]>;
  /** φ and φ' of a whole array: see `Activation`. */
  readonly map?: NonNullable<Activation["map"]>;
}

/**
 * An activation known by its values alone: κ and κ̇ to 1e-10 of √(κ(p,p,p) κ(q,q,q)), of √(κ̇(p,p,p) κ̇(q,q,q)), for any
 * correlation and variances up to 100, and as far beyond as the quadrature converges (else it throws a NumericalError).
 *
 *   κ = Σₙ aₙ(p) aₙ(q) ρⁿ,   aₙ(p) = E φ(√p z) hₙ(z),   likewise κ̇ with φ'           Mehler (1866)
 *
 * The coefficients of a row are computed once and serve every pair it is in; as many terms are taken as the tail
 * |ρ|ᴺ √(Σ_{n ≥ N} aₙ(p)² Σ_{n ≥ N} aₙ(q)²) asks for. Parallel rows, and nearly parallel ones whose series is too long, are
 * integrated directly: about 0.1 ms a pair where φ has no kink or its kinks are at 0, 10 to 40 ms where they are elsewhere.
 */
export function numericalActivation(options: NumericalOptions): Activation {
  const { name, phi, dphi, kinks = [], taylor, map } = options;
  const pieces: SmoothPieces = { name, phi, dphi: dphi ?? differenceQuotient(phi, kinks), kinks };
  const rows = rowCache(pieces);
  return {
    name,
    smoothness: kinks.length > 0 ? "kinked" : "smooth",
    kinks,
    phi: pieces.phi,
    dphi: pieces.dphi,
    ...(taylor && { taylor }),
    ...(map && { map }),
    dual(c, sine, p, q, out) {
      const [first, second] = [rows.moments(p), rows.moments(q)];
      if (p === q && sine === 0 && c >= 0) {
        out[0] = finiteOrInfinity(first.square);
        out[1] = finiteOrInfinity(first.slopeSquare);
        out[2] = 0;
        return;
      }
      const r = Math.sqrt(p) * Math.sqrt(q);
      if ((r > 0 && sine === 0) || !sumSeries(rows, r === 0 ? 0 : Math.min(1, Math.max(-1, c / r)), p, q, out)) {
        integrateDirectly(pieces, { c, sine, p, q }, first, second, out);
      }
      out[0] = finiteOrInfinity(out[0]!);
      out[1] = finiteOrInfinity(out[1]!);
    },
  };
}

function finiteOrInfinity(x: number): number {
  return Number.isNaN(x) ? Infinity : x;
}

/** Numbers of terms computed at a time; a longer series is more work than direct integration. */
const LENGTHS = [64, 256, 1024, 4096];

/** What is left out, relative to √(κ(p,p,p) κ(q,q,q)). */
const NEGLIGIBLE = 1e-13;

/** κ, κ̇ by the shortest series that is long enough; false when none is. */
function sumSeries(rows: RowCache, rho: number, p: number, q: number, out: Float64Array): boolean {
  for (let level = 0; level < LENGTHS.length; level++) {
    const [a, b] = [rows.series(p, level), rows.series(q, level)];
    const terms = termsNeeded(a, b, Math.abs(rho));
    if (terms === 0) continue;
    let [kappa, kappaDot] = [0, 0];
    for (let n = terms - 1; n >= 0; n--) {
      kappa = kappa * rho + a.phi[n]! * b.phi[n]!;
      kappaDot = kappaDot * rho + a.dphi[n]! * b.dphi[n]!;
    }
    out[0] = kappa;
    out[1] = kappaDot;
    return true;
  }
  return false;
}

/** The smallest N = 8, 16, … whose tail is negligible for κ and κ̇, or 0. */
function termsNeeded(a: RowSeries, b: RowSeries, absRho: number): number {
  let power = portable.power(absRho, FIRST_CHECK);
  let terms = FIRST_CHECK;
  for (let k = 0; k < a.phiTails.length; k++, power *= power, terms *= 2) {
    const kappaTail = power * a.phiTails[k]! * b.phiTails[k]!;
    const kappaDotTail = power * a.dphiTails[k]! * b.dphiTails[k]!;
    if (kappaTail <= NEGLIGIBLE && kappaDotTail <= NEGLIGIBLE) return terms;
  }
  return 0;
}

function integrateDirectly(
  pieces: SmoothPieces,
  pair: GaussianPair,
  first: RowMoments,
  second: RowMoments,
  out: Float64Array,
): void {
  if (sumByRule(pieces, pair, first, second, out)) return;
  const { name, phi, dphi, kinks } = pieces;
  const floors = [
    Math.sqrt(first.square) * Math.sqrt(second.square),
    Math.max(Math.sqrt(first.slopeSquare) * Math.sqrt(second.slopeSquare), 1e-3 * dphi(0) ** 2),
  ];
  const integrands = (u: number, v: number, values: Float64Array) => {
    values[0] = phi(u) * phi(v);
    values[1] = dphi(u) * dphi(v);
  };
  const sums = pairExpectation(integrands, pair, {
    count: 2,
    kinks,
    tolerance: (_, index) => 1e-12 * floors[index]!,
    what: `${name} at variances ${pair.p}, ${pair.q}`,
  });
  out[0] = sums[0]!;
  out[1] = sums[1]!;
}

const MAX_LEVELS = 7;

/** What a rule may miss of the squares of φ and φ', relatively. */
const RULE_TOLERANCE = 2e-13;

/** κ, κ̇ by the first level of the rule that also gets E φ(u)², E φ(v)², E φ'(u)² and E φ'(v)² right; false when none does. */
function sumByRule(
  { phi, dphi, kinks }: SmoothPieces,
  pair: GaussianPair,
  first: RowMoments,
  second: RowMoments,
  out: Float64Array,
): boolean {
  const rule = pairRule(kinks);
  if (!rule) return false;
  const slopeFloor = 1e-3 * dphi(0) ** 2;
  const start = rule.firstLevel(pair.p, pair.q);
  for (let level = start; level < start + MAX_LEVELS; level++) {
    let [kappa, kappaDot, squareU, squareV, slopeSquareU, slopeSquareV] = [0, 0, 0, 0, 0, 0];
    let [lastU, phiU, dphiU] = [Number.NaN, 0, 0];
    const exists = rule.visit(pair, level, (u, v, weight) => {
      if (u !== lastU) [lastU, phiU, dphiU] = [u, phi(u), dphi(u)];
      const [phiV, dphiV] = [phi(v), dphi(v)];
      kappa += weight * phiU * phiV;
      kappaDot += weight * dphiU * dphiV;
      squareU += weight * phiU * phiU;
      squareV += weight * phiV * phiV;
      slopeSquareU += weight * dphiU * dphiU;
      slopeSquareV += weight * dphiV * dphiV;
    });
    if (!exists) return false;
    if (
      isNear(squareU, first.square, 0) &&
      isNear(squareV, second.square, 0) &&
      isNear(slopeSquareU, first.slopeSquare, slopeFloor) &&
      isNear(slopeSquareV, second.slopeSquare, slopeFloor)
    ) {
      out[0] = kappa;
      out[1] = kappaDot;
      return true;
    }
  }
  return false;
}

function isNear(sum: number, exact: number, floor: number): boolean {
  return Math.abs(sum - exact) <= RULE_TOLERANCE * Math.max(exact, floor);
}

/** Moments and coefficients by variance. */
interface RowCache {
  moments(p: number): RowMoments;
  series(p: number, level: number): RowSeries;
}

/** Rows kept at each length, at most 50 MB for one activation. Forgetting a row changes no result. */
const CAPACITY = [4096, 2048, 512, 128];

function rowCache(pieces: SmoothPieces): RowCache {
  const moments = remembered(CAPACITY[0]!, (p) => rowMoments(pieces, p));
  const series = LENGTHS.map((length, level) =>
    remembered(CAPACITY[level]!, (p) => rowSeries(pieces, moments(p), length)),
  );
  return { moments, series: (p, level) => series[level]!(p) };
}

/** The function with its last `capacity` values at least remembered: two generations, the older of which is dropped. */
function remembered<T>(capacity: number, compute: (p: number) => T): (p: number) => T {
  let [young, old] = [new Map<number, T>(), new Map<number, T>()];
  return (p) => {
    const known = young.get(p);
    if (known !== undefined) return known;
    const value = old.get(p) ?? compute(p);
    if (young.size >= capacity) [young, old] = [new Map<number, T>(), young];
    young.set(p, value);
    return value;
  };
}
