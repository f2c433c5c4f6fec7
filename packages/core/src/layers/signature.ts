import type { Scope } from "./rule.ts";
import type { Layer } from "./spec.ts";

/** What is known of the outputs of a layer before any number: it follows from the description alone, and serves both halves. */
export interface Signature {
  /** Number of units: the fan-in of the next layer. */
  readonly units: number;
  /** Whether outputs are jointly Gaussian over the weights at infinite width: what an activation needs. */
  readonly gaussian: boolean;
  /** The parametric layers whose fresh weights make these outputs; 0 is the input. Equal sources are correlated. */
  readonly sources: readonly number[];
  /** Outputs with equal numbers have the same covariance for every pair of inputs. */
  readonly law: number;
}

/** One signature, or after `fanOut` and `parallel` one for each branch. */
export type Signatures = Signature | readonly Signatures[];

/** Number of units, or one for each branch. */
export type Shape = number | readonly Shape[];

export interface SignatureScope extends Scope {
  /** Reads a child; `segment` is its position in this layer. */
  descend(child: Layer, segment: number, input: Signatures): Signatures;
  /** A number no other parametric layer has. */
  newSource(): number;
  /** The number of the covariance that is described so: equal descriptions have equal numbers. */
  law(...description: readonly (string | number)[]): number;
  /** Refuses the network when it is asked for its infinite-width limit; as a finite network it is fine. */
  noLimit(message: string): void;
}

/** The signature of a single input. */
export function singleSignature(input: Signatures, scope: Scope): Signature {
  if (isBranched(input)) scope.fail(`takes one input, got ${input.length} branches: put a fanIn layer before it`);
  return input;
}

/** The units of a single input, or those of each branch. */
export function shapeOf(signatures: Signatures): Shape {
  return isBranched(signatures) ? signatures.map(shapeOf) : signatures.units;
}

function isBranched(input: Signatures): input is readonly Signatures[] {
  return Array.isArray(input);
}
