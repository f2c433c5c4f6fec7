import type { Activation } from "../activations/activation.ts";
import type { Fields } from "../activations/fields.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { Key } from "../random/key.ts";
import type { KernelState, KernelTile } from "./kernel-state.ts";
import type { Layer } from "./spec.ts";

/**
 * A layer: its fields, its infinite half (how it maps the kernel state) and its finite half (how it makes weights and
 * maps activations). The two stand in one file so that they cannot drift apart.
 *
 * Laws (`ntkit/testing`): the tangent kernel is the derivative of the NNGP of correlated weights; outputs of wide
 * finite networks have the NNGP as covariance; a tile has the bits of the slice of a larger tile.
 */
export interface LayerRule<S extends Layer> {
  readonly fields: Fields<S>;
  /** Maps the kernel state at infinite width. */
  kernel(spec: Complete<S>, input: KernelState, scope: KernelScope): KernelState;
  /** Shape of the output for inputs of this shape; also where the finite half refuses what it cannot do. */
  shape(spec: Complete<S>, input: Shape, scope: ShapeScope): Shape;
  /** Random weights for inputs of this shape. */
  init(spec: Complete<S>, key: Key, input: Shape, scope: InitScope): Params;
  /** Outputs of the finite network, one row per example. */
  apply(spec: Complete<S>, params: Params, input: Value, scope: ApplyScope): Value;
}

/** A description with its defaults filled in. */
export type Complete<S extends Layer> = Required<S>;

/** Number of units, or one shape per branch. */
export type Shape = number | readonly Shape[];

/** Weights of one layer, those of its children, or null where there are none. */
export type Params = DenseParams | readonly Params[] | null;
export interface DenseParams {
  /** fan-in x width */
  readonly w: Matrix;
  /** width, or null without a bias */
  readonly b: Float64Array | null;
}

/** Activations of a batch, or of each branch. */
export type Value = Matrix | readonly Value[];

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
  /** A number no other parametric layer has. */
  newSource(): number;
  /** Whether a later layer is kinked, so that digits of `sine` matter. */
  readonly preciseSine: boolean;
}

export interface ShapeScope extends Scope {
  descend(child: Layer, segment: number, input: Shape): Shape;
}

export interface InitScope extends ShapeScope {
  initChild(child: Layer, segment: number, key: Key, input: Shape): Params;
}

export interface ApplyScope extends Scope {
  descend(child: Layer, segment: number, params: Params, input: Value): Value;
  /** Randomness of dropout, or null to use the network without it. */
  readonly dropoutKey: Key | null;
}

/** The state as one tile, or an error that says the layer takes a single input. */
export function single(input: KernelState, scope: Scope): KernelTile {
  if (isBranches(input)) scope.fail(`takes one input, got ${input.length} branches: put a fanIn layer before it`);
  return input;
}

/** The width of a single input. */
export function singleShape(shape: Shape, scope: Scope): number {
  if (isBranches(shape)) scope.fail(`takes one input, got ${shape.length} branches: put a fanIn layer before it`);
  return shape;
}

/** The activations of a single input. */
export function singleValue(value: Value, scope: Scope): Matrix {
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
