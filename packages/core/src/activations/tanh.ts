import type { Activation } from "./activation.ts";
import { numericalActivation } from "./numerical.ts";

/** φ(x) = tanh x. No closed form: κ, κ̇ by quadrature, see `numericalActivation`. */
export const tanhActivation: Activation = numericalActivation({
  name: "tanh",
  phi: Math.tanh,
  dphi: (x) => {
    const decay = Math.exp(-2 * Math.abs(x));
    return (4 * decay) / ((1 + decay) * (1 + decay));
  },
});
