import { ntkVectorProduct } from "../empirical/ntk-vector-product.ts";
import { NumericalError, ValueError } from "../errors.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { largestEigenvalue, type Matvec } from "../linalg/lanczos.ts";
import type { TwiceDifferentiableLoss } from "../loss/loss.ts";
import { squaredLoss } from "../loss/squared-loss.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, DERIVATIVE_NAMES, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import { type DerivativeOptions, jvp, vjp } from "../network/derivatives.ts";
import { apply } from "../network/network.ts";
import { flattenParams, unflattenParams } from "../network/params.ts";
import { key, normal } from "../random/key.ts";
import { checkOptimizer, type Optimizer } from "./optimizer.ts";

export interface StableRateOptions extends DerivativeOptions, WorkOptions {
  /** Default `squaredLoss("half-sum")`. */
  readonly loss?: TwiceDifferentiableLoss | undefined;
  /** Default gradient descent. */
  readonly optimizer?: Optimizer | undefined;
}

export interface StableRate {
  /** Infinity where the network does not depend on its weights. */
  readonly rate: number;
  /** λ, the largest eigenvalue of Jᵀ L'' J, which for the half sum of squares is that of the tangent kernel J Jᵀ. */
  readonly curvature: number;
}

const NAMES = optionNames<StableRateOptions>({ ...DERIVATIVE_NAMES, ...WORK_NAMES, loss: true, optimizer: true });

/**
 * The largest stable learning rate of the network's linearization at `params`:
 *
 *   gradient descent, Langevin   2/λ
 *   heavy ball                   2(1 + μ)/λ
 *   Nesterov                     2(1 + μ)/((1 + 2μ)λ), and 4/(3λ) for the schedule, whose μ tends to 1
 *
 * with λ the largest eigenvalue of Jᵀ L'' J, by Lanczos on products with J and Jᵀ. Beyond it the loss does not stay small, however
 * close to its minimum; a network may still train there, by moving to where λ is smaller. Some 20 to 50 evaluations of the batch.
 * Adam, which divides each weight's step by the size of its gradients, has no such rate: ValueError.
 */
export async function maxStableRate(
  network: Layer,
  params: Params,
  x: Matrix,
  y: Matrix,
  options: StableRateOptions = {},
): Promise<StableRate> {
  checkOptions("maxStableRate", options, NAMES);
  const { loss = squaredLoss(), optimizer = { type: "gradientDescent" } } = options;
  checkOptimizer("maxStableRate", optimizer);
  if (optimizer.type === "adam")
    throw new ValueError(
      "maxStableRate: Adam has no largest stable rate that follows from the curvature, for it divides by the size of past gradients: ask for gradient descent",
    );
  const fx = apply(network, params, x, options);
  const scale = constantCurvature(loss, fx, y);
  const { matvec, length } =
    scale === null
      ? gaussNewton(network, params, x, y, { ...options, loss })
      : outputSpace(network, params, x, fx, options);
  const { signal } = options;
  const found = await largestEigenvalue(matvec, normal(key(0), length), { signal, maxSteps: 300 });
  if (!found.ok) throw new NumericalError(`maxStableRate: ${found.message}`);
  const curvature = (scale ?? 1) * Math.max(0, found.eigenvalue + found.residual);
  return { rate: stretch(optimizer) / curvature, curvature };
}

function stretch(optimizer: Optimizer): number {
  if (optimizer.type === "heavyBall") return 2 * (1 + optimizer.momentum);
  if (optimizer.type !== "nesterov") return 2;
  const momentum = optimizer.momentum === "schedule" ? 1 : optimizer.momentum;
  return (2 * (1 + momentum)) / (1 + 2 * momentum);
}

/** c where the second derivative of the loss is c times the identity, as of squared losses; else null. */
function constantCurvature(loss: TwiceDifferentiableLoss, fx: Matrix, y: Matrix): number | null {
  const v = matrix(fx.rows, fx.cols, normal(key(1), fx.data.length));
  const out = matrix(fx.rows, fx.cols);
  loss.hessianVectorProduct(fx, y, v, out);
  const c = out.data[0]! / v.data[0]!;
  return out.data.every((value, at) => Math.abs(value - c * v.data[at]!) <= 1e-12 * Math.abs(c * v.data[at]!))
    ? c
    : null;
}

interface Operator {
  readonly matvec: Matvec;
  readonly length: number;
}

function outputSpace(network: Layer, params: Params, x: Matrix, fx: Matrix, options: DerivativeOptions): Operator {
  const product = ntkVectorProduct(network, params, x, null, options);
  return {
    length: fx.data.length,
    matvec: (v, out) => out.set(product(matrix(fx.rows, fx.cols, v)).data),
  };
}

/** Jᵀ L'' J, which is symmetric whatever the loss. */
function gaussNewton(
  network: Layer,
  params: Params,
  x: Matrix,
  y: Matrix,
  options: DerivativeOptions & { readonly loss: TwiceDifferentiableLoss },
): Operator {
  const { fx, pullback } = vjp(network, params, x, options);
  const out = matrix(fx.rows, fx.cols);
  return {
    length: flattenParams(params).length,
    matvec(v, result) {
      const { derivative } = jvp(network, params, x, unflattenParams(params, v), options);
      options.loss.hessianVectorProduct(fx, y, derivative, out);
      result.set(flattenParams(pullback(out)));
    },
  };
}
