import { ShapeError } from "../errors.ts";
import type { Engine, WorkOptions } from "../linalg/engine.ts";
import { checkFinite, checkRange, checkSameRows, checkSquare } from "../matrix/check.ts";
import type { Matrix } from "../matrix/matrix.ts";

/** What everything in `predict/` takes: which engine does the algebra (plain TypeScript unless given), and how to stop it. */
export interface PredictOptions extends WorkOptions {
  readonly engine?: Engine | undefined;
}

/** What is added to the diagonal of a kernel matrix: one number, or one for each row. */
export type Ridge = number | Float64Array | readonly number[];

/** Throws unless kTrainTrain is n x n, yTrain n x outputs, n ≥ 1, all finite, and diagReg ≥ 0, or n numbers that are. */
export function checkTraining(where: string, kTrainTrain: Matrix, yTrain: Matrix, diagReg: Ridge = 0): void {
  checkSquare(`${where}: kTrainTrain`, kTrainTrain);
  checkSameRows(`${where}: kTrainTrain and yTrain`, kTrainTrain, yTrain);
  if (yTrain.rows === 0) throw new ShapeError(`${where}: there must be at least one training example, got none`);
  checkFinite(`${where}: kTrainTrain`, kTrainTrain);
  checkFinite(`${where}: yTrain`, yTrain);
  if (diagReg instanceof Float64Array || Array.isArray(diagReg)) checkRidges(where, diagReg, yTrain.rows);
  else checkRange(where, "diagReg", diagReg as number, 0); // readonly lists are lists too, which isArray does not say
}

function checkRidges(where: string, diagReg: ArrayLike<number>, rows: number): void {
  if (diagReg.length !== rows)
    throw new ShapeError(
      `${where}: diagReg must be one number, or one for each of the ${rows} rows, got ${diagReg.length}`,
    );
  for (let i = 0; i < rows; i++) checkRange(where, `diagReg of row ${i}`, diagReg[i]!, 0);
}
