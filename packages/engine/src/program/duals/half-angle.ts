import type { Algebra } from "../algebra.ts";
import { atanLoss } from "../functions.ts";
import { moderateMean, type Pair } from "./dual.ts";

/** The angle from 0 to π/2 between one input and the nearer of the other and its opposite, ϑ = min(θ, π − θ). */
export interface HalfAngle<T> {
  /** √(pq) */
  readonly r: T;
  /** |c| */
  readonly size: T;
  /** t = tan(ϑ/2) = sine/(r + |c|), and its square; 1 when a row is zero. */
  readonly t: T;
  readonly z: T;
  /** r − |c| = t sine, without cancellation. */
  readonly below: T;
}

export function halfAngle<T, M>(algebra: Algebra<T, M>, pair: Pair<T>): HalfAngle<T> {
  const { constant, add, mul, div, abs, equal, select } = algebra;
  const r = moderateMean(algebra, pair);
  const size = abs(pair.c);
  const wide = add(r, size);
  const t = select(equal(wide, constant(0)), constant(1), div(pair.sine, wide));
  return { r, size, t, z: mul(t, t), below: mul(t, pair.sine) };
}

/**
 * scale · ϑ and 2 scale · r (sin ϑ − ϑ cos ϑ). With Q = (1 − atan(t)/t)/t²,
 *
 *   ϑ = 2t (1 − z Q),   r (sin ϑ − ϑ cos ϑ) = sine · z (1 + (1 − z) Q)
 *
 * from sin ϑ = 2t/(1 + z), cos ϑ = (1 − z)/(1 + z): nothing cancels.
 */
export function arc<T, M>(
  algebra: Algebra<T, M>,
  { t, z }: HalfAngle<T>,
  sine: T,
  scale: number,
): { readonly angle: T; readonly excess: T } {
  const { constant, add, sub, mul } = algebra;
  const loss = atanLoss(algebra, z, 2 * scale);
  const angle = mul(t, sub(constant(2 * scale), mul(z, loss)));
  const excess = mul(mul(sine, z), add(constant(2 * scale), mul(sub(constant(1), z), loss)));
  return { angle, excess };
}
