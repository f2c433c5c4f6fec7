import { NumericalError, ShapeError, ValueError } from "../errors.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { largestEigenvalue } from "../linalg/lanczos.ts";
import { lossCurvature, type SquaredLoss } from "../loss/squared-loss.ts";
import { checkFinite, checkRange, checkSquare } from "../matrix/check.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import { checkOptions, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import { key, normal } from "../random/key.ts";
import { checkOutputs } from "./mode-rates.ts";

export interface MaxLearningRateOptions extends WorkOptions {
  /** Default "half-sum". */
  readonly loss?: SquaredLoss | undefined;
  /** Outputs of the network, each with this kernel; matters to "half-mean" alone. Default 1. */
  readonly outputs?: number | undefined;
  /** m, from 0 (default) to 1, where momentum never dies. */
  readonly momentum?: number | undefined;
  /** Look-ahead momentum instead of the heavy ball. Default false. */
  readonly nesterov?: boolean | undefined;
}

const NAMES = optionNames<MaxLearningRateOptions>({
  ...WORK_NAMES,
  loss: true,
  outputs: true,
  momentum: true,
  nesterov: true,
});

/**
 * The learning rate below which gradient descent on a squared loss is stable under a constant tangent kernel of largest
 * eigenvalue λ, with c as in SquaredLoss:
 *
 *   gradient descent   2/(cλ)
 *   heavy ball         2(1 + m)/(cλ)                       w ← w − η∇L + m(w − w₋)
 *   Nesterov           2(1 + m)/((1 + 2m)cλ)               the same with ∇L at w + m(w − w₋)
 *
 * where the roots of z² − (1 + m − ηcλ)z + m, or of z² − (1 + m)(1 − ηcλ)z + m(1 − ηcλ), reach the unit circle (Goh 2017). Any
 * learning rate will do, Infinity, where the kernel is zero.
 *
 * From the n x n kernel, by products with it (O(n²) each), or from its n eigenvalues. For "half-mean" c is 1/(n · outputs). Throws for wrong input, NumericalError where λ was not found.
 */
export async function maxLearningRate(
  ntk: Matrix | Float64Array,
  options: MaxLearningRateOptions = {},
): Promise<number> {
  checkOptions("maxLearningRate", options, NAMES);
  const { loss = "half-sum", outputs = 1, momentum = 0, nesterov = false } = options;
  checkOutputs("maxLearningRate", outputs);
  checkRange("maxLearningRate", "momentum", momentum, 0, 1);
  const n = ntk instanceof Float64Array ? ntk.length : ntk.rows;
  if (n === 0) throw new ShapeError("maxLearningRate: there must be at least one training example, got none");
  const largest = ntk instanceof Float64Array ? largestOf(ntk) : await largestOfKernel(ntk, options);
  const curvature = lossCurvature(loss, { rows: n, cols: outputs }) * largest;
  const stretch = (2 * (1 + momentum)) / (nesterov ? 1 + 2 * momentum : 1);
  return stretch / curvature;
}

function largestOf(eigenvalues: Float64Array): number {
  checkFinite("maxLearningRate: eigenvalues", matrix(1, eigenvalues.length, eigenvalues));
  const [low, high] = eigenvalues.reduce(([a, b], value) => [Math.min(a!, value), Math.max(b!, value)], [0, 0]);
  return checkSign(-low! > high! ? low! : high!);
}

async function largestOfKernel(ntk: Matrix, options: WorkOptions): Promise<number> {
  checkSquare("maxLearningRate: ntk", ntk);
  checkFinite("maxLearningRate: ntk", ntk);
  const multiply = (v: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < ntk.rows; i++) out[i] = row(ntk, i).reduce((sum, value, j) => sum + value * v[j]!, 0);
  };
  const found = await largestEigenvalue(multiply, normal(key(0), ntk.rows), { ...options, maxSteps: 1000 });
  if (!found.ok) throw new NumericalError(`maxLearningRate: ${found.message}: rescale the kernel`);
  if (!found.converged)
    throw new NumericalError(
      `maxLearningRate: the largest eigenvalue was not found in ${found.steps} steps (residual ${found.residual}): ` +
        "give the eigenvalues instead",
    );
  return checkSign(found.eigenvalue);
}

function checkSign(largest: number): number {
  if (largest < 0)
    throw new ValueError(`maxLearningRate: a kernel is positive semi-definite, this one has the eigenvalue ${largest}`);
  return largest;
}
