import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";
import { logistic, logisticOf, logisticSeries, logisticSlope, logisticSlopeOf } from "./sigmoid.ts";
import { multiplyByX } from "./taylor-series.ts";

/** φ(x) = x/(1 + e^{−x}). No closed form: κ, κ̇ by quadrature, see `numericalActivation`. */
export const siluActivation: Activation = numericalActivation({
  name: "silu",
  phi: (x) => x * logistic(x),
  dphi: (x) => logistic(x) + x * logisticSlope(x),
  taylor(x, out) {
    logisticSeries(x, out);
    multiplyByX(out, x);
  },
  map(x, out, slope) {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]!;
      const decay = portable.exp(-Math.abs(v));
      const share = logisticOf(v, decay);
      out[i] = v * share;
      if (slope) slope[i] = share + v * logisticSlopeOf(decay);
    }
  },
});
