import { FormatError, ValueError } from "../errors.ts";
import { encodeChecked, openSafetensors, type Tensor } from "../files/safetensors.ts";
import type { Model } from "./model.ts";
import {
  assemble,
  assembleAs,
  encodeModel,
  modelIn,
  type PlainModel,
  SEVERAL,
  type Tensors,
  takeApart,
} from "./model-file.ts";

/** The bytes of a file that holds a model for each of several targets; of one model, those of `encodeModel`. */
export function encodeModels(models: readonly Model[]): Uint8Array {
  const [first, ...others] = models;
  if (first === undefined) throw new ValueError("encodeModels: there must be at least one model, got none");
  if (others.length === 0) return encodeModel(first);
  const parts = models.map(takeApart);
  const tensors: Record<string, Tensor> = {};
  parts.forEach((part, k) => {
    for (const [name, tensor] of Object.entries(part.tensors)) tensors[`${k}.${name}`] = tensor;
  });
  const plain = JSON.stringify(parts.map((part) => part.plain));
  return encodeChecked({ metadata: { format: SEVERAL.name, version: `${SEVERAL.version}`, models: plain }, tensors });
}

/** The models of a file of one or several, in the order of their targets; throws FormatError as `decodeModel` does. */
export function decodeModels(bytes: Uint8Array, source: string): readonly Model[] {
  const file = openSafetensors(bytes, source);
  const { format, version, models } = file.metadata;
  if (format !== SEVERAL.name) return [modelIn(file, source)];
  if (version !== `${SEVERAL.version}`)
    throw new FormatError(
      `${source} holds models of version ${version}, this ntkit reads version ${SEVERAL.version}: update ntkit, or fit again`,
    );
  return assembleAs(source, () => {
    const plain: unknown = JSON.parse(models ?? "");
    if (!Array.isArray(plain) || plain.length < 2) throw new Error("models must be a list of at least two");
    const tensors = file.tensors();
    const read = plain.map((one: PlainModel, k) => assemble(one, tensorsOf(tensors, k), source));
    if (new Set(read.map(({ target }) => target)).size < read.length)
      throw new Error("models must have different targets");
    return read;
  });
}

/** The arrays of model number k, by their own names. */
function tensorsOf(all: Tensors, k: number): Tensors {
  const prefix = `${k}.`;
  const own = Object.entries(all).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
