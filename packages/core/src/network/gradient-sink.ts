import { type Allocate, scaleJet, termOf } from "../layers/jet.ts";
import type { DenseParams, Params, WeightSink } from "../layers/rule.ts";
import type { Blas } from "../linalg/blas.ts";
import { mapDense } from "./params.ts";

export interface GradientSinkOptions {
  /** Which coefficient along the line is wanted. Default 0, the gradient itself. */
  readonly term?: number;
  /** For copies of a batch; new memory by default. */
  readonly allocate?: Allocate;
}

/**
 * Writes the gradients of the weights that cotangents meet into the arrays of `into`: term k of wScale Σᵢ inputᵢᵀ uₖ₋ᵢ and of the column
 * sums of bScale uₖ. What no cotangent meets stays as it is.
 */
export function gradientSink(
  into: Params,
  blas: Blas,
  { term: k = 0, allocate = (length) => new Float64Array(length) }: GradientSinkOptions = {},
): WeightSink {
  const layers = new Map<string, DenseParams>();
  mapDense(into, (dense, path) => {
    layers.set(path, dense);
    return dense;
  });
  return ({ path, input, cotangent, wScale, bScale }) => {
    const { w, b } = layers.get(path)!; // `into` has the structure of the weights
    const narrow = input.cols < cotangent.cols;
    const x = narrow ? scaleJet(input, wScale, allocate) : input;
    const u = narrow ? cotangent : scaleJet(cotangent, wScale, allocate);
    let accumulate = false;
    for (let i = 0; i <= k; i++) {
      const [left, right] = [termOf(x, i), termOf(u, k - i)];
      if (!(left && right)) continue;
      blas.gemm(w, left, right, { transposeA: true, accumulate });
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
