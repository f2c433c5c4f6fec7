import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";
import { extendExponential, lineSeries } from "./taylor-series.ts";

/**
 * φ(x) = x for x ≥ 0, eˣ − 1 for x < 0; φ'' jumps at 0. No closed form in elementary functions: κ, κ̇ by quadrature split at 0,
 * see `numericalActivation`. φ' is continuous, hence smooth: κ = κ(p,p,p) − O(θ²).
 */
export const eluActivation: Activation = {
  ...numericalActivation({
    name: "elu",
    phi: (x) => (x < 0 ? portable.expm1(x) : x),
    dphi: (x) => (x < 0 ? portable.exp(x) : 1),
    kinks: [0],
    taylor: eluSeries,
  }),
  smoothness: "smooth",
};

function eluSeries(x: number, out: Float64Array): void {
  if (x > 0) {
    lineSeries(out, x, 1);
    return;
  }
  out[0] = x < 0 ? portable.exp(x) : 1;
  extendExponential(out, 1);
  out[0] = x < 0 ? portable.expm1(x) : x;
  if (x === 0) for (let k = 2; k < out.length; k++) out[k] = out[k]! / 2;
}
