import type { Algebra } from "../algebra.ts";
import { ATAN_RATIO } from "../coefficients.ts";
import { type Dual, moderate, type Pair } from "./dual.ts";

/** Smaller than every √(pq) that is not zero, so far that its quotient with one vanishes beside everything else. */
const TINY = 2 ** -1000;

/**
 * φ(x) = max(x, 0). With ϑ = min(θ, π − θ), m = r − |c| and G = (r/π)(sin ϑ − ϑ cos ϑ),
 *
 *   2κ = max(c, 0) + G,   2κ̇ = 1 − ϑ/π for c ≥ 0, ϑ/π for c < 0,   2 (r/2 − κ) = m + max(−c, 0) − G
 *
 * The angle is 2 atan t, t = tan(ϑ/2); with z = t² = m/(r + |c|) and Q = (1 − atan(t)/t)/z
 *
 *   ϑ = 2t (1 − zQ),   r (sin ϑ − ϑ cos ϑ) = sine · z (1 + (1 − z) Q)
 *
 * so that nothing cancels. This is the dual that is computed most: its form is chosen for few operations.
 */
export const reluDual: Dual = (algebra, pair) => {
  const { constant, abs, add, sub, mul, mulAdd, div, sqrt, max, lessOrEqual, select } = algebra;
  const { c } = pair;
  const [zero, one, half] = [constant(0), constant(1), constant(0.5)];
  const [rootP, rootQ] = [sqrt(moderate(algebra, pair.p)), sqrt(moderate(algebra, pair.q))];
  const twice = mul(add(rootP, rootP), rootQ);
  const below = pair.below ?? belowOf(algebra, pair, mul(rootP, rootQ));
  const above = sub(twice, below);
  // A row of zeros counts as orthogonal to every other: t = 1.
  const z = div(max(below, constant(TINY)), max(above, constant(TINY)));
  const t = sqrt(z);
  const sine = mul(t, above);
  const q = atanLossRatio(algebra, z);
  const angle = mul(t, mulAdd(mul(z, q), constant(-2 / Math.PI), constant(2 / Math.PI)));
  const excess = mul(mul(mul(sine, constant(1 / Math.PI)), z), mulAdd(sub(one, z), q, one));
  const positive = max(c, zero);
  const lost = mul(half, sub(add(below, sub(positive, c)), excess));
  const kappa = mul(half, add(positive, excess));
  return {
    kappa,
    kappaDot: mul(half, abs(sub(select(lessOrEqual(zero, c), one, zero), angle))),
    sine: sqrt(mul(lost, sub(mul(half, twice), lost))),
    below: lost,
  };
};

/** r − |c| = sine²/(r + |c|) */
function belowOf<T, M>(algebra: Algebra<T, M>, pair: Pair<T>, r: T): T {
  const { abs, add, constant, div, max, mul } = algebra;
  const above = max(add(r, abs(pair.c)), constant(TINY));
  return mul(div(pair.sine, above), pair.sine);
}

/** Q as a quotient. Numerator and denominator take their steps by turns, because neither waits for the other. */
function atanLossRatio<T, M>({ constant, div, mulAdd }: Algebra<T, M>, z: T): T {
  const { numerator, denominator } = ATAN_RATIO;
  let [above, below] = [constant(0), constant(denominator.at(-1)!)];
  for (let k = denominator.length - 2; k >= 0; k--) {
    const term = constant(numerator[k]!);
    above = k === numerator.length - 1 ? term : mulAdd(above, z, term);
    below = mulAdd(below, z, constant(denominator[k]!));
  }
  return div(above, below);
}
