import { NumericalError, ShapeError, ValueError } from "../errors.ts";
import type { Engine, WorkOptions } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { lossCurvature, type SquaredLoss } from "../loss/squared-loss.ts";
import { allFinite, checkFinite, checkRange } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import {
  checkDescent,
  type DescentFailure,
  descentProgress,
  expandModes,
  presentModes,
  reach,
  scaleRows,
} from "./descent-modes.ts";
import { flowGain, flowProgress, type IndefiniteKernel, type MseModes, mseModes } from "./mse-flow.ts";
import type { PredictOptions } from "./options.ts";
import { type RidgePath, ridgePath } from "./ridge-path.ts";

export interface GradientDescentMseOptions extends PredictOptions {
  /** η. Default 1. */
  readonly learningRate?: number | undefined;
  /** Default "half-sum". */
  readonly loss?: SquaredLoss | undefined;
  /** Absolute ridge on the diagonal: adds (c/2)·diagReg·|w − w₀|² to the loss. Default 0. */
  readonly diagReg?: number | undefined;
}

/** Where training starts and what is predicted beside the training outputs. */
export interface DescentStart {
  /** n x outputs. Default zero, as for the mean of an ensemble. */
  readonly fxTrain0?: Matrix | undefined;
  /** m x n: Θ of test inputs (rows) with training inputs. */
  readonly kTestTrain?: Matrix | undefined;
  /** m x outputs. Default zero. */
  readonly fxTest0?: Matrix | undefined;
}

export interface DescentPrediction {
  readonly t: number;
  /** α(t), n x outputs: w(t) − w₀ = Jᵀ α(t) for the weights of the linearized network, J its Jacobian at the training inputs. */
  readonly alpha: Matrix;
  /** f₀ + Θ α(t), n x outputs. */
  readonly fxTrain: Matrix;
  /** f₀ + Θ_td α(t), m x outputs: there when kTestTrain was given. */
  readonly fxTest?: Matrix;
}

/** The outputs after t steps, or what becomes of descent instead (even and odd: α on even and on odd steps). */
export type StepsPrediction = ({ readonly ok: true } & DescentPrediction) | DescentFailure;

/** Training on a squared loss under a constant kernel, solved. */
export interface MseDescent {
  readonly ok: true;
  readonly path: RidgePath;
  readonly learningRate: number;
  readonly loss: SquaredLoss;
  readonly diagReg: number;
  /** Gradient flow at time t in [0, ∞], in units of steps; several times in any order. O(n² outputs) each. */
  at(t: number, start?: DescentStart, work?: WorkOptions): Promise<DescentPrediction>;
  at(t: readonly number[], start?: DescentStart, work?: WorkOptions): Promise<readonly DescentPrediction[]>;
  /** Gradient descent after t steps, a whole number or Infinity; several in any order. O(n² outputs) each. */
  atStep(t: number, start?: DescentStart, work?: WorkOptions): Promise<StepsPrediction>;
  atStep(t: readonly number[], start?: DescentStart, work?: WorkOptions): Promise<readonly StepsPrediction[]>;
}

/**
 * The outputs of an infinitely wide (or linearized) network while it is trained on a squared loss, at any time, from one
 * eigendecomposition of its tangent kernel, Θ + diagReg·I = V diag(μ) Vᵀ:
 *
 *   gradient flow      α(t) = V diag((1 − e^{−ηcμt})/μ) Vᵀ (y − f₀)          ẇ = −η ∂L/∂w
 *   gradient descent   α(t) = V diag((1 − (1 − ηcμ)ᵗ)/μ) Vᵀ (y − f₀)         w ← w − η ∂L/∂w
 *
 *   f(x, t) = f(x, 0) + Θ(x, X) α(t)
 *
 * with c as in SquaredLoss; t counts steps, so that the flow is descent with a small learning rate. Lee et al. (2019), equations 8
 * to 11, where c = 1/|y| ("half-mean": time enters as ηt/|y|). A mode of μ = 0 stays as it is; at t = ∞ the outputs are those
 * of kernel (ridge) regression of y − f₀, by the pseudoinverse where Θ is singular.
 *
 * kTrainTrain n x n, yTrain n x outputs. An eigenvalue below zero by more than rounding is a value, `ok: false`; throws for wrong
 * input, NumericalError when a value leaves the range of float64. O(9n³).
 */
