import { numericalActivation } from "../../src/activations/numerical.ts";
import type { Layer } from "../../src/layers/spec.ts";

/** The network with layers of 5 to 7 units instead of hundreds. */
export function narrow(network: Layer): Layer {
  return JSON.parse(JSON.stringify(network), (key, value) => {
    if (key !== "width") return value;
    return value === 64 ? 5 : value === 128 ? 6 : 7;
  });
}

export const mish = numericalActivation({ name: "mish", phi: (x) => x * Math.tanh(Math.log1p(Math.exp(x))) });
