import * as portable from "../special/portable.ts";
import { SINE_UNKNOWN } from "./activation.ts";
import type { GaussianPair } from "./gaussian-pair.ts";
import { oneMinusAbsRho } from "./powers.ts";
import { remembered } from "./remembered.ts";
import { FIRST_CHECK, type RowMoments, type RowSeries, rowSeries, type SmoothPieces } from "./row-series.ts";

/**
 * Numbers of terms computed at a time. κ and κ̇ take half of them at most, the new sine, which asks for more, all. Of the last, where
 * |ρ|ᴺ is negligible for all rows that are not nearly parallel, κ and κ̇ may take all.
 */
const LENGTHS = [64, 256, 1024];

/** Rows kept at each length, at most 50 MB for one activation, twice. Forgetting a row changes no result. */
const CAPACITY = [4096, 2048, 2048];

/** What is left out, relative to √(κ(p,p,p) κ(q,q,q)). */
const NEGLIGIBLE = 1e-13;

/** κ² from this share of its bound on, subtraction would cost the new sine digits. */
const NEARLY_PARALLEL = 1 - 1e-4;

/** The angle that tails, known by their size alone, may make uncertain. */
const LOST_TO_TAILS = 2e-15;

/** Writes κ, κ̇ and, where the features are nearly parallel, the new sine; false where the series allowed are too short. */
export type SeriesDual = (pair: GaussianPair, longest: "short" | "long", out: Float64Array) => boolean;

/**
 *   κ = Σₙ aₙ(p) aₙ(q) ρⁿ,   aₙ(p) = E φ(√p z) hₙ(z),   likewise κ̇ with φ'           Mehler (1866)
 *
 * The coefficients of a row are computed once and serve every pair it is in; as many terms are taken as the tail
 * |ρ|ᴺ √(Σ_{n ≥ N} aₙ(p)² Σ_{n ≥ N} aₙ(q)²) asks for.
 */
export function mehlerDual(pieces: SmoothPieces, moments: (p: number) => RowMoments): SeriesDual {
  const rows = LENGTHS.map((length, level) =>
    remembered(CAPACITY[level]!, (p) => rowSeries(pieces, moments(p), length)),
  );
  return (pair, longest, out) => {
    const r = Math.sqrt(pair.p) * Math.sqrt(pair.q);
    const rho = r === 0 ? 0 : Math.min(1, Math.max(-1, pair.c / r));
    const last = rows.length - (longest === "long" ? 1 : 2);
    for (let level = 0; level <= last; level++) {
      const [a, b] = [rows[level]!(pair.p), rows[level]!(pair.q)];
      const checks = a.phiTails.length - (level < rows.length - 1 ? 1 : 0);
      const check = enoughTerms(a, b, Math.abs(rho), checks);
      if (check === undefined) continue;
      const terms = FIRST_CHECK * 2 ** check;
      let [kappa, kappaDot] = [0, 0];
      for (let n = terms - 1; n >= 0; n--) {
        kappa = kappa * rho + a.phi[n]! * b.phi[n]!;
        kappaDot = kappaDot * rho + a.dphi[n]! * b.dphi[n]!;
      }
      out[0] = kappa;
      out[1] = kappaDot;
      const bound = Math.sqrt(moments(pair.p).square) * Math.sqrt(moments(pair.q).square);
      if (Math.abs(kappa) <= NEARLY_PARALLEL * bound) return true;
      out[2] = newSine(a, b, pair, kappa < 0);
      if (out[2] !== SINE_UNKNOWN || level === rows.length - 1) return true;
    }
    return false;
  };
}

/** The smallest k for which the tail from term FIRST_CHECK · 2ᵏ is negligible for κ and κ̇. */
function enoughTerms(a: RowSeries, b: RowSeries, absRho: number, checks: number): number | undefined {
  let power = portable.power(absRho, FIRST_CHECK);
  for (let k = 0; k < checks; k++, power *= power) {
    const kappaTail = power * a.phiTails[k]! * b.phiTails[k]!;
    const kappaDotTail = power * a.dphiTails[k]! * b.dphiTails[k]!;
    if (kappaTail <= NEGLIGIBLE && kappaDotTail <= NEGLIGIBLE) return k;
  }
  return undefined;
}

/**
 * SINE_UNKNOWN where the terms are too few. With â, b̂ the coefficients over their norms (those of odd n with the sign of c) and s the sign of κ, a sum without cancellation:
 *
 *   2 (1 − |ρ'|) = Σₙ (âₙ − s b̂ₙ)² + 2 s âₙ b̂ₙ (1 − |ρ|ⁿ)
 */
function newSine(a: RowSeries, b: RowSeries, { c, sine, p, q }: GaussianPair, isNegative: boolean): number {
  const terms = a.phi.length;
  const [tailA, tailB] = [a.phiTails.at(-1)!, b.phiTails.at(-1)!];
  const [normA, normB] = [norm(a.phi, terms, tailA), norm(b.phi, terms, tailB)];
  const lost = oneMinusAbsRho(Math.sqrt(p) * Math.sqrt(q), c, sine);
  const [even, odd] = isNegative ? [-1, c < 0 ? 1 : -1] : [1, c < 0 ? -1 : 1];
  let [distance, power, below] = [0, 1, 0];
  for (let n = 0; n < terms; n++) {
    const [x, y] = [a.phi[n]! / normA, ((n % 2 === 0 ? even : odd) * b.phi[n]!) / normB];
    distance += (x - y) * (x - y) + 2 * x * y * below;
    below += power * lost;
    power *= 1 - lost;
  }
  const rest = (tailA - tailB) * (tailA - tailB) + 2 * tailA * tailB * below;
  if (rest > LOST_TO_TAILS * Math.sqrt(distance + rest)) return SINE_UNKNOWN;
  const clamped = Math.min(2, Math.max(0, distance + rest));
  return normA * normB * Math.sqrt(clamped * (1 - clamped / 4));
}

/** √(Σₙ aₙ²), of which `tail`² lies beyond the terms, relatively. */
function norm(coefficients: Float64Array, terms: number, tail: number): number {
  let sum = 0;
  for (let n = 0; n < terms; n++) sum += coefficients[n]! * coefficients[n]!;
  return Math.sqrt(sum / (1 - tail * tail));
}
