import { jsEngine } from "../linalg/js-engine.ts";
import { checkRange } from "../matrix/check.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import * as portable from "../special/portable.ts";
import { checkTraining, type PredictOptions } from "./options.ts";
import { factorizeRegularized, type SolveFailure } from "./regularized-solve.ts";
import { gainsAt, type RidgePath, singularAt } from "./ridge-path.ts";
import type { SingularRidge } from "./singular-ridge.ts";
import { solveOnTridiagonal, type TridiagonalPath } from "./tridiagonal-path.ts";

export interface LikelihoodOptions {
  /**
   * The variance scale s² of the model y ~ N(0, s²(K + diagReg·I)): a positive number, or "profiled", the most likely
   * one of each output, s² = yᵀA⁻¹y/n.
   */
  readonly scale?: number | "profiled" | undefined;
}

/**
 * The evidence of a Gaussian process, with A = K + diagReg·I:
 *
 *   log p(y) = −½ yᵀA⁻¹y/s² − ½ log det A − (n/2) log(2π s²)
 *
 * Rasmussen & Williams (2006), equation 2.30. Outputs are independent: `total` is the sum of `perOutput`.
 */
export interface MarginalLikelihood {
  readonly ok: true;
  /** Natural logarithms; Infinity for an output that is all zero when the scale is profiled. */
  readonly perOutput: Float64Array;
  readonly total: number;
  /** s² of each output. */
  readonly scales: Float64Array;
}

/** The log marginal likelihood at one ridge of a path, s² = 1 unless asked otherwise. O(n outputs). */
export function logMarginalLikelihoodAt(
  path: RidgePath | TridiagonalPath,
  diagReg: number,
  { scale = 1 }: LikelihoodOptions = {},
): MarginalLikelihood | SingularRidge {
  const singular = singularAt("logMarginalLikelihoodAt", path, diagReg);
  if (singular) return singular;
  if ("basis" in path) {
    const { quadratic, logDet } = solveOnTridiagonal(path, diagReg);
    return likelihood("logMarginalLikelihoodAt", quadratic, logDet, path.diagonal.length, scale);
  }
  const gains = gainsAt("logMarginalLikelihoodAt", path, diagReg);
  const logDet = path.values.reduce((sum, value) => sum + portable.log(value + diagReg), 0);
  const weighted = path.projected.data.map((value, at) => value * gains[Math.floor(at / path.projected.cols)]!);
  const quadratic = columnProducts(path.projected, weighted);
  return likelihood("logMarginalLikelihoodAt", quadratic, logDet, path.values.length, scale);
}

const NAMES = optionNames<LikelihoodOptions & PredictOptions & { readonly diagReg?: number }>({
  ...PREDICT_NAMES,
  scale: true,
  diagReg: true,
});

/** The same at one ridge from a Cholesky factorization, for large n: yᵀA⁻¹y = |L⁻¹y|². O(n³/3). */
export async function logMarginalLikelihood(
  kTrainTrain: Matrix,
  yTrain: Matrix,
  options: LikelihoodOptions & PredictOptions & { readonly diagReg?: number | undefined } = {},
): Promise<MarginalLikelihood | SolveFailure> {
  checkOptions("logMarginalLikelihood", options, NAMES);
  const { diagReg = 0, scale = 1, engine = jsEngine, signal } = options;
  checkTraining("logMarginalLikelihood", kTrainTrain, yTrain, diagReg);
  const factor = await factorizeRegularized("logMarginalLikelihood", kTrainTrain, diagReg, engine, options);
  if (!factor.ok) return factor;
  const { lower } = factor;
  const half = await engine.solveTriangular(lower, yTrain, { signal });
  let logDet = 0;
  for (let i = 0; i < lower.rows; i++) logDet += 2 * portable.log(lower.data[i * lower.cols + i]!);
  return likelihood("logMarginalLikelihood", columnProducts(half, half.data), logDet, lower.rows, scale);
}

function likelihood(
  where: string,
  quadratic: Float64Array,
  logDet: number,
  n: number,
  scale: number | "profiled",
): MarginalLikelihood {
  if (scale !== "profiled") checkRange(where, "scale", scale, Number.MIN_VALUE);
  const scales = quadratic.map((value) => (scale === "profiled" ? value / n : scale));
  const perOutput = quadratic.map((value, j) => {
    const fit = scale === "profiled" ? n : value / scale;
    return -(fit + logDet + n * (portable.log(2 * Math.PI) + portable.log(scales[j]!))) / 2;
  });
  return { ok: true, perOutput, total: perOutput.reduce((sum, value) => sum + value, 0), scales };
}

/** Σᵢ aᵢⱼ bᵢⱼ for each column j, where b has the shape of a. */
function columnProducts(a: Matrix, b: Float64Array): Float64Array {
  const sums = new Float64Array(a.cols);
  for (let at = 0; at < a.data.length; at++) sums[at % a.cols]! += a.data[at]! * b[at]!;
  return sums;
}
