import { split } from "../random/key.ts";
import { chain } from "./chain.ts";
import { childWeights, type LayerRule } from "./rule.ts";
import type { Layer, SerialSpec } from "./spec.ts";

/** Layers in a row. `serial(serial(a, b), c)` is the same network as `serial(a, b, c)`. */
export function serial(...layers: readonly Layer[]): SerialSpec {
  return { type: "serial", layers };
}

/** Composition: the output of each layer is the input of the next, in both halves. */
export const serialRule: LayerRule<SerialSpec> = {
  fields: {},
  signature: ({ layers }, input, scope) => layers.reduce((state, layer, i) => scope.descend(layer, i, state), input),
  kernel: ({ layers }, input, scope) => layers.reduce((state, layer, i) => scope.descend(layer, i, state), input),

  init({ layers }, key, input, scope) {
    const keys = split(key, layers.length);
    let signature = input;
    return layers.map((layer, i) => {
      const params = scope.initChild(layer, i, keys[i]!, signature);
      signature = scope.descend(layer, i, signature);
      return params;
    });
  },

  forward: ({ layers }, weights, input, scope) =>
    chain(layers.length, input, (i, value) => scope.descend(layers[i]!, i, childWeights(weights, i), value)),
};
