import type { Dual } from "./dual.ts";
import { arc, halfAngle } from "./half-angle.ts";

/**
 * φ(x) = sign x: κ = 1 − 2θ/π, κ̇ = 0 by definition, new sine (2/π) √(θ(π − θ)); both 0 when a row is zero. With
 * ϑ = min(θ, π − θ), κ is ±(1 − 2ϑ/π).
 */
export const signDual: Dual = (algebra, pair) => {
  const { constant, sub, mul, neg, sqrt, less, equal, or, select } = algebra;
  const zero = constant(0);
  const { angle } = arc(algebra, halfAngle(algebra, pair), pair.sine, 2 / Math.PI);
  const isZero = or(equal(pair.p, zero), equal(pair.q, zero));
  const size = sub(constant(1), angle);
  return {
    kappa: select(isZero, zero, select(less(pair.c, zero), neg(size), size)),
    kappaDot: zero,
    sine: select(isZero, zero, sqrt(mul(angle, sub(constant(2), angle)))),
  };
};
