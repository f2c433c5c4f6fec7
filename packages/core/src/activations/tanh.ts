import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";
import { extendLogistic } from "./taylor-series.ts";

/** φ(x) = tanh x. No closed form: κ, κ̇ by quadrature, see `numericalActivation`. */
export const tanhActivation: Activation = numericalActivation({
  name: "tanh",
  phi: portable.tanh,
  dphi: slopeAt,
  taylor(x, out) {
    out[0] = portable.tanh(x);
    out[1] = slopeAt(x);
    extendLogistic(out, -2 * out[0]);
  },
  map(x, out, slope) {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]!;
      out[i] = portable.tanh(v);
      if (slope) slope[i] = slopeAt(v);
    }
  },
});

/** 1/cosh² x, without cancellation. */
function slopeAt(x: number): number {
  const decay = portable.exp(-2 * Math.abs(x));
  return (4 * decay) / ((1 + decay) * (1 + decay));
}
