import { didYouMean, FormatError } from "../errors.ts";
import { decodeSafetensors, encodeChecked, type Safetensors, type Tensor } from "../files/safetensors.ts";
import { childPath, parseNetwork } from "../layers/network-file.ts";
import type { Params } from "../layers/rule.ts";
import type { DenseSpec, Layer } from "../layers/spec.ts";
import { matrix } from "../matrix/matrix.ts";
import { paramEntries } from "./params.ts";

const FORMAT = "ntkit-params";
const VERSION = 1;

/**
 * The bytes of a parameter file: safetensors, float64, with a checksum, arrays named as in `paramEntries`: "0.w" [fan-in, width], "0.b" [width], …
 * Under the "ntk" parameterization they are the standard normal values, before wStd/√fan-in and bStd. `torch.nn.Linear.weight` is
 * the transpose of w, times those factors.
 */
export function encodeParams(params: Params, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const tensors = Object.fromEntries(
    paramEntries(params).map(({ name, shape, data }): [string, Tensor] => [name, { shape, data }]),
  );
  return encodeChecked({ metadata: { ...metadata, format: FORMAT, version: `${VERSION}` }, tensors });
}

/**
 * The weights of a network from the bytes of a parameter file, written by `encodeParams` or by any other program that uses the same
 * names, in float64 or narrower. Throws FormatError naming `source` when the file is damaged, was changed, or is not of this network.
 */
export function decodeParams(network: Layer, bytes: Uint8Array, source: string): Params {
  const { tensors } = decodeSafetensors(bytes, source);
  const used = new Set<string>();
  const take = (name: string, layer: DenseSpec, rank: number): Tensor => {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name]! : undefined;
    const expected = `[${rank === 2 ? "fan-in, " : ""}${layer.width}]`;
    if (!tensor) throw missing(name, expected, tensors, source);
    const { shape, data } = tensor;
    if (shape.length !== rank || shape.at(-1) !== layer.width)
      throw new FormatError(
        `${source}: array "${name}" must be ${expected}, got [${shape.join(", ")}]: it does not belong to this network`,
      );
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new FormatError(`${source}: every weight must be finite, got ${data[bad]} in array "${name}" at ${bad}`);
    used.add(name);
    return tensor;
  };
  const visit = (layer: Layer, path: string): Params => {
    const children = childrenOf(layer);
    if (children) return children.map((child, i) => visit(child, childPath(path, i)));
    if (layer.type !== "dense") return null;
    const prefix = path === "" ? "" : `${path}.`;
    const w = take(`${prefix}w`, layer, 2);
    const b = (layer.bStd ?? 0) > 0 ? take(`${prefix}b`, layer, 1) : null;
    return { w: matrix(w.shape[0]!, layer.width, w.data), b: b?.data ?? null };
  };
  const params = visit(parseNetwork(network), "");
  const extra = Object.keys(tensors).find((name) => !used.has(name));
  if (extra !== undefined)
    throw new FormatError(
      `${source}: the network has no weights called "${extra}": it does not belong to this network`,
    );
  return params;
}

/** The most arrays that a message lists. */
const LISTED = 4;

function missing(name: string, expected: string, tensors: Safetensors["tensors"], source: string): FormatError {
  const all = Object.entries(tensors).map(([other, { shape }]) => `"${other}" [${shape.join(", ")}]`);
  const listed = `${all.slice(0, LISTED).join(", ")}${all.length > LISTED ? ", …" : ""}`;
  return new FormatError(
    `${source} has no array "${name}" ${expected}${didYouMean(name, Object.keys(tensors))}; it has ${listed || "none"}: ` +
      "name weights by the position of their layer, and transpose those of a Linear layer of PyTorch",
  );
}

/** The layers inside a layer, in the order of its weights; undefined for one that has none inside. */
function childrenOf(layer: Layer): readonly Layer[] | undefined {
  if (layer.type === "serial") return layer.layers;
  if (layer.type === "parallel") return layer.branches;
  return layer.type === "repeat" ? new Array<Layer>(layer.times).fill(layer.layer) : undefined;
}
