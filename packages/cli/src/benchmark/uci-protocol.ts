import {
  dense,
  type Engine,
  type GramOptions,
  kernelFn,
  kernelRegression,
  type Layer,
  type Matrix,
  matrix,
  NumericalError,
  relu,
  serial,
  takeBlock,
  takeRows,
  type WorkOptions,
} from "ntkit";
import type { BenchmarkDataset, Split } from "./uci-data.ts";

// The protocol of Arora, Du, Li, Salakhutdinov, Wang, Yu, "Harnessing the Power of Infinitely Wide Deep Nets on
// Small-data Tasks" (ICLR 2020), section 4, with kernel ridge regression in the place of their support vector machine.

/** A tangent kernel: of a ReLU network of `depth` dense layers, of which the first `frozen` do not train. */
export interface ReluKernel {
  readonly depth: number;
  readonly frozen: number;
}

export interface Configuration extends ReluKernel {
  /** Added to the diagonal of the kernel matrix as it is. */
  readonly ridge: number;
}

export interface Score extends Configuration {
  /** Where the configuration was chosen. */
  readonly validationAccuracy: number;
  /** Mean test accuracy over the folds. */
  readonly accuracy: number;
}

export interface ProtocolOptions extends WorkOptions {
  readonly engine: Engine;
  readonly depths: readonly number[];
}

/** 1e-4 … 1e3. */
export const RIDGES: readonly number[] = Array.from({ length: 8 }, (_, i) => Number(`1e${i - 4}`));

/**
 * Depth by depth, frozen 0 to depth - 1: depth 1 is the linear kernel, frozen = depth - 1 the covariance (NNGP), and with all
 * layers frozen nothing would train.
 */
export function reluKernels(depths: readonly number[]): readonly ReluKernel[] {
  return depths.flatMap((depth) => Array.from({ length: depth }, (_, frozen) => ({ depth, frozen })));
}

/**
 * The network whose kernels start from ⟨x, x'⟩ and halve at each ReLU, the scale that the grid of ridges is meant for:
 * wStd = √d in the first layer undoes the division by the number of inputs, and is 1 in the others.
 */
export function reluNetwork(depth: number, inputs: number): Layer {
  const hidden = Array.from({ length: depth - 1 }, () => [relu(), dense({ width: 1 })]);
  return serial(dense({ width: 1, wStd: Math.sqrt(inputs) }), ...hidden.flat());
}

/**
 * Chooses (depth, frozen, ridge) by accuracy on the validation split, the first of equals, and scores it on the folds. Every
 * kernel is computed once, over all rows; splits are blocks of it. Memory 2 n² numbers beside those of one split.
 *
 * Throws NumericalError when the chosen configuration cannot be solved on a fold.
 */
export async function scoreDataset(data: BenchmarkDataset, options: ProtocolOptions): Promise<Score> {
  const kernels = reluKernels(options.depths);
  const plan = workPlan(data, kernels.length);
  let best: Candidate | undefined;
  for (const [k, kernel] of kernels.entries()) {
    const progress = within(options, k * plan.kernel, (k + 1) * plan.kernel);
    const gram = await gramOf(data, kernel, { ...options, ...within(progress, 0, 0.3) });
    const found = await bestRidge(data, gram, { ...options, ...within(progress, 0.3, 1) });
    if (found.accuracy > (best?.validationAccuracy ?? -1))
      best = { ...kernel, ridge: found.ridge, validationAccuracy: found.accuracy, gram };
  }
  if (best === undefined)
    throw new NumericalError(`${data.name}: no kernel matrix is positive definite with a ridge up to ${RIDGES.at(-1)}`);
  const { gram, ...chosen } = best;
  const folds = within(options, kernels.length * plan.kernel, 1);
  return { ...chosen, accuracy: await foldAccuracy(data, gram, chosen, { ...options, ...folds }) };
}

interface Candidate extends Configuration {
  readonly validationAccuracy: number;
  readonly gram: Matrix;
}