export async function gradientDescentMse(
  kTrainTrain: Matrix,
  yTrain: Matrix,
  options: GradientDescentMseOptions = {},
): Promise<MseDescent | IndefiniteKernel> {
  checkDescentOptions("gradientDescentMse", options);
  return gradientDescentMseOn(await ridgePath(kTrainTrain, yTrain, options), options);
}

/** The same from an eigendecomposition that is there already; `onProgress` is not called. */
export function gradientDescentMseOn(
  path: RidgePath,
  options: GradientDescentMseOptions = {},
): MseDescent | IndefiniteKernel {
  checkDescentOptions("gradientDescentMse", options);
  const { learningRate = 1, loss = "half-sum", diagReg = 0, engine = jsEngine } = options;
  const modes = mseModes("gradientDescentMse", path, diagReg);
  if (!modes.ok) return modes;
  const curvature = lossCurvature(loss, path.projected);
  const rate = learningRate * curvature;
  const problem: Problem = { path, modes, diagReg, curvature, rate, learningRate, engine };
  return {
    ...{ ok: true, path, learningRate, loss, diagReg },
    at: overTimes(problem, flowAt),
    atStep: overTimes(problem, stepAt),
  };
}

/** A function of one time or of several. */
interface OverTimes<Prediction> {
  (t: number, start?: DescentStart, work?: WorkOptions): Promise<Prediction>;
  (t: readonly number[], start?: DescentStart, work?: WorkOptions): Promise<readonly Prediction[]>;
}

interface Problem {
  readonly path: RidgePath;
  readonly modes: MseModes;
  readonly diagReg: number;
  /** c. */
  readonly curvature: number;
  /** ηc. */
  readonly rate: number;
  readonly learningRate: number;
  readonly engine: Engine;
}

/** A problem with its start. */
interface Started extends Problem {
  readonly signal: AbortSignal | undefined;
  readonly start: DescentStart;
  /** Vᵀ(y − f₀). */
  readonly way: Matrix;
}

function overTimes<Prediction>(
  problem: Problem,
  one: (started: Started, t: number) => Promise<Prediction>,
): OverTimes<Prediction> {
  function at(t: number, start?: DescentStart, work?: WorkOptions): Promise<Prediction>;
  function at(t: readonly number[], start?: DescentStart, work?: WorkOptions): Promise<readonly Prediction[]>;
  async function at(
    t: number | readonly number[],
    start: DescentStart = {},
    { signal, onProgress }: WorkOptions = {},
  ): Promise<Prediction | readonly Prediction[]> {
    const { path, engine } = problem;
    checkStart("gradientDescentMse", path.projected, start);
    const offset = start.fxTrain0 && (await engine.matmul(path.vectors, start.fxTrain0, { signal }));
    const way = offset ? plus(path.projected, offset, -1) : path.projected;
    const started = { ...problem, start, way, signal };
    if (typeof t === "number") return one(started, t);
    const predictions: Prediction[] = [];
    for (const time of t) {
      predictions.push(await one(started, time));
      onProgress?.(predictions.length / t.length);
    }
    return predictions;
  }
  return at;
}

async function flowAt(started: Started, t: number): Promise<DescentPrediction> {
  if (!(t >= 0)) throw new ValueError(`gradientDescentMse: t must be at least 0, or Infinity, got ${t}`);
  const { modes, rate } = started;
  const progress = modes.curvatures.map((curvature) => flowProgress(rate, curvature, t));
  const prediction = await predictionOf(started, t, progress);
  if (prediction) return prediction;
  throw new NumericalError("gradientDescentMse: a value left the range of float64: rescale the kernel or the targets");
}

