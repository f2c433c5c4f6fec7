import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";
import { logistic } from "./sigmoid.ts";

/** φ(x) = ln(1 + eˣ). No closed form: κ, κ̇ by quadrature, see `numericalActivation`. */
export const softplusActivation: Activation = numericalActivation({
  name: "softplus",
  phi: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  dphi: logistic,
});
