import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { horner, oneMinusAbsRho } from "./powers.ts";

/**
 * φ(x) = Σ_j coef_j xʲ. By the Hermite expansion of φ(√p z), with R_l(p) p^{l/2} its coefficients,
 *
 *   κ = Σ_l R_l(p) R_l(q) cˡ,   κ̇ = Σ_l l R_l(p) R_l(q) cˡ⁻¹,   R_l(p) = Σ_i coef_{l+2i} (l + 2i)!/(2ⁱ i! √l!) pⁱ
 *
 * Han et al. (2022).
 */
export function polynomialActivation({ coef }: { readonly coef: readonly number[] }): Activation {
  const expansions = [coef];
  const derivative = expansion(expansions, 1);
  const rows = coef.map((_, l) => reducedCoefficients(coef, l));
  return {
    name: "polynomial",
    smoothness: "smooth",
    phi: (x) => horner(coef, x),
    dphi: (x) => horner(derivative, x),
    taylor(x, out) {
      for (let k = 0; k < out.length; k++) out[k] = horner(expansion(expansions, k), x);
    },
    dual: hermiteExpansionDual(coef.length, (p, row) => {
      for (let l = 0; l < row.length; l++) row[l] = horner(rows[l]!, p);
    }),
  };
}

/** The coefficients of φ⁽ᵏ⁾/k! = Σ_j C(j, k) coef_j xʲ⁻ᵏ; `known` holds those for smaller k. */
function expansion(known: (readonly number[])[], k: number): readonly number[] {
  for (let i = known.length; i <= k; i++) {
    known.push(known[i - 1]!.slice(1).map((value, j) => ((j + 1) * value) / i));
  }
  return known[k]!;
}

/** coef_{l+2i} (l + 2i)!/(2ⁱ i! √l!), i = 0, 1, … */
function reducedCoefficients(coef: readonly number[], l: number): number[] {
  let factor = 1;
  for (let k = 2; k <= l; k++) factor *= Math.sqrt(k);
  const reduced: number[] = [];
  for (let j = l, i = 0; j < coef.length; j += 2, i++) {
    if (i > 0) factor *= (j * (j - 1)) / (2 * i);
    reduced.push(coef[j]! * factor);
  }
  return reduced;
}

/**
 * The dual of a φ that is a finite Hermite series: `expand(p, row)` writes R_l(p). With α_l = R_l(p) p^{l/2}, β_l likewise,
 * and s the sign of κ, all terms for c ≥ 0 (for c < 0 odd β_l change sign):
 *
 *   2 (1 − |ρ'|) = E (φ(u)/‖φ_u‖ − s φ(v)/‖φ_v‖)² = Σ_l (α_l/‖α‖ − s β_l/‖β‖)² + 2 s α_l β_l/(‖α‖‖β‖) (1 − |ρ|ˡ)
 */
export function hermiteExpansionDual(
  count: number,
  expand: (p: number, row: Float64Array) => void,
): Activation["dual"] {
  const [rowP, rowQ] = [new Float64Array(count), new Float64Array(count)];
  return (c, sine, p, q, out) => {
    expand(p, rowP);
    expand(q, rowQ);
    let [kappa, kappaDot] = [0, 0];
    for (let l = count - 1; l >= 0; l--) {
      const product = rowP[l]! * rowQ[l]!;
      kappa = kappa * c + product;
      if (l > 0) kappaDot = kappaDot * c + l * product;
    }
    out[0] = Number.isNaN(kappa) ? Infinity : kappa;
    out[1] = Number.isNaN(kappaDot) ? Infinity : kappaDot;
    if (p === q && sine === 0 && c > 0) out[2] = 0;
    else out[2] = newSine(rowP, rowQ, kappa < 0, { c, sine, p, q });
  };
}

interface Pair {
  readonly c: number;
  readonly sine: number;
  readonly p: number;
  readonly q: number;
}

function newSine(rowP: Float64Array, rowQ: Float64Array, negative: boolean, { c, sine, p, q }: Pair): number {
  const [rootP, rootQ] = [Math.sqrt(p), Math.sqrt(q)];
  const [normP, normQ] = [norm(rowP, rootP), norm(rowQ, rootQ)];
  const bound = normP * normQ;
  if (normP === 0 || normQ === 0) return 0;
  if (!Number.isFinite(bound)) return Infinity;
  const below = oneMinusAbsRho(rootP * rootQ, c, sine);
  const signOdd = c < 0 ? -1 : 1;
  let [alpha, beta, power, lost, distance] = [1 / normP, (negative ? -1 : 1) / normQ, 1, 0, 0];
  for (let l = 0; l < rowP.length; l++) {
    const [a, b] = [alpha * rowP[l]!, beta * rowQ[l]!];
    distance += (a - b) * (a - b) + 2 * a * b * lost;
    lost += power * below;
    power *= 1 - below;
    alpha *= rootP;
    beta *= rootQ * signOdd;
  }
  const clamped = Math.min(2, Math.max(0, distance));
  return bound * Math.sqrt(clamped * (1 - clamped / 4));
}

/** ‖φ_u‖ = √(Σ_l R_l(p)² pˡ). */
function norm(row: Float64Array, root: number): number {
  let [scale, sum] = [1, 0];
  for (const value of row) {
    sum = portable.hypot(sum, scale * value);
    scale *= root;
  }
  return sum;
}
