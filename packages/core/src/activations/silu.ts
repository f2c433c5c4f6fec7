import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";
import { logistic, logisticSlope } from "./sigmoid.ts";

/** φ(x) = x/(1 + e^{−x}). No closed form: κ, κ̇ by quadrature, see `numericalActivation`. */
export const siluActivation: Activation = numericalActivation({
  name: "silu",
  phi: (x) => x * logistic(x),
  dphi: (x) => logistic(x) + x * logisticSlope(x),
});
