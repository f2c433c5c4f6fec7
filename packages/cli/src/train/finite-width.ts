import {
  apply,
  countParams,
  empiricalNtk,
  init,
  kernelDrift,
  type Layer,
  type Matrix,
  matrix,
  type Params,
  type TrainRun,
  train,
  type WorkOptions,
} from "ntkit";
import { type Forecast, isForecast, linearizationForecast } from "./forecast.ts";
import { withHiddenWidth } from "./hidden-width.ts";
import { type InfiniteLimit, type LossRecord, lossRecord } from "./infinite-width.ts";
import { type Outputs, otherInputs, outputsOf, type SweepProblem, stepsPerEpoch } from "./problem.ts";
import { lossOf, NO_SCORES, type Scores, scoresOf } from "./scores.ts";

export interface MovementRecord extends LossRecord {
  /** ‖w − w₀‖/‖w₀‖. */
  readonly movement: number;
}

/** Root mean squares of the difference to a prediction. */
export interface Gap {
  readonly train: number;
  readonly test: number | null;
}

/** What became of one finite width; null where it diverged, or where what it is compared with did or does not exist. */
export interface FiniteRun extends Scores {
  readonly width: number;
  readonly status: "done" | "diverged";
  readonly divergedAt: number | null;
  readonly weights: number;
  /** Of its linearization at the initial weights; null where the optimizer has none. */
  readonly maxLearningRate: number | null;
  /** To its own linearization after as many steps. */
  readonly fromLinearization: Gap | null;
  /** To the infinite network after as many steps from the same outputs. */
  readonly fromLimit: Gap | null;
  /** ‖w − w₀‖/‖w₀‖. */
  readonly movement: number | null;
  /** ‖Θ − Θ₀‖/‖Θ₀‖ over the training rows; of several outputs Θ is the mean. */
  readonly kernelDrift: number | null;
  /** ‖Θ₀ − Θ∞‖/‖Θ∞‖ over the training rows. */
  readonly kernelGap: number;
  readonly seconds: number;
  readonly records: readonly MovementRecord[];
  readonly outputs: Outputs | null;
  readonly network: Layer;
  readonly params: Params;
}

/** Trains the network at one width, and predicts it by its linearization and by the limit. */
export async function finiteRun(
  problem: SweepProblem,
  limit: InfiniteLimit,
  width: number,
  learningRate: number,
  work: WorkOptions,
): Promise<FiniteRun> {
  const started = performance.now();
  const network = withHiddenWidth(problem.network, width);
  const params = init(network, problem.train.x.cols, { seed: problem.seed });
  const part = (from: number, to: number): WorkOptions => ({
    signal: work.signal,
    onProgress: (fraction) => work.onProgress?.(from + (to - from) * fraction),
  });
  const start = await startingPoint(problem, network, params, part(0, 0.25));
  const trained = problem.train.y.cols === 1 ? 0.9 : 0.5; // of several outputs, the linearization takes steps as well
  const run = await trainNetwork(problem, network, params, learningRate, part(0.25, trained));
  const done = run.status === "done";
  const compared = done ? await compare(problem, limit, start, run, network, part(trained, 1)) : NOTHING;
  return {
    width,
    status: done ? "done" : "diverged",
    divergedAt: done ? null : run.state.step,
    weights: countParams(params),
    maxLearningRate: start.descent?.maxLearningRate ?? null,
    ...compared,
    kernelGap: kernelDrift(limit.kernel, start.kernel),
    seconds: (performance.now() - started) / 1000,
    records: run.records.map(({ step, loss, movement }) => ({
      ...lossRecord(problem.loss, step, loss, problem.train.y),
      movement,
    })),
    network,
    params: run.params,
  };
}

interface StartingPoint {
  readonly others: Matrix;
  readonly fxTrain0: Matrix;
  readonly fxTest0: Matrix;
  readonly kernel: Matrix;
  readonly descent: Forecast | null;
}

