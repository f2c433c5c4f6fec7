import { NetworkError } from "../errors.ts";
import { childPlace } from "./network-file.ts";
import { ruleOf } from "./registry.ts";
import type { Complete } from "./rule.ts";
import { type Activations, scopeAt } from "./scope.ts";
import type { Signature, SignatureScope, Signatures } from "./signature.ts";
import type { Layer } from "./spec.ts";

/** How a network is read: by which half, and what its `elementwise` layers mean. */
export interface ReadOptions {
  readonly activations: Activations;
  /** Whether the network must have an infinite-width limit. */
  readonly needsLimit: boolean;
}

/** The signature of the inputs. */
export function inputSignature(columns: number): Signature {
  return { units: columns, gaussian: false, sources: [0], law: 0 };
}

/** A layer at its place in a network that is being read: what its rule may ask for, and the signature of its outputs. */
export interface Reading {
  readonly scope: SignatureScope;
  read(): Signatures;
}

/**
 * A reader of one parsed network, layer by layer: all readings number the same sources and laws. `read` throws a NetworkError with
 * the position of the first layer that cannot stand where it does, and the reason.
 */
export function networkReader(options: ReadOptions): (layer: Layer, place: string, input: Signatures) => Reading {
  let sources = 0;
  const laws = new Map<string, number>();
  const at = (layer: Layer, place: string, input: Signatures): Reading => {
    const own = scopeAt(layer, place, options.activations);
    const scope: SignatureScope = {
      ...own,
      descend: (child, segment, childInput) => at(child, childPlace(layer.type, place, segment), childInput).read(),
      newSource: () => ++sources,
      law(...description) {
        const text = JSON.stringify(description);
        const known = laws.get(text) ?? laws.size + 1;
        laws.set(text, known);
        return known;
      },
      noLimit(message) {
        if (options.needsLimit) own.fail(message);
      },
    };
    return { scope, read: () => ruleOf(layer).signature(layer as Complete<Layer>, input, scope) };
  };
  return at;
}

/** The signature of a parsed network's outputs for inputs with that many columns. Throws as a `networkReader` does. */
export function readNetwork(network: Layer, columns: number, options: ReadOptions): Signatures {
  return networkReader(options)(network, "", inputSignature(columns)).read();
}

/** Throws a NetworkError unless the parsed network has an infinite-width limit with one output. */
export function checkLimit(network: Layer, columns: number, activations: Activations): void {
  const output = readNetwork(network, columns, { activations, needsLimit: true });
  if (Array.isArray(output))
    throw new NetworkError("", `the network ends in ${output.length} branches: put a fanIn layer after them`);
}
