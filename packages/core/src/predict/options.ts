import { ShapeError } from "../errors.ts";
import type { Engine, WorkOptions } from "../linalg/engine.ts";
import { checkFinite, checkRange, checkSameRows, checkSquare } from "../matrix/check.ts";
import type { Matrix } from "../matrix/matrix.ts";

/** What everything in `predict/` takes: which engine does the algebra (plain TypeScript unless given), and how to stop it. */
export interface PredictOptions extends WorkOptions {
  readonly engine?: Engine | undefined;
}

/** Throws unless kTrainTrain is n x n, yTrain n x outputs, n ≥ 1, all finite, and diagReg ≥ 0. */
export function checkTraining(where: string, kTrainTrain: Matrix, yTrain: Matrix, diagReg = 0): void {
  checkSquare(`${where}: kTrainTrain`, kTrainTrain);
  checkSameRows(`${where}: kTrainTrain and yTrain`, kTrainTrain, yTrain);
  if (yTrain.rows === 0) throw new ShapeError(`${where}: there must be at least one training example, got none`);
  checkFinite(`${where}: kTrainTrain`, kTrainTrain);
  checkFinite(`${where}: yTrain`, yTrain);
  checkRange(where, "diagReg", diagReg, 0);
}
