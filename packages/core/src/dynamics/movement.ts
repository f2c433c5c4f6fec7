import type { Params } from "../layers/rule.ts";
import { paramEntries } from "../network/params.ts";

/** How far the weights of one layer are from where they started. */
export interface LayerMovement {
  /** Dotted position of the layer. */
  readonly path: string;
  /** ‖w − w₀‖, biases included. */
  readonly distance: number;
  /** ‖w₀‖. */
  readonly initialNorm: number;
}

/** ‖w − w₀‖ of each layer with weights, in order. */
export function weightMovement(params0: Params, params: Params): readonly LayerMovement[] {
  const layers = new Map<string, { distance: number; norm: number }>();
  const now = paramEntries(params);
  for (const [i, { path, data }] of paramEntries(params0).entries()) {
    const layer = layers.get(path) ?? { distance: 0, norm: 0 };
    const moved = now[i]!.data;
    for (let at = 0; at < data.length; at++) {
      layer.distance += (moved[at]! - data[at]!) ** 2;
      layer.norm += data[at]! ** 2;
    }
    layers.set(path, layer);
  }
  return [...layers].map(([path, { distance, norm }]) => ({
    path,
    distance: Math.sqrt(distance),
    initialNorm: Math.sqrt(norm),
  }));
}

/** ‖w − w₀‖/‖w₀‖ over all layers. */
export function relativeMovement(layers: readonly LayerMovement[]): number {
  const sum = (value: (layer: LayerMovement) => number): number =>
    Math.sqrt(layers.reduce((total, layer) => total + value(layer) ** 2, 0));
  return sum(({ distance }) => distance) / sum(({ initialNorm }) => initialNorm);
}
