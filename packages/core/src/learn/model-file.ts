import { FormatError } from "../errors.ts";
import {
  encodeChecked,
  type OpenSafetensors,
  openSafetensors,
  type Safetensors,
  type Tensor,
} from "../files/safetensors.ts";
import { parseNetwork } from "../layers/network-file.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import type { ClassificationModel, FittedKernel, Model, RegressionModel } from "./model.ts";
import { checkModelFields, checkModelSizes } from "./model-check.ts";
import type { NoiseProfile } from "./noise-profile.ts";

/** What a model file says it is. */
export const MODEL_FORMAT = { name: "ntkit-model", version: 1 } as const;

const { name: FORMAT, version: VERSION } = MODEL_FORMAT;

/** What a file of several models says it is. */
export const SEVERAL = { name: "ntkit-models", version: 1 } as const;

/**
 * The bytes of a model file: safetensors, with the arrays in float64 and everything else as JSON under the metadata
 * key "model", and a checksum. A loaded model predicts the same bits on the same engine.
 */
export function encodeModel(model: Model): Uint8Array {
  const { plain, tensors } = takeApart(model);
  const metadata = { format: FORMAT, version: `${VERSION}`, model: JSON.stringify(plain) };
  return encodeChecked({ metadata, tensors });
}

/** A model as its arrays and everything else. */
export interface ModelParts {
  readonly plain: object;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export function takeApart(model: Model): ModelParts {
  const { fitted, ...rest } = model;
  const { xTrain, alpha, ...kernel } = fitted;
  const tensors: Record<string, Tensor> = { x_train: tensor(xTrain), alpha: tensor(alpha) };
  let plain: object = { ...rest, fitted: kernel };
  if (model.task === "regression") {
    const { lower, looScores, looInputs, looWeights, targets, profile, ...others } = rest as Omit<
      RegressionModel,
      "fitted"
    >; // the task says which model it is
    plain = { ...others, fitted: kernel, profile: null };
    if (profile !== null) {
      const { alpha: profileAlpha, ...numbers } = profile;
      plain = { ...plain, profile: numbers };
      tensors["profile_alpha"] = { shape: [profileAlpha.length], data: profileAlpha };
    }
    tensors["cholesky_lower"] = { shape: [packedLength(lower.rows)], data: pack(lower) };
    tensors["loo_scores"] = { shape: [looScores.length], data: looScores };
    tensors["loo_inputs"] = { shape: [looInputs.length], data: Float64Array.from(looInputs) };
    if (looWeights !== undefined) tensors["loo_weights"] = { shape: [looWeights.length], data: looWeights };
    tensors["targets"] = { shape: [targets.length], data: targets };
  }
  return { plain, tensors };
}

/** Throws FormatError naming `source` when the bytes are no model file, are damaged or changed, or come from a newer ntkit. */
export function decodeModel(bytes: Uint8Array, source: string): Model {
  return modelIn(openSafetensors(bytes, source), source);
}

/** The model of a file that is open. */
export function modelIn(file: OpenSafetensors, source: string): Model {
  const { format, version, model } = file.metadata;
  if (format === SEVERAL.name)
    throw new FormatError(`${source} holds a model for each of several targets: read them with decodeModels`);
  if (format !== FORMAT || model === undefined)
    throw new FormatError(`${source} is a safetensors file but not an ntkit model: pass a file that ntkit fit wrote`);
  if (version !== `${VERSION}`)
    throw new FormatError(
      `${source} is a model of version ${version}, this ntkit reads version ${VERSION}: update ntkit, or fit again`,
    );
  return assembleAs(source, () => assemble(JSON.parse(model), file.tensors(), source));
}

/** Runs the work on what a file says; what goes wrong is told of the file. */
export function assembleAs<T>(source: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = error instanceof Error && !(error instanceof SyntaxError) ? ` (${error.message})` : "";
    throw new FormatError(`${source} is damaged: its description cannot be read${reason}`, { cause: error });
  }
}

export type Tensors = Safetensors["tensors"];

/** What the description of either model holds, once checked. */
export interface PlainModel extends Pick<Model, "task" | "rows" | "rowColumns" | "preprocessor" | "fitted"> {
  readonly classes?: readonly string[];
  readonly profile?: Omit<NoiseProfile, "alpha"> | null;
}

