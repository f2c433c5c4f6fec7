import type { Matrix } from "../matrix/matrix.ts";

/**
 * How a squared loss is scaled, L = (c/2) Σ (f − y)² over all examples and outputs:
 *
 *   "sum" c = 2,   "half-sum" c = 1,   "half-mean" c = 1/|y| with |y| the number of values in y
 *
 * It decides the largest stable learning rate and the unit of time: the gradient in function space is c(f − y).
 */
export type SquaredLoss = "sum" | "half-sum" | "half-mean";

/** The c above. */
export function lossCurvature(loss: SquaredLoss, yTrain: { readonly rows: number; readonly cols: number }): number {
  switch (loss) {
    case "sum":
      return 2;
    case "half-sum":
      return 1;
    case "half-mean":
      return 1 / (yTrain.rows * yTrain.cols);
    default:
      return loss satisfies never;
  }
}

/** (c/2) Σ residual². */
export function squaredLoss(loss: SquaredLoss, residual: Matrix): number {
  return (lossCurvature(loss, residual) / 2) * residual.data.reduce((sum, value) => sum + value * value, 0);
}
