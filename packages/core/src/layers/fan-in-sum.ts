import { belowBound } from "../activations/activation.ts";
import { combinePairs, independentBranches, joined, joinedBranches, tilesOf } from "./fan-in.ts";
import { addJets } from "./jet.ts";
import { type LayerRule, withoutWeights } from "./rule.ts";
import type { FanInSumSpec } from "./spec.ts";

/** The sum of the branches: residual connections. */
export function fanInSum(): FanInSumSpec {
  return { type: "fanInSum" };
}

/**
 * K = Σ Kᵢ and Θ = Σ Θᵢ, for branches that are uncorrelated: each made by weights of its own, and all but one with
 * mean zero.
 */
export const fanInSumRule: LayerRule<FanInSumSpec> = {
  fields: {},

  signature(_, input, scope) {
    const branches = independentBranches(input, scope);
    if (branches.filter(({ gaussian }) => !gaussian).length > 1)
      scope.noLimit(
        "sums two branches that end in an activation: their means add up; end all but one in a dense layer",
      );
    return joined("fanInSum", branches, scope, { gaussian: branches.every(({ gaussian }) => gaussian) });
  },

  kernel(_, input, scope) {
    return combinePairs(tilesOf(input, scope), (pairs) => {
      const nngp = pairs.reduce((sum, { nngp }) => sum + nngp, 0);
      return { nngp, ntk: pairs.reduce((sum, { ntk }) => sum + ntk, 0), sine: fanInSumSine(pairs, nngp) };
    });
  },

  init: () => null,
  forward(_, __, input, scope) {
    const branches = joinedBranches(input, scope);
    const sum = branches.reduce((total, branch) => addJets(total, branch, scope.allocate));
    return withoutWeights(sum, (cotangent) => branches.map(() => cotangent));
  },
};

/**
 * The sine of a sum: (R − C)(R + C) with R = √(ΣpᵢΣqᵢ), where
 * R − Σrᵢ = Σ_{i<j} (√(pᵢqⱼ) − √(pⱼqᵢ))² / (R + Σrᵢ) and R ∓ C = (R − Σrᵢ) + Σ(rᵢ ∓ cᵢ): nothing cancels.
 */
export function fanInSumSine(
  pairs: readonly { nngp: number; sine: number; p: number; q: number }[],
  c: number,
): number {
  const totalP = pairs.reduce((sum, { p }) => sum + p, 0);
  const totalQ = pairs.reduce((sum, { q }) => sum + q, 0);
  const bound = Math.sqrt(totalP) * Math.sqrt(totalQ);
  if (bound === 0) return 0;
  const roots = pairs.map(({ p, q }) => [Math.sqrt(p), Math.sqrt(q)] as const);
  const products = roots.reduce((sum, [a, b]) => sum + a * b, 0);
  let slack = 0;
  for (let i = 0; i < roots.length; i++) {
    for (let j = 0; j < i; j++) {
      const cross = roots[i]![0] * roots[j]![1] - roots[j]![0] * roots[i]![1];
      slack += (cross / (bound + products)) * cross; // a square of variances would leave float64 from 1e154 on
    }
  }
  const sign = Math.sign(c) || 1;
  const below = pairs.reduce(
    (sum, { nngp, sine }, i) => sum + belowBound(roots[i]![0] * roots[i]![1], sign * nngp, sine),
    0,
  );
  return Math.sqrt(slack + below) * Math.sqrt(bound + Math.abs(c));
}
