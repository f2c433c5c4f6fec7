import { ShapeError } from "../errors.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { lossCurvature, type SquaredLoss } from "../loss/squared-loss.ts";
import { checkFinite, checkSameRows } from "../matrix/check.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import { checkDescent, type DescentFailure, descentProgress, expandModes, reach, scaleRows } from "./descent-modes.ts";
import type { PredictOptions } from "./options.ts";

/**
 * Least squares f(x) = x·w on n examples (rows of X, n x d), from one thin decomposition X = U diag(s) Vᵀ. Plain data.
 *
 * Radhakrishnan, MIT 6.S088, lecture 2; there samples are columns and w is a row, so that its U is our V.
 */
export interface LinearProblem {
  readonly n: number;
  readonly d: number;
  /** s, descending; those within max(n, d) ε s₁ of zero are set to 0. */
  readonly singularValues: Float64Array;
  readonly rank: number;
  /** Vᵀ: row k is the unit direction in weight space of singularValues[k]. */
  readonly right: Matrix;
  /** Uᵀ y, min(n, d) x outputs. */
  readonly projected: Matrix;
  /** |y| of each output. */
  readonly yNorms: Float64Array;
}

/** Weights w, d x outputs, after t steps; or what becomes of them instead. */
export type LinearDescent = { readonly ok: true; readonly weights: Matrix } | DescentFailure;

export interface LinearDescentOptions extends PredictOptions {
  readonly learningRate: number;
  /** Steps done: a whole number, or Infinity (default). */
  readonly t?: number | undefined;
  /** Where descent starts, d x outputs. Default zero. */
  readonly w0?: Matrix | undefined;
  /** Default "half-sum". */
  readonly loss?: SquaredLoss | undefined;
}

/** Decomposes xTrain (n x d), for yTrain (n x outputs). O(n d min(n, d)); throws on wrong input. */
export async function linearRegression(
  xTrain: Matrix,
  yTrain: Matrix,
  options: PredictOptions = {},
): Promise<LinearProblem> {
  const { engine = jsEngine, signal, onProgress } = options;
  checkSameRows("linearRegression: xTrain and yTrain", xTrain, yTrain);
  if (xTrain.data.length === 0)
    throw new ShapeError(`linearRegression: xTrain must not be empty, got ${xTrain.rows} x ${xTrain.cols}`);
  checkFinite("linearRegression: xTrain", xTrain);
  checkFinite("linearRegression: yTrain", yTrain);
  const { values, left, right } = await engine.svd(xTrain, { signal, onProgress });
  const [n, d] = [xTrain.rows, xTrain.cols];
  const cutoff = Math.max(n, d) * Number.EPSILON * values[0]!;
  const singularValues = values.map((value) => (value <= cutoff ? 0 : value));
  return {
    n,
    d,
    singularValues,
    rank: singularValues.filter((value) => value > 0).length,
    right,
    projected: await engine.matmul(left, yTrain, { signal }),
    yNorms: columnNorms(yTrain),
  };
}

/**
 * X⁺ y, d x outputs: the solution (n = d), the least squares fit (n > d), the interpolant of least norm (n < d); in each
 * case where gradient descent from zero ends.
 */
export async function minNormWeights(problem: LinearProblem, options: PredictOptions = {}): Promise<Matrix> {
  const { engine = jsEngine, signal } = options;
  const inverse = problem.singularValues.map((value) => (value > 0 ? 1 / value : 0));
  return engine.matmul(problem.right, scaleRows(problem.projected, inverse), { transposeA: true, signal });
}

/** Descent converges for every y exactly below 2/(c s₁²): 2/s₁² for "half-sum", n times that for "half-mean" (one output). */
export function linearMaxLearningRate(
  problem: LinearProblem,
  { loss = "half-sum" }: { readonly loss?: SquaredLoss | undefined } = {},
): number {
  return 2 / (curvature(problem, loss) * problem.singularValues[0]! ** 2);
}

const NAMES = optionNames<LinearDescentOptions>({
  ...PREDICT_NAMES,
  learningRate: true,
  t: true,
  w0: true,
  loss: true,
});

/**
 * The exact t-th iterate of gradient descent w ← w − η c Xᵀ(X w − y):
 *
 *   w_t = w₀ + V diag(1 − (1 − η c s²)ᵗ) (s⁻¹ Uᵀ y − Vᵀ w₀),        w_∞ = w₀ (I − P) + X⁺ y,   P the projection on the rows
 *
 * (theorem 1 and its proof; from w₀ = 0 it is V S_t Uᵀ y with S_t = (1 − (1 − η s²)ᵗ)/s). At t = ∞ a learning rate at
 * or above the largest stable one is reported as a value, if y − X w₀ has any part along the directions concerned: a
 * two-cycle, or divergence. A finite iterate beyond float64 is reported as divergence. O(d² outputs).
 */
export async function linearWeightsAt(problem: LinearProblem, options: LinearDescentOptions): Promise<LinearDescent> {
  checkOptions("linearWeightsAt", options, NAMES);
  const { learningRate, t = Number.POSITIVE_INFINITY, loss = "half-sum", engine = jsEngine, signal } = options;
  checkDescent("linearWeightsAt", learningRate, t);
  const { singularValues, right, projected, d } = problem;
  const w0 = options.w0 ?? matrix(d, projected.cols);
  if (w0.rows !== d || w0.cols !== projected.cols)
    throw new ShapeError(`linearWeightsAt: w0 must be ${d} x ${projected.cols}, got ${w0.rows} x ${w0.cols}`);
  checkFinite("linearWeightsAt: w0", w0);
  const start = await engine.matmul(right, w0, { signal });
  const way = matrix(projected.rows, projected.cols);
  projected.data.forEach((value, at) => {
    const s = singularValues[Math.floor(at / projected.cols)]!;
    way.data[at] = s > 0 ? value / s - start.data[at]! : 0;
  });
  const z = singularValues.map((s) => learningRate * curvature(problem, loss) * s * s);
  const outcome = descentProgress(z, presentModes(problem, way, columnNorms(w0)), t);
  const maxLearningRate = linearMaxLearningRate(problem, { loss });
  const go = async (progress: Float64Array): Promise<Matrix | null> => {
    const moved = await expandModes(right, scaleRows(way, progress), engine, signal);
    moved?.data.forEach((value, at) => {
      moved.data[at] = w0.data[at]! + value;
    });
    return moved;
  };
  const reached = await reach("linearWeightsAt", outcome, go, { learningRate, maxLearningRate });
  return reached.ok ? { ok: true, weights: reached.at } : reached;
}

function curvature({ n, projected }: LinearProblem, loss: SquaredLoss): number {
  return lossCurvature(loss, { rows: n, cols: projected.cols });
}

/** Modes whose residual s·way is more than rounding of y and X w₀. */
function presentModes({ singularValues, n, d, yNorms }: LinearProblem, way: Matrix, w0Norms: Float64Array): boolean[] {
  return Array.from(singularValues, (s, k) =>
    row(way, k).some(
      (value, j) => s * Math.abs(value) > Math.max(n, d) * Number.EPSILON * (yNorms[j]! + s * w0Norms[j]!),
    ),
  );
}

function columnNorms(a: Matrix): Float64Array {
  const squares = new Float64Array(a.cols);
  a.data.forEach((value, at) => {
    squares[at % a.cols]! += value * value;
  });
  return squares.map(Math.sqrt);
}
