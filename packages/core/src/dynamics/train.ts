import { ShapeError, ValueError } from "../errors.ts";
import { jetOf } from "../layers/jet.ts";
import { parseNetwork } from "../layers/network-file.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import { jsBlas } from "../linalg/blas.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { startWork, type Work } from "../linalg/work.ts";
import type { TwiceDifferentiableLoss } from "../loss/loss.ts";
import { squaredLoss } from "../loss/squared-loss.ts";
import { checkFinite, checkRange, checkSameRows } from "../matrix/check.ts";
import { type Matrix, matrix, takeRows } from "../matrix/matrix.ts";
import { checkOptions, NETWORK_NAMES, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import { gradientSink } from "../network/gradient-sink.ts";
import { overflowOf } from "../network/overflow.ts";
import { flattenParams, paramEntries, unflattenParams } from "../network/params.ts";
import { type NetworkOptions, outputTerm, traceNetwork } from "../network/trace.ts";
import { type Trainable, trainablePaths } from "../network/trainable.ts";
import { workspace } from "../network/workspace.ts";
import { child, type Key, key, permutation, split } from "../random/key.ts";
import { type KernelMonitor, type KernelRecord, kernelMonitor } from "./kernel-monitor.ts";
import { maxStableRate } from "./max-stable-rate.ts";
import { type LayerMovement, relativeMovement, weightMovement } from "./movement.ts";
import { ADAM_DEFAULTS, checkOptimizer, initialMemory, memoryVectors, type Optimizer, update } from "./optimizer.ts";
import { logSpacedSteps } from "./schedule.ts";

export interface TrainOptions extends NetworkOptions, WorkOptions {
  /** Where to stop, counted from step 0 even when the run is resumed. */
  readonly steps: number;
  /** Default `squaredLoss("half-sum")`. */
  readonly loss?: TwiceDifferentiableLoss | undefined;
  /** Default gradient descent. */
  readonly optimizer?: Optimizer | undefined;
  /** Default: half the largest stable one at the start, see `maxStableRate`; of Adam, which has none, 0.001. */
  readonly learningRate?: number | undefined;
  /** Rows of a mini-batch: each epoch goes through a random order of all rows. Default all of them. */
  readonly batchSize?: number | undefined;
  /** For mini-batches, Langevin noise and dropout. */
  readonly seed?: number | Key | undefined;
  /** Default "all". */
  readonly trainable?: Trainable | undefined;
  /**
   * Record the tangent kernel too: its drift, and how the residual lies along its initial eigenvectors. Default false: each record
   * then costs an empirical kernel.
   */
  readonly recordKernel?: boolean | undefined;
  /** The steps after which to record, from 0. Default about 60 of them, equally spaced in the logarithm. */
  readonly recordAt?: readonly number[] | undefined;
  /** Called with each record and the weights it is of, which are good until it is done. */
  readonly onRecord?: ((record: TrainRecord, params: Params) => void | Promise<void>) | undefined;
  /** Where an earlier run of the same network and options stopped: goes on as if it had not, bit for bit. */
  readonly resume?: TrainState | undefined;
}

/** What was measured after `step` steps, over all training rows and without dropout. */
export interface TrainRecord {
  readonly step: number;
  /** step · learning rate: the time of gradient flow. */
  readonly t: number;
  readonly loss: number;
  /** Mean over rows and outputs of (f − y)². */
  readonly mse: number;
  readonly layers: readonly LayerMovement[];
  /** ‖w − w₀‖/‖w₀‖ over all layers. */
  readonly movement: number;
  /** With `recordKernel`. */
  readonly kernel?: KernelRecord;
}

/** All that a run needs to go on. Plain data. */
export interface TrainState {
  readonly step: number;
  readonly learningRate: number;
  readonly weights: Float64Array;
  readonly initialWeights: Float64Array;
  /** The optimizer's own vectors, each as long as the weights, one after the other: Adam has two. Null where it has none. */
  readonly memory: Float64Array | null;
}

export interface TrainRun {
  /** All steps were taken; the signal stopped it; or the loss left the range of float64 at `state.step`. */
  readonly status: "done" | "stopped" | "diverged";
  readonly params: Params;
  readonly state: TrainState;
  readonly records: readonly TrainRecord[];
  readonly learningRate: number;
  /** One sentence for a run that diverged. */
  readonly message?: string;
}

const NAMES = optionNames<TrainOptions>({
  ...NETWORK_NAMES,
  ...WORK_NAMES,
  steps: true,
  loss: true,
  optimizer: true,
  learningRate: true,
  batchSize: true,
  seed: true,
  trainable: true,
  recordKernel: true,
  recordAt: true,
  onRecord: true,
  resume: true,
});

/**
 * Trains a finite network on rows x with targets y, from the weights `params`, which stay as they are. O(steps · batch · weights), on
 * the calling thread, which breathes now and then; after the first step it allocates no memory of the size of a batch. An abort is
 * not an error: the run ends as "stopped" with what was recorded. Throws for wrong input.
 */
export async function train(
  network: Layer,
  params: Params,
  x: Matrix,
  y: Matrix,
  options: TrainOptions,
): Promise<TrainRun> {
  checkOptions("train", options, NAMES);
  checkSameRows("train: x and y", x, y);
  checkFinite("train: x", x);
  checkFinite("train: y", y);
  const { loss = squaredLoss(), optimizer = { type: "gradientDescent" } } = options;
  checkOptimizer("train", optimizer);
  loss.checkTargets?.("train", y);
  const parsed = parseNetwork(network);
  const learningRate =
    options.resume?.learningRate ??
    options.learningRate ??
    (optimizer.type === "adam"
      ? ADAM_DEFAULTS.learningRate
      : 0.5 * (await maxStableRate(parsed, params, x, y, { ...options, loss, optimizer })).rate);
  checkRange("train", "learningRate", learningRate, 0);
  const setup = { ...options, network: parsed, params, x, y, loss, optimizer, learningRate };
  return await runSteps(setup, startRun(setup), startWork(options));
}

interface TrainSetup extends TrainOptions {
  readonly network: Layer;
  readonly params: Params;
  readonly x: Matrix;
  readonly y: Matrix;
  readonly loss: TwiceDifferentiableLoss;
  readonly optimizer: Optimizer;
  readonly learningRate: number;
}

/** The arrays that a run changes. */
interface RunState {
  readonly w: Float64Array;
  readonly initial: Float64Array;
  readonly memory: Float64Array | null;
  readonly gradient: Float64Array;
  /** Where in them the layers that train are, as pairs of start and end. */
  readonly pieces: readonly (readonly [number, number])[];
  readonly firstStep: number;
}

function startRun({ params, optimizer, trainable, resume, steps }: TrainSetup): RunState {
  if (!Number.isInteger(steps) || steps < (resume?.step ?? 0))
    throw new ValueError(`train: steps must be a whole number from ${resume?.step ?? 0}, got ${steps}`);
  const given = flattenParams(params);
  if (resume && resume.weights.length !== given.length)
    throw new ShapeError(`train: the run to resume has ${resume.weights.length} weights, the network ${given.length}`);
  if (resume && (resume.memory?.length ?? 0) !== memoryVectors(optimizer) * given.length)
    throw new ValueError("train: the run to resume used another optimizer: pass the options it was started with");
  const w = resume ? resume.weights.slice() : given;
  return {
    w,
    initial: resume ? resume.initialWeights.slice() : w.slice(),
    memory: resume ? (resume.memory?.slice() ?? null) : initialMemory(optimizer, w),
    gradient: new Float64Array(w.length),
    pieces: trainedPieces(params, trainable),
    firstStep: resume?.step ?? 0,
  };
}

function trainedPieces(params: Params, trainable: Trainable = "all"): readonly (readonly [number, number])[] {
  const trains = trainablePaths(params, trainable);
  let at = 0;
  return paramEntries(params).flatMap(({ path, data }) => {
    at += data.length;
    return trains.has(path) ? [[at - data.length, at] as const] : [];
  });
}

async function runSteps(setup: TrainSetup, run: RunState, work: Work): Promise<TrainRun> {
  const { network, x, y, loss, learningRate, steps, signal } = setup;
  const { recordAt = logSpacedSteps(steps), recordKernel = false, onRecord } = setup;
  const records: TrainRecord[] = [];
  const wanted = new Set(recordAt);
  const params = unflattenParams(setup.params, run.w);
  const initial = unflattenParams(setup.params, run.initial);
  const takeStep = stepper(setup, run, params);
  const monitor: KernelMonitor | null = recordKernel ? await kernelMonitor(network, initial, x, y, setup) : null;
  let step = run.firstStep;
  const end = (status: TrainRun["status"], message?: string): TrainRun => {
    const { w: weights, initial: initialWeights, memory } = run;
    const state = { step, learningRate, weights, initialWeights, memory };
    return { status, params, state, records, learningRate, ...(message === undefined ? {} : { message }) };
  };
  try {
    for (; ; step++) {
      if (wanted.has(step) && (step > run.firstStep || step === 0)) {
        const fx = outputTerm(traceNetwork(network, params, x, setup));
        const layers = weightMovement(initial, params);
        const mse = fx.data.reduce((sum, f, at) => sum + (f - y.data[at]!) ** 2, 0) / fx.data.length;
        const movement = relativeMovement(layers);
        const value = loss.value(fx, y);
        if (!Number.isFinite(value)) return end("diverged", divergence(setup, params, step));
        const kernel = await monitor?.(params, fx);
        const record = { step, t: step * learningRate, loss: value, mse, layers, movement, ...(kernel && { kernel }) };
        records.push(record);
        await onRecord?.(record, params);
      }
      if (step >= steps) return end("done");
      if (!takeStep(step)) return end("diverged", divergence(setup, params, step));
      await work.breathe((step + 1) / steps);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
    step++; // the step before the breath was taken
    return end("stopped");
  }
}

function divergence(
  { network, x, learningRate, resume, ...options }: TrainSetup,
  params: Params,
  step: number,
): string {
  if (step === (resume?.step ?? 0)) {
    // No step was taken yet: it is not the learning rate.
    const trace = traceNetwork(network, params, x, { activations: options.activations, engine: options.engine });
    if (!outputTerm(trace).data.every(Number.isFinite)) return overflowOf("train", network, params, x, options).message;
  }
  return `train: the loss left the range of float64 at step ${step} with learning rate ${learningRate}: lower it`;
}

/** Takes one step, in place; false when the loss before it is not finite. */
function stepper(setup: TrainSetup, run: RunState, params: Params): (step: number) => boolean {
  const { network, loss, optimizer, learningRate, engine, activations } = setup;
  const { allocate, reset } = workspace();
  const sink = gradientSink(unflattenParams(setup.params, run.gradient), engine?.blas ?? jsBlas, { allocate });
  const trains = trainablePaths(setup.params, setup.trainable);
  const seed = setup.seed === undefined ? null : rootOf(setup.seed);
  const [stepKeys, epochKeys] = seed ? split(seed, 2) : [];
  const batchOf = batches(setup, epochKeys);
  const memory = Array.from({ length: memoryVectors(optimizer) }, (_, k) =>
    run.memory!.subarray(k * run.w.length, (k + 1) * run.w.length),
  );
  const parts = run.pieces.map(([from, to]) => ({
    w: run.w.subarray(from, to),
    memory: memory.map((vector) => vector.subarray(from, to)),
    gradient: run.gradient.subarray(from, to),
  }));
  if (optimizer.type === "langevin" && !stepKeys) throw needsSeed("Langevin noise");
  return (step) => {
    reset();
    const own = stepKeys ? child(stepKeys, step) : null;
    const { x, y } = batchOf(step);
    const dropoutKey = own ? child(own, 0) : undefined;
    const trace = traceNetwork(network, params, x, { activations, engine, trains, allocate, dropoutKey });
    const fx = outputTerm(trace);
    if (fx.cols !== y.cols)
      throw new ShapeError(`train: y must have ${fx.cols} columns like the outputs, got ${y.cols}`);
    if (!Number.isFinite(loss.value(fx, y))) return false;
    const cotangent = matrix(fx.rows, fx.cols, allocate(fx.data.length));
    loss.gradient(fx, y, cotangent);
    trace.pullback(jetOf(cotangent), sink);
    for (const [i, part] of parts.entries())
      update(optimizer, { ...part, step, learningRate, key: own && child(own, i + 1) });
    return true;
  };
}

function rootOf(seed: number | Key): Key {
  return typeof seed === "number" ? key(seed) : seed;
}

function needsSeed(what: string): ValueError {
  return new ValueError(`train: ${what} is random: pass a seed`);
}

interface Batch {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** The rows of each step: all of them, or the next of a random order that is drawn anew for each epoch. */
function batches({ x, y, batchSize = x.rows }: TrainSetup, epochKeys: Key | undefined): (step: number) => Batch {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new ValueError(`train: batchSize must be a whole number from 1, got ${batchSize}`);
  if (batchSize >= x.rows) return () => ({ x, y });
  if (!epochKeys) throw needsSeed("the order of mini-batches");
  const stepsPerEpoch = Math.ceil(x.rows / batchSize);
  let epoch = -1;
  let order = new Uint32Array(0) as Uint32Array; // of any buffer
  return (step) => {
    const current = Math.floor(step / stepsPerEpoch);
    if (current !== epoch) {
      epoch = current;
      order = permutation(child(epochKeys, current), x.rows);
    }
    const from = (step % stepsPerEpoch) * batchSize;
    const rows = order.subarray(from, from + batchSize);
    return { x: takeRows(x, rows), y: takeRows(y, rows) };
  };
}
