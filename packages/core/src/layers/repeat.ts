import { split } from "../random/key.ts";
import { chain } from "./chain.ts";
import { childWeights, type LayerRule } from "./rule.ts";
import type { Layer, RepeatSpec } from "./spec.ts";

/** The layer, `times` times in a row, with fresh weights each time. */
export function repeat(layer: Layer, times: number): RepeatSpec {
  return { type: "repeat", layer, times };
}

/** Repeated composition: the same function as `serial` of copies. */
export const repeatRule: LayerRule<RepeatSpec> = {
  fields: { times: { kind: "integer", min: 1, max: 10_000 } },
  signature: ({ layer, times }, input, scope) =>
    range(times).reduce((state, i) => scope.descend(layer, i, state), input),
  kernel: ({ layer, times }, input, scope) => range(times).reduce((state, i) => scope.descend(layer, i, state), input),

  init({ layer, times }, key, input, scope) {
    const keys = split(key, times);
    let signature = input;
    return keys.map((childKey, i) => {
      const params = scope.initChild(layer, i, childKey, signature);
      signature = scope.descend(layer, i, signature);
      return params;
    });
  },

  forward: ({ layer, times }, weights, input, scope) =>
    chain(times, input, (i, value) => scope.descend(layer, i, childWeights(weights, i), value)),
};

const range = (times: number): readonly number[] => Array.from({ length: times }, (_, i) => i);
