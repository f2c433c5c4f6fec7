import { ACTIVATIONS, makeActivation } from "../activations/registry.ts";
import type { ActivationSpec } from "../activations/spec.ts";
import type { KernelState } from "../layers/kernel-state.ts";
import { childPath } from "../layers/network-file.ts";
import { ruleOf } from "../layers/registry.ts";
import { type Activations, scopeAt, walk } from "../layers/scope.ts";
import type { Layer } from "../layers/spec.ts";

export interface Interpretation {
  /** Sees, and may change, the state after each layer: reports and laws. `path` is the layer's position. */
  readonly after?: (layer: Layer, output: KernelState, path: string, input: KernelState) => KernelState;
}

/** Maps a kernel state through a parsed network: the whole infinite-width recursion. */
export function interpretKernel(
  network: Layer,
  input: KernelState,
  activations: Activations = {},
  { after = (_, output) => output }: Interpretation = {},
): KernelState {
  let sources = 0;
  const preciseSine = [...walk(network)].some((layer) => isKinked(layer, activations));
  const visit = (layer: Layer, path: string, state: KernelState): KernelState => {
    const output = ruleOf(layer).kernel(layer as Required<Layer>, state, {
      ...scopeAt(layer, path, activations),
      descend: (child, segment, childState) => visit(child, childPath(path, segment), childState),
      newSource: () => ++sources,
      preciseSine,
    });
    return after(layer, output, path, state);
  };
  return visit(network, "", input);
}

/** Whether the layer is an activation whose kernel is not smooth where two inputs coincide. */
function isKinked(layer: Layer, activations: Activations): boolean {
  if (layer.type === "elementwise") return activations[layer.name]?.smoothness === "kinked";
  return isActivation(layer) && makeActivation(layer).smoothness === "kinked";
}

function isActivation(layer: Layer): layer is ActivationSpec {
  return layer.type in ACTIVATIONS;
}
