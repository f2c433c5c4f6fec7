import { type GaussianPair, pairExpectation } from "./gaussian-pair.ts";
import { pairRule } from "./pair-rules.ts";
import type { RowMoments, SmoothPieces } from "./row-series.ts";

/** Writes κ and κ̇ of one pair, by a rule for the kinks of φ that is right for both rows, else by nested adaptive panels. */
export function integratePair(
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