function gramOf({ x }: BenchmarkDataset, { depth, frozen }: ReluKernel, options: GramOptions): Promise<Matrix> {
  return kernelFn(reluNetwork(depth, x.cols), { frozen })(x, null, "ntk", options);
}

/** The ridge of best accuracy on the validation split, the smallest of equals; accuracy -1 when none can be solved. */
async function bestRidge(
  data: BenchmarkDataset,
  gram: Matrix,
  options: ProtocolOptions,
): Promise<{ readonly ridge: number; readonly accuracy: number }> {
  const problem = problemOf(data, gram, data.validation);
  let best = { ridge: Number.NaN, accuracy: -1 };
  for (const [i, ridge] of RIDGES.entries()) {
    const solved = await accuracyAt(problem, ridge, options);
    if (solved.ok && solved.accuracy > best.accuracy) best = { ridge, accuracy: solved.accuracy };
    options.onProgress?.((i + 1) / RIDGES.length);
  }
  return best;
}

async function foldAccuracy(
  data: BenchmarkDataset,
  gram: Matrix,
  { ridge }: Configuration,
  options: ProtocolOptions,
): Promise<number> {
  let sum = 0;
  for (const [k, fold] of data.folds.entries()) {
    const solved = await accuracyAt(problemOf(data, gram, fold), ridge, options);
    if (!solved.ok) throw new NumericalError(`${data.name}, fold ${k + 1}: ${solved.message}`);
    sum += solved.accuracy;
    options.onProgress?.((k + 1) / data.folds.length);
  }
  return sum / data.folds.length;
}

/** What one split needs: blocks of the kernel matrix, one-hot targets, and the classes to hit. */
interface Problem {
  readonly kTrainTrain: Matrix;
  readonly kTestTrain: Matrix;
  readonly yTrain: Matrix;
  readonly testLabels: Uint32Array;
}

function problemOf({ labels, classes }: BenchmarkDataset, gram: Matrix, { train, test }: Split): Problem {
  const oneHot = matrix(labels.length, classes);
  labels.forEach((label, i) => {
    oneHot.data[i * classes + label] = 1;
  });
  return {
    kTrainTrain: takeBlock(gram, train, train),
    kTestTrain: takeBlock(gram, test, train),
    yTrain: takeRows(oneHot, train),
    testLabels: Uint32Array.from(test, (row) => labels[row]!),
  };
}

type Accuracy = { readonly ok: true; readonly accuracy: number } | { readonly ok: false; readonly message: string };

/** Share of test rows whose largest output is that of their class, the first of equals. O(n³/3 + n² classes). */
async function accuracyAt(
  { kTrainTrain, kTestTrain, yTrain, testLabels }: Problem,
  ridge: number,
  { engine, signal }: ProtocolOptions,
): Promise<Accuracy> {
  const solved = await kernelRegression(kTrainTrain, yTrain, { diagReg: ridge, engine, signal });
  if (!solved.ok) return solved;
  const outputs = await engine.matmul(kTestTrain, solved.alpha, { signal });
  const hits = testLabels.reduce((count, label, i) => count + (label === largestAt(outputs, i) ? 1 : 0), 0);
  return { ok: true, accuracy: hits / testLabels.length };
}

function largestAt({ data, cols }: Matrix, row: number): number {
  let best = 0;
  for (let j = 1; j < cols; j++) if (data[row * cols + j]! > data[row * cols + best]!) best = j;
  return best;
}

/** Share of the whole work that one kernel is: its factorizations against those of the folds. */
function workPlan({ validation, folds }: BenchmarkDataset, kernels: number): { readonly kernel: number } {
  const cost = ({ train }: Split) => train.length ** 3;
  const perKernel = RIDGES.length * cost(validation);
  const scoring = folds.reduce((sum, fold) => sum + cost(fold), 0);
  return { kernel: perKernel / (kernels * perKernel + scoring) };
}

/** The same signal, and progress that counts from one fraction to another. */
function within({ signal, onProgress }: WorkOptions, from: number, to: number): WorkOptions {
  return { signal, onProgress: onProgress && ((fraction) => onProgress(from + fraction * (to - from))) };
}
