/** Mean and standard deviation, scaled so that squares of large values do not overflow. */
export function meanAndStd(values: Float64Array): { mean: number; std: number } {
  const size = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  if (size === 0) return { mean: 0, std: 0 };
  const scaled = values.map((value) => value / size);
  const mean = scaled.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = scaled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  // A column whose spread is rounding alone is constant.
  const std = Math.sqrt(variance) > 1e-13 ? Math.sqrt(variance) : 0;
  return { mean: mean * size, std: std * size };
}
