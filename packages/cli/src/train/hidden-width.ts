import { childPlace, type Layer, NetworkError } from "ntkit";

/**
 * The network with every dense layer `width` wide but those that make its outputs. Throws NetworkError where none is hidden, or where a
 * repeated layer makes the outputs.
 */
export function withHiddenWidth(network: Layer, width: number): Layer {
  const { layer, hidden } = widened(network, width, "", true);
  if (hidden === 0)
    throw new NetworkError("", "there is no hidden dense layer whose width could change: put one before the output");
  return layer;
}

interface Widened {
  readonly layer: Layer;
  /** Dense layers that were widened, and all there are. */
  readonly hidden: number;
  readonly dense: number;
}

/** `last`: no dense layer comes after this one. */
function widened(layer: Layer, width: number, place: string, last: boolean): Widened {
  const inside = (segment: number) => childPlace(layer.type, place, segment);
  switch (layer.type) {
    case "dense":
      return { layer: last ? layer : { ...layer, width }, hidden: last ? 0 : 1, dense: 1 };
    case "serial": {
      const parts: Widened[] = [];
      for (let i = layer.layers.length - 1; i >= 0; i--)
        parts.unshift(widened(layer.layers[i]!, width, inside(i), last && total(parts).dense === 0));
      return { layer: { ...layer, layers: parts.map((part) => part.layer) }, ...total(parts) };
    }
    case "parallel": {
      const parts = layer.branches.map((branch, i) => widened(branch, width, inside(i), last));
      return { layer: { ...layer, branches: parts.map((part) => part.layer) }, ...total(parts) };
    }
    case "repeat": {
      const part = widened(layer.layer, width, inside(0), last);
      if (last && part.dense > 0 && layer.times > 1)
        throw new NetworkError(
          place,
          "a repeated layer makes the outputs, so that its width is hidden and that of the output: put a dense layer for the outputs after it",
        );
      return { ...part, layer: { ...layer, layer: part.layer } };
    }
    default:
      return { layer, hidden: 0, dense: 0 };
  }
}

function total(parts: readonly Widened[]): { readonly hidden: number; readonly dense: number } {
  return {
    hidden: parts.reduce((sum, { hidden }) => sum + hidden, 0),
    dense: parts.reduce((sum, { dense }) => sum + dense, 0),
  };
}

/** How many layers with weights the network has, repeats counted as often as they run. */
export function denseLayers(layer: Layer): number {
  if (layer.type === "serial") return layer.layers.reduce((sum, child) => sum + denseLayers(child), 0);
  if (layer.type === "parallel") return layer.branches.reduce((sum, child) => sum + denseLayers(child), 0);
  if (layer.type === "repeat") return layer.times * denseLayers(layer.layer);
  return layer.type === "dense" ? 1 : 0;
}

/** Throws NetworkError for layers whose training an infinite network has no counterpart of. */
export function checkComparable(layer: Layer, place = ""): void {
  const inside = (segment: number) => childPlace(layer.type, place, segment);
  if (layer.type === "dropout")
    throw new NetworkError(
      place,
      "training is compared with that of a fixed kernel, which has no masks: take dropout out",
    );
  if (layer.type === "dense" && layer.parameterization === "standard")
    throw new NetworkError(
      place,
      'the tangent kernel of the parameterization "standard" grows with the width and has no limit: use "ntk"',
    );
  const children =
    layer.type === "serial"
      ? layer.layers
      : layer.type === "parallel"
        ? layer.branches
        : layer.type === "repeat"
          ? [layer.layer]
          : [];
  for (const [i, child] of children.entries()) checkComparable(child, inside(i));
}
