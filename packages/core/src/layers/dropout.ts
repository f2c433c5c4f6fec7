import { uniform } from "../random/key.ts";
import * as portable from "../special/portable.ts";
import { mapTerms } from "./jet.ts";
import type { KernelTile } from "./kernel-state.ts";
import { type LayerRule, single, singleValue, type Value, withoutWeights } from "./rule.ts";
import { singleSignature } from "./signature.ts";
import type { DropoutSpec } from "./spec.ts";

/** Each unit is kept with probability `keep` and then divided by it, else set to 0. */
export function dropout(options: Omit<DropoutSpec, "type">): DropoutSpec {
  return { type: "dropout", ...options };
}

/**
 * Self terms are divided by `keep`, in K and Θ; covariances of different inputs, whose masks are independent, stay.
 * Srivastava et al. (2014).
 */
export const dropoutRule: LayerRule<DropoutSpec> = {
  fields: { keep: { kind: "number", min: 0, open: true, max: 1 } },

  signature({ keep }, input, scope) {
    const { gaussian, law, ...rest } = singleSignature(input, scope);
    if (rest.sources.includes(0))
      scope.noLimit("cannot stand on the input layer, which is not wide: put it after a dense layer");
    return { ...rest, gaussian: gaussian && keep === 1, law: keep === 1 ? law : scope.law("dropout", keep, law) };
  },

  kernel({ keep }, input, scope) {
    const tile = single(input, scope);
    const var1 = tile.var1.map((p) => p / keep);
    const var2 = tile.var2 === tile.var1 ? var1 : tile.var2.map((q) => q / keep);
    const next: KernelTile = {
      ...tile,
      var1,
      var2,
      nngp: tile.nngp.slice(),
      sine: tile.sine.map((sine, at) =>
        dropoutSine(sine, tile.var1[Math.floor(at / tile.cols)]!, tile.var2[at % tile.cols]!, keep),
      ),
      ntk: tile.ntk?.slice() ?? null,
    };
    divideSelfTerms(next, keep);
    return next;
  },

  init: () => null,

  forward({ keep }, _, input, scope) {
    const x = singleValue(input, scope);
    if (!scope.dropoutKey) return withoutWeights(x, (cotangent) => cotangent);
    const mask = uniform(scope.dropoutKey, x.rows * x.cols).map((draw) => (draw < keep ? 1 / keep : 0));
    const masked = (value: Value): Value =>
      mapTerms(singleValue(value, scope), x.cols, (term) => {
        const out = scope.allocate(term.length);
        for (let i = 0; i < out.length; i++) out[i] = term[i]! * mask[i % mask.length]!;
        return out;
      });
    return withoutWeights(masked(x), masked);
  },
};

/** √(PQ − c²) with P = p/keep, Q = q/keep, whose square is (pq − c²) + PQ(1 − keep²). */
function dropoutSine(sine: number, p: number, q: number, keep: number): number {
  return portable.hypot(sine, ((Math.sqrt(p) * Math.sqrt(q)) / keep) * Math.sqrt((1 - keep) * (1 + keep)));
}

function divideSelfTerms(tile: KernelTile, keep: number): void {
  if (tile.selfOffset === null) return;
  for (let i = 0; i < tile.rows; i++) {
    const j: number = i + tile.selfOffset;
    if (j < 0 || j >= tile.cols) continue;
    const at = i * tile.cols + j;
    tile.nngp[at] = tile.var1[i]!;
    tile.sine[at] = 0;
    if (tile.ntk) tile.ntk[at]! /= keep;
  }
}
