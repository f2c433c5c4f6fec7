import type { ActivationSpec } from "../activations/spec.ts";

/** Layers in a row: each maps the output of the one before. */
export interface SerialSpec {
  readonly type: "serial";
  readonly layers: readonly Layer[];
}

/** One layer for each of several inputs, side by side. */
export interface ParallelSpec {
  readonly type: "parallel";
  readonly branches: readonly Layer[];
}

/** The layer, `times` times in a row, with fresh weights each time. */
export interface RepeatSpec {
  readonly type: "repeat";
  readonly layer: Layer;
  readonly times: number;
}

export interface IdentitySpec {
  readonly type: "identity";
}

export interface FanOutSpec {
  readonly type: "fanOut";
  readonly copies: number;
}

export interface FanInSumSpec {
  readonly type: "fanInSum";
}

export interface FanInProdSpec {
  readonly type: "fanInProd";
}

export interface FanInConcatSpec {
  readonly type: "fanInConcat";
  readonly axis?: number;
}

export type Parameterization = "ntk" | "standard";

export interface DenseSpec {
  readonly type: "dense";
  /** Number of units; infinite in the limit, where it only weighs the branches of a fanInConcat. */
  readonly width: number;
  readonly wStd?: number;
  readonly bStd?: number;
  readonly parameterization?: Parameterization;
}

export interface LayerNormSpec {
  readonly type: "layerNorm";
  readonly axis?: number;
  readonly eps?: number;
}

export interface DropoutSpec {
  readonly type: "dropout";
  /** The probability of keeping a unit. */
  readonly keep: number;
}

/** An activation of the user's own, by the name under which it is handed to the interpreter. */
export interface ElementwiseSpec {
  readonly type: "elementwise";
  readonly name: string;
}

/** A network is data: a plain object that survives JSON and structuredClone. */
export type Layer =
  | SerialSpec
  | ParallelSpec
  | RepeatSpec
  | IdentitySpec
  | FanOutSpec
  | FanInSumSpec
  | FanInProdSpec
  | FanInConcatSpec
  | DenseSpec
  | LayerNormSpec
  | DropoutSpec
  | ElementwiseSpec
  | ActivationSpec;

export type LayerType = Layer["type"];
export type SpecOf<T extends LayerType> = Extract<Layer, { readonly type: T }>;
