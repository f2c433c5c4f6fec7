import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";

/** φ(x) = 1/(1 + e^{−x}), the logistic function. No closed form: κ, κ̇ by quadrature, see `numericalActivation`. */
export const sigmoidActivation: Activation = numericalActivation({
  name: "sigmoid",
  phi: logistic,
  dphi: logisticSlope,
});

export function logistic(x: number): number {
  const decay = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + decay) : decay / (1 + decay);
}

export function logisticSlope(x: number): number {
  const decay = Math.exp(-Math.abs(x));
  return decay / ((1 + decay) * (1 + decay));
}
