import { matrix } from "../matrix/matrix.ts";
import { mapPairs } from "./kernel-state.ts";
import { type LayerRule, type Scope, single, singleShape, singleValue } from "./rule.ts";
import type { LayerNormSpec } from "./spec.ts";

/** Normalizes the units of each example to mean 0 and variance 1. Defaults: axis −1, eps 1e-12. */
export function layerNorm(options: Omit<LayerNormSpec, "type"> = {}): LayerNormSpec {
  return { type: "layerNorm", ...options };
}

/**
 * K and Θ divided by √((p + ε)(q + ε)): at infinite width the mean over units is 0 and their variance is p.
 * Ba et al. (2016), without the trained gain and shift.
 */
export const layerNormRule: LayerRule<LayerNormSpec> = {
  fields: { axis: { kind: "integer", default: -1 }, eps: { kind: "number", min: 0, default: 1e-12 } },

  kernel({ axis, eps }, input, scope) {
    checkAxis(axis, scope);
    const tile = single(input, scope);
    if (!tile.gaussian)
      scope.fail("needs Gaussian pre-activations, whose mean over the units is 0: put a dense layer before it");
    return mapPairs(tile, (entry, p, q) => {
      const scale = Math.sqrt(p + eps) * Math.sqrt(q + eps);
      if (scale === 0) return;
      entry.nngp /= scale;
      entry.sine /= scale;
      entry.ntk /= scale;
    });
  },

  shape({ axis }, input, scope) {
    checkAxis(axis, scope);
    return singleShape(input, scope);
  },
  init: () => null,

  apply({ eps }, _, input, scope) {
    const x = singleValue(input, scope);
    const out = matrix(x.rows, x.cols);
    for (let i = 0; i < x.rows; i++) {
      const units = x.data.subarray(i * x.cols, (i + 1) * x.cols);
      const mean = units.reduce((sum, value) => sum + value, 0) / x.cols;
      const variance = units.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.cols;
      const scale = 1 / Math.sqrt(variance + eps || 1);
      out.data.set(
        units.map((value) => (value - mean) * scale),
        i * x.cols,
      );
    }
    return out;
  },
};

function checkAxis(axis: number, scope: Scope): void {
  if (axis !== -1 && axis !== 1) scope.fail(`normalizes over the units: axis must be -1 (or 1), got ${axis}`);
}
