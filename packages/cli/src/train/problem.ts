import {
  type Engine,
  kernelFn,
  type Layer,
  type Matrix,
  matrix,
  type Optimizer,
  type TrainingData,
  type WorkOptions,
} from "ntkit";
import { denseLayers } from "./hidden-width.ts";
import type { LossName } from "./scores.ts";

/** Optimizers without noise. */
export type SweepOptimizer = Exclude<Optimizer, { readonly type: "langevin" }>;

/** One table and one network, to be trained at several widths. */
export interface SweepProblem {
  /** With as many outputs as the targets have; the widths of its hidden dense layers are replaced. */
  readonly network: Layer;
  readonly train: TrainingData;
  readonly test: TrainingData | null;
  /** More inputs that outputs are wanted of. */
  readonly shown: Matrix | null;
  /** Whether the targets are classes. */
  readonly classes: boolean;
  readonly loss: LossName;
  readonly steps: number;
  readonly optimizer: SweepOptimizer;
  /** Rows of a mini-batch; null for all. */
  readonly batchSize: number | null;
  readonly trainable: "all" | "first" | "last";
  /** Draws the initial weights, and the order of mini-batches. */
  readonly seed: number;
  readonly engine: Engine;
}

/** Outputs on the rows of training, of testing and on those shown, row by row. */
export interface Outputs {
  readonly train: Float64Array;
  readonly test: Float64Array;
  readonly shown: Float64Array;
}

/** Test rows, then those shown. */
export function otherInputs({ train, test, shown }: SweepProblem): Matrix {
  const parts = [test?.x, shown].filter((part) => part != null);
  const all = matrix(
    parts.reduce((sum, { rows }) => sum + rows, 0),
    train.x.cols,
  );
  let at = 0;
  for (const { data } of parts) {
    all.data.set(data, at);
    at += data.length;
  }
  return all;
}

export function outputsOf({ test }: SweepProblem, train: Matrix, others: Matrix): Outputs {
  const tested = (test?.x.rows ?? 0) * others.cols;
  return { train: train.data, test: others.data.slice(0, tested), shown: others.data.slice(tested) };
}

/** Steps that go through all rows once. With mini-batches each moves the outputs by about this part of a full step. */
export function stepsPerEpoch({ batchSize, train }: SweepProblem): number {
  return batchSize === null ? 1 : Math.ceil(train.x.rows / Math.min(batchSize, train.x.rows));
}

/** The infinite network's tangent kernel over the layers that train. */
export async function limitKernel(
  { network, trainable, engine }: Pick<SweepProblem, "network" | "trainable" | "engine">,
  x1: Matrix,
  x2: Matrix | null,
  work: WorkOptions,
): Promise<Matrix> {
  const frozen = trainable === "last" ? denseLayers(network) - 1 : 0;
  const kernel = await kernelFn(network, { frozen })(x1, x2, "ntk", { engine, ...work });
  if (trainable !== "first") return kernel;
  // Layers add up: what the first one gives is what is missing when it keeps its weights.
  const others = await kernelFn(network, { frozen: 1 })(x1, x2, "ntk", { engine, signal: work.signal });
  return matrix(
    kernel.rows,
    kernel.cols,
    kernel.data.map((value, at) => value - others.data[at]!),
  );
}
