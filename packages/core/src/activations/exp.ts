import * as portable from "../special/portable.ts";
import { type Activation, squaredDistance } from "./activation.ts";
import { extendExponential } from "./taylor-series.ts";

/**
 * φ(x) = a e^{bx}.
 *
 *   κ = a² e^{b² (p + q + 2c)/2},   κ̇ = b² κ
 *   √(κ(p,p,p) κ(q,q,q) − κ²) = a² e^{b² (p + q)} √(1 − e^{−b² (p + q − 2c)})
 *
 * Daniely, Frostig & Singer (2016), table 1. Infinity where e^… leaves the range of float64.
 */
export function expActivation({ a, b }: { readonly a: number; readonly b: number }): Activation {
  return {
    name: "exp",
    smoothness: "smooth",
    phi: (x) => a * portable.exp(b * x),
    dphi: (x) => a * b * portable.exp(b * x),
    taylor(x, out) {
      const growth = portable.exp(b * x);
      out[0] = a * growth;
      extendExponential(out, b);
      out[1] = a * b * growth;
    },
    dual(c, sine, p, q, out) {
      const kappa = a * a * portable.exp((b * b * squaredDistance(-c, sine, p, q)) / 2);
      const share = Math.sqrt(-portable.expm1(-b * b * squaredDistance(c, sine, p, q)));
      out[0] = kappa;
      out[1] = b === 0 ? 0 : b * b * kappa;
      out[2] = share === 0 ? 0 : a * a * portable.exp(b * b * (p + q)) * share;
    },
  };
}
