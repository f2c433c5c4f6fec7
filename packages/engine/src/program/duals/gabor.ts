import type { Algebra } from "../algebra.ts";
import { exp, expm1 } from "../functions.ts";
import { type Dual, type DualOptions, moderate, type Pair, squaredDistances } from "./dual.ts";
import { subtractedSine } from "./subtracted-sine.ts";

/**
 * φ(x) = e^{−x²} sin x. With Δ = 4 sine², D = 1 + 2(p + q) + Δ, h = 1 + 2(p + q) + 4(c² + pq), t = 4c (Δ + 3(p + q) + 2):
 *
 *   κ  = e^{−(p + q + 2c + Δ)/2D} (e^{2c/D} − 1) / (2 √D)
 *   κ̇  = e^{−(p + q + 2c + Δ)/2D} ((h − t) + e^{2c/D} (h + t)) / (2 D^{5/2})
 */
export function gaborDual(options: DualOptions): Dual {
  return (algebra, pair) => {
    const { constant } = algebra;
    const { p, q } = pair;
    const self = (v: typeof p) => values(algebra, { c: v, sine: constant(0), p: v, q: v }).kappa;
    const { kappa, kappaDot } = values(algebra, pair);
    const kappas = { kappa, first: self(p), second: self(q) };
    return { kappa, kappaDot, sine: subtractedSine(algebra, kappas, pair, options) };
  };
}

/** h and t are divided by D². */
function values<T, M>(
  algebra: Algebra<T, M>,
  { c, sine, p: first, q: second }: Pair<T>,
): { readonly kappa: T; readonly kappaDot: T } {
  const { constant, add, sub, mul, div, sqrt } = algebra;
  const [p, q] = [moderate(algebra, first), moderate(algebra, second)];
  const [one, two, four] = [constant(1), constant(2), constant(4)];
  const sum = add(p, q);
  const delta = mul(four, mul(sine, sine));
  const d = add(add(one, mul(two, sum)), delta);
  const over = div(one, d);
  const { far } = squaredDistances(algebra, { c, sine, p, q });
  const decay = div(exp(algebra, mul(constant(-0.5), mul(add(far, delta), over))), mul(two, sqrt(d)));
  const cross = mul(mul(two, c), over);
  const even = add(add(one, mul(two, sum)), mul(four, add(mul(c, c), mul(p, q))));
  const odd = mul(mul(four, c), add(delta, add(mul(constant(3), sum), two)));
  const [h, t] = [mul(mul(even, over), over), mul(mul(odd, over), over)];
  return {
    kappa: mul(decay, expm1(algebra, cross)),
    kappaDot: mul(decay, add(sub(h, t), mul(exp(algebra, cross), add(h, t)))),
  };
}
