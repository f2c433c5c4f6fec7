import { belowBound } from "../activations/activation.ts";
import { combinePairs, independentBranches, joined, joinedBranches, tilesOf } from "./fan-in.ts";
import { type Jet, multiplyJets } from "./jet.ts";
import { type LayerRule, singleValue, withoutWeights } from "./rule.ts";
import type { FanInProdSpec } from "./spec.ts";

/** The entrywise product of the branches: gates. */
export function fanInProd(): FanInProdSpec {
  return { type: "fanInProd" };
}

/** K = Π Kᵢ and Θ = Σᵢ Θᵢ Π_{j≠i} Kⱼ, for branches made by independent weights. */
export const fanInProdRule: LayerRule<FanInProdSpec> = {
  fields: {},

  signature: (_, input, scope) => joined("fanInProd", independentBranches(input, scope), scope, { gaussian: false }),

  kernel(_, input, scope) {
    return combinePairs(tilesOf(input, scope), ([first, ...rest]) =>
      rest.reduce(
        (a, b) => ({
          nngp: a.nngp * b.nngp,
          ntk: a.ntk * b.nngp + a.nngp * b.ntk,
          sine: productSine(a, b),
          p: a.p * b.p,
          q: a.q * b.q,
        }),
        first!,
      ),
    );
  },

  init: () => null,
  forward(_, __, input, scope) {
    const branches = joinedBranches(input, scope);
    const productOf = (factors: readonly Jet[]): Jet =>
      factors.reduce((product, factor) => multiplyJets(product, factor, scope.allocate));
    return withoutWeights(productOf(branches), (cotangent) =>
      branches.map((_, i) =>
        productOf([singleValue(cotangent, scope), ...branches.filter((_branch, other) => other !== i)]),
      ),
    );
  },
};

interface Pair {
  readonly nngp: number;
  readonly sine: number;
  readonly p: number;
  readonly q: number;
}

/** With |c| for c: r₁r₂ − c₁c₂ = r₁(r₂ − c₂) + c₂(r₁ − c₁), times r₁r₂ + c₁c₂. */
function productSine(a: Pair, b: Pair): number {
  const [ra, rb] = [Math.sqrt(a.p) * Math.sqrt(a.q), Math.sqrt(b.p) * Math.sqrt(b.q)];
  const [ca, cb] = [Math.abs(a.nngp), Math.abs(b.nngp)];
  const below = ra * belowBound(rb, cb, b.sine) + cb * belowBound(ra, ca, a.sine);
  return Math.sqrt(below) * Math.sqrt(ra * rb + ca * cb);
}
