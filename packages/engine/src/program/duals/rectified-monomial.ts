import type { Algebra } from "../algebra.ts";
import type { Dual } from "./dual.ts";
import { arc, halfAngle } from "./half-angle.ts";
import { belowOne, momentPolynomial, oneMinusAbsRho, power, scaled, sparsePolynomial } from "./powers.ts";
import { reluDual } from "./relu.ts";

/**
 * φ(x) = max(x, 0)ⁿ; for n = 0 the step. With Jₙ(θ) = (π − θ) Kₙ(cos θ) + sin θ Bₙ(cos θ):
 *
 *   κ = rⁿ Jₙ(θ)/2π,   κ̇ = n² rⁿ⁻¹ Jₙ₋₁(θ)/2π (0 for n = 0),   new sine rⁿ √((Jₙ(0) − Jₙ)(Jₙ(0) + Jₙ))/2π
 *
 * θ is π/2 when a row is zero.
 */
export function rectifiedMonomialDual({ degree: n }: { readonly degree: number }): Dual {
  if (n === 1) return reluDual;
  const [own, slope] = [arcCosine(n), n === 0 ? undefined : arcCosine(n - 1)];
  return (algebra, pair) => {
    const { constant, add, sub, mul, div, sqrt, max, less, equal, select } = algebra;
    const [zero, pi] = [constant(0), constant(Math.PI)];
    const angles = halfAngle(algebra, pair);
    const { angle } = arc(algebra, angles, pair.sine, 1);
    const isObtuse = less(pair.c, zero);
    const isZero = equal(angles.r, zero);
    const divisor = max(angles.r, constant(Number.MIN_VALUE));
    const direction = {
      cos: div(pair.c, divisor),
      sin: select(isZero, constant(1), div(pair.sine, divisor)),
      theta: select(isObtuse, sub(pi, angle), angle),
      supplement: select(isObtuse, angle, sub(pi, angle)),
    };
    const { value, lost } = own(algebra, direction, oneMinusAbsRho(algebra, pair));
    const size = mul(power(algebra, angles.r, n), constant(1 / (2 * Math.PI)));
    const kappaDot = () => {
      if (slope === undefined) return zero;
      const slopeSize = mul(power(algebra, angles.r, n - 1), constant((n * n) / (2 * Math.PI)));
      return scaled(algebra, slopeSize, slope(algebra, direction, zero).value);
    };
    // √(1/2 · 1/4 − 1/16): the step is 1/2 on a zero row, 0 or 1 on others.
    const atZero = n > 0 ? zero : select(equal(pair.p, pair.q), zero, constant(0.25));
    const root = sqrt(max(mul(lost, add(lost, add(value, value))), zero));
    return {
      kappa: scaled(algebra, size, value),
      kappaDot: kappaDot(),
      sine: select(isZero, atZero, scaled(algebra, size, root)),
    };
  };
}

interface Direction<T> {
  readonly cos: T;
  readonly sin: T;
  readonly theta: T;
  /** π − θ */
  readonly supplement: T;
}

type ArcCosine = <T, M>(
  algebra: Algebra<T, M>,
  direction: Direction<T>,
  oneMinusAbsCos: T,
) => { readonly value: T; readonly lost: T };

/** θ ↦ Jₙ(θ) and Jₙ(0) − Jₙ(θ), for c > 0 as π (Kₙ(1) − Kₙ(cos θ)) + θ Kₙ(cos θ) − sin θ Bₙ(cos θ). */
function arcCosine(n: number): ArcCosine {
  const [k, b] = [momentPolynomial(n), sinePolynomial(n)];
  const atZero = Math.PI * k.reduce((sum, value) => sum + value, 0);
  return (algebra, { cos, sin, theta, supplement }, oneMinusAbsCos) => {
    const { constant, add, sub, mul, max, less, select } = algebra;
    const zero = constant(0);
    const ofCos = sparsePolynomial(algebra, k, cos);
    const ofSine = mul(sin, sparsePolynomial(algebra, b, cos));
    const value = max(add(mul(supplement, ofCos), ofSine), zero);
    const near = mul(constant(Math.PI), belowOne(algebra, k, oneMinusAbsCos));
    const acute = add(near, sub(mul(theta, ofCos), ofSine));
    return { value, lost: select(less(zero, cos), acute, sub(constant(atZero), value)) };
  };
}

/**
 * The coefficients of Bₙ, ascending powers, from dJₙ/d cos θ = n² Jₙ₋₁: with x = cos θ,
 * Kₙ − x Bₙ + (1 − x²)(Bₙ' − n² Bₙ₋₁) = 0, solved from the highest power down.
 */
function sinePolynomial(n: number): readonly number[] {
  if (n === 0) return [0];
  const previous = sinePolynomial(n - 1);
  const k = momentPolynomial(n);
  const b = new Array<number>(n).fill(0);
  for (let i = n; i >= 1; i--) {
    const carried = n * n * ((previous[i] ?? 0) - (previous[i - 2] ?? 0));
    b[i - 1] = (k[i]! + (i + 1) * (b[i + 1] ?? 0) - carried) / i;
  }
  return b;
}
