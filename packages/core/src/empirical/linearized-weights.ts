import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { type DerivativeOptions, vjp } from "../network/derivatives.ts";
import { flattenParams, unflattenParams } from "../network/params.ts";

/**
 * The weights w₀ + Jᵀ α of the linearized network, for coefficients α [n, outputs] of the training rows: those of `gradientDescentMse`
 * at time t give the weights at that time, which no other solution with the same outputs is closer to w₀ than.
 */
export function linearizedWeights(
  network: Layer,
  params0: Params,
  xTrain: Matrix,
  alpha: Matrix,
  options: DerivativeOptions = {},
): Params {
  const change = flattenParams(vjp(network, params0, xTrain, options).pullback(alpha));
  const start = flattenParams(params0);
  return unflattenParams(
    params0,
    start.map((w, i) => w + change[i]!),
  );
}
