import { combinePairs, joinedBranches, sourcesOf } from "./fan-in.ts";
import { fanInSumSine } from "./fan-in-sum.ts";
import { makeJet, mapTerms } from "./jet.ts";
import { branchesOf, type LayerRule, type Scope, single, singleValue, withoutWeights } from "./rule.ts";
import { singleSignature } from "./signature.ts";
import type { FanInConcatSpec } from "./spec.ts";

/** The branches side by side, along the units (axis −1). */
export function fanInConcat(axis = -1): FanInConcatSpec {
  return { type: "fanInConcat", axis };
}

/**
 * K = Σ nᵢKᵢ / Σ nᵢ and the same for Θ, with nᵢ the width of branch i. Units of branches with different kernels are a
 * mixture of Gaussians, not Gaussian: an activation belongs inside such branches, or after a further dense layer.
 */
export const fanInConcatRule: LayerRule<FanInConcatSpec> = {
  fields: { axis: { kind: "integer", default: -1 } },

  signature({ axis }, input, scope) {
    checkAxis(axis, scope);
    const branches = branchesOf(input, scope).map((branch) => singleSignature(branch, scope));
    const units = branches.reduce((sum, branch) => sum + branch.units, 0);
    const isAlike = branches.every(({ law }) => law === branches[0]!.law);
    const mixture = branches.map((branch) => `${branch.units / units} ${branch.law}`).sort();
    return {
      units,
      gaussian: isAlike && branches.every(({ gaussian }) => gaussian),
      sources: sourcesOf(branches),
      law: isAlike ? branches[0]!.law : scope.law("fanInConcat", ...mixture),
    };
  },

  kernel(_, input, scope) {
    const tiles = branchesOf(input, scope).map((branch) => single(branch, scope));
    const width = tiles.reduce((sum, tile) => sum + tile.width, 0);
    const weights = tiles.map((tile) => tile.width / width);
    return combinePairs(
      tiles,
      (pairs) => {
        const nngp = pairs.reduce((sum, pair, i) => sum + weights[i]! * pair.nngp, 0);
        const ntk = pairs.reduce((sum, pair, i) => sum + weights[i]! * pair.ntk, 0);
        const scaled = pairs.map((pair, i) => ({
          nngp: weights[i]! * pair.nngp,
          sine: weights[i]! * pair.sine,
          p: weights[i]! * pair.p,
          q: weights[i]! * pair.q,
        }));
        return { nngp, ntk, sine: fanInSumSine(scaled, nngp) };
      },
      { width },
    );
  },

  init: () => null,

  forward(_, __, input, scope) {
    const branches = joinedBranches(input, scope);
    const cols = branches.reduce((sum, branch) => sum + branch.cols, 0);
    const { rows, terms } = branches[0]!;
    const starts = branches.map((_branch, i) => branches.slice(0, i).reduce((sum, branch) => sum + branch.cols, 0));
    const joined = (k: number): Float64Array | null => {
      if (branches.every((branch) => !branch.terms[k])) return null;
      const out = scope.allocate(rows * cols).fill(0);
      branches.forEach((branch, b) => {
        const term = branch.terms[k];
        if (term) copyColumns(term, branch.cols, 0, out, cols, starts[b]!, branch.cols);
      });
      return out;
    };
    const output = makeJet(rows, cols, terms.length, joined, scope.allocate);
    return withoutWeights(output, (cotangent) =>
      branches.map((branch, b) =>
        mapTerms(singleValue(cotangent, scope), branch.cols, (term) => {
          const out = scope.allocate((term.length / cols) * branch.cols);
          copyColumns(term, cols, starts[b]!, out, branch.cols, 0, branch.cols);
          return out;
        }),
      ),
    );
  },
};

function checkAxis(axis: number, scope: Scope): void {
  if (axis !== -1 && axis !== 1) scope.fail(`joins along the units: axis must be -1 (or 1), got ${axis}`);
}

/** Copies `count` columns of every row. */
function copyColumns(
  from: Float64Array,
  fromCols: number,
  fromStart: number,
  to: Float64Array,
  toCols: number,
  toStart: number,
  count: number,
): void {
  for (let i = 0, at = 0; at < from.length; i++, at += fromCols)
    to.set(from.subarray(at + fromStart, at + fromStart + count), i * toCols + toStart);
}
