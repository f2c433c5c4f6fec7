import {
  apply,
  child,
  countParams,
  empiricalNtk,
  hessianNorm,
  init,
  type Key,
  kernelDrift,
  key,
  type Layer,
  type Matrix,
  matrix,
  maxStableRate,
  type Params,
  takeRows,
  train,
} from "ntkit";
import { withHiddenWidth } from "../train/hidden-width.ts";
import { lossOf, scoresOf } from "../train/scores.ts";
import { theoryOf } from "../train/theory.ts";
import type { CertifyProblem } from "./problem.ts";

/** What is measured of networks of one width. */
export interface WidthMeasure {
  readonly width: number;
  /** ‖H(0) − H*‖₂ of each draw. */
  readonly distances: readonly number[];
  /** λ_min(H(0)) of each draw. */
  readonly smallest: readonly number[];
  /** κ(w₀) of the first draw; null where it is not gradient descent on a squared loss that it is of. */
  readonly kappa: number | null;
  /** ‖Θ − Θ₀‖_F/‖Θ₀‖_F of the first draw after training; null where that diverged. */
  readonly drift: number | null;
  /** After training, of a squared loss. */
  readonly mse: number | null;
  /** After training, of softmax: of a row, in nats. */
  readonly crossEntropy: number | null;
  /** After training, of classes. */
  readonly accuracy: number | null;
}

export interface ScanSetting {
  readonly widths: readonly number[];
  readonly draws: number;
  /** Steps that the first draw is trained for. */
  readonly steps: number;
  readonly learningRate: number;
  /** H* */
  readonly limit: Matrix;
}

/** Second derivatives are taken row by row, and cost some 50 evaluations each: at so many rows, fewer where there are many weights. */
const LAZINESS_ROWS = 32;
const LAZINESS_WEIGHTS = 4e6;

/** Their norms are then right to four digits or so. */
const LAZINESS_TOLERANCE = 1e-2;

/** How many of the rows second derivatives are taken at. */
export function lazinessRows(rows: number, weights: number): number {
  return Math.min(rows, Math.max(4, Math.min(LAZINESS_ROWS, Math.floor(LAZINESS_WEIGHTS / weights))));
}

/** Whether κ(w₀) says how far training goes: it is of gradient descent on a squared loss. */
export function hasKappa(problem: CertifyProblem): boolean {
  return theoryOf(problem).caveat === null;
}

/** Shares of the time that are over, about, when all is drawn, and when second derivatives are taken. */
const DRAWS_DONE = 0.1;
const KAPPA_DONE = 0.5;

interface Draw {
  readonly distance: number;
  readonly smallest: number;
  readonly largest: number;
  readonly kernel: Matrix;
  readonly params: Params;
}

export async function measureWidth(
  problem: CertifyProblem,
  { draws, steps, learningRate, limit }: ScanSetting,
  width: number,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (fraction: number) => void },
): Promise<WidthMeasure> {
  const { train: data, trainable, engine, optimizer, loss, seed } = problem;
  const network = withHiddenWidth(problem.network, width);
  const seeds: Key = child(key(seed), width);
  const found: Draw[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const params = start(network, data.x.cols, child(seeds, draw), trainable);
    const kernel = await empiricalNtk(network, params, data.x, null, { trainable, engine, signal });
    const gap = (await engine.eigh(difference(kernel, limit), { signal })).values;
    const distance = Math.max(-gap[0]!, gap.at(-1)!);
    const { values } = await engine.eigh(kernel, { signal });
    found.push({ distance, smallest: values[0]!, largest: values.at(-1)!, kernel, params });
    onProgress((DRAWS_DONE * (draw + 1)) / draws);
  }
  const first = found[0]!;
  const part = (done: number): void => onProgress(DRAWS_DONE + (KAPPA_DONE - DRAWS_DONE) * done);
  const kappa = hasKappa(problem) ? await kappaOf(problem, network, first, { signal, onProgress: part }) : null;
  const run = await train(network, first.params, data.x, data.y, {
    ...{ steps, learningRate, optimizer, loss: lossOf(loss) },
    ...{ trainable, engine, signal, recordAt: [steps] },
    onProgress: (done) => onProgress(KAPPA_DONE + (1 - KAPPA_DONE) * done),
  });
  signal.throwIfAborted();
  const trained = run.status === "done" ? run : null;
  const after = trained && (await empiricalNtk(network, trained.params, data.x, null, { trainable, engine, signal }));
  return {
    width,
    distances: found.map(({ distance }) => distance),
    smallest: found.map((one) => one.smallest),
    kappa,
    drift: after && kernelDrift(first.kernel, after),
    ...(trained ? fitOf(problem, apply(network, trained.params, data.x, { engine })) : NO_FIT),
  };
}

type Fit = Pick<WidthMeasure, "mse" | "crossEntropy" | "accuracy">;

const NO_FIT: Fit = { mse: null, crossEntropy: null, accuracy: null };

function fitOf({ train, loss, classes }: CertifyProblem, outputs: Matrix): Fit {
  const scores = scoresOf({ train, test: null, loss, classes }, { train: outputs.data, test: new Float64Array(0) });
  return { mse: scores.trainMse, crossEntropy: scores.trainCrossEntropy, accuracy: scores.trainAccuracy };
}

/** Where only the first layer trains, the others are ±1 as in the theorem on it. */
function start(network: Layer, inputs: number, seed: Key, trainable: CertifyProblem["trainable"]): Params {
  return init(network, inputs, trainable === "first" ? { seed, outputWeights: "signs" } : { seed });
}

/** As `laziness`, but for second derivatives at a part of the rows only, which stand for all of them. */
async function kappaOf(
  { train: { x, y }, trainable, engine }: CertifyProblem,
  network: Layer,
  { params, largest }: Draw,
  work: { readonly signal: AbortSignal; readonly onProgress: (fraction: number) => void },
): Promise<number> {
  const count = lazinessRows(x.rows, countParams(params) * y.cols);
  const rows = Array.from({ length: count }, (_, i) => Math.floor((i * x.rows) / count));
  const norms = await hessianNorm(network, params, takeRows(x, rows), {
    trainable,
    tolerance: LAZINESS_TOLERANCE,
    ...work,
  });
  const hessian = Math.sqrt((x.rows / count) * norms.data.reduce((sum, norm) => sum + norm * norm, 0));
  const residual = Math.sqrt(
    apply(network, params, x, { engine }).data.reduce((sum, f, i) => sum + (f - y.data[i]!) ** 2, 0),
  );
  if (y.cols === 1) return (hessian * residual) / largest;
  // Of several outputs `largest` is of the mean kernel.
  const { curvature } = await maxStableRate(network, params, x, y, { trainable, engine, signal: work.signal });
  return (hessian * residual) / curvature;
}

function difference(a: Matrix, b: Matrix): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value - b.data[at]!),
  );
}
