import { ShapeError } from "../errors.ts";
import { type Jet, jetOf, makeJet } from "../layers/jet.ts";
import { parseNetwork } from "../layers/network-file.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import { jsBlas } from "../linalg/blas.ts";
import type { Loss, TwiceDifferentiableLoss } from "../loss/loss.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, DERIVATIVE_NAMES, optionNames } from "../matrix/option-names.ts";
import { gradientSink } from "./gradient-sink.ts";
import { checkResult, finiteTrace } from "./overflow.ts";
import { countParams, flattenParams, paramEntries, unflattenParams } from "./params.ts";
import { type NetworkOptions, outputTerm } from "./trace.ts";
import { type Trainable, trainablePaths } from "./trainable.ts";

export interface DerivativeOptions extends NetworkOptions {
  /** Derivatives with respect to weights that do not train are zero. Default "all". */
  readonly trainable?: Trainable | undefined;
}

const NAMES = optionNames<DerivativeOptions>({ ...DERIVATIVE_NAMES });

/** Outputs, and how they change along `tangent`: J v, by forward differentiation. Costs about two evaluations. */
export function jvp(
  network: Layer,
  params: Params,
  x: Matrix,
  tangent: Params,
  options: DerivativeOptions = {},
): { readonly fx: Matrix; readonly derivative: Matrix } {
  checkOptions("jvp", options, NAMES);
  checkSameWeights("jvp", params, tangent);
  const along = options.trainable ? onlyTrainable(tangent, options.trainable) : tangent;
  const trace = finiteTrace("jvp", parseNetwork(network), params, x, { ...options, tangent: along, order: 1 });
  return { fx: outputTerm(trace), derivative: outputTerm(trace, 1) };
}

/** Outputs, and the map from cotangents [n, outputs] to weights: Jᵀ u, by backward differentiation. */
export function vjp(
  network: Layer,
  params: Params,
  x: Matrix,
  options: DerivativeOptions = {},
): { readonly fx: Matrix; pullback(cotangent: Matrix): Params } {
  checkOptions("vjp", options, NAMES);
  const trains = trainablePaths(params, options.trainable);
  const trace = finiteTrace("vjp", parseNetwork(network), params, x, { ...options, trains });
  const fx = outputTerm(trace);
  return {
    fx,
    pullback(cotangent) {
      checkSameShape("vjp: the cotangent", cotangent, fx);
      const flat = new Float64Array(countParams(params));
      const result = unflattenParams(params, flat);
      trace.pullback(jetOf(cotangent), gradientSink(result, options.engine?.blas ?? jsBlas));
      checkResult("vjp", "the gradient", flat);
      return result;
    },
  };
}

/** Rows ∂f_k(x_i)/∂w at i * outputs + k, columns as in `paramEntries`: [n * outputs, weights]. Costs one pullback a row. */
export function jacobian(network: Layer, params: Params, x: Matrix, options: DerivativeOptions = {}): Matrix {
  checkOptions("jacobian", options, NAMES);
  const parsed = parseNetwork(network);
  const trains = trainablePaths(params, options.trainable);
  const weights = countParams(params);
  const blas = options.engine?.blas ?? jsBlas;
  let result: Matrix | undefined;
  for (let i = 0; i < x.rows; i++) {
    const own = matrix(1, x.cols, x.data.subarray(i * x.cols, (i + 1) * x.cols));
    const trace = finiteTrace("jacobian", parsed, params, own, { ...options, trains });
    const outputs = trace.output.cols;
    result ??= matrix(x.rows * outputs, weights);
    for (let k = 0; k < outputs; k++) {
      const at = (i * outputs + k) * weights;
      const gradients = unflattenParams(params, result.data.subarray(at, at + weights));
      const unit = matrix(1, outputs);
      unit.data[k] = 1;
      trace.pullback(jetOf(unit), gradientSink(gradients, blas));
    }
  }
  if (result) checkResult("jacobian", "an entry", result.data);
  return result ?? matrix(0, weights);
}

/** A loss and its gradient with respect to the weights. */
export function gradient(
  network: Layer,
  params: Params,
  x: Matrix,
  y: Matrix,
  loss: Loss,
  options: DerivativeOptions = {},
): { readonly fx: Matrix; readonly loss: number; readonly gradient: Params } {
  checkOptions("gradient", options, NAMES);
  const { fx, pullback } = vjp(network, params, x, options);
  checkSameShape("gradient: y", y, fx);
  const cotangent = matrix(fx.rows, fx.cols);
  loss.gradient(fx, y, cotangent);
  return { fx, loss: loss.value(fx, y), gradient: pullback(cotangent) };
}

/** The second derivative of the loss with respect to the weights, times `tangent`. Costs about four evaluations. Pearlmutter (1994). */
export function hvp(
  network: Layer,
  params: Params,
  x: Matrix,
  y: Matrix,
  loss: TwiceDifferentiableLoss,
  tangent: Params,
  options: DerivativeOptions = {},
): Params {
  checkOptions("hvp", options, NAMES);
  checkSameWeights("hvp", params, tangent);
  const trains = trainablePaths(params, options.trainable);
  const along = options.trainable ? onlyTrainable(tangent, options.trainable) : tangent;
  const trace = finiteTrace("hvp", parseNetwork(network), params, x, { ...options, trains, tangent: along, order: 1 });
  const [fx, derivative] = [outputTerm(trace), outputTerm(trace, 1)];
  checkSameShape("hvp: y", y, fx);
  const [first, second] = [matrix(fx.rows, fx.cols), matrix(fx.rows, fx.cols)];
  loss.gradient(fx, y, first);
  loss.hessianVectorProduct(fx, y, derivative, second);
  const flat = new Float64Array(countParams(params));
  const result = unflattenParams(params, flat);
  trace.pullback(lineOf(first, second), gradientSink(result, options.engine?.blas ?? jsBlas, { term: 1 }));
  checkResult("hvp", "the product", flat);
  return result;
}

function lineOf(first: Matrix, second: Matrix): Jet {
  const allocate = (length: number) => new Float64Array(length);
  return makeJet(first.rows, first.cols, 2, (k) => (k === 0 ? first.data : second.data), allocate);
}

/** Weights of the same shapes, all zero. */
export function zerosLike(params: Params): Params {
  return unflattenParams(params, new Float64Array(countParams(params)));
}

/** A copy in which the weights of layers that do not train are zero. */
export function onlyTrainable(tangent: Params, trainable: Trainable): Params {
  const copy = unflattenParams(tangent, flattenParams(tangent));
  const trains = trainablePaths(tangent, trainable);
  for (const { path, data } of paramEntries(copy)) if (!trains.has(path)) data.fill(0);
  return copy;
}

function checkSameShape(what: string, a: Matrix, b: Matrix): void {
  if (a.rows !== b.rows || a.cols !== b.cols)
    throw new ShapeError(`${what} must be ${b.rows} x ${b.cols} like the outputs, got ${a.rows} x ${a.cols}`);
}

/** Throws unless the weights have the same names and shapes. */
export function checkSameWeights(where: string, params: Params, other: Params): void {
  const describe = (p: Params): string[] => paramEntries(p).map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
  const [expected, actual] = [describe(params), describe(other)];
  const at = expected.findIndex((text, i) => text !== actual[i]);
  if (at >= 0 || expected.length !== actual.length) {
    const from = at < 0 ? expected.length : at;
    throw new ShapeError(
      `${where}: weights must match those of the network: expected ${expected[from] ?? "no more"}, got ${actual[from] ?? "none"}`,
    );
  }
}
