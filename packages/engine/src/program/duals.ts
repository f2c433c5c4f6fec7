import type { ActivationSpec, ActivationType } from "ntkit";
import { abReluDual } from "./duals/ab-relu.ts";
import type { Dual, DualOptions } from "./duals/dual.ts";
import { erfDual, sigmoidLikeDual } from "./duals/erf.ts";
import { expDual, expNormalizedDual, rbfDual } from "./duals/exponential.ts";
import { gaborDual } from "./duals/gabor.ts";
import { gaussianDual } from "./duals/gaussian.ts";
import { geluDual } from "./duals/gelu.ts";
import { hermiteDual, polynomialDual } from "./duals/hermite-expansion.ts";
import { monomialDual } from "./duals/monomial.ts";
import { rectifiedMonomialDual } from "./duals/rectified-monomial.ts";
import { reluDual } from "./duals/relu.ts";
import { signDual } from "./duals/sign.ts";
import { cosDual, sinDual } from "./duals/trig.ts";

export type { Dual, DualOptions, DualValues, Pair } from "./duals/dual.ts";

type SpecOf<T extends ActivationType> = Required<Extract<ActivationSpec, { readonly type: T }>>;

/** Activations without a row have no closed form, or none short enough. */
const DUALS: { readonly [T in ActivationType]?: (spec: SpecOf<T>, options: DualOptions) => Dual } = {
  relu: () => reluDual,
  leakyRelu: ({ alpha }) => abReluDual({ a: alpha, b: 1 }),
  abRelu: abReluDual,
  abs: () => abReluDual({ a: -1, b: 1 }),
  erf: erfDual,
  sin: sinDual,
  cos: cosDual,
  sigmoidLike: (_, options) => sigmoidLikeDual(options),
  gelu: (_, options) => geluDual(options),
  sign: () => signDual,
  gabor: (_, options) => gaborDual(options),
  rbf: rbfDual,
  gaussian: gaussianDual,
  exp: expDual,
  expNormalized: expNormalizedDual,
  monomial: monomialDual,
  rectifiedMonomial: rectifiedMonomialDual,
  hermite: hermiteDual,
  polynomial: polynomialDual,
};

/**
 * The dual of an activation as a formula, or undefined when it needs quadrature. The description has its defaults filled
 * in, as a parsed network has.
 */
export function dualOf(spec: ActivationSpec, options: DualOptions = { preciseSine: true }): Dual | undefined {
  // The row is that of the description's own type, which the type checker cannot follow through the table.
  const make = DUALS[spec.type] as ((spec: ActivationSpec, options: DualOptions) => Dual) | undefined;
  return make?.(spec, options);
}
