import { squaredDistance } from "../activations/activation.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { normal, split } from "../random/key.ts";
import * as portable from "../special/portable.ts";
import { type Jet, makeJet, scaleJet, termOf } from "./jet.ts";
import { mapPairs } from "./kernel-state.ts";
import {
  type Complete,
  type DenseParams,
  type ForwardScope,
  type LayerRule,
  single,
  singleValue,
  type Trace,
} from "./rule.ts";
import { singleSignature } from "./signature.ts";
import type { DenseSpec } from "./spec.ts";

/** A fully connected layer of `width` units. Defaults: wStd 1, bStd 0 (no bias), parameterization "ntk". */
export function dense(options: Omit<DenseSpec, "type">): DenseSpec {
  return { type: "dense", ...options };
}

/**
 * f = W x + b. With fan-in N:
 *
 *   "ntk"       W = wStd/√N · w, b = bStd · β, w and β standard normal        Θ ← K + wStd² Θ
 *   "standard"  W ~ N(0, wStd²/N), b ~ N(0, bStd²) themselves trained         Θ ← N c + wStd² Θ + [1 if bStd > 0]
 *
 * and in both K = wStd² c + bStd². Jacot et al. (2018), section 4; Sohl-Dickstein et al. (2020) for "standard".
 */
export const denseRule: LayerRule<DenseSpec> = {
  fields: {
    width: { kind: "integer", min: 1 },
    wStd: { kind: "number", min: 0, default: 1 },
    bStd: { kind: "number", min: 0, default: 0 },
    parameterization: { kind: "choice", choices: ["ntk", "standard"], default: "ntk" },
  },

  signature({ width, wStd, bStd }, input, scope) {
    const { law } = singleSignature(input, scope);
    return {
      units: width,
      gaussian: true,
      sources: [scope.newSource()],
      law: wStd === 1 && bStd === 0 ? law : scope.law("dense", wStd, bStd, law),
    };
  },

  kernel(spec, input, scope) {
    const tile = single(input, scope);
    const wVar = spec.wStd ** 2;
    const bVar = spec.bStd ** 2;
    const standard = spec.parameterization === "standard";
    const fanIn = tile.width;
    return mapPairs(
      tile,
      (entry, p, q) => {
        const c = entry.nngp;
        entry.nngp = wVar * c + bVar;
        entry.sine = affineSine(spec, c, entry.sine, p, q);
        const own = standard ? fanIn * c + (bVar > 0 ? 1 : 0) : entry.nngp;
        entry.ntk = own + wVar * entry.ntk;
      },
      { width: spec.width },
    );
  },

  init(spec, key, input, scope) {
    const fanIn = singleSignature(input, scope).units;
    const [wKey, bKey] = split(key, 2);
    const { wScale, bScale } = spec.parameterization === "ntk" ? { wScale: 1, bScale: 1 } : scales(spec, fanIn);
    const w = normal(wKey!, fanIn * spec.width).map((z) => z * wScale);
    const b = spec.bStd > 0 ? normal(bKey!, spec.width).map((z) => z * bScale) : null;
    return { w: matrix(fanIn, spec.width, w), b };
  },

  forward(spec, { params, tangent }, input, scope) {
    const x = singleValue(input, scope);
    const { w, b } = params as DenseParams; // `init` of this layer made them
    const along = tangent as DenseParams | null; // of the same shape
    if (x.cols !== w.rows) scope.fail(`has weights for ${w.rows} inputs, got ${x.cols}`);
    const { wScale, bScale } = spec.parameterization === "ntk" ? scales(spec, w.rows) : { wScale: 1, bScale: 1 };
    // What is narrower is scaled: the inputs, or what becomes of them.
    const early = b === null && x.cols < w.cols;
    const inputs = early ? scaleJet(x, wScale, scope.allocate) : x;
    const term = (k: number): Float64Array | null => {
      const product = productTerm(inputs, k, w, along?.w ?? null, false, scope);
      const bias = k === 0 ? b : k === 1 ? (along?.b ?? null) : null;
      return product && affine(product, early ? 1 : wScale, bias, bScale);
    };
    const output = makeJet(x.rows, w.cols, x.terms.length, term, scope.allocate);
    const pullback: Trace["pullback"] = (value, sink, wantInput) => {
      const cotangent = singleValue(value, scope);
      if (scope.trains) sink({ path: scope.path, input: x, cotangent, wScale, bScale, hasBias: b !== null });
      if (!wantInput) return null;
      const before = w.cols < w.rows;
      const u = before ? scaleJet(cotangent, wScale, scope.allocate) : cotangent;
      const pulled = (k: number): Float64Array | null => {
        const product = productTerm(u, k, w, along?.w ?? null, true, scope);
        return product && affine(product, before ? 1 : wScale, null, 0);
      };
      return makeJet(cotangent.rows, w.rows, x.terms.length, pulled, scope.allocate);
    };
    return { output, trains: scope.trains, pullback };
  },
};

/** Term k of jet · (w + ε along), transposed weights when asked; null where it is zero. */
function productTerm(
  jet: Jet,
  k: number,
  w: Matrix,
  along: Matrix | null,
  transposeB: boolean,
  { blas, allocate }: ForwardScope,
): Matrix | null {
  const [term, before] = [termOf(jet, k), k > 0 && along ? termOf(jet, k - 1) : null];
  if (!(term || before)) return null;
  const cols = transposeB ? w.rows : w.cols;
  const out = matrix(jet.rows, cols, allocate(jet.rows * cols));
  if (term) blas.gemm(out, term, w, { transposeB });
  if (before) blas.gemm(out, before, along!, { transposeB, accumulate: term !== null });
  return out;
}

/** wScale · z + bScale · b, in place. */
function affine(z: Matrix, wScale: number, b: Float64Array | null, bScale: number): Float64Array {
  const { rows, cols, data } = z;
  if (!b) {
    if (wScale !== 1) for (let at = 0; at < data.length; at++) data[at]! *= wScale;
    return data;
  }
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) data[at] = wScale * data[at]! + bScale * b[j]!;
  }
  return data;
}

/** wStd/√N and bStd: what turns standard normal weights into those of the layer. */
function scales(spec: Complete<DenseSpec>, fanIn: number): { wScale: number; bScale: number } {
  return { wScale: spec.wStd / Math.sqrt(fanIn), bScale: spec.bStd };
}

/** sine of w²c + b²: its square is w⁴(pq − c²) + w²b²(p + q − 2c), a sum of terms that are not negative. */
function affineSine({ wStd, bStd }: Complete<DenseSpec>, c: number, sine: number, p: number, q: number): number {
  if (bStd === 0) return wStd * wStd * sine;
  return portable.hypot(wStd * wStd * sine, wStd * bStd * Math.sqrt(squaredDistance(c, sine, p, q)));
}
