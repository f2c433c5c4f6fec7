import { termOf } from "../layers/jet.ts";
import type { DenseParams, Params, WeightSink } from "../layers/rule.ts";
import type { Blas } from "../linalg/blas.ts";
import { mapDense } from "./params.ts";

/**
 * Writes the gradients of the weights that cotangents meet into the arrays of `into`: term k of Σᵢ inputᵢᵀ scaledₖ₋ᵢ and of the
 * column sums of bScale cotangentₖ. What no cotangent meets stays as it is.
 */
export function gradientSink(into: Params, blas: Blas, k = 0): WeightSink {
  const layers = new Map<string, DenseParams>();
  mapDense(into, (dense, path) => {
    layers.set(path, dense);
    return dense;
  });
  return ({ path, input, cotangent, scaled, bScale }) => {
    const { w, b } = layers.get(path)!; // `into` has the structure of the weights
    let accumulate = false;
    for (let i = 0; i <= k; i++) {
      const [x, u] = [termOf(input, i), termOf(scaled, k - i)];
      if (!(x && u)) continue;
      blas.gemm(w, x, u, { transposeA: true, accumulate });
      accumulate = true;
    }
    if (!accumulate) w.data.fill(0);
    if (b) columnSums(cotangent.terms[k] ?? null, bScale, b);
  };
}

function columnSums(u: Float64Array | null, scale: number, out: Float64Array): void {
  out.fill(0);
  if (!u) return;
  for (let at = 0; at < u.length; ) {
    for (let j = 0; j < out.length; j++, at++) out[j]! += u[at]!;
  }
  if (scale !== 1) for (let j = 0; j < out.length; j++) out[j]! *= scale;
}
