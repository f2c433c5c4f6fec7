import { ACTIVATIONS, makeActivation } from "../activations/registry.ts";
import type { ActivationSpec } from "../activations/spec.ts";
import type { KernelState, KernelTile } from "../layers/kernel-state.ts";
import { childPlace, parseNetwork } from "../layers/network-file.ts";
import { ruleOf } from "../layers/registry.ts";
import { type Activations, scopeAt, walk } from "../layers/scope.ts";
import type { Layer } from "../layers/spec.ts";

/** A checked network and how its kernels are computed, whatever the inputs. */
export interface Recursion {
  readonly network: Layer;
  readonly activations: Activations;
  /** Number of leading parametric layers that do not train: what they add to Θ is left out. */
  readonly frozen: number;
  /** Whether some activation has kinks, so that digits of √(pq − c²) matter. */
  readonly preciseSine: boolean;
}

/** Reads a network from anything that describes one. Throws a NetworkError where it is wrong. */
export function recursionOf(network: unknown, activations: Activations = {}, frozen = 0): Recursion {
  const parsed = parseNetwork(network);
  return { network: parsed, activations, frozen, preciseSine: hasKinks(parsed, activations) };
}

/** Sees, and may change, the state after each layer: reports and laws. `place` is where the layer stands, as messages say it. */
export type AfterLayer = (layer: Layer, output: KernelState, place: string, input: KernelState) => KernelState;

/** Maps a kernel state through a network: the whole infinite-width recursion. */
export function interpretKernel(
  { network, activations, frozen, preciseSine }: Recursion,
  input: KernelState,
  after: AfterLayer = (_, output) => output,
): KernelState {
  let parametric = 0;
  const visit = (layer: Layer, place: string, state: KernelState): KernelState => {
    const output = ruleOf(layer).kernel(layer as Required<Layer>, state, {
      ...scopeAt(layer, place, activations),
      descend: (child, segment, childState) => visit(child, childPlace(layer.type, place, segment), childState),
      preciseSine,
    });
    const isFrozen = layer.type === "dense" && ++parametric <= frozen;
    return after(layer, isFrozen ? withoutNtk(output) : output, place, state);
  };
  return visit(network, "", input);
}

/** What a dense layer gives when neither it nor any before it trains. */
function withoutNtk(output: KernelState): KernelState {
  const tile = output as KernelTile; // a dense layer gives no branches
  return { ...tile, ntk: tile.ntk && new Float64Array(tile.ntk.length) };
}

/** Whether some activation's kernel is not smooth where two inputs coincide. */
function hasKinks(network: Layer, activations: Activations): boolean {
  return [...walk(network)].some((layer) => isKinked(layer, activations));
}

/** Whether the layer is an activation whose kernel is not smooth where two inputs coincide. */
function isKinked(layer: Layer, activations: Activations): boolean {
  if (layer.type === "elementwise") return activations[layer.name]?.smoothness === "kinked";
  return isActivation(layer) && makeActivation(layer).smoothness === "kinked";
}

function isActivation(layer: Layer): layer is ActivationSpec {
  return layer.type in ACTIVATIONS;
}
