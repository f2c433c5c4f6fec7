import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { hermiteExpansionDual } from "./polynomial.ts";

/**
 * φ = hₙ, the normalised probabilists' Hermite polynomial, E hₙ(z)² = 1. For every p and q, not only unit ones,
 *
 *   κ = Σ_l R_l(p) R_l(q) cˡ,   R_l(p) = √(n!/l!) (p − 1)ⁱ/(2ⁱ i!),   l = n − 2i
 *
 * by the multiplication theorem for hₙ(√p z); κ = cⁿ when p = q = 1 (Daniely, Frostig & Singer 2016). hₙ' = √n hₙ₋₁.
 */
export function hermiteActivation({ degree: n }: { readonly degree: number }): Activation {
  return {
    name: "hermite",
    smoothness: "smooth",
    phi: (x) => normalizedHermite(n, x),
    dphi: (x) => (n === 0 ? 0 : Math.sqrt(n) * normalizedHermite(n - 1, x)),
    taylor: (x, out) => hermiteSeries(n, x, out),
    dual: hermiteExpansionDual(n + 1, (p, row) => {
      let value = 1;
      for (let l = n, i = 0; l >= 0; l -= 2, i++) {
        row[l] = value;
        value *= ((p - 1) * Math.sqrt(l * (l - 1))) / (2 * (i + 1));
      }
    }),
  };
}

/** hₙ(x): √(k + 1) hₖ₊₁ = x hₖ − √k hₖ₋₁. */
export function normalizedHermite(n: number, x: number): number {
  let [previous, value] = [0, 1];
  for (let k = 0; k < n; k++) [previous, value] = [value, (x * value - Math.sqrt(k) * previous) / Math.sqrt(k + 1)];
  return Number.isNaN(value) ? overflown(n, x) : value;
}

/** hₙ⁽ᵏ⁾/k! = √(n!/(n − k)!)/k! hₙ₋ₖ, all of them from one run of the recurrence. */
function hermiteSeries(n: number, x: number, out: Float64Array): void {
  out.fill(0);
  let [previous, value] = [0, 1];
  for (let m = 0; m <= n; m++) {
    if (n - m < out.length) out[n - m] = Number.isNaN(value) ? overflown(m, x) : value;
    [previous, value] = [value, (x * value - Math.sqrt(m) * previous) / Math.sqrt(m + 1)];
  }
  for (let k = 1, factor = 1; k < out.length && k <= n; k++) {
    factor *= Math.sqrt(n - k + 1) / k;
    out[k] = factor * out[k]!;
  }
}

/** hₙ(x) where the recurrence has come to ∞ − ∞: infinite, with the sign of xⁿ. */
function overflown(n: number, x: number): number {
  return portable.power(x, n) * Infinity;
}