/** What `takeApart` took apart. */
export function assemble(plain: PlainModel, tensors: Tensors, source: string): Model {
  checkModelFields(plain);
  const fitted: FittedKernel = {
    ...plain.fitted,
    network: parseNetwork(plain.fitted.network),
    xTrain: matrixOf("x_train", tensors, source),
    alpha: matrixOf("alpha", tensors, source),
  };
  checkModelSizes(plain.preprocessor, plain.classes?.length ?? 1, fitted.xTrain, fitted.alpha);
  if (plain.task === "classification") return { ...plain, fitted } as ClassificationModel;
  const packed = tensorOf("cholesky_lower", tensors, source).data;
  const looScores = tensorOf("loo_scores", tensors, source).data;
  // In time, the first rows are judged by none.
  const judged =
    plain.rowColumns?.time === undefined ? plain.rows : Math.min(Math.max(looScores.length, 1), plain.rows);
  if (looScores.length !== judged) throw new FormatError(`${source} is damaged: "loo_scores" has the wrong size`);
  const looInputs = indicesOf("loo_inputs", tensors, judged, fitted.xTrain.rows, source);
  const targets = tensorOf("targets", tensors, source).data;
  if (targets.length !== judged) throw new FormatError(`${source} is damaged: "targets" has the wrong size`);
  const looWeights = weightsOf(plain, tensors, judged, source);
  const lower = unpack(packed, fitted.xTrain.rows, source);
  const profile = plain.profile && { ...plain.profile, alpha: tensorOf("profile_alpha", tensors, source).data };
  if (profile && profile.alpha.length !== fitted.xTrain.rows)
    throw new FormatError(`${source} is damaged: "profile_alpha" has the wrong size`);
  return { ...plain, fitted, lower, looScores, looInputs, ...looWeights, targets, profile } as RegressionModel;
}

function tensor({ rows, cols, data }: Matrix): Tensor {
  return { shape: [rows, cols], data };
}

function tensorOf(name: string, tensors: Tensors, source: string): Tensor {
  const found = tensors[name];
  if (!found) throw new FormatError(`${source} is damaged: the array "${name}" is missing`);
  if (!found.data.every(Number.isFinite))
    throw new FormatError(`${source} is damaged: the array "${name}" holds values that are not finite`);
  return found;
}

/** What the judged rows count, where rows have weights. */
function weightsOf(
  { rowColumns }: PlainModel,
  tensors: Tensors,
  judged: number,
  source: string,
): Pick<RegressionModel, "looWeights"> {
  if (rowColumns?.weight === undefined) return {};
  const { data } = tensorOf("loo_weights", tensors, source);
  if (data.length !== judged || !data.every((weight) => weight > 0))
    throw new FormatError(`${source} is damaged: "loo_weights" must hold a weight above 0 for each row judged`);
  return { looWeights: data };
}

/** `count` whole numbers from 0 to below `end`. */
function indicesOf(name: string, tensors: Tensors, count: number, end: number, source: string): Uint32Array {
  const { data } = tensorOf(name, tensors, source);
  if (data.length !== count) throw new FormatError(`${source} is damaged: "${name}" has the wrong size`);
  if (!data.every((value) => Number.isInteger(value) && value >= 0 && value < end))
    throw new FormatError(`${source} is damaged: "${name}" must hold row numbers below ${end}`);
  return Uint32Array.from(data);
}

function matrixOf(name: string, tensors: Tensors, source: string): Matrix {
  const { shape, data } = tensorOf(name, tensors, source);
  if (shape.length !== 2) throw new FormatError(`${source} is damaged: the array "${name}" must have two axes`);
  return matrix(shape[0]!, shape[1]!, data);
}

const packedLength = (n: number): number => (n * (n + 1)) / 2;

/** The lower triangle, row after row: half the file. */
function pack({ rows, data }: Matrix): Float64Array {
  const packed = new Float64Array(packedLength(rows));
  for (let i = 0; i < rows; i++) packed.set(data.subarray(i * rows, i * rows + i + 1), packedLength(i));
  return packed;
}

function unpack(packed: Float64Array, n: number, source: string): Matrix {
  if (packed.length !== packedLength(n))
    throw new FormatError(`${source} is damaged: "cholesky_lower" has the wrong size`);
  const lower = matrix(n, n);
  for (let i = 0; i < n; i++) {
    lower.data.set(packed.subarray(packedLength(i), packedLength(i + 1)), i * n);
    if (!(lower.data[i * n + i]! > 0))
      throw new FormatError(`${source} is damaged: the diagonal of "cholesky_lower" must be above 0`);
  }
  return lower;
}
