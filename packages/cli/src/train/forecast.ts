import {
  columnVector,
  empiricalNtk,
  kernelMatrix,
  type Layer,
  type Matrix,
  matrix,
  maxLearningRate,
  maxStableRate,
  ntkVectorProduct,
  type Params,
  type WorkOptions,
} from "ntkit";
import { type Deterministic, linearDescent, momentumOf } from "./linear-descent.ts";
import type { SweepOptimizer, SweepProblem } from "./problem.ts";
import type { LossName } from "./scores.ts";
import { stepwiseDescent, type TangentMap } from "./stepwise-descent.ts";

/** Outputs that a forecast starts from; zero where there are none, as for the mean of an ensemble. */
export interface ForecastStart {
  readonly fxTrain0?: Matrix;
  readonly fxTest0?: Matrix;
}

/** Outputs on the training rows, and on the others. */
export interface Predicted {
  readonly fxTrain: Matrix;
  readonly fxTest: Matrix;
}

/** How outputs change in training while the tangent kernel stays as it is. */
export interface Forecast {
  /** The learning rate from which it is unstable; of softmax, below which it is stable around any outputs. */
  readonly maxLearningRate: number;
  /** After each of the steps, in ascending order; null where a value leaves the range of float64. */
  after(
    steps: readonly number[],
    learningRate: number,
    start: ForecastStart,
    work?: WorkOptions,
  ): Promise<readonly (Predicted | null)[]>;
}

/**
 * ∂²L/∂f² of a row is at most 1 of half the sum of squares, and at most 1/2 of softmax, diag(p) − ppᵀ: that of two classes that share
 * all probability.
 */
export const CURVATURE: Readonly<Record<LossName, number>> = { squared: 1, softmax: 0.5 };

/** Whether the optimizer's path follows from the tangent kernel. */
export function isForecast(optimizer: SweepOptimizer): optimizer is Deterministic {
  return optimizer.type !== "adam";
}

/** Of the infinite network, whose outputs each have the n x n kernel; null where the optimizer's path does not follow from it. */
export async function limitForecast(
  { train: { y }, engine, optimizer, loss }: SweepProblem,
  kernel: Matrix,
  cross: Matrix,
  work: WorkOptions,
): Promise<Forecast | null> {
  if (!isForecast(optimizer)) return null;
  if (loss === "squared") return solved(kernel, cross, y, { engine, optimizer, ...work });
  const { signal } = work;
  const largest = await maxLearningRate(kernel, { ...momentumOf(optimizer), signal });
  return stepwiseDescent({
    ...{ y, loss, optimizer, maxLearningRate: largest / CURVATURE[loss] },
    tangent: {
      train: (alpha) => engine.matmul(kernel, alpha, { signal }),
      others: (alpha) => engine.matmul(cross, alpha, { signal }),
    },
  });
}

/** One output: solved as the limit is. */
interface OneOutput {
  readonly kernel: Matrix;
  readonly cross: Matrix;
}

/**
 * Of a network's linearization at its weights; null as above. Where several outputs share weights their kernels differ and mix, and
 * steps are taken with all of them at once.
 */
export async function linearizationForecast(
  problem: SweepProblem,
  network: Layer,
  params: Params,
  { others, one }: { readonly others: Matrix; readonly one: OneOutput | null },
  work: WorkOptions,
): Promise<Forecast | null> {
  const { train, engine, optimizer, loss, trainable } = problem;
  const { x, y } = train;
  if (!isForecast(optimizer)) return null;
  if (loss === "squared" && one) return solved(one.kernel, one.cross, y, { engine, optimizer, ...work });
  const options = { engine, trainable };
  const { rate } = await maxStableRate(network, params, x, y, { ...options, optimizer, signal: work.signal });
  const { signal } = work;
  return stepwiseDescent({
    ...{ y, loss, optimizer, maxLearningRate: rate / CURVATURE[loss] },
    tangent: {
      train: await jointProduct(problem, network, params, signal),
      others: others.rows === 0 ? () => matrix(0, y.cols) : ntkVectorProduct(network, params, others, x, options),
    },
  });
}

/** Up to so many rows times outputs (72 MB) the kernel of all outputs is kept; beyond, each product is derivatives of the network. */
const MAX_JOINT = 3000;

async function jointProduct(
  { train: { x, y }, engine, trainable }: SweepProblem,
  network: Layer,
  params: Params,
  signal: AbortSignal | undefined,
): Promise<TangentMap["train"]> {
  if (y.data.length > MAX_JOINT) return ntkVectorProduct(network, params, x, null, { engine, trainable });
  const joint = kernelMatrix(
    await empiricalNtk(network, params, x, null, { trainable, engine, signal, traceAxes: [] }),
  );
  return async ({ data }) => {
    const product = await engine.matmul(joint, columnVector(data), { signal });
    return matrix(y.rows, y.cols, product.data);
  };
}

async function solved(
  kernel: Matrix,
  kTestTrain: Matrix,
  y: Matrix,
  options: Parameters<typeof linearDescent>[2],
): Promise<Forecast> {
  const { maxLearningRate: largest, after } = await linearDescent(kernel, y, options);
  return {
    maxLearningRate: largest,
    async after(steps, learningRate, start, work) {
      const predictions = await after(steps, learningRate, { ...start, kTestTrain }, work);
      return predictions.map((one) => one && { fxTrain: one.fxTrain, fxTest: one.fxTest! }); // there with kTestTrain
    },
  };
}
