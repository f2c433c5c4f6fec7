import { ValueError } from "../errors.ts";
import { parseNetwork } from "../layers/network-file.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, NETWORK_NAMES, optionNames } from "../matrix/option-names.ts";
import { checkSameWeights } from "../network/derivatives.ts";
import { checkResult, finiteTrace } from "../network/overflow.ts";
import { flattenParams, unflattenParams } from "../network/params.ts";
import { type NetworkOptions, outputTerm } from "../network/trace.ts";

/** The network as a polynomial in its weights around params0: weights and inputs [n, d] to outputs [n, width]. */
export type ExpandedNetwork = (params: Params, x: Matrix) => Matrix;

/** f(w₀) + ∂f/∂w (w − w₀): affine in the weights, as nonlinear in x as ever. Its tangent kernel is that of f at w₀. */
export function linearize(network: Layer, params0: Params, options: NetworkOptions = {}): ExpandedNetwork {
  return taylorExpand(network, params0, 1, options);
}

const NAMES = optionNames<NetworkOptions>({ ...NETWORK_NAMES });

/**
 * Σₖ (1/k!) ∂ᵏf/∂wᵏ (w − w₀)ᵏ for k up to `degree`, along the line from w₀ to w: one evaluation on truncated power series, whose cost
 * grows with the square of the degree.
 */
export function taylorExpand(
  network: Layer,
  params0: Params,
  degree: number,
  options: NetworkOptions = {},
): ExpandedNetwork {
  checkOptions("taylorExpand", options, NAMES);
  if (!Number.isInteger(degree) || degree < 0)
    throw new ValueError(`taylorExpand: degree must be a whole number from 0, got ${degree}`);
  const parsed = parseNetwork(network);
  const start = flattenParams(params0);
  return (params, x) => {
    checkSameWeights("taylorExpand", params0, params);
    const tangent = flattenParams(params).map((w, i) => w - start[i]!);
    const trace = finiteTrace("taylorExpand", parsed, params0, x, {
      ...options,
      tangent: unflattenParams(params0, tangent),
      order: degree,
    });
    const { rows, cols } = trace.output;
    const sum = matrix(rows, cols);
    for (let k = degree; k >= 0; k--) {
      const term = outputTerm(trace, k);
      for (let at = 0; at < sum.data.length; at++) sum.data[at]! += term.data[at]!;
    }
    checkResult("taylorExpand", "the sum of the terms", sum.data);
    return sum;
  };
}
