import { NumericalError } from "../errors.ts";
import { kernelFn } from "../kernel/kernel-fn.ts";
import { parseNetwork } from "../layers/network-file.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { PredictOptions } from "../predict/options.ts";
import { factorizeRegularized, solveFactorized } from "../predict/regularized-solve.ts";
import type { FittedKernel } from "./model.ts";
import type { Selection } from "./select.ts";

/** Solves with the selected kernel and ridge on all training rows. O(n³/3). */
export async function fitKernel(
  x: Matrix,
  y: Matrix,
  { candidate, gram, diagReg }: Selection,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<{ readonly fitted: FittedKernel; readonly lower: Matrix }> {
  const factor = await factorizeRegularized("fit", gram, diagReg, engine, { signal });
  if (!factor.ok) throw new NumericalError(factor.message);
  const alpha = await solveFactorized("fit", factor.lower, y, engine, { signal });
  const { kernel, name: architecture } = candidate;
  const network = parseNetwork(candidate.network); // with its defaults: a model says all that it is
  return { fitted: { network, kernel, architecture, diagReg, xTrain: x, alpha }, lower: factor.lower };
}

/** K(x, xTrain), rows for the new inputs. */
export function crossKernel(
  { network, kernel, xTrain }: FittedKernel,
  x: Matrix,
  options: PredictOptions,
): Promise<Matrix> {
  return kernelFn(network)(x, xTrain, kernel, { signal: options.signal, onProgress: options.onProgress });
}
