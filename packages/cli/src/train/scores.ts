import { type Matrix, matrix, softmaxCrossEntropy, squaredLoss, type TwiceDifferentiableLoss } from "ntkit";
import type { Outputs, SweepProblem } from "./problem.ts";

/** "squared" is half the sum of (f − y)², "softmax" the sum of cross-entropies. */
export type LossName = "squared" | "softmax";

export const LOSSES: readonly LossName[] = ["squared", "softmax"];

export const LOSS_TEXTS: Readonly<Record<LossName, string>> = {
  squared: "half the sum of squared errors",
  softmax: "the sum of softmax cross-entropies",
};

export function lossOf(name: LossName): TwiceDifferentiableLoss {
  return name === "squared" ? squaredLoss("half-sum") : softmaxCrossEntropy("sum");
}

/** How well outputs fit: mean squares of a squared loss, cross-entropy a row of softmax, accuracy of classes; null otherwise. */
export interface Scores {
  readonly trainMse: number | null;
  readonly testMse: number | null;
  readonly trainCrossEntropy: number | null;
  readonly testCrossEntropy: number | null;
  readonly trainAccuracy: number | null;
  readonly testAccuracy: number | null;
}

export const NO_SCORES: Scores = {
  ...{ trainMse: null, testMse: null, trainCrossEntropy: null, testCrossEntropy: null },
  ...{ trainAccuracy: null, testAccuracy: null },
};

type Scored = Pick<SweepProblem, "train" | "test" | "loss" | "classes">;

export function scoresOf(problem: Scored, outputs: Pick<Outputs, "train" | "test">): Scores {
  const { train, test, classes } = problem;
  const trained = withShape(outputs.train, train.y);
  const tested = test && withShape(outputs.test, test.y);
  const [own, other] = [meanLoss(problem, trained, train.y), test && tested && meanLoss(problem, tested, test.y)];
  const squared = problem.loss === "squared";
  return {
    trainMse: squared ? own : null,
    testMse: squared ? other : null,
    trainCrossEntropy: squared ? null : own,
    testCrossEntropy: squared ? null : other,
    trainAccuracy: classes ? accuracy(trained, train.y) : null,
    testAccuracy: classes && test && tested ? accuracy(tested, test.y) : null,
  };
}

function withShape(data: Float64Array, { rows, cols }: Matrix): Matrix {
  return matrix(rows, cols, data);
}

/** Mean over rows and outputs of (f − y)², or over the rows of the cross-entropy. */
export function meanLoss({ loss }: Pick<SweepProblem, "loss">, outputs: Matrix, y: Matrix): number {
  return perUnit(loss, lossOf(loss).value(outputs, y), y);
}

/** The same of the loss itself. */
export function perUnit(loss: LossName, value: number, { rows, cols }: Matrix): number {
  return loss === "squared" ? (2 * value) / (rows * cols) : value / rows;
}

/** The share of rows whose class is that of the largest output; of one output, that of its sign. */
export function accuracy(outputs: Matrix, y: Matrix): number {
  let right = 0;
  for (let i = 0; i < y.rows; i++) if (classAt(outputs, i) === classAt(y, i)) right++;
  return right / y.rows;
}

/** The number of the class that row i is said to be. */
export function classAt({ cols, data }: Matrix, i: number): number {
  if (cols === 1) return data[i]! > 0 ? 1 : 0;
  let best = 0;
  for (let k = 1; k < cols; k++) if (data[i * cols + k]! > data[i * cols + best]!) best = k;
  return best;
}
