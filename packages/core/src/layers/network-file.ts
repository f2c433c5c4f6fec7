import { completeFields } from "../activations/fields.ts";
import { didYouMean, NetworkError, quoted } from "../errors.ts";
import { childPath } from "./child-path.ts";
import { checkNetworkSize } from "./network-size.ts";
import { fieldsOf, LAYER_TYPES } from "./registry.ts";
import type { Layer, LayerType } from "./spec.ts";

export { childPath } from "./child-path.ts";

/** What a network file holds. */
export interface NetworkFile {
  readonly format: "ntkit-network";
  readonly version: 1;
  readonly network: Layer;
}

const CHILDREN: Readonly<Record<string, "layers" | "branches" | "layer">> = {
  serial: "layers",
  parallel: "branches",
  repeat: "layer",
};

/**
 * The network with every default filled in, from anything: a `Layer`, or the content of a network file.
 * Throws a NetworkError that names the position of the layer, the rule, the value and the nearest known name.
 */
export function parseNetwork(value: unknown): Layer {
  const content = isRecord(value) && "format" in value ? fileContent(value) : value;
  const network = parseLayer(content, "", 0);
  checkNetworkSize(network);
  return network;
}

/** The content of a network file, ready for JSON.stringify. */
export function networkFile(network: Layer): NetworkFile {
  return { format: "ntkit-network", version: 1, network };
}

function fileContent(file: Readonly<Record<string, unknown>>): unknown {
  if (file["format"] !== "ntkit-network")
    throw new NetworkError("", `format of a network file must be "ntkit-network", got ${quoted(file["format"])}`);
  if (file["version"] !== 1)
    throw new NetworkError(
      "",
      `version ${quoted(file["version"])} of the network file is not known here (1 is): update ntkit`,
    );
  for (const key of Object.keys(file)) {
    const known = ["format", "version", "network"];
    if (!known.includes(key))
      throw new NetworkError("", `unknown field "${key}" of a network file${didYouMean(key, known)}`);
  }
  return file["network"];
}

/** Layers inside layers, at most: networks recurse through their description, as deep as it nests. */
const MAX_NESTING = 100;

function parseLayer(value: unknown, path: string, nesting: number): Layer {
  if (nesting > MAX_NESTING)
    throw new NetworkError(
      "",
      `layers are nested more than ${MAX_NESTING} deep, or a layer contains itself: put them in one serial, or use repeat`,
    );
  if (!isRecord(value) || typeof value["type"] !== "string")
    throw new NetworkError(path, `a layer must be an object with a "type", got ${quoted(value)}`);
  const type = value["type"];
  if (!isLayerType(type)) {
    const guess = didYouMean(type, LAYER_TYPES) || `; known are ${LAYER_TYPES.join(", ")}`;
    throw new NetworkError(path, `unknown layer type "${type}"${guess}`);
  }
  const childrenField = CHILDREN[type];
  const complete = completeFields(path, value, fieldsOf(type), childrenField ? [childrenField] : []);
  if (childrenField) complete[childrenField] = parseChildren(childrenField, value, path, nesting + 1);
  return complete as unknown as Layer; // every field of this type has just been checked
}

function parseChildren(
  field: string,
  spec: Readonly<Record<string, unknown>>,
  path: string,
  nesting: number,
): Layer | Layer[] {
  const { type, [field]: value } = spec;
  if (value === undefined) throw new NetworkError(path, `${type} needs the field "${field}"`);
  if (field === "layer") return parseLayer(value, childPath(path, 0), nesting);
  if (!Array.isArray(value)) throw new NetworkError(path, `${type} needs the field "${field}", a list of layers`);
  if (value.length === 0) throw new NetworkError(path, `${field} of ${type} must hold at least one layer`);
  return Array.from(value, (child, i) => parseLayer(child, childPath(path, i), nesting));
}

function isLayerType(type: string): type is LayerType {
  return (LAYER_TYPES as readonly string[]).includes(type);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
