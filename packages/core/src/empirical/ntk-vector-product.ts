import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { type DerivativeOptions, jvp, vjp } from "../network/derivatives.ts";

/**
 * The map V ↦ Θ̂(x1, x2) V = J(x1) J(x2)ᵀ V without the matrix, V [n2, outputs] to [n1, outputs], over all pairs of outputs. Each
 * call costs one pullback through the batch x2 and two evaluations of x1.
 */
export function ntkVectorProduct(
  network: Layer,
  params: Params,
  x1: Matrix,
  x2: Matrix | null,
  options: DerivativeOptions = {},
): (v: Matrix) => Matrix {
  const { pullback } = vjp(network, params, x2 ?? x1, options);
  return (v) => jvp(network, params, x1, pullback(v), options).derivative;
}
