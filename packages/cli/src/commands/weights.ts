import {
  apply,
  DataError,
  decodeParams,
  encodeParams,
  FormatError,
  init,
  type Layer,
  type Matrix,
  NetworkError,
  type Params,
  paramEntries,
  placeOf,
  takeRows,
} from "ntkit";
import { readInput, sourceName } from "../io/read-input.ts";
import { checkWritable, writeFileAtomic } from "../io/write-file.ts";
import { inNetworkFile } from "./common.ts";

/** Throws, before any work is done, when weights could not be written to `path`. */
export async function checkWeightsPath(path: string): Promise<void> {
  if (!path.toLowerCase().endsWith(".safetensors")) throw new DataError(`${path}: weights are written as .safetensors`);
  await checkWritable(path);
}

export async function writeWeights(
  path: string,
  params: Params,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  await writeFileAtomic(path, (write) => write(encodeParams(params, metadata)));
}

export interface WeightSource {
  readonly network: Layer;
  readonly networkPath: string;
  /** Inputs that the weights must fit, and the file they are from. */
  readonly x: Matrix;
  readonly inputPath: string;
  readonly signal: AbortSignal;
}

/** The weights of a parameter file, which must be of the network and fit the inputs. */
export async function readWeights(
  path: string,
  { network, networkPath, x, inputPath, signal }: WeightSource,
): Promise<Params> {
  const source = sourceName(path);
  const bytes = await readInput(path, { signal });
  const params = decodeParams(network, bytes, source);
  try {
    apply(network, params, takeRows(x, [0]));
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const first = paramEntries(params)[0];
    const place = first && placeOf(network, first.path);
    if (first && error.path === place)
      throw new FormatError(
        `${source}: ${place || "the layer"} of ${sourceName(networkPath)} has weights for ${first.shape[0]} inputs, but ${sourceName(inputPath)} has ${x.cols} columns: pass the inputs that the weights were made for`,
      );
    throw new FormatError(
      `${source}: in ${sourceName(networkPath)}, ${error.message}: the weights do not belong to this network`,
    );
  }
  return params;
}

/** Random weights of the network, as wide as the inputs. */
export function drawWeights(seed: number, { network, networkPath, x }: WeightSource): Promise<Params> {
  return inNetworkFile(networkPath, async () => init(network, x.cols, { seed }));
}
