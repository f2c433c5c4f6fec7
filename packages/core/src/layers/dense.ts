import { squaredDistance } from "../activations/activation.ts";
import { matrix } from "../matrix/matrix.ts";
import { normal, split } from "../random/key.ts";
import { mapPairs } from "./kernel-state.ts";
import { type Complete, type DenseParams, type LayerRule, single, singleShape, singleValue } from "./rule.ts";
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

  kernel(spec, input, scope) {
    const tile = single(input, scope);
    const wVar = spec.wStd ** 2;
    const bVar = spec.bStd ** 2;
    const standard = spec.parameterization === "standard";
    const fanIn = tile.width;
    const changes = { width: spec.width, gaussian: true, sources: [scope.newSource()] };
    return mapPairs(
      tile,
      (entry, p, q) => {
        const c = entry.nngp;
        entry.nngp = wVar * c + bVar;
        entry.sine = affineSine(spec, c, entry.sine, p, q);
        const own = standard ? fanIn * c + (bVar > 0 ? 1 : 0) : entry.nngp;
        entry.ntk = own + wVar * entry.ntk;
      },
      changes,
    );
  },

  shape(spec, input, scope) {
    singleShape(input, scope);
    return spec.width;
  },

  init(spec, key, input, scope) {
    const fanIn = singleShape(input, scope);
    const [wKey, bKey] = split(key, 2);
    const { wScale, bScale } = spec.parameterization === "ntk" ? { wScale: 1, bScale: 1 } : scales(spec, fanIn);
    const w = normal(wKey!, fanIn * spec.width).map((z) => z * wScale);
    const b = spec.bStd > 0 ? normal(bKey!, spec.width).map((z) => z * bScale) : null;
    return { w: matrix(fanIn, spec.width, w), b };
  },

  apply(spec, params, input, scope) {
    const x = singleValue(input, scope);
    const { w, b } = params as DenseParams; // `init` of this layer made them
    if (x.cols !== w.rows) scope.fail(`has weights for ${w.rows} inputs, got ${x.cols}`);
    const { wScale, bScale } = spec.parameterization === "ntk" ? scales(spec, w.rows) : { wScale: 1, bScale: 1 };
    const out = matrix(x.rows, w.cols);
    for (let i = 0; i < x.rows; i++) {
      const z = out.data.subarray(i * w.cols, (i + 1) * w.cols);
      if (b) z.set(b.map((beta) => beta * bScale));
      for (let k = 0; k < w.rows; k++) {
        const xk = x.data[i * x.cols + k]! * wScale;
        for (let j = 0; j < w.cols; j++) z[j]! += xk * w.data[k * w.cols + j]!;
      }
    }
    return out;
  },
};

/** wStd/√N and bStd: what turns standard normal weights into those of the layer. */
function scales(spec: Complete<DenseSpec>, fanIn: number): { wScale: number; bScale: number } {
  return { wScale: spec.wStd / Math.sqrt(fanIn), bScale: spec.bStd };
}

/** sine of w²c + b²: its square is w⁴(pq − c²) + w²b²(p + q − 2c), a sum of terms that are not negative. */
function affineSine({ wStd, bStd }: Complete<DenseSpec>, c: number, sine: number, p: number, q: number): number {
  if (bStd === 0) return wStd * wStd * sine;
  return Math.hypot(wStd * wStd * sine, wStd * bStd * Math.sqrt(squaredDistance(c, sine, p, q)));
}
