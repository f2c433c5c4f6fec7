import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { extendGaussian } from "./taylor-series.ts";

/**
 * φ(x) = a e^{bx²}, b ≤ 0. With β = −2b:
 *
 *   κ = a²/√D,   κ̇ = a² β² c / D^{3/2},   D = (1 + βp)(1 + βq) − β²c² = 1 + β(p + q) + β² sine²
 *
 * Williams (1997). The new sine: with M² = (1 + 2βp)(1 + 2βq) = (1 + β(p + q))² − β²(p − q)²,
 *
 *   κ(p,p,p) κ(q,q,q) − κ² = a⁴ (D − M)/(D M),   D − M = β² sine² + β²(p − q)²/(1 + β(p + q) + M)
 */
export function gaussianActivation({ a, b }: { readonly a: number; readonly b: number }): Activation {
  const beta = -2 * b;
  return {
    name: "gaussian",
    smoothness: "smooth",
    phi: (x) => a * portable.exp(b * x * x),
    dphi: (x) => 2 * a * b * x * portable.exp(b * x * x),
    taylor(x, out) {
      const decay = portable.exp(b * x * x);
      out[0] = a * decay;
      extendGaussian(out, b, x);
      out[1] = 2 * a * b * x * decay;
    },
    dual(c, sine, p, q, out) {
      const sum = 1 + beta * (p + q);
      const rootD = portable.hypot(Math.sqrt(sum), beta * sine);
      const rootM = Math.sqrt(Math.sqrt(1 + 2 * beta * p)) * Math.sqrt(Math.sqrt(1 + 2 * beta * q));
      const radial = ((beta * (p - q)) / (sum + rootM * rootM)) * beta * (p - q);
      out[0] = (a * a) / rootD;
      out[1] = (((a * beta) / rootD) * ((a * beta) / rootD) * c) / rootD;
      out[2] = ((a * a) / rootM / rootD) * portable.hypot(beta * sine, Math.sqrt(radial));
    },
  };
}
