import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { momentPolynomial } from "./monomial.ts";
import { horner, hornerBelowOne, oneMinusAbsRho, scaled } from "./powers.ts";
import { powerSeries } from "./taylor-series.ts";

/**
 * φ(x) = max(x, 0)ⁿ; for n = 0 the step, 1/2 at 0. With r = √(pq):
 *
 *   κ = rⁿ Jₙ(θ)/2π,   κ̇ = n² rⁿ⁻¹ Jₙ₋₁(θ)/2π (0 for n = 0, by definition),   θ = atan2(sine, c), π/2 when a row is zero
 *   Jₙ(θ) = (π − θ) Kₙ(cos θ) + sin θ Bₙ(cos θ)
 *
 * The arc-cosine kernels: Cho & Saul (2009), eq. 4. Kₙ is the moment polynomial of xⁿ, J₀ = π − θ, J₁ = sin θ + (π − θ) cos θ.
 * The new sine is rⁿ √((Jₙ(0) − Jₙ)(Jₙ(0) + Jₙ))/2π, with Jₙ(0) − Jₙ = π (Kₙ(1) − Kₙ(cos θ)) + θ Kₙ(cos θ) − sin θ Bₙ(cos θ).
 */
export function rectifiedMonomialActivation({ degree: n }: { readonly degree: number }): Activation {
  const own = arcCosine(n);
  const slope = n === 0 ? undefined : arcCosine(n - 1);
  return {
    name: "rectifiedMonomial",
    smoothness: n <= 1 ? "kinked" : "smooth",
    kinks: [0],
    phi: n === 0 ? (x) => (1 + Math.sign(x)) / 2 : (x) => (x > 0 ? portable.power(x, n) : 0),
    dphi:
      n === 0 ? () => 0 : n === 1 ? (x) => (1 + Math.sign(x)) / 2 : (x) => (x > 0 ? n * portable.power(x, n - 1) : 0),
    taylor(x, out) {
      if (x > 0) {
        powerSeries(out, n, x);
        return;
      }
      out.fill(0);
      if (x === 0) out[n] = 0.5;
    },
    dual(c, sine, p, q, out) {
      const r = Math.sqrt(p) * Math.sqrt(q);
      const angle = r === 0 ? ORTHOGONAL : { c: c / r, sine: sine / r, theta: portable.atan2(sine, c) };
      const [value, lost] = own(angle, oneMinusAbsRho(r, c, sine));
      out[0] = scaled(portable.power(r, n) / (2 * Math.PI), value);
      out[1] = slope ? scaled((n * n * portable.power(r, n - 1)) / (2 * Math.PI), slope(angle, 0)[0]) : 0;
      out[2] =
        r > 0
          ? scaled(portable.power(r, n) / (2 * Math.PI), Math.sqrt(Math.max(0, lost * (lost + 2 * value))))
          : n > 0 || p === q
            ? 0
            : STEP_SINE_AT_ZERO;
    },
  };
}

/** √(1/2 · 1/4 − 1/16): the step is 1/2 on a zero row, 0 or 1 on others. */
const STEP_SINE_AT_ZERO = 0.25;

interface Angle {
  readonly c: number;
  readonly sine: number;
  readonly theta: number;
}

const ORTHOGONAL: Angle = { c: 0, sine: 1, theta: Math.PI / 2 };

/** θ ↦ [Jₙ(θ), Jₙ(0) − Jₙ(θ)]. */
function arcCosine(n: number): (angle: Angle, oneMinusAbsCos: number) => [number, number] {
  const k = momentPolynomial(n);
  const b = sinePolynomial(n);
  const atZero = Math.PI * horner(k, 1);
  return ({ c, sine, theta }, oneMinusAbsCos) => {
    const [ofCos, ofSine] = [horner(k, c), sine * horner(b, c)];
    const value = Math.max(0, (Math.PI - theta) * ofCos + ofSine);
    if (c <= 0) return [value, atZero - value];
    return [value, Math.PI * hornerBelowOne(k, oneMinusAbsCos) + (theta * ofCos - ofSine)];
  };
}

/**
 * The coefficients of Bₙ, ascending powers, from dJₙ/d cos θ = n² Jₙ₋₁: with x = cos θ,
 * Kₙ − x Bₙ + (1 − x²)(Bₙ' − n² Bₙ₋₁) = 0, solved from the highest power down.
 */
function sinePolynomial(n: number): number[] {
  let previous: number[] = [0];
  for (let m = 1; m <= n; m++) {
    const k = momentPolynomial(m);
    const b = new Array<number>(m).fill(0);
    for (let i = m; i >= 1; i -= 1) {
      const carried = m * m * ((previous[i] ?? 0) - (previous[i - 2] ?? 0));
      b[i - 1] = (k[i]! + (i + 1) * (b[i + 1] ?? 0) - carried) / i;
    }
    previous = b;
  }
  return previous;
}
