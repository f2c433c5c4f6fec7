import { weightedMean } from "./row-weights.ts";

/** Mean and standard deviation, by weight where there are weights, scaled so that squares of large values do not overflow. */
export function meanAndStd(values: Float64Array, weights?: Float64Array): { mean: number; std: number } {
  const size = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  if (size === 0) return { mean: 0, std: 0 };
  const scaled = values.map((value) => value / size);
  const mean = weightedMean(scaled, weights);
  const variance = weightedMean(
    scaled.map((value) => (value - mean) ** 2),
    weights,
  );
  // A column whose spread is rounding alone is constant.
  const std = Math.sqrt(variance) > 1e-13 ? Math.sqrt(variance) : 0;
  return { mean: mean * size, std: std * size };
}
