import { type Allocate, addJets, type Jet, makeJet, mapTerms, multiplyJets, scaleJet } from "./jet.ts";
import { mapPairs } from "./kernel-state.ts";
import { type LayerRule, type Scope, single, singleValue, withoutWeights } from "./rule.ts";
import { singleSignature } from "./signature.ts";
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

  signature({ axis, eps }, input, scope) {
    checkAxis(axis, scope);
    const { law, ...rest } = singleSignature(input, scope);
    if (!rest.gaussian)
      scope.noLimit("needs Gaussian pre-activations, whose mean over the units is 0: put a dense layer before it");
    return { ...rest, law: scope.law("layerNorm", eps, law) };
  },

  kernel({ eps }, input, scope) {
    return mapPairs(single(input, scope), (entry, p, q) => {
      const scale = Math.sqrt(p + eps) * Math.sqrt(q + eps);
      if (scale === 0) return;
      entry.nngp /= scale;
      entry.sine /= scale;
      entry.ntk /= scale;
    });
  },

  init: () => null,

  forward({ eps }, _, input, scope) {
    const x = singleValue(input, scope);
    const { cols } = x;
    const { output, scales } = normalizeRows(x, eps, scope.allocate);
    return withoutWeights(output, (cotangent) => {
      // g − mean g − y mean(g y), times the scale of the row
      const g = singleValue(cotangent, scope);
      const along = multiplyJets(g, output, scope.allocate);
      const spread = spreadRows(rowMeans(along, scope.allocate), cols, scope.allocate);
      const radial = multiplyJets(output, spread, scope.allocate);
      const centred = centreRows(g, scope.allocate);
      const tangential = addJets(centred, scaleJet(radial, -1, scope.allocate), scope.allocate);
      return multiplyJets(tangential, spreadRows(scales, cols, scope.allocate), scope.allocate);
    });
  },
};

function checkAxis(axis: number, scope: Scope): void {
  if (axis !== -1 && axis !== 1) scope.fail(`normalizes over the units: axis must be -1 (or 1), got ${axis}`);
}

/** Rows with mean 0 and variance 1, and what each was divided by to get there (rows x 1, its inverse). */
function normalizeRows(x: Jet, eps: number, allocate: Allocate): { readonly output: Jet; readonly scales: Jet } {
  const centred = centreRows(x, allocate);
  const variances = rowMeans(multiplyJets(centred, centred, allocate), allocate);
  const scales = inverseRoots(variances, eps, allocate);
  return { output: multiplyJets(centred, spreadRows(scales, x.cols, allocate), allocate), scales };
}

function centreRows(x: Jet, allocate: Allocate): Jet {
  const means = spreadRows(rowMeans(x, allocate), x.cols, allocate);
  return addJets(x, scaleJet(means, -1, allocate), allocate);
}

/** The mean over the units of each example, rows x 1. */
function rowMeans(x: Jet, allocate: Allocate): Jet {
  return mapTerms(x, 1, (term) => {
    const out = allocate(x.rows);
    for (let i = 0, at = 0; i < x.rows; i++) {
      let sum = 0;
      for (let j = 0; j < x.cols; j++, at++) sum += term[at]!;
      out[i] = sum / x.cols;
    }
    return out;
  });
}

/** Each row's number in all of its `cols` columns. */
function spreadRows(x: Jet, cols: number, allocate: Allocate): Jet {
  return mapTerms(x, cols, (term) => {
    const out = allocate(x.rows * cols);
    for (let i = 0; i < x.rows; i++) out.fill(term[i]!, i * cols, (i + 1) * cols);
    return out;
  });
}

/**
 * s = (v + eps)^(−1/2) for each row. Term by term, from v s' = −s v'/2: k v₀ sₖ = Σⱼ (j/2 − k) vⱼ sₖ₋ⱼ, j = 1 … k. Rows that are
 * constant, with eps = 0, are divided by 1.
 */
function inverseRoots(v: Jet, eps: number, allocate: Allocate): Jet {
  const terms = v.terms.map((_, k) => (k === 0 || v.terms.some((term, j) => j > 0 && term) ? allocate(v.rows) : null));
  for (let i = 0; i < v.rows; i++) {
    const first = v.terms[0][i]! + eps;
    terms[0]![i] = 1 / Math.sqrt(first || 1);
    for (let k = 1; k < terms.length; k++) {
      let sum = 0;
      for (let j = 1; j <= k; j++) sum += (j / 2 - k) * (v.terms[j]?.[i] ?? 0) * (terms[k - j]?.[i] ?? 0);
      if (terms[k]) terms[k]![i] = first === 0 ? 0 : sum / (k * first);
    }
  }
  return makeJet(v.rows, 1, terms.length, (k) => terms[k]!, allocate);
}
