import type { Activation } from "../activations/activation.ts";
import type { Fields } from "../activations/fields.ts";
import type { Blas } from "../linalg/blas.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { Key } from "../random/key.ts";
import type { Allocate, Jet } from "./jet.ts";
import type { KernelState, KernelTile } from "./kernel-state.ts";
import type { SignatureScope, Signatures } from "./signature.ts";
import type { Layer } from "./spec.ts";

/**
 * A layer: its fields, its signature (what is known of its outputs before any number), its infinite half (how it maps the
 * kernel state) and its finite half (how it makes weights, maps activations and pulls cotangents back). The two halves stand in
 * one file so that they cannot drift apart.
 *
 * Laws (`ntkit/testing`): the tangent kernel is the derivative of the NNGP of correlated weights; outputs of wide
 * finite networks have the NNGP as covariance; a tile has the bits of the slice of a larger tile; terms of jets are
 * derivatives along the line, and pullbacks are their transposes.
 */
export interface LayerRule<S extends Layer> {
  readonly fields: Fields<S>;
  /** What is known of the outputs before any number. Refuses here, once for both halves, what cannot stand on such inputs. */
  signature(spec: Complete<S>, input: Signatures, scope: SignatureScope): Signatures;
  /** Maps the kernel state at infinite width. */
  kernel(spec: Complete<S>, input: KernelState, scope: KernelScope): KernelState;
  /** Random weights for such inputs. */
  init(spec: Complete<S>, key: Key, input: Signatures, scope: InitScope): Params;
  /**
   * Outputs of the finite network, one row per example, and what leads cotangents back. Weights lie on the line
   * params + ε tangent; the output has as many terms in ε as the input.
   */
  forward(spec: Complete<S>, weights: Weights, input: Value, scope: ForwardScope): Trace;
}

/** A description with its defaults filled in. */
export type Complete<S extends Layer> = Required<S>;

/** Weights of one layer, those of its children, or null where there are none. */
export type Params = DenseParams | readonly Params[] | null;
export interface DenseParams {
  /** fan-in x width */
  readonly w: Matrix;
  /** width, or null without a bias */
  readonly b: Float64Array | null;
}

/** The weights params + ε tangent; those of a tangent that is null stay. */
export interface Weights {
  readonly params: Params;
  readonly tangent: Params;
}

/** Activations of a batch, or of each branch. */
export type Value = Jet | readonly Value[];

/** A layer at the point where it was evaluated. */
export interface Trace {
  readonly output: Value;
  /** Whether a weight in it trains. Cotangents need not go further back than the first layer that does. */
  readonly trains: boolean;
  /** From cotangents of the output to those of the input, null unless wanted. What weights get is told to `sink`. */
  pullback(cotangent: Value, sink: WeightSink, wantInput: boolean): Value | null;
}

/**
 * Where cotangents u meet weights, z = wScale x w + bScale b: the gradient of w is wScale xᵀ u, that of b the column sums of bScale u.
 */
export interface WeightCotangent {
  /** Dotted position of the layer. */
  readonly path: string;
  readonly input: Jet;
  /** Of as many rows as the input, or a multiple of them. */
  readonly cotangent: Jet;
  readonly wScale: number;
  readonly bScale: number;
  readonly hasBias: boolean;
}
export type WeightSink = (weights: WeightCotangent) => void;

/** What every interpreter offers a rule: its place in the description, for messages, and the user's activations. */
export interface Scope {
  /** Throws a NetworkError at this layer. */
  fail(message: string): never;
  /** The user's own activation of that name. */
  activation(name: string): Activation;
}

export interface KernelScope extends Scope {
  /** Interprets a child; `segment` is its position in this layer. */
  descend(child: Layer, segment: number, input: KernelState): KernelState;
  /** Whether a later layer is kinked, so that digits of `sine` matter. */
  readonly preciseSine: boolean;
}

export interface InitScope extends SignatureScope {
  initChild(child: Layer, segment: number, key: Key, input: Signatures): Params;
}

export interface ForwardScope extends Scope {
  /** Dotted position of the layer. */
  readonly path: string;
  descend(child: Layer, segment: number, weights: Weights, input: Value): Trace;
  readonly blas: Blas;
  readonly allocate: Allocate;
  /** Randomness of dropout, or null to use the network without it. */
  readonly dropoutKey: Key | null;
  /** Whether cotangents will be pulled back: if not, slopes need not be kept. */
  readonly differentiates: boolean;
  /** Whether the weights of this layer train. */
  readonly trains: boolean;
}

/** The weights of child `index` of a layer that has children. */
export function childWeights({ params, tangent }: Weights, index: number): Weights {
  // `init` of that layer made a list
  return { params: (params as readonly Params[])[index]!, tangent: tangent && (tangent as readonly Params[])[index]! };
}

/** A layer without weights: `back` leads cotangents of its output to those of its input. */
export function withoutWeights(output: Value, back: (cotangent: Value) => Value): Trace {
  return { output, trains: false, pullback: (cotangent, _, wantInput) => (wantInput ? back(cotangent) : null) };
}

/** The state as one tile, or an error that says the layer takes a single input. */
export function single(input: KernelState, scope: Scope): KernelTile {
  if (isBranches(input)) scope.fail(`takes one input, got ${input.length} branches: put a fanIn layer before it`);
  return input;
}

/** The activations of a single input. */
export function singleValue(value: Value, scope: Scope): Jet {
  if (isBranches(value)) scope.fail(`takes one input, got ${value.length} branches: put a fanIn layer before it`);
  return value;
}

/** The state as branches, or an error that says where branches come from. */
export function branchesOf<T>(input: T | readonly T[], scope: Scope, expected?: number): readonly T[] {
  if (!isBranches(input)) scope.fail("takes several branches, got one input: put fanOut or parallel before it");
  if (expected !== undefined && input.length !== expected)
    scope.fail(`has ${expected} branches but gets ${input.length}`);
  return input;
}

export function isBranches<T>(input: T | readonly T[]): input is readonly T[] {
  return Array.isArray(input);
}
