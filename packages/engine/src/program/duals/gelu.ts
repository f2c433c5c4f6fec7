import type { Algebra } from "../algebra.ts";
import { atanBelowOne } from "../functions.ts";
import { type Dual, type DualOptions, moderate, type Pair } from "./dual.ts";
import { subtractedSine } from "./subtracted-sine.ts";

/**
 * φ(x) = x Φ(x). With H² = (1 + p)(1 + q), D² = H² − c² = 1 + p + q + sine² and A = atan2(c, D) = 2 atan(c/(H + D)):
 *
 *   κ  = c/4 + (c A + (c² + pq D²)/(H² D)) / 2π
 *   κ̇  = 1/4 + (A + (c/D)(1/D² + (2 + p + q)/H²)) / 2π
 */
export function geluDual(options: DualOptions): Dual {
  return (algebra, pair) => {
    const { constant } = algebra;
    const { p, q } = pair;
    const self = (v: typeof p) => values(algebra, { c: v, sine: constant(0), p: v, q: v }).kappa;
    const { kappa, kappaDot } = values(algebra, pair);
    const kappas = { kappa, first: self(p), second: self(q) };
    return { kappa, kappaDot, sine: subtractedSine(algebra, kappas, pair, options) };
  };
}

function values<T, M>(
  algebra: Algebra<T, M>,
  { c, sine, p: first, q: second }: Pair<T>,
): { readonly kappa: T; readonly kappaDot: T } {
  const { constant, add, mul, div, sqrt } = algebra;
  const [p, q] = [moderate(algebra, first), moderate(algebra, second)];
  const [one, quarter, share] = [constant(1), constant(0.25), constant(1 / (2 * Math.PI))];
  const inverse = (v: T) => div(one, add(one, v));
  const inverses = mul(inverse(p), inverse(q));
  const products = mul(mul(p, inverse(p)), mul(q, inverse(q)));
  const h = mul(sqrt(add(one, p)), sqrt(add(one, q)));
  const d = sqrt(add(add(one, add(p, q)), mul(sine, sine)));
  const half = atanBelowOne(algebra, div(c, add(h, d)));
  const angle = add(half, half);
  const over = div(one, d);
  const slope = mul(c, over);
  const curved = add(mul(mul(c, inverses), slope), mul(products, d));
  const bracket = add(mul(over, over), mul(add(add(one, one), add(p, q)), inverses));
  return {
    kappa: add(mul(quarter, c), mul(share, add(mul(c, angle), curved))),
    kappaDot: add(quarter, mul(share, add(angle, mul(slope, bracket)))),
  };
}
