import type { LeftOut } from "./leave-inputs-out.ts";
import type { RowsByInput } from "./rows-by-input.ts";

/**
 * The variance that targets of equal inputs, of weight 1, have at least, by the data: their pooled variance less the standard error
 * that it has for normal targets, √(2/(n − inputs)) of it; 0 without repeats. One output.
 */
export function replicateVariance({ inputOf, counts, y, means, roles }: RowsByInput): number {
  const freedom = inputOf.length - counts.length;
  if (freedom === 0) return 0;
  const weights = roles.weights;
  const square = (value: number, i: number): number => (value - means.data[inputOf[i]!]!) ** 2 * (weights?.[i] ?? 1);
  const pooled = y.data.reduce((sum, value, i) => sum + square(value, i), 0) / freedom;
  return pooled * Math.max(1 - Math.sqrt(2 / freedom), 0);
}

/** A noise so many times the largest variance makes all variances equal. */
const LARGEST_NOISE = 100;
const STEPS = 60;

/**
 * The noise ν of the predictive variances v(ν) = v + (ν − diagReg)/w, w the weight: diagReg, or more where targets of equal inputs vary
 * more. Residuals r scale the variances by c² = mean r²/v(ν); the noise of the scaled ones, c² ν, is at least `floor` or
 * nine tenths of the mean r², whichever is less.
 */
export function noiseVariance(
  { residuals, variances, weights }: Pick<LeftOut, "residuals" | "variances" | "weights">,
  diagReg: number,
  floor: number,
): number {
  const weight = (i: number): number => weights?.[i] ?? 1;
  const squares = residuals.data.map((r, i) => r * r * weight(i)); // as of a target of weight 1
  const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
  const needed = Math.min(floor, 0.9 * mean);
  const scaled = (noise: number): number =>
    squares.reduce((sum, s, i) => sum + (s * noise) / (variances[i]! * weight(i) - diagReg + noise), 0) /
    squares.length;
  if (scaled(diagReg) >= needed) return diagReg;
  let [low, high] = [diagReg, LARGEST_NOISE * variances.reduce((max, v, i) => Math.max(max, v * weight(i)), 0)];
  for (let step = 0; step < STEPS && high > low; step++) {
    const middle = Math.sqrt(low * high);
    if (scaled(middle) < needed) low = middle;
    else high = middle;
  }
  return high;
}
