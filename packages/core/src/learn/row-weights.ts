import { DataError } from "../errors.ts";
import { asNumeric, asTexts, type Column } from "./table.ts";

/*
 * What each row counts. A row of weight w says as much as w rows that are alike: its target has the noise variance diagReg/w. Weights are
 * divided by their mean, so that only their ratios matter.
 */

/** Smaller than this share of the mean is no weight at all. */
const LEAST = 1e-100;

/** The weights of the rows, at least 0; throws DataError naming the row of any other value. */
export function readWeights(source: string, name: string, column: Column, rows: readonly number[]): Float64Array {
  const values = asNumeric(column)?.values;
  return Float64Array.from(rows, (i) => {
    const value = values?.[i] ?? Number.NaN;
    if (value >= 0 && value < Infinity) return value;
    const found = (values ? undefined : asTexts(column, [])[i]) ?? (Number.isNaN(value) ? undefined : value);
    const what = found === undefined ? "is missing" : `is ${found}`;
    throw new DataError(
      `${source}: the weight "${name}" ${what} in data row ${i + 1}: weights must be finite numbers of at least 0, where 0 leaves a row out`,
    );
  });
}

/** Divided by their mean over the rows that count; the others are 0. All are 0 when none counts. */
export function normalizedWeights(weights: Float64Array): Float64Array {
  const largest = weights.reduce((max, weight) => Math.max(max, weight), 0);
  if (largest === 0) return weights;
  const scaled = weights.map((weight) => (weight / largest > LEAST ? weight / largest : 0));
  const counting = scaled.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
  const mean = scaled.reduce((sum, weight) => sum + weight, 0) / counting;
  return scaled.map((weight) => weight / mean);
}

/** Σ w v / Σ w; the plain mean without weights. */
export function weightedMean(values: Float64Array, weights?: Float64Array): number {
  if (!weights) return values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
}

/**
 * The values in ascending order; with weights as many as there are, of which number r (from 1) is where the weights, of mean 1, first
 * sum to r: quantiles of these are quantiles by weight.
 */
export function sortedByWeight(values: Float64Array, weights?: Float64Array): Float64Array {
  if (!weights) return values.slice().sort();
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const unit = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  let [at, sum] = [0, weights[order[0]!]! / unit];
  return Float64Array.from(values, (_, r) => {
    while (at < order.length - 1 && sum < (r + 1) * (1 - 1e-12)) {
      at++;
      sum += weights[order[at]!]! / unit;
    }
    return values[order[at]!]!;
  });
}
