import { columnVector, type Matrix } from "../matrix/matrix.ts";
import * as portable from "../special/portable.ts";
import type { Candidate } from "./candidates.ts";
import type { LeftOut } from "./leave-inputs-out.ts";
import { meanAndStd } from "./mean-and-std.ts";
import { findOutliers, quartiles } from "./outliers.ts";
import { sortedByWeight, weightedMean } from "./row-weights.ts";
import { compareCandidates, type SelectOptions } from "./select.ts";

/** On which scale a target is learned: its own, its square root, or its logarithm. */
export type TargetTransform = "identity" | "root" | "log";

export function transformTarget(transform: TargetTransform, y: number): number {
  if (transform === "log") return portable.log(y);
  return transform === "root" ? Math.sqrt(y) : y;
}

/** The target of a value on its scale; what is below 0 on that of the root stands for 0. */
export function restoreTarget(transform: TargetTransform, value: number): number {
  if (transform === "log") return portable.exp(value);
  return transform === "root" ? Math.max(value, 0) ** 2 : value;
}

/** ln of the derivative of the transform where it has this value. */
function logSlope(transform: TargetTransform, value: number): number {
  if (transform === "log") return -value;
  return transform === "root" ? -portable.log(2 * value) : 0;
}

/** Targets more skewed than this, all of them above 0, are tried on other scales. */
const SKEWED = 1;

/** Half the targets lean so far to one side that slips are looked for on a logarithmic scale. */
const LEANING = 0.1;

/** A scale that is not the target's own must be better by so many nats, all rows together and a row. */
const LEAST_GAIN = 3;
const LEAST_GAIN_OF_A_ROW = 0.01;

/** Which targets are slips: on a logarithmic scale where they are above 0 and lean. */
export function targetOutliers(values: Float64Array): ((value: number) => boolean) | null {
  const sorted = values.slice().sort();
  const { low, median, high } = quartiles(sorted);
  const leans = high > low && (high + low - 2 * median) / (high - low) > LEANING;
  if (!(sorted[0]! > 0 && leans)) return findOutliers(values)?.isOutlier ?? null;
  const found = findOutliers(values.map(portable.log));
  return found && ((value) => found.isOutlier(portable.log(value)));
}

/** Targets of mean 0 and variance 1 on a scale, and what restores them. */
export interface ScaledTarget {
  readonly transform: TargetTransform;
  readonly mean: number;
  readonly std: number;
  readonly y: Matrix;
}

export function scaleTarget(transform: TargetTransform, values: Float64Array, weights?: Float64Array): ScaledTarget {
  const scaled = values.map((value) => transformTarget(transform, value));
  const { mean, std } = meanAndStd(scaled, weights);
  return { transform, mean, std, y: columnVector(scaled.map((value) => (value - mean) / std)) };
}

/** Every so many of the candidates judge the scales. */
const STRIDE = 3;

/**
 * The scale on which leave-one-out predictions give the targets the largest density, in units of the target: a density on
 * another scale is multiplied by the slope of the transform. Squared errors of different scales cannot be compared.
 */
export async function chooseTransform(
  x: Matrix,
  values: Float64Array,
  candidates: readonly Candidate[],
  options: SelectOptions,
): Promise<TargetTransform> {
  if (!(values.every((value) => value > 0) && skewness(values, options.roles?.weights) > SKEWED)) return "identity";
  const some = candidates.filter((_, i) => i % STRIDE === 0);
  let best: { readonly transform: TargetTransform; readonly density: number } | null = null;
  for (const transform of ["identity", "root", "log"] as const) {
    const scaled = scaleTarget(transform, values, options.roles?.weights);
    const quiet = { ...options, onProgress: undefined };
    const { best: found } = await compareCandidates(x, scaled.y, some, quiet);
    const density = logDensity(scaled, found.loo);
    const margin = Math.max(LEAST_GAIN, LEAST_GAIN_OF_A_ROW * found.loo.y.rows);
    if (best === null || density > best.density + margin) best = { transform, density };
  }
  return best!.transform;
}

/** Σ ln p of the targets left out, by weight, normal on the scale with standard deviations that fit them on the whole. */
function logDensity({ transform, mean, std }: ScaledTarget, { residuals, variances, y, weights }: LeftOut): number {
  const average = (values: Float64Array) => weightedMean(values, weights);
  const size = average(residuals.data.map((r, i) => (r * r) / variances[i]!));
  const logs = average(variances.map((variance) => portable.log(variance * size)));
  const slopes = average(y.data.map((value) => logSlope(transform, mean + std * value)));
  return y.rows * (-(logs + 1 + portable.log(2 * Math.PI)) / 2 - portable.log(std) + slopes);
}

function skewness(values: Float64Array, weights?: Float64Array): number {
  const { mean, std } = meanAndStd(values, weights);
  if (std === 0) return 0;
  const cubes = values.map((value) => ((value - mean) / std) ** 2 * ((value - mean) / std));
  return weightedMean(cubes, weights);
}

/** Residuals that stand for all when a mean is restored from another scale. */
const SMEARS = 64;

/**
 * Quantiles of the residuals of rows left out, by weight: the mean of a target whose value on the scale is v with such errors is the mean
 * of `restoreTarget(v + error)` (Duan 1983). None on the target's own scale.
 */
export function smearOf(
  transform: TargetTransform,
  residuals: Float64Array,
  weights?: Float64Array,
): readonly number[] {
  if (transform === "identity") return [];
  const sorted = sortedByWeight(residuals, weights);
  const count = Math.min(SMEARS, sorted.length);
  return Array.from({ length: count }, (_, k) => sorted[Math.floor(((k + 0.5) / count) * sorted.length)]!);
}

/** How standardized values become targets. */
export interface TargetScale {
  readonly transform: TargetTransform;
  readonly targetMean: number;
  readonly targetStd: number;
  readonly smear: readonly number[];
  /**
   * On another scale than the target's own, the standardized values that are restored: those of training and their range once more to
   * either side. An exponential of what a network says far from all training rows would leave every bound.
   */
  readonly reach?: readonly [low: number, high: number] | undefined;
}

/** The reach of a scale that was learned from these standardized targets; none where no power is restored. */
export function reachOf(transform: TargetTransform, targets: Float64Array): Pick<TargetScale, "reach"> {
  if (transform === "identity") return {};
  const [low, high] = [targets.reduce((a, b) => Math.min(a, b)), targets.reduce((a, b) => Math.max(a, b))];
  return { reach: [2 * low - high, 2 * high - low] };
}

/** The nearest standardized value within reach. */
export function withinReach({ reach }: Pick<TargetScale, "reach">, standardized: number): number {
  return reach ? Math.min(Math.max(standardized, reach[0]), reach[1]) : standardized;
}

/** The target of a standardized value. */
export function targetOf(scale: TargetScale, standardized: number): number {
  const { transform, targetMean, targetStd } = scale;
  return restoreTarget(transform, targetMean + targetStd * withinReach(scale, standardized));
}

/** The expected target of a standardized mean. */
export function expectedTarget(scale: TargetScale, mean: number): number {
  if (scale.transform === "identity") return targetOf(scale, mean);
  const restored = scale.smear.map((error) => targetOf(scale, withinReach(scale, mean) + error));
  return restored.reduce((sum, value) => sum + value, 0) / restored.length;
}
