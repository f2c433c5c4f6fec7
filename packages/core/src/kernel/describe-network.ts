import type { KernelState } from "../layers/kernel-state.ts";
import { readNetwork } from "../layers/read-network.ts";
import { isBranches } from "../layers/rule.ts";
import type { Activations } from "../layers/scope.ts";
import type { Layer } from "../layers/spec.ts";
import { fromRows } from "../matrix/matrix.ts";
import { inputTile, prepareBatch } from "./input.ts";
import { interpretKernel, recursionOf } from "./interpret.ts";
import { followRows } from "./variances.ts";

/** One layer of a network and the kernels after it; null where it gives several branches. */
export interface LayerReport {
  /** Where it stands in the description, e.g. "layers[3].branches[1]"; "" for the whole. */
  readonly path: string;
  readonly type: Layer["type"];
  /** The layer with its fields, as one would say it. */
  readonly text: string;
  readonly nngpSelf: number | null;
  readonly nngpCross: number | null;
  readonly ntkSelf: number | null;
  readonly ntkCross: number | null;
}

export interface NetworkReport {
  readonly parametricLayers: number;
  readonly layers: readonly LayerReport[];
}

/** Two inputs with ⟨x,x⟩/d = 1 and correlation 1/2. */
const TWO_INPUTS = fromRows([
  [1, 1, 1, 1],
  [1, 1, 1, -1],
]);

/** The network layer by layer, in the order of computation, with K and Θ of two unit inputs of correlation 1/2. */
export function describeNetwork(network: Layer, activations: Activations = {}): NetworkReport {
  const layers: LayerReport[] = [];
  const batch = prepareBatch("describeNetwork", TWO_INPUTS);
  const input = inputTile(batch, batch, { row: 0, rows: 2, col: 0, cols: 2 }, true);
  const recursion = recursionOf(network, activations);
  readNetwork(recursion.network, TWO_INPUTS.cols, { activations, needsLimit: true });
  followRows("describeNetwork", recursion, batch, 0, TWO_INPUTS.rows);
  interpretKernel(recursion, input, (layer, output, path) => {
    if (!("layers" in layer || "branches" in layer || "layer" in layer)) layers.push(reportOf(layer, output, path));
    return output;
  });
  return { parametricLayers: layers.filter(({ type }) => type === "dense").length, layers };
}

function reportOf(layer: Layer, output: KernelState, path: string): LayerReport {
  const fields = Object.entries(layer).filter(([key]) => key !== "type");
  const text = `${layer.type}${fields.map(([key, value]) => ` ${key} ${JSON.stringify(value)}`).join("")}`;
  const one = isBranches(output) ? null : (output as Exclude<KernelState, readonly KernelState[]>);
  return {
    path,
    type: layer.type,
    text,
    nngpSelf: one && one.nngp[0]!,
    nngpCross: one && one.nngp[1]!,
    ntkSelf: one && one.ntk![0]!,
    ntkCross: one && one.ntk![1]!,
  };
}
