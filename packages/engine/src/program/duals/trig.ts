import { portable } from "ntkit";
import type { Algebra } from "../algebra.ts";
import { exp, expm1 } from "../functions.ts";
import { type Dual, gaps, type Pair, squaredDistances } from "./dual.ts";

export interface Wave {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** φ(x) = a sin(bx + phase). */
export function sinDual({ a, b, c: phase }: Wave): Dual {
  return waveDual(a, b, portable.sin(phase), portable.cos(phase));
}

/** φ(x) = a cos(bx + phase) = a sin(bx + phase + π/2). */
export function cosDual({ a, b, c: phase }: Wave): Dual {
  return waveDual(a, b, portable.cos(phase), -portable.sin(phase));
}

/**
 * For φ(x) = a sin(bx + ψ), with E∓ = e^{−b² (p + q ∓ 2c)/2} and g = cos 2ψ:
 *
 *   κ  = (a²/2) ((E₋ − E₊) + 2 sin²ψ E₊),   κ̇  = (a²b²/2) ((E₋ − E₊) + 2 cos²ψ E₊)
 *   (4/a⁴)(κ(p,p,p) κ(q,q,q) − κ²) = (1 − E₋²)(1 − g² E₊²) − g (e(p) − e(q))²,   e(p) = e^{−b²p}
 *
 * For g > 0 the part in g is that of sin itself, 4g (sinh x sinh y − sinh² z) e^{−x−y}, (x, y, z) = b² (p, q, c).
 */
function waveDual(a: number, b: number, sin: number, cos: number): Dual {
  const half = (a * a) / 2;
  const square = b * b;
  const g = (cos - sin) * (cos + sin);
  const spread = 4 * sin * sin * cos * cos;
  return (algebra, pair) => {
    const { constant, add, sub, mul, neg, sqrt, abs, less, select } = algebra;
    const scaled = (factor: number, value: typeof pair.c) => mul(constant(factor), value);
    const { near, far } = squaredDistances(algebra, pair);
    const [minus, plus] = [exp(algebra, scaled(-square / 2, near)), exp(algebra, scaled(-square / 2, far))];
    const lost = expm1(algebra, scaled(-2 * square, abs(pair.c)));
    const difference = select(less(pair.c, constant(0)), mul(plus, lost), neg(mul(minus, lost)));
    const lostNear = neg(expm1(algebra, scaled(-square, near)));
    const lostFar = neg(expm1(algebra, scaled(-square, far)));
    const both = mul(lostNear, lostFar);
    const own =
      g > 0
        ? add(scaled(1 - g, both), scaled(g, sinhExcess(algebra, square, pair)))
        : sub(both, scaled(g, radialLoss(algebra, square, pair)));
    const rest = scaled(spread, mul(lostNear, mul(plus, plus)));
    return {
      kappa: scaled(half, add(difference, scaled(2 * sin * sin, plus))),
      kappaDot: scaled(half * square, add(difference, scaled(2 * cos * cos, plus))),
      sine: scaled(half, sqrt(add(own, rest))),
    };
  };
}

/** (e(p) − e(q))² */
function radialLoss<T, M>(algebra: Algebra<T, M>, square: number, { p, q }: Pair<T>): T {
  const { constant, sub, mul, min, abs } = algebra;
  const lower = exp(algebra, mul(constant(-square), min(p, q)));
  const radial = mul(lower, expm1(algebra, mul(constant(-square), abs(sub(p, q)))));
  return mul(radial, radial);
}

/**
 * 4 (sinh x sinh y − sinh² z) e^{−x−y} ≥ 0 at (x, y, z) = square · (p, q, c), |z| ≤ √(xy): the part of the angle is
 * 4 sinh(√(xy) − z) sinh(√(xy) + z) e^{−x−y}, that of the lengths twice `coshExcess` at x + y, |x − y| and 2√(xy).
 */
function sinhExcess<T, M>(algebra: Algebra<T, M>, square: number, pair: Pair<T>): T {
  const { constant, add, sub, mul, sqrt, abs, neg } = algebra;
  const { below, above } = gaps(algebra, pair);
  const grown = (gap: T) => expm1(algebra, mul(constant(-2 * square), gap));
  const [x, y] = [mul(constant(square), pair.p), mul(constant(square), pair.q)];
  const [rootX, rootY] = [sqrt(x), sqrt(y)];
  const apart = sub(rootX, rootY);
  const angular = mul(mul(grown(below), grown(above)), exp(algebra, neg(mul(apart, apart))));
  const product = mul(rootX, rootY);
  const radial = coshExcess(algebra, add(x, y), abs(sub(x, y)), add(product, product));
  return add(angular, add(radial, radial));
}

/**
 * (cosh A − cosh B − cosh C + 1) e^{−A} ≥ 0 where A² = B² + C². Up to A = 1: Σ (A²ᵏ − B²ᵏ − C²ᵏ)/(2k)!, every term a sum of
 * products of B and C. Beyond, with m the smaller of B and C: 2 (sinh h sinh(m²/4h) − sinh²(m/2)) e^{−A}, h + m²/4h = A.
 */
function coshExcess<T, M>(algebra: Algebra<T, M>, a: T, b: T, c: T): T {
  const { constant, add, sub, mul, div, neg, min, max, less, rarely } = algebra;
  const [value] = rarely(less(constant(1), a), () => {
    const m = min(b, c);
    const h = mul(constant(0.5), add(a, max(b, c)));
    const quotient = mul(div(m, h), mul(constant(0.5), m));
    const product = mul(expm1(algebra, neg(add(h, h))), expm1(algebra, neg(quotient)));
    const loss = expm1(algebra, neg(m));
    const both = sub(product, mul(mul(loss, loss), exp(algebra, sub(m, a))));
    return [max(mul(constant(0.5), both), constant(0))];
  }, [mul(excessSeries(algebra, mul(b, b), mul(c, c)), exp(algebra, neg(a)))]);
  return value!;
}

/** Σ_{k = 2 … 11} ((B² + C²)ᵏ − B²ᵏ − C²ᵏ)/(2k)! */
function excessSeries<T, M>({ constant, add, mul }: Algebra<T, M>, b2: T, c2: T): T {
  let [bPower, cPower, excess, factorial, sum] = [b2, c2, constant(0), 2, constant(0)];
  for (let k = 2; k <= 11; k++) {
    excess = add(mul(b2, add(excess, cPower)), mul(c2, add(excess, bPower)));
    [bPower, cPower] = [mul(bPower, b2), mul(cPower, c2)];
    factorial *= 2 * k * (2 * k - 1);
    sum = add(sum, mul(excess, constant(1 / factorial)));
  }
  return sum;
}
