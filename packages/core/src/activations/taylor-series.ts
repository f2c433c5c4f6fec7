import * as portable from "../special/portable.ts";

/**
 * Truncated power series y(x + h) = Σ out[k] hᵏ, k < out.length, computed in place. Each recurrence comes from a differential
 * equation of y, so that no derivative is written out and nothing is subtracted that is nearly equal.
 */

/** y' = rate·y from out[0]: exponentials. */
export function extendExponential(out: Float64Array, rate: number): void {
  for (let k = 1; k < out.length; k++) out[k] = (rate / k) * out[k - 1]!;
}

/** y'' = −b² y from out[0] and out[1]: sines and cosines of bx. */
export function extendWave(out: Float64Array, b: number): void {
  for (let k = 2; k < out.length; k++) out[k] = -(b / k) * (b / (k - 1)) * out[k - 2]!;
}

/** y' = 2·rate·x·y from out[0]: multiples of e^{rate·x²}. */
export function extendGaussian(out: Float64Array, rate: number, x: number): void {
  let before = 0;
  for (let k = 1; k < out.length; k++) {
    const value = out[k - 1]!;
    out[k] = ((2 * rate) / k) * (x * value + before);
    before = value;
  }
}

/**
 * y' = α + βy − y² from out[0] and out[1], given m = β − 2y(x) to full precision: tanh and the logistic function.
 *
 *   (k + 1) out[k + 1] = m·out[k] − Σ_{0 < i < k} out[i] out[k − i]
 */
export function extendLogistic(out: Float64Array, m: number): void {
  for (let k = 1; k + 1 < out.length; k++) {
    let sum = m * out[k]!;
    for (let i = 1; i < k; i++) sum -= out[i]! * out[k - i]!;
    out[k + 1] = sum / (k + 1);
  }
}

/** xⁿ, the binomial theorem. Any earlier content of `out` is overwritten. */
export function powerSeries(out: Float64Array, n: number, x: number): void {
  let binomial = 1;
  for (let k = 0; k < out.length; k++) {
    out[k] = k <= n ? binomial * portable.power(x, n - k) : 0;
    binomial *= (n - k) / (k + 1);
  }
}

/** y becomes its integral, with the given value at x. */
export function integrateSeries(out: Float64Array, value: number): void {
  for (let k = out.length - 1; k > 0; k--) out[k] = out[k - 1]! / k;
  out[0] = value;
}

/** y becomes x·y. */
export function multiplyByX(out: Float64Array, x: number): void {
  for (let k = out.length - 1; k > 0; k--) out[k] = x * out[k]! + out[k - 1]!;
  out[0] = x * out[0]!;
}

/** A straight line of the given value and slope. */
export function lineSeries(out: Float64Array, value: number, slope: number): void {
  out.fill(0);
  out[0] = value;
  out[1] = slope;
}
