import type { Algebra } from "../algebra.ts";
import { polynomial } from "../functions.ts";
import { gaps, geometricMean, type Pair } from "./dual.ts";

/** xⁿ by repeated squaring. */
export function power<T, M>(algebra: Algebra<T, M>, x: T, n: number): T {
  if (n === 0) return algebra.constant(1);
  if (n === 1) return x;
  const root = power(algebra, x, Math.floor(n / 2));
  const square = algebra.mul(root, root);
  return n % 2 === 0 ? square : algebra.mul(square, x);
}

/** Σ coefficients[k] xᵏ, in powers of x² where only odd or only even ones occur. */
export function sparsePolynomial<T, M>(algebra: Algebra<T, M>, coefficients: readonly number[], x: T): T {
  const every = (start: number) => coefficients.filter((_, k) => k % 2 === start);
  const hasNone = (part: readonly number[]) => part.every((value) => value === 0);
  const [even, odd] = [every(0), every(1)];
  if (hasNone(coefficients)) return algebra.constant(0);
  if (hasNone(odd)) return polynomial(algebra, even, algebra.mul(x, x), 1);
  if (hasNone(even)) return algebra.mul(x, polynomial(algebra, odd, algebra.mul(x, x), 1));
  return polynomial(algebra, coefficients, x);
}

/** Σ coefficients[k] (1 − xᵏ), given 1 − x: a sum of positive terms when the coefficients are. */
export function belowOne<T, M>(algebra: Algebra<T, M>, coefficients: readonly number[], oneMinusX: T): T {
  const { constant, mul, add } = algebra;
  const lost = lostPowers(algebra, oneMinusX, coefficients.length);
  return coefficients.reduce(
    (sum, value, k) => (k === 0 || value === 0 ? sum : add(sum, mul(constant(value), lost[k]!))),
    constant(0),
  );
}

/** 1 − xᵏ for k < count, given 1 − x. */
export function lostPowers<T, M>({ constant, add, sub, mul }: Algebra<T, M>, oneMinusX: T, count: number): T[] {
  const x = sub(constant(1), oneMinusX);
  const lost: T[] = [constant(0), oneMinusX];
  for (let k = 2, xPower = x; k < count; k++, xPower = mul(xPower, x)) {
    lost.push(add(lost[k - 1]!, mul(xPower, oneMinusX)));
  }
  return lost.slice(0, count);
}

/** 1 − |c|/r from 0 to 1, without cancellation; 1 when a row is zero. */
export function oneMinusAbsRho<T, M>(algebra: Algebra<T, M>, pair: Pair<T>): T {
  const { constant, div, abs, max, equal, select } = algebra;
  const r = geometricMean(algebra, pair.p, pair.q);
  const { below } = gaps(algebra, { ...pair, c: abs(pair.c) });
  const share = max(div(below, max(r, constant(Number.MIN_VALUE))), constant(0));
  return select(equal(r, constant(0)), constant(1), share);
}

/** scale · value, where a zero value wins over an infinite scale. */
export function scaled<T, M>({ constant, mul, equal, select }: Algebra<T, M>, scale: T, value: T): T {
  return select(equal(value, constant(0)), constant(0), mul(scale, value));
}

/** The coefficients of Kₙ(ρ) = E uⁿvⁿ for unit variances and correlation ρ: l! (C(n, l) (n − l − 1)!!)², l = n, n − 2, … */
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
