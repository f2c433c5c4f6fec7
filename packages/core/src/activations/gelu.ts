import { normalCdf, normalDensity } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { geluSine } from "./gelu-sine.ts";
import { extendGaussian, integrateSeries, multiplyByX } from "./taylor-series.ts";

/**
 * φ(x) = x Φ(x), with Φ the standard normal distribution function: the exact gelu.
 *
 *   κ  = c/4 + (c A + (c² + pq D²)/((1 + p)(1 + q) D)) / 2π
 *   κ̇  = 1/4 + (A + (c/D)(1/D² + 1/(1 + p) + 1/(1 + q))) / 2π
 *   D² = (1 + p)(1 + q) − c² = 1 + p + q + sine²,   A = atan2(c, D)
 *
 * Tsuchida, Pearce, van der Heide, Roosta & Gallagher (2021); Han et al. (2022), table 1, where the last two terms of κ̇ are
 * (1 − pq)/((1 + p)(1 + q)) + 1: the same, but it cancels where variances are large.
 */
export const geluActivation: Activation = {
  name: "gelu",
  smoothness: "smooth",
  phi: (x) => x * normalCdf(x),
  dphi: (x) => normalCdf(x) + x * normalDensity(x),
  taylor(x, out) {
    out[0] = normalDensity(x);
    extendGaussian(out, -0.5, x);
    integrateSeries(out, normalCdf(x));
    multiplyByX(out, x);
  },
  map(x, out, slope) {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]!;
      const below = normalCdf(v);
      out[i] = v * below;
      if (slope) slope[i] = below + v * normalDensity(v);
    }
  },
  dual(c, sine, p, q, out) {
    const d = portable.hypot(Math.sqrt(1 + p + q), sine);
    const angle = portable.atan2(c, d);
    const products = (p / (1 + p)) * (q / (1 + q));
    out[0] = c / 4 + (c * angle + ((c / (1 + p)) * (c / (1 + q))) / d + products * d) / (2 * Math.PI);
    out[1] = 0.25 + (angle + (c / d) * (1 / d / d + 1 / (1 + p) + 1 / (1 + q))) / (2 * Math.PI);
    if (c > 0 && sine < NEARLY_PARALLEL * c) out[2] = geluSine(c, sine, p, q, selfKappa(p), selfKappa(q));
  },
};

/** From this tangent of the angle on, the new sine is left to subtraction. */
const NEARLY_PARALLEL = 0.01;

/** κ(p, p, p) */
function selfKappa(p: number): number {
  const d = Math.sqrt(1 + 2 * p);
  const ratio = p / (1 + p);
  return p / 4 + (p * portable.atan2(p, d) + (ratio * ratio) / d + ratio * ratio * d) / (2 * Math.PI);
}
