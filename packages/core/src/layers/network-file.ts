import { completeFields } from "../activations/fields.ts";
import { didYouMean, NetworkError, quoted } from "../errors.ts";
import { CHILDREN, childPlace } from "./child-path.ts";
import { checkNetworkSize } from "./network-size.ts";
import { fieldsOf, LAYER_TYPES } from "./registry.ts";
import type { Layer, LayerType } from "./spec.ts";

export { childPath, childPlace } from "./child-path.ts";

/** What a network file holds. */
export interface NetworkFile {
  readonly format: "ntkit-network";
  readonly version: 1;
  readonly network: Layer;
}

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

function parseLayer(value: unknown, place: string, nesting: number): Layer {
  if (nesting > MAX_NESTING)
    throw new NetworkError(
      "",
      `layers are nested more than ${MAX_NESTING} deep, or a layer contains itself: put them in one serial, or use repeat`,
    );
  if (!isRecord(value) || typeof value["type"] !== "string")
    throw new NetworkError(place, `a layer must be an object with a "type", got ${quoted(value)}`);
  const type = value["type"];
  if (!isLayerType(type)) {
    const hint = didYouMean(type, LAYER_TYPES) || `: ntkit has no such layer; it has ${LAYER_TYPES.join(", ")}`;
    throw new NetworkError(place, `unknown layer type ${quoted(type)}${hint}`);
  }
  const childrenField = CHILDREN[type];
  const complete = completeFields(place, value, fieldsOf(type), childrenField ? [childrenField] : []);
  if (childrenField) complete[childrenField] = parseChildren(childrenField, value, place, nesting + 1);
  return complete as unknown as Layer; // every field of this type has just been checked
}

function parseChildren(
  field: string,
  spec: Readonly<Record<string, unknown>>,
  place: string,
  nesting: number,
): Layer | Layer[] {
  const { type, [field]: value } = spec;
  const inside = (segment: number) => childPlace(type, place, segment);
  if (value === undefined) throw new NetworkError(place, `${type} needs the field "${field}"`);
  if (field === "layer") return parseLayer(value, inside(0), nesting);
  if (!Array.isArray(value)) throw new NetworkError(place, `${type} needs the field "${field}", a list of layers`);
  if (value.length === 0) throw new NetworkError(place, `${field} of ${type} must hold at least one layer`);
  return Array.from(value, (child, i) => parseLayer(child, inside(i), nesting));
}

/** Where the layer at a dotted position among the weights stands in the description. */
export function placeOf(network: Layer, path: string): string {
  let [layer, place]: [Layer | undefined, string] = [network, ""];
  for (const segment of path === "" ? [] : path.split(".").map(Number)) {
    if (layer === undefined) break;
    place = childPlace(layer.type, place, segment);
    if (layer.type === "repeat") layer = layer.layer;
    else
      layer =
        layer.type === "serial"
          ? layer.layers[segment]
          : layer.type === "parallel"
            ? layer.branches[segment]
            : undefined;
  }
  return place;
}

function isLayerType(type: string): type is LayerType {
  return (LAYER_TYPES as readonly string[]).includes(type);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
