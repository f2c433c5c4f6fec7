import type { Activation } from "../activations/activation.ts";
import { didYouMean, NetworkError } from "../errors.ts";
import type { Scope } from "./rule.ts";
import type { Layer } from "./spec.ts";

/** The user's own activations, by the name that `elementwise` layers give. */
export type Activations = Readonly<Record<string, Activation>>;

/** What every interpreter offers the rule of the layer at `place`, as `childPlace` says it. */
export function scopeAt(layer: Layer, place: string, activations: Activations): Scope {
  const fail = (message: string): never => {
    throw new NetworkError(place, `${layer.type} ${message}`);
  };
  return {
    fail,
    activation(name) {
      if (Object.hasOwn(activations, name)) return activations[name]!;
      const hint = didYouMean(name, Object.keys(activations));
      return fail(`names the activation "${name}", which was not given${hint}: pass { activations: { ${name}: … } }`);
    },
  };
}

/** The layer and everything inside it, in reading order. */
export function* walk(layer: Layer): Generator<Layer> {
  yield layer;
  if (layer.type === "serial") for (const child of layer.layers) yield* walk(child);
  if (layer.type === "parallel") for (const child of layer.branches) yield* walk(child);
  if (layer.type === "repeat") yield* walk(layer.layer);
}
