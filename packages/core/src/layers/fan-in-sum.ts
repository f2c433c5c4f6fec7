import { belowBound } from "../activations/activation.ts";
import { combinePairs, commonWidth, independentTiles, joinedBranches } from "./fan-in.ts";
import { addJets } from "./jet.ts";
import { branchesOf, type LayerRule, singleShape, withoutWeights } from "./rule.ts";
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

  kernel(_, input, scope) {
    const tiles = independentTiles(input, scope);
    if (tiles.filter((tile) => !tile.gaussian).length > 1)
      scope.fail("sums two branches that end in an activation: their means add up; end all but one in a dense layer");
    return combinePairs(
      tiles,
      (pairs) => {
        const nngp = pairs.reduce((sum, { nngp }) => sum + nngp, 0);
        return { nngp, ntk: pairs.reduce((sum, { ntk }) => sum + ntk, 0), sine: fanInSumSine(pairs, nngp) };
      },
      { gaussian: tiles.every((tile) => tile.gaussian) },
    );
  },

  shape(_, input, scope) {
    return commonWidth(
      branchesOf(input, scope).map((shape) => singleShape(shape, scope)),
      scope,
    );
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
  let misfit = 0;
  for (let i = 0; i < roots.length; i++) {
    for (let j = 0; j < i; j++) misfit += (roots[i]![0] * roots[j]![1] - roots[j]![0] * roots[i]![1]) ** 2;
  }
  const slack = misfit / (bound + products);
  const sign = Math.sign(c) || 1;
  const below = pairs.reduce(
    (sum, { nngp, sine }, i) => sum + belowBound(roots[i]![0] * roots[i]![1], sign * nngp, sine),
    0,
  );
  return Math.sqrt(slack + below) * Math.sqrt(bound + Math.abs(c));
}
