import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";
import { logistic, logisticOf, logisticSeries } from "./sigmoid.ts";
import { integrateSeries } from "./taylor-series.ts";

/** φ(x) = ln(1 + eˣ). No closed form: κ, κ̇ by quadrature, see `numericalActivation`. */
export const softplusActivation: Activation = numericalActivation({
  name: "softplus",
  phi: (x) => softplusOf(x, portable.exp(-Math.abs(x))),
  dphi: logistic,
  taylor(x, out) {
    logisticSeries(x, out);
    integrateSeries(out, softplusOf(x, portable.exp(-Math.abs(x))));
  },
  map(x, out, slope) {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]!;
      const decay = portable.exp(-Math.abs(v));
      out[i] = softplusOf(v, decay);
      if (slope) slope[i] = logisticOf(v, decay);
    }
  },
});

/** φ(x), given decay = e^{−|x|}. */
function softplusOf(x: number, decay: number): number {
  return Math.max(x, 0) + portable.log1p(decay);
}
