import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { lineSeries } from "./taylor-series.ts";

/**
 * φ(x) = sign x.
 *
 *   κ = 1 − 2θ/π,   √(1 − κ²) = (2/π) √(θ(π − θ)),   θ = atan2(sine, c);   κ = 0 when a row is zero
 *
 * Cho & Saul (2009), degree 0. κ̇ is 0 by definition: φ' is 0 wherever it exists, though ∂κ/∂c is not.
 */
export const signActivation: Activation = {
  name: "sign",
  smoothness: "kinked",
  kinks: [0],
  phi: Math.sign,
  dphi: () => 0,
  taylor: (x, out) => lineSeries(out, Math.sign(x), 0),
  dual(c, sine, p, q, out) {
    const isZero = p === 0 || q === 0;
    const theta = portable.atan2(sine, c);
    out[0] = isZero ? 0 : 1 - (2 / Math.PI) * theta;
    out[1] = 0;
    out[2] = isZero ? 0 : (2 / Math.PI) * Math.sqrt(theta * portable.atan2(sine, -c));
  },
};
