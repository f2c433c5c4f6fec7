import { constantDual, type Dual, geometricMean, linearDual } from "./dual.ts";
import { belowOne, momentPolynomial, oneMinusAbsRho, power, scaled, sparsePolynomial } from "./powers.ts";

/**
 * φ(x) = xⁿ. With r = √(pq), ρ = c/r and the moments Kₙ(ρ):
 *
 *   κ = rⁿ Kₙ(ρ),   κ̇ = n² rⁿ⁻¹ Kₙ₋₁(ρ),   new sine rⁿ √((K(1) − K(|ρ|)) (K(1) + K(|ρ|)))
 */
export function monomialDual({ degree: n }: { readonly degree: number }): Dual {
  if (n === 0) return constantDual(1);
  if (n === 1) return linearDual(1);
  const [own, slope] = [momentPolynomial(n), momentPolynomial(n - 1)];
  const atOne = own.reduce((sum, value) => sum + value, 0);
  return (algebra, pair) => {
    const { constant, add, mul, div, sqrt, abs, max } = algebra;
    const r = geometricMean(algebra, pair.p, pair.q);
    const rho = div(pair.c, max(r, constant(Number.MIN_VALUE)));
    const k = sparsePolynomial(algebra, own, rho);
    const below = belowOne(algebra, own, oneMinusAbsRho(algebra, pair));
    const size = power(algebra, r, n);
    const rootSize = sqrt(mul(below, add(constant(atOne), abs(k))));
    const slopeSize = mul(constant(n * n), power(algebra, r, n - 1));
    return {
      kappa: scaled(algebra, size, k),
      kappaDot: scaled(algebra, slopeSize, sparsePolynomial(algebra, slope, rho)),
      sine: scaled(algebra, size, rootSize),
    };
  };
}
