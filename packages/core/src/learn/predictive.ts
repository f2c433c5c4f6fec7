import { kernelDiagonal } from "../kernel/kernel-fn.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { startWork } from "../linalg/work.ts";
import { type Matrix, matrix, transpose } from "../matrix/matrix.ts";
import type { PredictOptions } from "../predict/options.ts";
import type { RegressionModel } from "./model.ts";
import { scalesAt } from "./noise-profile.ts";

/*
 * What a regression model says of rows of inputs, in units of its standardized target.
 */

/** Rows whose variances are computed between two looks at the signal. */
const ROWS_AT_A_TIME = 32;

/** K(x,x) of each row. */
async function priorVariances(
  { network, kernel }: RegressionModel["fitted"],
  x: Matrix,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const prior = new Float64Array(x.rows);
  const work = startWork({ signal });
  for (let start = 0; start < x.rows; start += ROWS_AT_A_TIME) {
    const rows = Math.min(ROWS_AT_A_TIME, x.rows - start);
    const data = x.data.subarray(start * x.cols, (start + rows) * x.cols);
    prior.set(kernelDiagonal(network, matrix(rows, x.cols, data), kernel), start);
    await work.breathe(start / x.rows);
  }
  return prior;
}

/** K(x,x) − |L⁻¹ K(xTrain, x)|² of each row, at least 0: the variance of its mean. O(n²) a row. */
export async function meanVariances(
  { fitted, lower }: Pick<RegressionModel, "fitted" | "lower">,
  x: Matrix,
  cross: Matrix,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<Float64Array> {
  const prior = await priorVariances(fitted, x, signal);
  const half = await engine.solveTriangular(lower, transpose(cross), { signal });
  const explained = new Float64Array(half.cols);
  for (let at = 0; at < half.data.length; at++) explained[at % half.cols]! += half.data[at]! ** 2;
  return prior.map((value, i) => Math.max(value - explained[i]!, 0));
}

/** The variance of a new target from that of its mean: noise comes to it, and both follow the profile. In the memory of `variances`. */
export async function withNoise(
  { noise, profile }: Pick<RegressionModel, "noise" | "profile">,
  variances: Float64Array,
  cross: Matrix,
  options: PredictOptions,
): Promise<Float64Array> {
  const scales = profile && (await scalesAt(profile, cross, options));
  for (let i = 0; i < variances.length; i++) variances[i] = (variances[i]! + noise) * (scales?.[i] ?? 1) ** 2;
  return variances;
}

/** Mean and variance of the mixture of the completions of each row. */
export function mixtures(
  owner: Uint32Array,
  rows: number,
  means: Float64Array,
  variances: Float64Array | null,
): { readonly means: Float64Array; readonly variances: Float64Array } {
  const counts = new Float64Array(rows);
  const [mean, variance] = [new Float64Array(rows), new Float64Array(rows)];
  owner.forEach((i, at) => {
    counts[i]!++;
    mean[i]! += means[at]!;
  });
  for (let i = 0; i < rows; i++) mean[i]! /= counts[i]!;
  owner.forEach((i, at) => {
    variance[i]! += ((variances?.[at] ?? 0) + (means[at]! - mean[i]!) ** 2) / counts[i]!;
  });
  return { means: mean, variances: variance };
}
