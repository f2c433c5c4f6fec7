import { type Allocate, addJets } from "./jet.ts";
import { branchesOf, isBranches, type LayerRule, type Value, withoutWeights } from "./rule.ts";
import type { FanOutSpec } from "./spec.ts";

/** The input, `copies` times, for the branches of a `parallel`. */
export function fanOut(copies: number): FanOutSpec {
  return { type: "fanOut", copies };
}

export const fanOutRule: LayerRule<FanOutSpec> = {
  fields: { copies: { kind: "integer", min: 1, max: 10_000 } },
  signature: ({ copies }, input) => new Array(copies).fill(input),
  kernel: ({ copies }, input) => new Array(copies).fill(input),
  init: () => null,
  forward: ({ copies }, _, input, scope) =>
    withoutWeights(new Array(copies).fill(input), (cotangent) =>
      branchesOf(cotangent, scope).reduce((sum, branch) => addValues(sum, branch, scope.allocate)),
    ),
};

function addValues(a: Value, b: Value, allocate: Allocate): Value {
  if (!(isBranches(a) || isBranches(b))) return addJets(a, b, allocate);
  return (a as readonly Value[]).map((value, i) => addValues(value, (b as readonly Value[])[i]!, allocate)); // copies
}
