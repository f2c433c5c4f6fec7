import type { Matrix } from "../matrix/matrix.ts";
import { checkChoice } from "../matrix/option-names.ts";
import { checkSameShape, type TwiceDifferentiableLoss } from "./loss.ts";

/**
 * How a squared loss is scaled, L = (c/2) Σ (f − y)² over all examples and outputs:
 *
 *   "sum" c = 2,   "half-sum" c = 1,   "half-mean" c = 1/|y| with |y| the number of values in y
 *
 * It decides the largest stable learning rate and the unit of time: the gradient in function space is c(f − y). Time t with
 * "half-mean" is time t/|y| with "half-sum".
 */
export type SquaredLoss = "sum" | "half-sum" | "half-mean";

/** The c above. */
export function lossCurvature(loss: SquaredLoss, yTrain: { readonly rows: number; readonly cols: number }): number {
  checkChoice("squaredLoss", "the scale", loss, ["sum", "half-sum", "half-mean"]);
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

/** L = (c/2) Σ (f − y)², its gradient c(f − y) and its Hessian c·I, with c as in SquaredLoss. */
export function squaredLoss(scale: SquaredLoss = "half-sum"): TwiceDifferentiableLoss {
  return {
    name: `squared, ${scale}`,
    value(fx, y) {
      checkSameShape("squaredLoss", fx, y);
      let sum = 0;
      for (let at = 0; at < fx.data.length; at++) sum += (fx.data[at]! - y.data[at]!) ** 2;
      return (lossCurvature(scale, y) / 2) * sum;
    },
    gradient(fx, y, out) {
      checkSameShape("squaredLoss", fx, y, out);
      const c = lossCurvature(scale, y);
      for (let at = 0; at < fx.data.length; at++) out.data[at] = c * (fx.data[at]! - y.data[at]!);
    },
    hessianVectorProduct(fx, y, v, out) {
      checkSameShape("squaredLoss", fx, y, v, out);
      const c = lossCurvature(scale, y);
      for (let at = 0; at < v.data.length; at++) out.data[at] = c * v.data[at]!;
    },
  };
}

/** (c/2) Σ residual². */
export function squaredLossOf(scale: SquaredLoss, residual: Matrix): number {
  return (lossCurvature(scale, residual) / 2) * residual.data.reduce((sum, value) => sum + value * value, 0);
}
