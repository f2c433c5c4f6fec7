import * as portable from "../special/portable.ts";
import { type AngleCell, angleCells, chebyshevCoefficients, MOST_NODES, valueAndIntegral } from "./angle-cell.ts";
import type { GaussianPair } from "./gaussian-pair.ts";
import { type GridRow, gridRows, smoothedSlope } from "./grid-rows.ts";
import type { RowMoments, SmoothPieces } from "./row-series.ts";

/** Writes κ, κ̇ and the new sine; false where it does not hold. */
export type PairDual = (pair: GaussianPair, out: Float64Array) => boolean;

/** What the last two coefficients of κ̇ may be of its bound. */
const NEGLIGIBLE = 3e-14;

/**
 * κ, κ̇ and the new sine of nearly parallel rows, for φ that is smooth but for a kink at 0. With θ the angle, c = r cos θ:
 *
 *   κ̇(θ) = E φ'(√p x) φ'(√q (cos θ x + sin θ y)) = Σᵢ wᵢ φ'(√q xᵢ) S_θ(xᵢ)      S_θ(x) = E φ'(√p (cos θ x + sin θ y))
 *   κ(θ) = κ(0) − r ∫₀^θ κ̇(t) sin t dt
 *   2 (1 − |ρ'|) = Σᵢ wᵢ (φ(√p xᵢ)/√p' − s φ(√q xᵢ)/√q')² + 2 s (κ(0) − κ(θ))/√(p'q'),   s = sign κ
 *
 * sums without cancellation, over a grid that all rows share. S_θ is a table of the row at a few θ, between which κ̇ is interpolated:
 * a pair costs some dot products. Nearly antiparallel rows: −x for x in one of the two.
 */
export function nearlyParallelDual(pieces: SmoothPieces, moments: (p: number) => RowMoments): PairDual {
  const hasKink = pieces.kinks.length > 0;
  const findCell = angleCells(hasKink);
  const rowsOf = gridRows(pieces, moments);
  const values = new Float64Array(MOST_NODES + 1);
  return (pair, out) => {
    const theta = portable.atan2(pair.sine, Math.abs(pair.c));
    const cell = findCell(theta, Math.max(pair.p, pair.q));
    const rows = cell && rowsOf(cell, pair.p, pair.q);
    if (!rows) return false;
    const [a, b] = rows;
    const reversed = pair.c < 0;
    let [kappaDot, integral] = [0, 0];
    if (theta === 0) kappaDot = dot(a.slope, b.slope, reversed);
    else {
      const coefficients = slopeCoefficients(cell, a, b, reversed, values);
      if (!coefficients) return false;
      [kappaDot, integral] = valueAndIntegral(cell, coefficients, theta);
    }
    const change = (reversed ? 1 : -1) * Math.sqrt(pair.p) * Math.sqrt(pair.q) * integral;
    out[0] = a.norm * b.norm * dot(a.unit, b.unit, reversed) + change;
    out[1] = kappaDot;
    out[2] = newSine(a, b, reversed, change);
    return true;
  };
}

/** The new sine, given κ(θ) − κ(0). */
export function newSine(a: GridRow, b: GridRow, reversed: boolean, change: number): number {
  const bound = a.norm * b.norm;
  if (bound === 0) return 0;
  const sign = bound * dot(a.unit, b.unit, reversed) + change < 0 ? -1 : 1;
  const distance = squaredGap(a.unit, b.unit, reversed, sign) - (2 * sign * change) / bound;
  const clamped = Math.min(2, Math.max(0, distance));
  return bound * Math.sqrt(clamped * (1 - clamped / 4));
}

/** κ̇ as a function of the angle, by as many nodes as make its last coefficients negligible; undefined where none do. */
function slopeCoefficients(
  cell: AngleCell,
  a: GridRow,
  b: GridRow,
  reversed: boolean,
  values: Float64Array,
): Float64Array | undefined {
  const tolerance = NEGLIGIBLE * a.slopeNorm * b.slopeNorm;
  for (let n = cell.first; n <= MOST_NODES; n *= 2) {
    const stride = MOST_NODES / n;
    for (let j = 0; j <= MOST_NODES; j += stride) {
      if (n > cell.first && j % (2 * stride) === 0) continue;
      values[j] = dot(smoothedSlope(a, j), b.slope, reversed);
    }
    const coefficients = chebyshevCoefficients(values, n);
    if (Math.abs(coefficients[n]!) + Math.abs(coefficients[n - 1]!) <= tolerance) return coefficients;
  }
  return undefined;
}

/** Σ aᵢ bᵢ, or Σ aᵢ b₋ᵢ. Sizes are even. */
function dot(a: Float64Array, b: Float64Array, reversed: boolean): number {
  const last = a.length - 1;
  let [even, odd] = [0, 0];
  if (reversed) {
    for (let i = 0; i < last; i += 2) {
      even += a[i]! * b[last - i]!;
      odd += a[i + 1]! * b[last - i - 1]!;
    }
  } else {
    for (let i = 0; i < last; i += 2) {
      even += a[i]! * b[i]!;
      odd += a[i + 1]! * b[i + 1]!;
    }
  }
  return even + odd;
}

/** Σ (aᵢ − sign bᵢ)², with b₋ᵢ where reversed. */
function squaredGap(a: Float64Array, b: Float64Array, reversed: boolean, sign: number): number {
  const last = a.length - 1;
  let sum = 0;
  for (let i = 0; i <= last; i++) {
    const gap = a[i]! - sign * b[reversed ? last - i : i]!;
    sum += gap * gap;
  }
  return sum;
}
