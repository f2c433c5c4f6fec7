import type { Layer } from "./spec.ts";

/*
 * The activation layers by name, so that a network reads as it is drawn: serial(dense({ width: 512 }), relu(), …).
 * Formulas and domains: the file of each in `activations/`.
 */

type Spec<T extends Layer["type"]> = Extract<Layer, { readonly type: T }>;
type Options<T extends Layer["type"]> = Omit<Spec<T>, "type">;

export const relu = (): Spec<"relu"> => ({ type: "relu" });
export const leakyRelu = (options: Options<"leakyRelu">): Spec<"leakyRelu"> => ({ type: "leakyRelu", ...options });
export const abRelu = (options: Options<"abRelu">): Spec<"abRelu"> => ({ type: "abRelu", ...options });
export const abs = (): Spec<"abs"> => ({ type: "abs" });
export const erf = (options: Options<"erf"> = {}): Spec<"erf"> => ({ type: "erf", ...options });
export const sin = (options: Options<"sin"> = {}): Spec<"sin"> => ({ type: "sin", ...options });
export const cos = (options: Options<"cos"> = {}): Spec<"cos"> => ({ type: "cos", ...options });
export const sigmoidLike = (): Spec<"sigmoidLike"> => ({ type: "sigmoidLike" });
export const gelu = (): Spec<"gelu"> => ({ type: "gelu" });
export const sign = (): Spec<"sign"> => ({ type: "sign" });
export const gabor = (): Spec<"gabor"> => ({ type: "gabor" });
export const rbf = (options: Options<"rbf"> = {}): Spec<"rbf"> => ({ type: "rbf", ...options });
export const gaussian = (options: Options<"gaussian"> = {}): Spec<"gaussian"> => ({ type: "gaussian", ...options });
export const exp = (options: Options<"exp"> = {}): Spec<"exp"> => ({ type: "exp", ...options });
export const expNormalized = (options: Options<"expNormalized"> = {}): Spec<"expNormalized"> => ({
  type: "expNormalized",
  ...options,
});
export const monomial = (options: Options<"monomial">): Spec<"monomial"> => ({ type: "monomial", ...options });
export const rectifiedMonomial = (options: Options<"rectifiedMonomial">): Spec<"rectifiedMonomial"> => ({
  type: "rectifiedMonomial",
  ...options,
});
export const hermite = (options: Options<"hermite">): Spec<"hermite"> => ({ type: "hermite", ...options });
export const polynomial = (options: Options<"polynomial">): Spec<"polynomial"> => ({ type: "polynomial", ...options });
export const tanh = (): Spec<"tanh"> => ({ type: "tanh" });
export const sigmoid = (): Spec<"sigmoid"> => ({ type: "sigmoid" });
export const softplus = (): Spec<"softplus"> => ({ type: "softplus" });
export const silu = (): Spec<"silu"> => ({ type: "silu" });
export const elu = (): Spec<"elu"> => ({ type: "elu" });
