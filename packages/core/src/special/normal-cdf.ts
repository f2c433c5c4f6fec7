import { erfc } from "./erf.ts";
import * as portable from "./portable.ts";

/**
 * Φ(x) = P(z ≤ x) = erfc(−x/√2)/2 for z ~ N(0, 1); relative error of a few units in the last place for every x.
 *
 * erfc multiplies the relative error of its argument by x², so the rounding δ of y = −x/√2 is put back by
 * erfc(y + δ) = erfc(y) − 2/√π e^{−y²} δ.
 */
export function normalCdf(x: number): number {
  const y = -x * Math.SQRT1_2;
  const value = erfc(y);
  if (Math.abs(y) > 30) return value / 2;
  const delta = productError(-x, Math.SQRT1_2, y) - x * SQRT1_2_LOW;
  return (value - (2 / Math.sqrt(Math.PI)) * portable.exp(-y * y) * delta) / 2;
}

/** φ(x) = e^{−x²/2}/√(2π). */
export function normalDensity(x: number): number {
  return portable.exp(-0.5 * x * x) / SQRT_TWO_PI;
}

export const SQRT_TWO_PI = 2.5066282746310007;

/** √½ − Math.SQRT1_2. */
const SQRT1_2_LOW = -4.833646656726457e-17;

/** a·b − fl(a·b), exactly: Dekker (1971). */
function productError(a: number, b: number, product: number): number {
  const [aHigh, bHigh] = [highHalf(a), highHalf(b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

function highHalf(x: number): number {
  const scaled = 134217729 * x;
  return scaled - (scaled - x);
}
