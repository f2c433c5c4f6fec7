import { ShapeError } from "../errors.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import { largestEigenvalue } from "../linalg/lanczos.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { apply } from "../network/network.ts";
import { key, normal } from "../random/key.ts";
import * as portable from "../special/portable.ts";
import { type HessianNormOptions, hessianNorm } from "./hessian-norm.ts";
import { ntkVectorProduct } from "./ntk-vector-product.ts";

export interface Laziness {
  /** √(Σ ‖∂²f_k(xᵢ)/∂w²‖²), which bounds the norm of the second derivative of all outputs. */
  readonly hessian: number;
  /** ‖f₀ − y‖. */
  readonly residual: number;
  /** ‖J‖², the largest eigenvalue of the tangent kernel of all outputs. */
  readonly jacobianSquared: number;
  /** hessian · residual / jacobianSquared. */
  readonly kappa: number;
}

/**
 * κ(w₀) = ‖∂²f‖ ‖f₀ − y‖ / ‖∂f‖²: how much the tangent kernel would change while the residual is fitted, relative to itself. Well
 * below 1 the network trains as its linearization does ("lazy"). Chizat, Oyallon, Bach (2019), eq. (3).
 */
export async function laziness(
  network: Layer,
  params: Params,
  x: Matrix,
  y: Matrix,
  options: HessianNormOptions = {},
): Promise<Laziness> {
  const fx = apply(network, params, x, options);
  if (y.rows !== fx.rows || y.cols !== fx.cols)
    throw new ShapeError(`laziness: y must be ${fx.rows} x ${fx.cols} like the outputs, got ${y.rows} x ${y.cols}`);
  const norms = await hessianNorm(network, params, x, options);
  const product = ntkVectorProduct(network, params, x, null, options);
  const { signal } = options;
  const found = await largestEigenvalue(
    (v, out) => out.set(product(matrix(fx.rows, fx.cols, v)).data),
    normal(key(0), fx.data.length),
    { signal },
  );
  const jacobianSquared = found.ok ? found.eigenvalue : Number.POSITIVE_INFINITY;
  const hessian = lengthOf(norms.data);
  const residual = lengthOf(fx.data.map((f, at) => f - y.data[at]!));
  return { hessian, residual, jacobianSquared, kappa: (hessian * residual) / jacobianSquared };
}

/** ‖Θ − Θ₀‖_F/‖Θ₀‖_F: how far a tangent kernel has drifted. */
export function kernelDrift(initial: Matrix, current: Matrix): number {
  if (initial.rows !== current.rows || initial.cols !== current.cols)
    throw new ShapeError(
      `kernelDrift: both kernels must have one shape, got ${initial.rows} x ${initial.cols} and ${current.rows} x ${current.cols}`,
    );
  let [gap, norm] = [0, 0];
  for (let at = 0; at < initial.data.length; at++) {
    gap += (current.data[at]! - initial.data[at]!) ** 2;
    norm += initial.data[at]! ** 2;
  }
  return Math.sqrt(gap / norm);
}

/** Euclidean, without overflow. */
function lengthOf(values: Float64Array): number {
  return values.reduce((length, value) => portable.hypot(length, value), 0);
}
