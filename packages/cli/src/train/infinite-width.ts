import { logSpacedSteps, type Matrix, type WorkOptions } from "ntkit";
import { type LinearDescent, linearDescent } from "./linear-descent.ts";
import {
  halfSum,
  limitKernel,
  meanSquare,
  type Outputs,
  otherInputs,
  outputsOf,
  type SweepProblem,
  stepsPerEpoch,
} from "./problem.ts";

/** The limit of infinite width, solved: what every finite width is compared with. */
export interface InfiniteLimit {
  readonly kernel: Matrix;
  /** Other inputs (rows) with training inputs. */
  readonly cross: Matrix;
  readonly descent: LinearDescent;
}

export async function infiniteLimit(problem: SweepProblem, work: WorkOptions): Promise<InfiniteLimit> {
  const { train, engine, optimizer } = problem;
  const { signal, onProgress } = work;
  const part = (from: number, to: number): WorkOptions => ({
    signal,
    onProgress: (fraction) => onProgress?.(from + (to - from) * fraction),
  });
  const kernel = await limitKernel(problem, train.x, null, part(0, 0.2));
  const cross = await limitKernel(problem, otherInputs(problem), train.x, part(0.2, 0.3));
  const descent = await linearDescent(kernel, train.y, { engine, optimizer, ...part(0.3, 1) });
  return { kernel, cross, descent };
}

/** Loss after a number of steps. */
export interface LossRecord {
  readonly step: number;
  /** Half the sum of squared errors over the training rows. */
  readonly loss: number;
  readonly trainMse: number;
}

/** The infinite network's own training: the mean of its ensemble, which starts at 0. */
export interface InfiniteRun {
  readonly width: "inf";
  readonly status: "done" | "diverged";
  /** The first step that was looked at whose loss is beyond float64. */
  readonly divergedAt: number | null;
  readonly maxLearningRate: number;
  readonly trainMse: number | null;
  readonly testMse: number | null;
  readonly seconds: number;
  readonly records: readonly LossRecord[];
  readonly outputs: Outputs | null;
}

export async function infiniteRun(
  problem: SweepProblem,
  limit: InfiniteLimit,
  learningRate: number,
  work: WorkOptions,
): Promise<InfiniteRun> {
  const started = performance.now();
  const { train, test, steps } = problem;
  const times = logSpacedSteps(steps);
  const predictions = await limit.descent.after(
    times,
    learningRate / stepsPerEpoch(problem),
    { kTestTrain: limit.cross },
    work,
  );
  const records: LossRecord[] = [];
  for (const [i, prediction] of predictions.entries()) {
    if (prediction === null) break;
    const fx = prediction.fxTrain.data;
    const loss = halfSum(fx, train.y.data);
    if (!Number.isFinite(loss)) break;
    records.push({ step: times[i]!, loss, trainMse: meanSquare(fx, train.y.data) });
  }
  const last = records.length === times.length ? predictions.at(-1) : null;
  const outputs = last ? outputsOf(problem, last.fxTrain, last.fxTest!) : null;
  return {
    width: "inf",
    status: outputs ? "done" : "diverged",
    divergedAt: times[records.length] ?? null,
    maxLearningRate: limit.descent.maxLearningRate,
    trainMse: outputs && meanSquare(outputs.train, train.y.data),
    testMse: outputs && test && meanSquare(outputs.test, test.y.data),
    seconds: (performance.now() - started) / 1000,
    records,
    outputs,
  };
}
