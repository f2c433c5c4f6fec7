import type { Algebra } from "./algebra.ts";
import { ASIN, ATAN, ERF, ERFC, EXP } from "./coefficients.ts";

/**
 * Σ coefficients[k] xᵏ as `chains` interleaved Horner sums in x^chains: 1, 2 or 4 of them. Steps of different chains do not wait for
 * one another; written side by side, they fill the pipelines.
 */
export function polynomial<T, M>(
  algebra: Algebra<T, M>,
  coefficients: readonly number[],
  x: T,
  chains: 1 | 2 | 4 = 4,
): T {
  const { constant, mul, mulAdd } = algebra;
  const square = mul(x, x);
  const step = chains === 1 ? x : chains === 2 ? square : mul(square, square);
  const sums = new Map<number, T>();
  for (let k = coefficients.length - 1; k >= 0; k--) {
    const value = constant(coefficients[k]!);
    sums.set(k % chains, k + chains < coefficients.length ? mulAdd(sums.get(k % chains)!, step, value) : value);
  }
  let terms: T[] = Array.from({ length: sums.size }, (_, k) => sums.get(k)!);
  for (let power = x; terms.length > 1; power = mul(power, power)) {
    const even = terms.filter((_, k) => k % 2 === 0);
    terms = even.map((term, k) => (2 * k + 1 < terms.length ? mulAdd(terms[2 * k + 1]!, power, term) : term));
  }
  return terms[0] ?? constant(0);
}

/** (1 − atan(t)/t)/t², from z = t² ≤ 1, times a constant: atan t = t (1 − z · this), and sin θ − θ cos θ has it too. */
export function atanLoss<T, M>(algebra: Algebra<T, M>, z: T, scale = 1): T {
  return polynomial(algebra, scale === 1 ? ATAN : ATAN.map((value) => value * scale), z);
}

/** atan t for |t| ≤ 1. */
export function atanBelowOne<T, M>(algebra: Algebra<T, M>, t: T): T {
  const { mul, sub } = algebra;
  const z = mul(t, t);
  return sub(t, mul(t, mul(z, atanLoss(algebra, z))));
}

/** π and π/2 as float64 plus what is missing from it. */
const HALF_PI = Math.PI / 2;
const HALF_PI_REST = 6.123233995736766e-17;

/**
 * atan2(sine, c) of finite numbers, sine ≥ 0: from 0 to π. Zero of either sign counts as +0.
 *
 * With x = min/max of sine and |c|, atan x is added to or taken from the nearest of 0, π/2 and π.
 */
export function atan2<T, M>(algebra: Algebra<T, M>, sine: T, c: T): T {
  const { constant, add, neg, abs, div, max, less, select } = algebra;
  const size = abs(c);
  const [isObtuse, isSteep] = [less(c, constant(0)), less(size, sine)];
  const [smaller, larger] = [select(isSteep, size, sine), select(isSteep, sine, size)];
  const x = div(smaller, max(larger, constant(Number.MIN_VALUE)));
  const acute = atanBelowOne(algebra, x);
  const towards = select(isObtuse, neg(acute), acute);
  const base = (scale: number) => select(isSteep, constant(scale), select(isObtuse, constant(2 * scale), constant(0)));
  return add(base(HALF_PI), add(select(isSteep, neg(towards), towards), base(HALF_PI_REST)));
}

/**
 * acos x, NaN beyond ±1: from a = |x|, as 2 asin √((1 − a)/2) for a > 1/2 and π/2 − asin a below, reflected for x < 0.
 */
export function acos<T, M>(algebra: Algebra<T, M>, x: T): T {
  const { constant, add, sub, mul, sqrt, neg, abs, less, select } = algebra;
  const a = abs(x);
  const [isNearEnd, isNegative] = [less(constant(0.5), a), less(x, constant(0))];
  const z = select(isNearEnd, mul(sub(constant(1), a), constant(0.5)), mul(a, a));
  const s = select(isNearEnd, sqrt(z), a);
  const arcsine = add(s, mul(s, mul(z, polynomial(algebra, ASIN, z))));
  const signed = select(isNegative, neg(arcsine), arcsine);
  const base = (scale: number) => select(isNegative, constant(2 * scale), constant(0));
  const nearEnd = add(base(HALF_PI), add(add(signed, signed), base(HALF_PI_REST)));
  const middle = add(constant(HALF_PI), sub(constant(HALF_PI_REST), signed));
  return select(isNearEnd, nearEnd, middle);
}

/** ln 2 in two parts, the first with zeros at its end, so that its product with a small whole number is exact. */
const LN2 = 0.6931471803691238;
const LN2_REST = 1.9082149292705877e-10;

/** x = n ln 2 + f + rest with |f| ≤ ln(2)/2, and `curved` = e^f − 1 − f plus the rest. */
function reduced<T, M>(algebra: Algebra<T, M>, x: T): { readonly n: T; readonly f: T; readonly curved: T } {
  const { constant, sub, mul, mulAdd, nearest } = algebra;
  const n = nearest(mul(x, constant(Math.LOG2E)));
  const [high, low] = [sub(x, mul(n, constant(LN2))), mul(n, constant(LN2_REST))];
  const f = sub(high, low);
  const rest = sub(sub(high, f), low);
  return { n, f, curved: mulAdd(mul(f, f), polynomial(algebra, EXP, f), rest) };
}

/** eˣ, subnormal results included. */
export function exp<T, M>(algebra: Algebra<T, M>, x: T): T {
  const { constant, add, sub, mul, min, max, nearest, powerOfTwo } = algebra;
  const { n, f, curved } = reduced(algebra, max(min(x, constant(710)), constant(-746)));
  const half = nearest(mul(n, constant(0.5)));
  const value = add(constant(1), add(f, curved));
  return mul(mul(value, powerOfTwo(half)), powerOfTwo(sub(n, half)));
}

/**
 * eˣ − 1 without cancellation: 2ⁿ (e^f − 1) + (2ⁿ − 1), where 2ⁿ f + (2ⁿ − 1) comes first. Computed at half its size, as 2¹⁰²⁴ is
 * out of range.
 */
export function expm1<T, M>(algebra: Algebra<T, M>, x: T): T {
  const { constant, add, sub, mul, abs, less, min, max, powerOfTwo, select } = algebra;
  const { n, f, curved } = reduced(algebra, max(min(x, constant(710)), constant(-40)));
  const power = powerOfTwo(sub(n, constant(1)));
  const half = add(add(sub(power, constant(0.5)), mul(power, f)), mul(power, curved));
  return select(less(abs(x), constant(2 ** -60)), x, add(half, half));
}

/** erf x: x (1 + P(x²)) up to 1, beyond it 1 − e^{−x²} R(1/(x + 2)). */
export function erf<T, M>(algebra: Algebra<T, M>, x: T): T {
  const { constant, add, sub, mul, div, neg, abs, less, lessOrEqual, min, select } = algebra;
  const z = mul(x, x);
  const central = add(x, mul(x, polynomial(algebra, ERF, z)));
  const size = min(abs(x), constant(6));
  const u = div(constant(1), add(size, constant(2)));
  const tail = mul(exp(algebra, neg(mul(size, size))), polynomial(algebra, ERFC, u));
  const beyond = sub(constant(1), tail);
  return select(lessOrEqual(size, constant(1)), central, select(less(x, constant(0)), neg(beyond), beyond));
}
