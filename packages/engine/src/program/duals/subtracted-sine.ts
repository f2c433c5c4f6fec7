import type { Algebra } from "../algebra.ts";
import type { DualOptions, Pair } from "./dual.ts";

/** Below this ratio to its bound, a sine got by subtraction has lost digits that a later layer with kinks needs. */
const NEARLY_PARALLEL = 1e-3;

/** κ of the pair and of the two self terms. */
export interface Kappas<T> {
  readonly kappa: T;
  readonly first: T;
  readonly second: T;
}

/**
 * The new sine as √((r' − κ)(r' + κ)), r' = √(κ(p, p, p) κ(q, q, q)); 0 for identical rows; NaN where that would cancel and
 * matter.
 */
export function subtractedSine<T, M>(
  algebra: Algebra<T, M>,
  { kappa, first, second }: Kappas<T>,
  { c, sine, p, q }: Pair<T>,
  { preciseSine }: DualOptions,
): T {
  const { constant, add, sub, mul, sqrt, max, less, lessOrEqual, equal, and, or, select } = algebra;
  const zero = constant(0);
  const bound = select(equal(first, second), first, mul(sqrt(first), sqrt(second)));
  const found = mul(sqrt(max(sub(bound, kappa), zero)), sqrt(max(add(bound, kappa), zero)));
  const isSame = and(and(equal(p, q), equal(sine, zero)), less(zero, c));
  const isZero = or(isSame, equal(bound, zero));
  if (!preciseSine) return select(isZero, zero, found);
  const isLost = lessOrEqual(found, mul(constant(NEARLY_PARALLEL), bound));
  return select(isZero, zero, select(isLost, constant(Number.NaN), found));
}
