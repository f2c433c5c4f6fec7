import type { Algebra } from "../algebra.ts";
import { constantDual, type Dual, linearDual, type Pair } from "./dual.ts";
import { lostPowers, oneMinusAbsRho, sparsePolynomial } from "./powers.ts";

/** R_l(p) for each l; undefined where it is 0 for every p. */
type Expansion = <T, M>(algebra: Algebra<T, M>, p: T) => readonly (T | undefined)[];

/** φ = hₙ, the normalised Hermite polynomial: R_l(p) = √(n!/l!) (p − 1)ⁱ/(2ⁱ i!), l = n − 2i. */
export function hermiteDual({ degree: n }: { readonly degree: number }): Dual {
  if (n === 0) return constantDual(1);
  if (n === 1) return linearDual(1);
  return expansionDual(({ constant, mul, sub }, p) => {
    const row = new Array<typeof p | undefined>(n + 1).fill(undefined);
    const excess = sub(p, constant(1));
    let value = constant(1);
    for (let l = n, i = 0; l >= 0; l -= 2, i++) {
      row[l] = value;
      value = mul(value, mul(excess, constant(Math.sqrt(l * (l - 1)) / (2 * (i + 1)))));
    }
    return row;
  });
}

/** φ(x) = Σ_j coef_j xʲ: R_l(p) = Σ_i coef_{l+2i} (l + 2i)!/(2ⁱ i! √l!) pⁱ. */
export function polynomialDual({ coef }: { readonly coef: readonly number[] }): Dual {
  const degree = coef.findLastIndex((value) => value !== 0);
  if (degree <= 0) return constantDual((coef[0] ?? 0) ** 2);
  const rows = coef.slice(0, degree + 1).map((_, l) => reducedCoefficients(coef, l));
  return expansionDual((algebra, p) =>
    rows.map((row) => (row.every((value) => value === 0) ? undefined : sparsePolynomial(algebra, row, p))),
  );
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
 * The dual of a finite Hermite series:
 *
 *   κ = Σ_l R_l(p) R_l(q) cˡ,   κ̇ = Σ_l l R_l(p) R_l(q) cˡ⁻¹
 *
 * both Infinity where terms leave the range of float64.
 */
function expansionDual(expand: Expansion): Dual {
  return (algebra, pair) => {
    const { constant, add, mul, abs, equal, select } = algebra;
    const { c, p, q } = pair;
    const [rowP, rowQ] = [expand(algebra, p), expand(algebra, q)];
    const products = rowP.map((value, l) => (value === undefined ? undefined : mul(value, rowQ[l]!)));
    const slopes = products.map((value, l) => (value === undefined ? undefined : mul(constant(l), value))).slice(1);
    const beyond = add(constant(Number.POSITIVE_INFINITY), add(abs(c), add(p, q)));
    const sum = (terms: typeof products) => {
      const value = sparseSum(algebra, terms, c);
      return terms.length > 1 ? select(equal(value, value), value, beyond) : value;
    };
    const kappa = sum(products);
    return {
      kappa,
      kappaDot: sum(slopes),
      sine: newSine(algebra, { P: rowP, Q: rowQ }, kappa, pair),
    };
  };
}

/** Σ coefficients[l] xˡ by Horner's rule, missing coefficients skipped. */
function sparseSum<T, M>({ constant, mul, mulAdd }: Algebra<T, M>, coefficients: readonly (T | undefined)[], x: T): T {
  let sum: T | undefined;
  for (const value of coefficients.toReversed()) {
    if (sum === undefined) sum = value;
    else sum = value === undefined ? mul(sum, x) : mulAdd(sum, x, value);
  }
  return sum ?? constant(0);
}

/**
 * With α_l = R_l(p) p^{l/2}, β_l likewise, s the sign of κ and ρ the cosine (for c < 0 odd β_l change sign):
 *
 *   2 (1 − |ρ'|) = Σ_l (α_l/‖α‖ − s β_l/‖β‖)² + 2 s α_l β_l/(‖α‖‖β‖) (1 − |ρ|ˡ)
 */
function newSine<T, M>(
  algebra: Algebra<T, M>,
  { P, Q }: { readonly P: readonly (T | undefined)[]; readonly Q: readonly (T | undefined)[] },
  kappa: T,
  pair: Pair<T>,
): T {
  const { constant, add, sub, mul, sqrt, min, max, less, equal, and, or, select } = algebra;
  const { c, sine, p, q } = pair;
  const zero = constant(0);
  const [unitP, unitQ] = [normalized(algebra, P, p), normalized(algebra, Q, q)];
  const bound = mul(unitP.norm, unitQ.norm);
  const sign = (value: T) => select(less(value, zero), constant(-1), constant(1));
  const signs = [sign(kappa), mul(sign(kappa), sign(c))];
  const lost = lostPowers(algebra, oneMinusAbsRho(algebra, pair), P.length);
  let distance = zero;
  unitP.row.forEach((a, l) => {
    if (a === undefined) return;
    const b = mul(signs[l % 2]!, unitQ.row[l]!);
    const [gap, product] = [sub(a, b), mul(a, b)];
    distance = add(distance, add(mul(gap, gap), mul(add(product, product), lost[l]!)));
  });
  const clamped = min(max(distance, zero), constant(2));
  const found = mul(bound, sqrt(mul(clamped, sub(constant(1), mul(constant(0.25), clamped)))));
  const isSame = and(and(equal(p, q), equal(sine, zero)), less(zero, c));
  const isZero = or(isSame, or(equal(unitP.norm, zero), equal(unitQ.norm, zero)));
  const infinite = constant(Number.POSITIVE_INFINITY);
  return select(isZero, zero, select(equal(bound, infinite), infinite, found));
}

/** ‖α‖ = √(Σ_l R_l(p)² pˡ) and α/‖α‖. */
function normalized<T, M>(
  algebra: Algebra<T, M>,
  row: readonly (T | undefined)[],
  p: T,
): { readonly norm: T; readonly row: readonly (T | undefined)[] } {
  const { constant, mul, div, sqrt } = algebra;
  const root = sqrt(p);
  let [scale, norm] = [constant(1), constant(0)];
  const alpha = row.map((value) => {
    const scaled = value === undefined ? undefined : mul(scale, value);
    if (scaled !== undefined) norm = hypot(algebra, norm, scaled);
    scale = mul(scale, root);
    return scaled;
  });
  return { norm, row: alpha.map((value) => (value === undefined ? undefined : div(value, norm))) };
}

/** √(a² + b²), a ≥ 0, without a square out of range. */
function hypot<T, M>({ constant, add, mul, div, sqrt, abs, min, max }: Algebra<T, M>, a: T, b: T): T {
  const size = abs(b);
  const larger = max(a, size);
  const ratio = div(min(a, size), max(larger, constant(Number.MIN_VALUE)));
  return mul(larger, sqrt(add(constant(1), mul(ratio, ratio))));
}