/** The network before training, and its linearization solved. */
async function startingPoint(
  problem: SweepProblem,
  network: Layer,
  params: Params,
  { signal, onProgress }: WorkOptions,
): Promise<StartingPoint> {
  const { train, engine, trainable, optimizer, loss } = problem;
  const others = otherInputs(problem);
  const kernel = await empiricalNtk(network, params, train.x, null, { trainable, engine, signal });
  onProgress?.(0.4);
  const oneOutput = train.y.cols === 1 && loss === "squared" && isForecast(optimizer);
  const cross = !oneOutput
    ? null
    : others.rows === 0
      ? matrix(0, train.x.rows)
      : await empiricalNtk(network, params, others, train.x, { trainable, engine, signal });
  onProgress?.(0.6);
  const one = cross && { kernel, cross };
  return {
    others,
    fxTrain0: apply(network, params, train.x, { engine }),
    fxTest0: apply(network, params, others, { engine }),
    kernel,
    descent: await linearizationForecast(problem, network, params, { others, one }, { signal }),
  };
}

async function trainNetwork(
  { train: { x, y }, loss, steps, optimizer, batchSize, trainable, seed, engine }: SweepProblem,
  network: Layer,
  params: Params,
  learningRate: number,
  work: WorkOptions,
): Promise<TrainRun> {
  const batches = batchSize !== null && batchSize < x.rows ? { batchSize, seed } : {};
  const run = await train(network, params, x, y, {
    ...{ loss: lossOf(loss), steps, optimizer, learningRate, trainable, engine },
    ...batches,
    ...work,
  });
  work.signal?.throwIfAborted();
  return run;
}

type Comparison = Scores & Pick<FiniteRun, "fromLinearization" | "fromLimit" | "movement" | "kernelDrift" | "outputs">;

const NOTHING: Comparison = {
  ...{ ...NO_SCORES, fromLinearization: null, fromLimit: null },
  ...{ movement: null, kernelDrift: null, outputs: null },
};

async function compare(
  problem: SweepProblem,
  limit: InfiniteLimit,
  start: StartingPoint,
  { params, records, learningRate }: TrainRun,
  network: Layer,
  work: WorkOptions,
): Promise<Comparison> {
  const { train, steps, trainable, engine } = problem;
  const { fxTrain0, fxTest0 } = start;
  const { signal, onProgress } = work;
  const rate = learningRate / stepsPerEpoch(problem);
  const outputs = outputsOf(
    problem,
    apply(network, params, train.x, { engine }),
    apply(network, params, start.others, { engine }),
  );
  const gapTo = async (descent: Forecast | null, from: number): Promise<Gap | null> => {
    const part = { signal, onProgress: (fraction: number) => onProgress?.(from + 0.4 * fraction) };
    const [at] = (await descent?.after([steps], rate, { fxTrain0, fxTest0 }, part)) ?? [];
    return at ? gap(outputs, outputsOf(problem, at.fxTrain, at.fxTest)) : null;
  };
  const [fromLinearization, fromLimit] = [await gapTo(start.descent, 0), await gapTo(limit.descent, 0.4)];
  const kernel = await empiricalNtk(network, params, train.x, null, { trainable, engine, signal });
  return {
    ...scoresOf(problem, outputs),
    ...{ fromLinearization, fromLimit },
    movement: records.at(-1)!.movement,
    kernelDrift: kernelDrift(start.kernel, kernel),
    outputs,
  };
}

function gap(outputs: Outputs, predicted: Outputs): Gap {
  return {
    train: rootMeanSquare(outputs.train, predicted.train),
    test: outputs.test.length === 0 ? null : rootMeanSquare(outputs.test, predicted.test),
  };
}

/** Of the differences, scaled: a linearization that diverges may be as far away as 1e200. */
function rootMeanSquare(a: Float64Array, b: Float64Array): number {
  const differences = a.map((value, i) => Math.abs(value - b[i]!));
  const largest = differences.reduce((max, value) => Math.max(max, value), 0);
  if (largest === 0) return 0;
  return largest * Math.sqrt(differences.reduce((sum, value) => sum + (value / largest) ** 2, 0) / a.length);
}
