import { ShapeError } from "../errors.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { lossCurvature, type SquaredLoss, squaredLossOf } from "../loss/squared-loss.ts";
import { checkFinite, checkSameRows } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import { checkDescent } from "./descent-modes.ts";
import type { PredictOptions } from "./options.ts";

export interface GradientDescentStepsOptions extends PredictOptions {
  readonly learningRate: number;
  /** How many steps to take. */
  readonly steps: number;
  /** Where to start, d x outputs. Default zero. */
  readonly w0?: Matrix | undefined;
  /** Default "half-sum". */
  readonly loss?: SquaredLoss | undefined;
}

export type GradientDescentRun =
  | {
      readonly ok: true;
      readonly weights: Matrix;
      /** Before the first step, then after each: steps + 1 of them. */
      readonly losses: Float64Array;
    }
  | {
      readonly ok: false;
      readonly reason: "diverges";
      /** The first step whose loss left the range of float64. */
      readonly step: number;
      /** Up to that step. */
      readonly losses: Float64Array;
      readonly message: string;
    };

const NAMES = optionNames<GradientDescentStepsOptions>({
  ...PREDICT_NAMES,
  learningRate: true,
  steps: true,
  w0: true,
  loss: true,
});

/**
 * Gradient descent on least squares f(x) = x·w as it is written, one step after the other:
 *
 *   w ← w − η c Xᵀ(X w − y)
 *
 * The slow truth beside `linearWeightsAt`. xTrain n x d, yTrain n x outputs. O(n d outputs) a step.
 */
export async function gradientDescentSteps(
  xTrain: Matrix,
  yTrain: Matrix,
  options: GradientDescentStepsOptions,
): Promise<GradientDescentRun> {
  checkOptions("gradientDescentSteps", options, NAMES);
  const { learningRate, steps, loss = "half-sum", engine = jsEngine, signal, onProgress } = options;
  checkSameRows("gradientDescentSteps: xTrain and yTrain", xTrain, yTrain);
  checkFinite("gradientDescentSteps: xTrain", xTrain);
  checkFinite("gradientDescentSteps: yTrain", yTrain);
  checkDescent("gradientDescentSteps", learningRate, steps);
  const start = options.w0 ?? matrix(xTrain.cols, yTrain.cols);
  if (start.rows !== xTrain.cols || start.cols !== yTrain.cols)
    throw new ShapeError(
      `gradientDescentSteps: w0 must be ${xTrain.cols} x ${yTrain.cols}, got ${start.rows} x ${start.cols}`,
    );
  const weights = matrix(start.rows, start.cols, start.data.slice());
  const rate = learningRate * lossCurvature(loss, yTrain);
  const losses: number[] = [];
  for (let step = 0; ; step++) {
    signal?.throwIfAborted();
    if (!weights.data.every(Number.isFinite)) return diverged(losses);
    const residual = await engine.matmul(xTrain, weights, { signal });
    for (let at = 0; at < residual.data.length; at++) residual.data[at]! -= yTrain.data[at]!;
    const value = squaredLossOf(loss, residual);
    if (!Number.isFinite(value)) return diverged(losses);
    losses.push(value);
    if (step === steps) return { ok: true, weights, losses: Float64Array.from(losses) };
    const gradient = await engine.matmul(xTrain, residual, { transposeA: true, signal });
    for (let at = 0; at < weights.data.length; at++) weights.data[at]! -= rate * gradient.data[at]!;
    onProgress?.((step + 1) / steps);
  }
}

function diverged(losses: readonly number[]): GradientDescentRun {
  const step = losses.length;
  const message = `gradientDescentSteps: the loss left the range of float64 at step ${step}: lower the learning rate`;
  return { ok: false, reason: "diverges", step, losses: Float64Array.from(losses), message };
}
