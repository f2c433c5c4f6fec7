import { didYouMean, NetworkError } from "../errors.ts";
import { abReluActivation, reluActivation } from "./ab-relu.ts";
import type { Activation } from "./activation.ts";
import { eluActivation } from "./elu.ts";
import { erfActivation, sigmoidLikeActivation } from "./erf.ts";
import { expActivation } from "./exp.ts";
import { expNormalizedActivation } from "./exp-normalized.ts";
import { completeFields, type Field, type Fields } from "./fields.ts";
import { gaborActivation } from "./gabor.ts";
import { gaussianActivation } from "./gaussian.ts";
import { geluActivation } from "./gelu.ts";
import { hermiteActivation } from "./hermite.ts";
import { monomialActivation } from "./monomial.ts";
import { polynomialActivation } from "./polynomial.ts";
import { rbfActivation } from "./rbf.ts";
import { rectifiedMonomialActivation } from "./rectified-monomial.ts";
import { sigmoidActivation } from "./sigmoid.ts";
import { signActivation } from "./sign.ts";
import { siluActivation } from "./silu.ts";
import { softplusActivation } from "./softplus.ts";
import type { ActivationSpec, ActivationType } from "./spec.ts";
import { tanhActivation } from "./tanh.ts";
import { cosActivation, sinActivation } from "./trig.ts";

/** One row of the table of activations: the rules of its fields, and how to make it from a complete description. */
interface ActivationRow<S extends ActivationSpec> {
  readonly fields: Fields<S>;
  readonly make: (spec: Required<S>) => Activation;
}

type SpecOf<T extends ActivationType> = Extract<ActivationSpec, { readonly type: T }>;

const NUMBER: Field = { kind: "number" };
const number = (value: number): Field => ({ kind: "number", default: value });
const degree = (max: number): { readonly degree: Field } => ({ degree: { kind: "integer", min: 0, max } });
const WAVE = { a: number(1), b: number(1), c: number(0) };

/** Every activation a network file may name. Adding a row adds its tests. */
export const ACTIVATIONS: { readonly [T in ActivationType]: ActivationRow<SpecOf<T>> } = {
  relu: { fields: {}, make: () => reluActivation },
  leakyRelu: { fields: { alpha: NUMBER }, make: ({ alpha }) => abReluActivation({ a: alpha, b: 1 }, "leakyRelu") },
  abRelu: { fields: { a: NUMBER, b: NUMBER }, make: (spec) => abReluActivation(spec) },
  abs: { fields: {}, make: () => abReluActivation({ a: -1, b: 1 }, "abs") },
  erf: { fields: WAVE, make: (spec) => erfActivation(spec) },
  sin: { fields: WAVE, make: sinActivation },
  cos: { fields: WAVE, make: cosActivation },
  sigmoidLike: { fields: {}, make: () => sigmoidLikeActivation },
  gelu: { fields: {}, make: () => geluActivation },
  sign: { fields: {}, make: () => signActivation },
  gabor: { fields: {}, make: () => gaborActivation },
  rbf: { fields: { gamma: { kind: "number", default: 1, min: 0, open: true } }, make: rbfActivation },
  gaussian: { fields: { a: number(1), b: { kind: "number", default: -1, max: 0 } }, make: gaussianActivation },
  exp: { fields: { a: number(1), b: number(1) }, make: expActivation },
  expNormalized: {
    fields: { gamma: { kind: "number", default: 1, min: 0 }, shift: number(-1) },
    make: expNormalizedActivation,
  },
  monomial: { fields: degree(20), make: monomialActivation },
  rectifiedMonomial: { fields: degree(10), make: rectifiedMonomialActivation },
  hermite: { fields: degree(100), make: hermiteActivation },
  polynomial: { fields: { coef: { kind: "numbers", maxCount: 101 } }, make: polynomialActivation },
  tanh: { fields: {}, make: () => tanhActivation },
  sigmoid: { fields: {}, make: () => sigmoidActivation },
  softplus: { fields: {}, make: () => softplusActivation },
  silu: { fields: {}, make: () => siluActivation },
  elu: { fields: {}, make: () => eluActivation },
};

/** The activation that a description names, defaults filled in. Throws a NetworkError when the description is wrong. */
export function makeActivation(spec: ActivationSpec): Activation {
  if (!Object.hasOwn(ACTIVATIONS, spec.type))
    throw new NetworkError("", `unknown activation "${spec.type}"${didYouMean(spec.type, Object.keys(ACTIVATIONS))}`);
  const row = ACTIVATIONS[spec.type];
  const complete = completeFields("", { ...spec }, row.fields);
  // The row is that of the description's own type, which the type checker cannot follow through the table.
  return (row.make as (spec: Required<ActivationSpec>) => Activation)(complete as unknown as Required<ActivationSpec>);
}
