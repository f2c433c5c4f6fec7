import { jetOf } from "../layers/jet.ts";
import { parseNetwork } from "../layers/network-file.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import { jsBlas } from "../linalg/blas.ts";
import type { Loss } from "../loss/loss.ts";
import { squaredLoss } from "../loss/squared-loss.ts";
import { checkFinite, checkSameRows } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, DERIVATIVE_NAMES, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import type { DerivativeOptions } from "../network/derivatives.ts";
import { gradientSink } from "../network/gradient-sink.ts";
import { flattenParams, unflattenParams } from "../network/params.ts";
import { outputTerm, traceNetwork } from "../network/trace.ts";
import { trainablePaths } from "../network/trainable.ts";
import { workspace } from "../network/workspace.ts";
import { dormandPrince, type OdeFailure, type OdeOptions, type OdeWork } from "../ode/dormand-prince.ts";

export interface GradientFlowOptions
  extends DerivativeOptions,
    Pick<OdeOptions, "rtol" | "atol" | "maxSteps" | "signal" | "onProgress"> {
  /** Default `squaredLoss("half-sum")`. */
  readonly loss?: Loss | undefined;
}

export interface GradientFlow extends OdeWork {
  readonly ok: true;
  /** The weights at each of the times, in their order. */
  readonly params: readonly Params[];
}

const NAMES = optionNames<GradientFlowOptions>({
  ...DERIVATIVE_NAMES,
  ...WORK_NAMES,
  loss: true,
  rtol: true,
  atol: true,
  maxSteps: true,
});

/**
 * The gradient flow ẇ = −∂L/∂w of a finite network from w(0) = params, at the given times in any order: what gradient descent tends
 * to as its learning rate η → 0 with t = η · steps. Integrated by `dormandPrince` to the tolerances given; explicit, so that a time
 * of T takes at least T λ/3.3 steps for the largest eigenvalue λ of the tangent kernel. An integration that fails is a value.
 */
export async function gradientFlow(
  network: Layer,
  params: Params,
  x: Matrix,
  y: Matrix,
  times: readonly number[],
  options: GradientFlowOptions = {},
): Promise<GradientFlow | OdeFailure> {
  checkOptions("gradientFlow", options, NAMES);
  checkSameRows("gradientFlow: x and y", x, y);
  checkFinite("gradientFlow: x", x);
  checkFinite("gradientFlow: y", y);
  const { loss = squaredLoss(), activations, engine } = options;
  loss.checkTargets?.("gradientFlow", y);
  const parsed = parseNetwork(network);
  const trains = trainablePaths(params, options.trainable);
  const blas = engine?.blas ?? jsBlas;
  const { allocate, reset } = workspace();
  const slope = (_t: number, w: Float64Array, out: Float64Array): void => {
    reset();
    const trace = traceNetwork(parsed, unflattenParams(params, w), x, { activations, engine, trains, allocate });
    const fx = outputTerm(trace);
    const cotangent = matrix(fx.rows, fx.cols, allocate(fx.data.length));
    loss.gradient(fx, y, cotangent);
    out.fill(0);
    trace.pullback(jetOf(cotangent), gradientSink(unflattenParams(params, out), blas));
    for (let i = 0; i < out.length; i++) out[i] = -out[i]!;
  };
  const { rtol, atol, maxSteps, signal, onProgress } = options;
  const solution = await dormandPrince(slope, flattenParams(params), times, {
    rtol,
    atol,
    maxSteps,
    signal,
    onProgress,
  });
  if (!solution.ok) return solution;
  const { states, ...cost } = solution;
  return { ...cost, params: states.map((w) => unflattenParams(params, w)) };
}
