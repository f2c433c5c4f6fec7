import * as portable from "../special/portable.ts";

/**
 * A power of two that brings the largest |value| near 1, or 1 when all are zero: multiplying and dividing by it is
 * exact, and squares of what remains neither overflow nor lose what matters. Clamped so that both it and its
 * reciprocal are normal numbers.
 */
export function scaleOf(values: Float64Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return 1;
  return 2 ** Math.min(1000, Math.max(-1000, -portable.exponent(largest)));
}
