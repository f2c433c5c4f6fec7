import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";
import { extendLogistic } from "./taylor-series.ts";

/** φ(x) = 1/(1 + e^{−x}), the logistic function. No closed form: κ, κ̇ by quadrature, see `numericalActivation`. */
export const sigmoidActivation: Activation = numericalActivation({
  name: "sigmoid",
  phi: logistic,
  dphi: logisticSlope,
  taylor: logisticSeries,
  map(x, out, slope) {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]!;
      const decay = portable.exp(-Math.abs(v));
      out[i] = logisticOf(v, decay);
      if (slope) slope[i] = logisticSlopeOf(decay);
    }
  },
});

export function logistic(x: number): number {
  return logisticOf(x, portable.exp(-Math.abs(x)));
}

export function logisticSlope(x: number): number {
  return logisticSlopeOf(portable.exp(-Math.abs(x)));
}

/** The logistic function of x, given decay = e^{−|x|}. */
export function logisticOf(x: number, decay: number): number {
  return x >= 0 ? 1 / (1 + decay) : decay / (1 + decay);
}

/** Its derivative, given decay = e^{−|x|}. */
export function logisticSlopeOf(decay: number): number {
  return decay / ((1 + decay) * (1 + decay));
}

/** y' = y − y², with 1 − 2y = −tanh(x/2). */
export function logisticSeries(x: number, out: Float64Array): void {
  const decay = portable.exp(-Math.abs(x));
  out[0] = logisticOf(x, decay);
  out[1] = logisticSlopeOf(decay);
  extendLogistic(out, -portable.tanh(x / 2));
}
