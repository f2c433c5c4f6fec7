import type { Algebra } from "../algebra.ts";
import { atanBelowOne } from "../functions.ts";
import { type Dual, type DualOptions, gaps, moderate, type Pair } from "./dual.ts";
import { subtractedSine } from "./subtracted-sine.ts";

export interface ErfSpec {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/**
 * φ(x) = a erf(bx) + offset. With β = 2b², R² = 1 + β(p + q) + β² sine², H² = (1 + βp)(1 + βq) = R² + β²c²:
 *
 *   κ = a² (2/π) χ + offset²,   χ = atan2(βc, R) = 2 atan(βc/(H + R)),   κ̇ = a² (2/π) β/R
 *
 * The new sine is that of `sineOfAngles`.
 */
export function erfDual({ a, b, c: offset }: ErfSpec, options: DualOptions): Dual {
  const beta = 2 * b * b;
  const [scale, square] = [(2 / Math.PI) * a * a, offset * offset];
  return (algebra, given) => {
    const { constant, add, mul, div } = algebra;
    const pair = { ...given, p: moderate(algebra, given.p), q: moderate(algebra, given.q) };
    const angles = pairAngles(algebra, beta, pair);
    const ofAngle = (angle: typeof given.c) => add(mul(constant(scale), angle), constant(square));
    const kappa = ofAngle(angles.chi);
    const { sine, isKnown } = sineOfAngles(algebra, angles, scale, square);
    const kappas = { kappa, first: ofAngle(angles.own1), second: ofAngle(angles.own2) };
    const subtracted = subtractedSine(algebra, kappas, pair, options);
    return {
      kappa,
      kappaDot: div(constant(scale * beta), angles.r),
      sine: algebra.select(isKnown, sine, subtracted),
    };
  };
}

/** φ(x) = 1/2 + erf(x/2.4020563531719796)/2. */
export function sigmoidLikeDual(options: DualOptions): Dual {
  return erfDual({ a: 0.5, b: 1 / 2.4020563531719796, c: 0.5 }, options);
}

interface Angles<T> {
  readonly chi: T;
  readonly r: T;
  /** χ of the self terms. */
  readonly own1: T;
  readonly own2: T;
  /** Those less |χ|. */
  readonly below1: T;
  readonly below2: T;
}

function pairAngles<T, M>(algebra: Algebra<T, M>, beta: number, pair: Pair<T>): Angles<T> {
  const { constant, add, sub, mul, div, sqrt, abs } = algebra;
  const { c, sine, p, q } = pair;
  const one = constant(1);
  const scaled = (v: T) => mul(constant(beta), v);
  const [bc, bs] = [scaled(c), scaled(sine)];
  const turn = mul(bs, bs);
  const sum = add(one, scaled(add(p, q)));
  const r = sqrt(add(sum, turn));
  const h = mul(sqrt(add(one, scaled(p))), sqrt(add(one, scaled(q))));
  const double = (v: T) => add(v, v);
  const chi = double(atanBelowOne(algebra, div(bc, add(h, r))));
  const ownR = (v: T) => sqrt(add(one, scaled(double(v))));
  const self = (v: T) => double(atanBelowOne(algebra, div(scaled(v), add(add(one, scaled(v)), ownR(v)))));
  const between = (v: T, w: T) => {
    const own = ownR(v);
    const growth = div(add(mul(constant(beta), sub(w, v)), turn), mul(add(r, own), r));
    const cross = add(mul(div(v, own), growth), div(distanceAlong(algebra, pair, v, w), r));
    // own/(1 + βv) and R/H are the cosines of the two angles.
    const cosines = mul(div(own, add(one, scaled(v))), div(r, h));
    const tangents = mul(div(scaled(v), own), div(abs(bc), r));
    const cosine = mul(cosines, add(one, tangents));
    return double(atanBelowOne(algebra, div(mul(cosines, scaled(cross)), add(one, cosine))));
  };
  return { chi, r, own1: self(p), own2: self(q), below1: between(p, q), below2: between(q, p) };
}

/** v − |c| = (√(vw) − |c|) − √v (w − v)/(√v + √w). */
function distanceAlong<T, M>(algebra: Algebra<T, M>, { c, sine, p, q }: Pair<T>, v: T, w: T): T {
  const { constant, add, sub, mul, div, sqrt, abs, max } = algebra;
  const { below } = gaps(algebra, { c: abs(c), sine, p, q });
  const roots = max(add(sqrt(v), sqrt(w)), constant(Number.MIN_VALUE));
  return sub(below, mul(sqrt(v), div(sub(w, v), roots)));
}

/**
 * √(κ(p,p,p) κ(q,q,q) − κ²). With m the mean and d half the difference of χ(p), χ(q) of the self terms,
 *
 *   χ(p) χ(q) − χ² = (m − χ)(m + χ) − d²,   χ(p) + χ(q) − 2χ = 2(m − χ)
 *
 * and the left side as it stands where that loses less. Not known where d² exceeds the value by far.
 */
function sineOfAngles<T, M>(
  algebra: Algebra<T, M>,
  { chi, own1, own2, below1, below2 }: Angles<T>,
  scale: number,
  square: number,
): { readonly sine: T; readonly isKnown: M } {
  const { constant, add, sub, mul, sqrt, abs, max, less, lessOrEqual, or, select } = algebra;
  const half = (v: T) => mul(constant(0.5), v);
  const product = mul(own1, own2);
  const below = half(add(below1, below2));
  const size = abs(chi);
  const above = add(below, add(size, size));
  const apart = half(sub(below1, below2));
  const radial = mul(apart, apart);
  const power = mul(chi, chi);
  const isPlain = or(less(add(power, power), product), less(product, radial));
  const own = max(select(isPlain, sub(product, power), sub(mul(below, above), radial)), constant(0));
  const towards = select(less(chi, constant(0)), above, below);
  return {
    sine: sqrt(mul(constant(scale), add(mul(constant(scale), own), mul(constant(2 * square), towards)))),
    isKnown: or(isPlain, lessOrEqual(mul(constant(0.05), radial), own)),
  };
}
