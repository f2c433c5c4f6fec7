import * as portable from "../special/portable.ts";
import { type Activation, squaredDistance } from "./activation.ts";
import { extendWave } from "./taylor-series.ts";

/**
 * φ(x) = √2 sin(√(2γ) x + π/4), γ > 0: its kernel is the Gaussian one.
 *
 *   κ = e^{−γ (p + q − 2c)},   κ̇ = 2γ κ,   √(1 − κ²) = √(1 − e^{−2γ (p + q − 2c)})
 *
 * Rahimi & Recht (2007).
 */
export function rbfActivation({ gamma }: { readonly gamma: number }): Activation {
  const frequency = Math.sqrt(2 * gamma);
  return {
    name: "rbf",
    smoothness: "smooth",
    phi: (x) => Math.SQRT2 * portable.sin(frequency * x + Math.PI / 4),
    dphi: (x) => Math.SQRT2 * frequency * portable.cos(frequency * x + Math.PI / 4),
    taylor(x, out) {
      out[0] = Math.SQRT2 * portable.sin(frequency * x + Math.PI / 4);
      out[1] = Math.SQRT2 * frequency * portable.cos(frequency * x + Math.PI / 4);
      extendWave(out, frequency);
    },
    dual(c, sine, p, q, out) {
      const exponent = -gamma * squaredDistance(c, sine, p, q);
      const kappa = portable.exp(exponent);
      out[0] = kappa;
      out[1] = 2 * gamma * kappa;
      out[2] = Math.sqrt(-portable.expm1(2 * exponent));
    },
  };
}
