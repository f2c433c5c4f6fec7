import { type LayerRule, withoutWeights } from "./rule.ts";
import type { IdentitySpec } from "./spec.ts";

/** Does nothing: the skip connection of a residual network. */
export function identity(): IdentitySpec {
  return { type: "identity" };
}

export const identityRule: LayerRule<IdentitySpec> = {
  fields: {},
  signature: (_, input) => input,
  kernel: (_, input) => input,
  init: () => null,
  forward: (_, __, input) => withoutWeights(input, (cotangent) => cotangent),
};
