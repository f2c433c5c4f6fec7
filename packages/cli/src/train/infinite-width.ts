import { logSpacedSteps, type Matrix, type WorkOptions } from "ntkit";
import { type Forecast, limitForecast } from "./forecast.ts";
import { limitKernel, type Outputs, otherInputs, outputsOf, type SweepProblem, stepsPerEpoch } from "./problem.ts";
import { type LossName, lossOf, NO_SCORES, perUnit, type Scores, scoresOf } from "./scores.ts";

/** The limit of infinite width, solved: what every finite width is compared with. */
export interface InfiniteLimit {
  readonly kernel: Matrix;
  /** Null where the optimizer's path does not follow from the kernel. */
  readonly descent: Forecast | null;
}

export async function infiniteLimit(problem: SweepProblem, work: WorkOptions): Promise<InfiniteLimit> {
  const { train } = problem;
  const { signal, onProgress } = work;
  const part = (from: number, to: number): WorkOptions => ({
    signal,
    onProgress: (fraction) => onProgress?.(from + (to - from) * fraction),
  });
  const kernel = await limitKernel(problem, train.x, null, part(0, 0.2));
  const cross = await limitKernel(problem, otherInputs(problem), train.x, part(0.2, 0.3));
  return { kernel, descent: await limitForecast(problem, kernel, cross, part(0.3, 1)) };
}

/** Loss after a number of steps, over the training rows: what is minimized, and its mean. */
export interface LossRecord {
  readonly step: number;
  readonly loss: number;
  /** Of a squared loss. */
  readonly trainMse?: number;
  /** Of softmax. */
  readonly trainCrossEntropy?: number;
}

export function lossRecord(name: LossName, step: number, loss: number, y: Matrix): LossRecord {
  const mean = perUnit(name, loss, y);
  return { step, loss, ...(name === "squared" ? { trainMse: mean } : { trainCrossEntropy: mean }) };
}

/** The infinite network's own training: the mean of its ensemble, which starts at 0. */
export interface InfiniteRun extends Scores {
  readonly width: "inf";
  readonly status: "done" | "diverged";
  /** The first step that was looked at whose loss is beyond float64. */
  readonly divergedAt: number | null;
  readonly maxLearningRate: number;
  readonly seconds: number;
  readonly records: readonly LossRecord[];
  readonly outputs: Outputs | null;
}

export async function infiniteRun(
  problem: SweepProblem,
  descent: Forecast,
  learningRate: number,
  work: WorkOptions,
): Promise<InfiniteRun> {
  const started = performance.now();
  const { train, steps } = problem;
  const times = logSpacedSteps(steps);
  const predictions = await descent.after(times, learningRate / stepsPerEpoch(problem), {}, work);
  const loss = lossOf(problem.loss);
  const records: LossRecord[] = [];
  for (const [i, prediction] of predictions.entries()) {
    if (prediction === null) break;
    const value = loss.value(prediction.fxTrain, train.y);
    if (!Number.isFinite(value)) break;
    records.push(lossRecord(problem.loss, times[i]!, value, train.y));
  }
  const last = records.length === times.length ? predictions.at(-1) : null;
  const outputs = last ? outputsOf(problem, last.fxTrain, last.fxTest) : null;
  return {
    width: "inf",
    status: outputs ? "done" : "diverged",
    divergedAt: times[records.length] ?? null,
    maxLearningRate: descent.maxLearningRate,
    ...(outputs ? scoresOf(problem, outputs) : NO_SCORES),
    seconds: (performance.now() - started) / 1000,
    records,
    outputs,
  };
}
