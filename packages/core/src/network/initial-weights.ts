import { ACTIVATIONS } from "../activations/registry.ts";
import { NetworkError, ValueError } from "../errors.ts";
import { childPath, childPlace } from "../layers/network-file.ts";
import type { DenseParams, Params } from "../layers/rule.ts";
import type { DenseSpec, Layer } from "../layers/spec.ts";
import { checkChoice } from "../matrix/option-names.ts";
import { mapDense } from "./params.ts";

/** What replaces independent Gaussian weights. */
export interface WeightLaw {
  /** Output weights: standard normal, or ±1 with equal probability, as in Du et al. (2019). Default "gaussian". */
  readonly outputWeights?: "gaussian" | "signs" | undefined;
  /**
   * Units of the last hidden layer in pairs with equal weights:
   *
   *   "antisymmetric"   and opposite output weights, without output bias: f = 0 at the start, the limit of Θ is the same
   *   "symmetric"       and equal output weights: the mean of two copies of half the width
   *
   * Zhang et al. (2020), "A type of generalization error induced by initialization". Needs an even width.
   */
  readonly pairs?: "antisymmetric" | "symmetric" | undefined;
}

/** The drawn weights changed to another law. */
export function applyWeightLaw(network: Layer, params: Params, { outputWeights, pairs }: WeightLaw): Params {
  checkChoice("init", "outputWeights", outputWeights ?? "gaussian", ["gaussian", "signs"]);
  if (pairs !== undefined) checkChoice("init", "pairs", pairs, ["antisymmetric", "symmetric"]);
  let changed = params;
  if (outputWeights === "signs") changed = withSigns(network, changed);
  if (pairs) changed = withPairs(network, changed, pairs === "antisymmetric" ? -1 : 1);
  return changed;
}

interface Leaf {
  readonly layer: Layer;
  /** Among the weights. */
  readonly path: string;
  /** In the description. */
  readonly place: string;
}

/** The layers in a row, those inside `serial` and `repeat` included. */
function* leavesOf(layer: Layer, path = "", place = ""): Generator<Leaf> {
  const inside = (i: number) => [childPath(path, i), childPlace(layer.type, place, i)] as const;
  if (layer.type === "serial") {
    for (const [i, child] of layer.layers.entries()) yield* leavesOf(child, ...inside(i));
  } else if (layer.type === "repeat") {
    for (let i = 0; i < layer.times; i++) yield* leavesOf(layer.layer, ...inside(i));
  } else {
    yield { layer, path, place };
  }
}

/** The network's last layer, which must be dense. */
function outputLayer(leaves: readonly Leaf[]): Leaf & { readonly layer: DenseSpec } {
  const last = leaves.at(-1)!;
  const { layer, place } = last;
  if (layer.type !== "dense")
    throw new NetworkError(place, `output weights are those of a last dense layer, got ${layer.type}`);
  return { ...last, layer };
}

function withSigns(network: Layer, params: Params): Params {
  const { layer, path, place } = outputLayer([...leavesOf(network)]);
  if (layer.parameterization === "standard")
    throw new NetworkError(place, `weights of ±1 need the parameterization "ntk", which scales them`);
  return mapDense(params, (dense, at) =>
    at === path ? { ...dense, w: { ...dense.w, data: dense.w.data.map((z) => (z < 0 ? -1 : 1)) } } : dense,
  );
}

function withPairs(network: Layer, params: Params, sign: 1 | -1): Params {
  const leaves = [...leavesOf(network)];
  const output = outputLayer(leaves);
  const hidden = leaves.findLastIndex(({ layer }, i) => layer.type === "dense" && i < leaves.length - 1);
  const between = leaves.slice(hidden + 1, -1);
  const bad = between.find(({ layer }) => !keepsUnits(layer));
  if (hidden < 0 || bad)
    throw new NetworkError(
      bad?.place ?? output.place,
      "units in pairs need two dense layers in a row at the end, with nothing but activations between them",
    );
  const { path } = leaves[hidden]!;
  return mapDense(params, (dense, at) => {
    if (at === path) return pairedColumns(dense);
    return at === output.path ? pairedRows(dense, sign) : dense;
  });
}

/** Whether a layer treats all units alike. */
function keepsUnits({ type }: Layer): boolean {
  return type in ACTIVATIONS || ["elementwise", "layerNorm", "identity"].includes(type);
}

function pairedColumns({ w, b }: DenseParams): DenseParams {
  const half = w.cols / 2;
  if (!Number.isInteger(half)) throw new ValueError(`init: units in pairs need an even width, got ${w.cols}`);
  const data = w.data.map((z, at) => (at % w.cols < half ? z : w.data[at - half]!));
  return { w: { ...w, data }, b: b ? b.map((z, j) => (j < half ? z : b[j - half]!)) : null };
}

function pairedRows({ w, b }: DenseParams, sign: 1 | -1): DenseParams {
  const half = w.data.length / 2;
  const data = w.data.map((z, at) => (at < half ? z : sign * w.data[at - half]!));
  return { w: { ...w, data }, b: b && (sign === 1 ? b : new Float64Array(b.length)) };
}
