import { setImmediate } from "node:timers/promises";
import { type Matrix, matrix, NumericalError, type WorkOptions } from "ntkit";
import type { Forecast, ForecastStart, Predicted } from "./forecast.ts";
import { type Deterministic, momentumStep } from "./linear-descent.ts";
import { type LossName, lossOf } from "./scores.ts";

/** What a constant tangent kernel makes of coefficients α, n x outputs: how outputs differ from those at the start. */
export interface TangentMap {
  /** Θ(X, X) α. */
  readonly train: (alpha: Matrix) => Matrix | Promise<Matrix>;
  /** Θ(x, X) α of other inputs x. */
  readonly others: (alpha: Matrix) => Matrix | Promise<Matrix>;
}

interface StepwiseProblem {
  readonly tangent: TangentMap;
  /** n x outputs. */
  readonly y: Matrix;
  readonly loss: LossName;
  readonly optimizer: Deterministic;
  readonly maxLearningRate: number;
}

/** How long the steps may hold their thread. */
const SLICE_MS = 30;

/**
 * Descent under a constant tangent kernel on any loss, one step after the other as the optimizer takes them:
 *
 *   f = f₀ + Θ α,      α ← α − η ∂L/∂f      (and its momentum),      w − w₀ = Jᵀ α
 *
 * A product with Θ for each step.
 */
export function stepwiseDescent(problem: StepwiseProblem): Forecast {
  return {
    maxLearningRate: problem.maxLearningRate,
    after: (steps, learningRate, start, work) => walk(problem, steps, learningRate, start, work),
  };
}

async function walk(
  { tangent, y, loss: name, optimizer }: StepwiseProblem,
  steps: readonly number[],
  learningRate: number,
  { fxTrain0, fxTest0 }: ForecastStart,
  { signal, onProgress }: WorkOptions = {},
): Promise<readonly (Predicted | null)[]> {
  const loss = lossOf(name);
  const [alpha, memory, gradient] = [matrix(y.rows, y.cols), new Float64Array(y.data.length), matrix(y.rows, y.cols)];
  const predictions: (Predicted | null)[] = [];
  const end = steps.at(-1) ?? 0;
  let sliceStart = performance.now();
  for (let step = 0, due = 0; due < steps.length; step++) {
    const fx = await outputsAt(tangent.train, alpha, fxTrain0);
    if (!fx) break;
    for (; steps[due] === step; due++) {
      const fxTest = await outputsAt(tangent.others, alpha, fxTest0);
      predictions.push(fxTest && { fxTrain: fx, fxTest });
    }
    loss.gradient(fx, y, gradient);
    const push = gradient.data.map((value) => -learningRate * value);
    momentumStep(optimizer, step, { point: alpha.data, memory, push });
    if (performance.now() - sliceStart < SLICE_MS) continue;
    onProgress?.(step / Math.max(1, end));
    await setImmediate();
    signal?.throwIfAborted();
    sliceStart = performance.now();
  }
  return steps.map((_, i) => predictions[i] ?? null);
}

/** f₀ + Θ α, or null where it leaves the range of float64. */
async function outputsAt(
  product: TangentMap["train"],
  alpha: Matrix,
  start: Matrix | undefined,
): Promise<Matrix | null> {
  if (!alpha.data.every(Number.isFinite)) return null;
  try {
    const outputs = plus(await product(alpha), start);
    return outputs.data.every(Number.isFinite) ? outputs : null;
  } catch (error) {
    if (error instanceof NumericalError) return null;
    throw error;
  }
}

function plus(change: Matrix, start: Matrix | undefined): Matrix {
  if (!start) return change;
  return matrix(
    change.rows,
    change.cols,
    change.data.map((value, at) => value + start.data[at]!),
  );
}
