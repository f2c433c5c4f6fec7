import { split } from "../random/key.ts";
import { branchesOf, childWeights, type LayerRule, type Value } from "./rule.ts";
import type { Layer, ParallelSpec } from "./spec.ts";

/** One layer for each branch: put `fanOut` before it and a `fanIn…` after it. */
export function parallel(...branches: readonly Layer[]): ParallelSpec {
  return { type: "parallel", branches };
}

/** Each branch maps its own input; weights of different branches are independent. */
export const parallelRule: LayerRule<ParallelSpec> = {
  fields: {},
  signature: ({ branches }, input, scope) =>
    branchesOf(input, scope, branches.length).map((state, i) => scope.descend(branches[i]!, i, state)),
  kernel: ({ branches }, input, scope) =>
    branchesOf(input, scope, branches.length).map((state, i) => scope.descend(branches[i]!, i, state)),

  init({ branches }, key, input, scope) {
    const inputs = branchesOf(input, scope, branches.length);
    return split(key, branches.length).map((own, i) => scope.initChild(branches[i]!, i, own, inputs[i]!));
  },

  forward({ branches }, weights, input, scope) {
    const traces = branchesOf(input, scope).map((value, i) =>
      scope.descend(branches[i]!, i, childWeights(weights, i), value),
    );
    return {
      output: traces.map(({ output }) => output),
      trains: traces.some(({ trains }) => trains),
      pullback(cotangent, sink, wantInput) {
        const each = branchesOf(cotangent, scope).map((branch, i) => traces[i]!.pullback(branch, sink, wantInput));
        return each.some((branch) => branch === null) ? null : (each as Value[]); // none of them is null
      },
    };
  },
};