async function stepAt(started: Started, t: number): Promise<StepsPrediction> {
  const { modes, curvature, rate, learningRate, way } = started;
  checkDescent("gradientDescentMse", learningRate, t);
  const z = modes.curvatures.map((mu) => rate * mu);
  const maxLearningRate = 2 / (curvature * modes.curvatures[z.length - 1]!);
  const held: { prediction: DescentPrediction | null } = { prediction: null };
  const go = async (progress: Float64Array): Promise<Matrix | null> => {
    held.prediction = await predictionOf(started, t, progress);
    return held.prediction?.alpha ?? null;
  };
  const outcome = descentProgress(z, presentModes(way), t);
  const reached = await reach("gradientDescentMse", outcome, go, { learningRate, maxLearningRate });
  return reached.ok ? { ok: true, ...held.prediction! } : reached;
}

/** What follows from the progress of every mode; null when a value leaves the range of float64. */
async function predictionOf(started: Started, t: number, progress: Float64Array): Promise<DescentPrediction | null> {
  const { path, modes, diagReg, rate, start, engine, signal } = started;
  const gains = modes.curvatures.map((mu, k) => (mu === 0 ? flowGain(rate, 0, t) : progress[k]! / mu));
  const fitted = diagReg === 0 ? progress : gains.map((gain, k) => gain * modes.eigenvalues[k]!);
  const alpha = await expandModes(path.vectors, scaleRows(started.way, gains), engine, signal);
  const change = await expandModes(path.vectors, scaleRows(started.way, fitted), engine, signal);
  if (!(alpha && change)) return null;
  const fxTrain = start.fxTrain0 ? plus(start.fxTrain0, change, 1) : change;
  if (!start.kTestTrain) return { t, alpha, fxTrain };
  const learned = await engine.matmul(start.kTestTrain, alpha, { signal });
  const fxTest = start.fxTest0 ? plus(start.fxTest0, learned, 1) : learned;
  return allFinite(fxTest.data) ? { t, alpha, fxTrain, fxTest } : null;
}

function plus(a: Matrix, b: Matrix, sign: 1 | -1): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value + sign * b.data[at]!),
  );
}

const NAMES = optionNames<GradientDescentMseOptions & { readonly get?: string }>({
  ...PREDICT_NAMES,
  learningRate: true,
  loss: true,
  diagReg: true,
  get: true,
});

/** Throws unless learningRate and diagReg are finite numbers from 0, and all options are known. */
export function checkDescentOptions(where: string, options: GradientDescentMseOptions): void {
  checkOptions(where, options, NAMES);
  const { learningRate = 1, diagReg = 0 } = options;
  checkRange(where, "learningRate", learningRate, 0);
  checkRange(where, "diagReg", diagReg, 0);
}

/** Throws unless what start holds fits the training data: n x outputs, m x n, m x outputs, all finite. */
export function checkStart(
  where: string,
  { rows, cols }: { readonly rows: number; readonly cols: number },
  { fxTrain0, kTestTrain, fxTest0 }: DescentStart,
): void {
  if (fxTrain0) checkShape(`${where}: fxTrain0`, fxTrain0, rows, cols);
  if (kTestTrain) checkShape(`${where}: kTestTrain`, kTestTrain, kTestTrain.rows, rows);
  if (fxTest0 && !kTestTrain)
    throw new ValueError(`${where}: fxTest0 says nothing without kTestTrain: give both or neither`);
  if (fxTest0 && kTestTrain) checkShape(`${where}: fxTest0`, fxTest0, kTestTrain.rows, cols);
}

function checkShape(what: string, a: Matrix, rows: number, cols: number): void {
  if (a.rows !== rows || a.cols !== cols)
    throw new ShapeError(`${what} must be ${rows} x ${cols}, got ${a.rows} x ${a.cols}`);
  checkFinite(what, a);
}
