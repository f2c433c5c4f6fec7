import { ShapeError } from "../errors.ts";
import { lossCurvature, type SquaredLoss } from "../loss/squared-loss.ts";
import { checkRange } from "../matrix/check.ts";
import * as portable from "../special/portable.ts";

/** How fast the error of one mode shrinks: as e^{−rate·t}, by a factor e in every timeConstant = 1/rate. */
export interface Decay {
  readonly rate: number;
  readonly timeConstant: number;
}

export interface ModeRate {
  readonly eigenvalue: number;
  /** Gradient flow: rate ηcλ, t in units of steps. */
  readonly flow: Decay;
  /** Gradient descent: rate −ln|1 − ηcλ| a step; infinite where one step is enough, 0 or less where it does not converge. */
  readonly steps: Decay;
}

/**
 * The rate at which each eigenvalue λ of the tangent kernel (ridge included) is learned on a squared loss, with c as in
 * SquaredLoss; for "half-mean" |y| is the number of eigenvalues times `outputs` (default 1).
 */
export function modeRates(
  eigenvalues: Float64Array,
  options: {
    readonly learningRate?: number | undefined;
    readonly loss?: SquaredLoss | undefined;
    readonly outputs?: number | undefined;
  } = {},
): readonly ModeRate[] {
  const { learningRate = 1, loss = "half-sum", outputs = 1 } = options;
  checkRange("modeRates", "learningRate", learningRate, 0);
  checkOutputs("modeRates", outputs);
  const rate = learningRate * lossCurvature(loss, { rows: eigenvalues.length, cols: outputs });
  return Array.from(eigenvalues, (eigenvalue) => {
    const z = rate * eigenvalue;
    return { eigenvalue, flow: decay(z), steps: decay(z < 1 ? -portable.log1p(-z) : -portable.log(z - 1)) };
  });
}

function decay(rate: number): Decay {
  return rate === 0 ? { rate: 0, timeConstant: Number.POSITIVE_INFINITY } : { rate, timeConstant: 1 / rate };
}

/** Throws unless `outputs` is a whole number from 1. */
export function checkOutputs(where: string, outputs: number): void {
  if (!(Number.isInteger(outputs) && outputs >= 1))
    throw new ShapeError(`${where}: outputs must be a whole number from 1, got ${outputs}`);
}
