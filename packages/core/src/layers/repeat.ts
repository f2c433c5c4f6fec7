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
  kernel: ({ layer, times }, input, scope) => range(times).reduce((state, i) => scope.descend(layer, i, state), input),
  shape: ({ layer, times }, input, scope) => range(times).reduce((shape, i) => scope.descend(layer, i, shape), input),

  init({ layer, times }, key, input, scope) {
    const keys = split(key, times);
    let shape = input;
    return keys.map((childKey, i) => {
      const params = scope.initChild(layer, i, childKey, shape);
      shape = scope.descend(layer, i, shape);
      return params;
    });
  },

  forward: ({ layer, times }, weights, input, scope) =>
    chain(times, input, (i, value) => scope.descend(layer, i, childWeights(weights, i), value)),
};

const range = (times: number): readonly number[] => Array.from({ length: times }, (_, i) => i);
