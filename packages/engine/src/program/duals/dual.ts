import type { Algebra } from "../algebra.ts";

/** A pair of inputs: covariance, sine = √(pq − c²) and variances, see `Activation` of ntkit. */
export interface Pair<T> {
  readonly c: T;
  readonly sine: T;
  /** √(pq) − |c|, where it is known without cancellation. */
  readonly below?: T | undefined;
  readonly p: T;
  readonly q: T;
}

/** κ, κ̇ and the new sine √(κ(p, p, p) κ(q, q, q) − κ²). */
export interface DualValues<T> {
  readonly kappa: T;
  readonly kappaDot: T;
  readonly sine: T;
  /** √(κ(p, p, p) κ(q, q, q)) − |κ|, where a formula gives it. */
  readonly below?: T | undefined;
}

export interface DualOptions {
  /**
   * Whether digits of a sine got by subtraction matter: an activation with kinks is somewhere in the network. Where not, such a
   * sine is never NaN.
   */
  readonly preciseSine: boolean;
}

/**
 * What `Activation.dual` of ntkit computes, by the same mathematics, in any algebra; self terms are those of the pair (p, 0, p, p).
 *
 * Exactly symmetric: exchanging p and q changes no bit. The sine is NaN where it needs quadrature, and where a variance is out
 * of the range that a formula's squares need, everything is NaN.
 */
export type Dual = <T, M>(algebra: Algebra<T, M>, pair: Pair<T>) => DualValues<T>;

/** Between these, products of two variances neither overflow nor lose digits. */
export const SMALLEST_VARIANCE: number = 2 ** -400;
export const LARGEST_VARIANCE: number = 2 ** 400;

/** A variance that is 0 or from 2⁻⁴⁰⁰ to 2⁴⁰⁰, else NaN. */
export function moderate<T, M>(algebra: Algebra<T, M>, p: T): T {
  const { constant, lessOrEqual, equal, and, or, select } = algebra;
  const inRange = and(lessOrEqual(constant(SMALLEST_VARIANCE), p), lessOrEqual(p, constant(LARGEST_VARIANCE)));
  return select(or(inRange, equal(p, constant(0))), p, constant(Number.NaN));
}

/** r = √p √q. */
export function geometricMean<T, M>({ sqrt, mul }: Algebra<T, M>, p: T, q: T): T {
  return mul(sqrt(p), sqrt(q));
}

/** The same at moderate variances only, for formulas with squares of r. */
export function moderateMean<T, M>(algebra: Algebra<T, M>, { p, q }: Pair<T>): T {
  return geometricMean(algebra, moderate(algebra, p), moderate(algebra, q));
}

/** r − c and r + c ≥ 0 without cancellation: the smaller one is sine²/(r + |c|). */
export interface Gaps<T> {
  readonly below: T;
  readonly above: T;
}

export function gaps<T, M>(algebra: Algebra<T, M>, { c, sine, p, q }: Pair<T>): Gaps<T> {
  const { constant, add, mul, div, abs, max, less, select } = algebra;
  const wide = add(geometricMean(algebra, p, q), abs(c));
  const narrow = mul(div(sine, max(wide, constant(Number.MIN_VALUE))), sine);
  const isObtuse = less(c, constant(0));
  return { below: select(isObtuse, wide, narrow), above: select(isObtuse, narrow, wide) };
}

/** E(u − v)² = (√p − √q)² + 2 (r − c) and E(u + v)² = (√p − √q)² + 2 (r + c). */
export function squaredDistances<T, M>(algebra: Algebra<T, M>, pair: Pair<T>): { readonly near: T; readonly far: T } {
  const { add, sub, mul, sqrt } = algebra;
  const { below, above } = gaps(algebra, pair);
  const apart = sub(sqrt(pair.p), sqrt(pair.q));
  const radial = mul(apart, apart);
  return { near: add(radial, add(below, below)), far: add(radial, add(above, above)) };
}

/** φ(x) = bx, given b². */
export function linearDual(square: number): Dual {
  return ({ constant, mul }, { c, sine }) => ({
    kappa: mul(constant(square), c),
    kappaDot: constant(square),
    sine: mul(constant(square), sine),
  });
}

/** φ(x) = a, given a². */
export function constantDual(square: number): Dual {
  return ({ constant }) => ({ kappa: constant(square), kappaDot: constant(0), sine: constant(0) });
}
