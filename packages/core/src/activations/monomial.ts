import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { horner, hornerBelowOne, oneMinusAbsRho, scaled } from "./powers.ts";
import { powerSeries } from "./taylor-series.ts";

/**
 * φ(x) = xⁿ. With r = √(pq) and ρ = c/r:
 *
 *   κ = rⁿ Kₙ(ρ),   κ̇ = n² rⁿ⁻¹ Kₙ₋₁(ρ),   Kₙ(ρ) = Σ_l l! (C(n, l) (n − l − 1)!!)² ρˡ,   l = n, n − 2, …
 *
 * from the Hermite expansion of xⁿ; K₂ = 1 + 2ρ², K₃ = 9ρ + 6ρ³. The new sine is rⁿ √(K(1)² − K(ρ)²), with
 * K(1) − K(|ρ|) = Σ (…) (1 − |ρ|ˡ), a sum of positive terms.
 */
export function monomialActivation({ degree: n }: { readonly degree: number }): Activation {
  const [own, slope] = [momentPolynomial(n), n === 0 ? [] : momentPolynomial(n - 1)];
  const atOne = horner(own, 1);
  return {
    name: "monomial",
    smoothness: "smooth",
    phi: (x) => portable.power(x, n),
    dphi: (x) => (n === 0 ? 0 : n * portable.power(x, n - 1)),
    taylor: (x, out) => powerSeries(out, n, x),
    dual(c, sine, p, q, out) {
      const r = Math.sqrt(p) * Math.sqrt(q);
      const rho = r === 0 ? 0 : c / r;
      const k = horner(own, rho);
      const below = hornerBelowOne(own, oneMinusAbsRho(r, c, sine));
      out[0] = scaled(portable.power(r, n), k);
      out[1] = n === 0 ? 0 : scaled(n * n * portable.power(r, n - 1), horner(slope, rho));
      out[2] = scaled(portable.power(r, n), Math.sqrt(below * (atOne + Math.abs(k))));
    },
  };
}

/** The coefficients of Kₙ(ρ) = E uⁿvⁿ for unit variances and correlation ρ, ascending powers. Kₙ(1) = (2n − 1)!!. */
export function momentPolynomial(n: number): number[] {
  const coefficients = new Array<number>(n + 1).fill(0);
  let pairings = 1; // C(n, l) (n − l − 1)!!, from l = n down
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  for (let l = n; l >= 0; l -= 2) {
    coefficients[l] = factorial * pairings * pairings;
    pairings *= (l * (l - 1)) / (n - l + 2);
    factorial /= l * (l - 1);
  }
  return coefficients;
}
