import { FormatError } from "../errors.ts";
import { decodeSafetensors, encodeChecked, type Tensor } from "../files/safetensors.ts";
import type { TrainState } from "./train.ts";

const FORMAT = "ntkit-checkpoint";
const VERSION = "1";

/** The bytes of a checkpoint: all that `train` needs to go on, as safetensors with a checksum. */
export function encodeTrainState({ step, learningRate, weights, initialWeights, memory }: TrainState): Uint8Array {
  const vector = (data: Float64Array): Tensor => ({ shape: [data.length], data });
  return encodeChecked({
    metadata: { format: FORMAT, version: VERSION, step: `${step}`, learningRate: `${learningRate}` },
    tensors: {
      weights: vector(weights),
      initial_weights: vector(initialWeights),
      ...(memory ? { memory: vector(memory) } : {}),
    },
  });
}

/** Throws FormatError naming `source` when the bytes are no checkpoint or are damaged. */
export function decodeTrainState(bytes: Uint8Array, source: string): TrainState {
  const { metadata, tensors } = decodeSafetensors(bytes, source);
  const { weights, initial_weights: initial, memory } = tensors;
  if (metadata["format"] !== FORMAT || metadata["version"] !== VERSION || !weights || !initial)
    throw new FormatError(`${source} is not a checkpoint of version ${VERSION}: pass bytes that encodeTrainState made`);
  const [step, learningRate] = [Number(metadata["step"]), Number(metadata["learningRate"])];
  const vectors = memory ? memory.data.length / weights.data.length : 0;
  const sound = initial.data.length === weights.data.length && [0, 1, 2].includes(vectors);
  if (!(Number.isInteger(step) && step >= 0 && learningRate >= 0) || !sound)
    throw new FormatError(`${source} is damaged: its step, learning rate or lengths cannot be right`);
  const finite = [weights, initial, memory ?? weights].every(({ data }) => data.every(Number.isFinite));
  if (!finite) throw new FormatError(`${source} is damaged: it holds values that are not finite`);
  return { step, learningRate, weights: weights.data, initialWeights: initial.data, memory: memory?.data ?? null };
}
