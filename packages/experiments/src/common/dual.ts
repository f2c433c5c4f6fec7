import { type Activation, type Layer, makeActivation } from "ntkit";

/** φ̌(ξ) = E φ(u)φ(v) and (φ')ˇ(ξ) = E φ'(u)φ'(v) for standard normal u and v of correlation ξ. */
export interface DualValue {
  readonly value: number;
  readonly slopes: number;
}

export function dualAt(activation: Activation, xi: number): DualValue {
  const out = new Float64Array(3);
  activation.dual(xi, Math.sqrt((1 - xi) * (1 + xi)), 1, 1, out);
  return { value: out[0]!, slopes: out[1]! };
}

/** An activation by its name in the literature. */
export interface NamedActivation {
  readonly name: string;
  readonly layer: Layer & Parameters<typeof makeActivation>[0];
}

/** Those of which source E says that their kernels have closed forms. */
export const WITH_CLOSED_FORMS: readonly NamedActivation[] = [
  { name: "ReLU", layer: { type: "relu" } },
  { name: "leaky ReLU", layer: { type: "leakyRelu", alpha: 0.2 } },
  { name: "GELU", layer: { type: "gelu" } },
  { name: "sine", layer: { type: "sin" } },
  { name: "cosine", layer: { type: "cos" } },
  { name: "erf", layer: { type: "erf" } },
  { name: "Hermite h₃", layer: { type: "hermite", degree: 3 } },
];

export function activationOf({ layer }: NamedActivation): Activation {
  return makeActivation(layer);
}
