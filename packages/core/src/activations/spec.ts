/** Descriptions of the activations, as they stand in a network file. Formulas: the file of each activation. */
export type ActivationSpec =
  | { readonly type: "relu" }
  | { readonly type: "leakyRelu"; readonly alpha: number }
  | { readonly type: "abRelu"; readonly a: number; readonly b: number }
  | { readonly type: "abs" }
  | { readonly type: "erf"; readonly a?: number; readonly b?: number; readonly c?: number }
  | { readonly type: "sin"; readonly a?: number; readonly b?: number; readonly c?: number }
  | { readonly type: "cos"; readonly a?: number; readonly b?: number; readonly c?: number }
  | { readonly type: "sigmoidLike" }
  | { readonly type: "gelu" }
  | { readonly type: "sign" }
  | { readonly type: "gabor" }
  | { readonly type: "rbf"; readonly gamma?: number }
  | { readonly type: "gaussian"; readonly a?: number; readonly b?: number }
  | { readonly type: "exp"; readonly a?: number; readonly b?: number }
  | { readonly type: "expNormalized"; readonly gamma?: number; readonly shift?: number }
  | { readonly type: "monomial"; readonly degree: number }
  | { readonly type: "rectifiedMonomial"; readonly degree: number }
  | { readonly type: "hermite"; readonly degree: number }
  | { readonly type: "polynomial"; readonly coef: readonly number[] }
  | { readonly type: "tanh" }
  | { readonly type: "sigmoid" }
  | { readonly type: "softplus" }
  | { readonly type: "silu" }
  | { readonly type: "elu" };

export type ActivationType = ActivationSpec["type"];
