import { ShapeError, ValueError } from "../errors.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { startWork } from "../linalg/work.ts";
import { allFinite, checkRange } from "../matrix/check.ts";
import { checkOptions, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import { firstGuess, firstStep, nextStep, remembered, scaledNorm, type Tolerance } from "./step-size.ts";
import { combine, ERROR, interpolate, NODES, STAGES } from "./tableau.ts";

/**
 * ẏ = f(t, y): writes the slope at (t, y) to `out`, all of it, and leaves `y` as it is. Neither array is to be kept. A promise
 * is awaited; without one the integration goes on at once.
 */
export type RightHandSide = (t: number, y: Float64Array, out: Float64Array) => void | Promise<void>;

export interface OdeOptions extends WorkOptions {
  /** When y is y0. Default 0. */
  readonly t0?: number | undefined;
  /** A step's error in component i is held below atol + rtol·|yᵢ| (in root mean square over i). Default 1e-8. */
  readonly rtol?: number | undefined;
  /** Default 1e-10. */
  readonly atol?: number | undefined;
  /** Only so many components, from the first, decide the steps; the others are carried along. Default all. */
  readonly controlled?: number | undefined;
  /** Default 100 000. */
  readonly maxSteps?: number | undefined;
  /**
   * Called with the state at each requested time, the earliest first; `y` is good until it returns, and `index` is the place
   * of `t` in `times`. The solution then keeps no states.
   */
  readonly onState?: ((y: Float64Array, t: number, index: number) => void) | undefined;
}

/** What an integration cost. */
export interface OdeWork {
  readonly steps: number;
  readonly rejected: number;
  /** Calls of f. */
  readonly evaluations: number;
}

export interface OdeSolution extends OdeWork {
  readonly ok: true;
  /** One state for each of `times`, in their order; none with `onState`. */
  readonly states: readonly Float64Array[];
}

export interface OdeFailure extends OdeWork {
  readonly ok: false;
  /** The step became too small to move t; f has no finite value ahead; maxSteps were taken. */
  readonly reason: "step-underflow" | "not-finite" | "too-many-steps";
  /** How far the solution is good, and its value there. */
  readonly t: number;
  readonly y: Float64Array;
  readonly message: string;
}

const NAMES = optionNames<OdeOptions>({
  ...WORK_NAMES,
  t0: true,
  rtol: true,
  atol: true,
  controlled: true,
  maxSteps: true,
  onState: true,
});

/**
 * y at the requested times, of ẏ = f(t, y) from y(t0) = y0, by the explicit pair of Dormand & Prince (1980), orders 5 and 4,
 * with steps of adapted size and a fourth-order interpolant between their ends. Times may come in any order and repeat, and
 * must be finite and at least t0: the answer does not depend on their order.
 *
 * Explicit: where f contracts at a rate λ a step is at most about 3.3/λ, however smooth the solution. Takes ten arrays as
 * long as y0 and allocates nothing of that length per step. Failure is a value; throws for wrong input.
 */
export async function dormandPrince(
  f: RightHandSide,
  y0: Float64Array,
  times: readonly number[],
  options: OdeOptions = {},
): Promise<OdeSolution | OdeFailure> {
  checkOptions("dormandPrince", options, NAMES);
  const { t0 = 0, rtol = 1e-8, atol = 1e-10, controlled = y0.length, maxSteps = 100_000 } = options;
  checkProblem(y0, times, t0, options);
  const run = startRun(f, y0, t0, { rtol, atol, controlled });
  const delivery = startDelivery(times, options.onState, y0.length);
  const work = startWork(options);
  if (delivery.deliver(run)) return { ok: true, states: delivery.states, ...costOf(run) };
  const { end } = delivery;
  if (!(await begin(run, end))) return failure(run, "not-finite");
  for (;;) {
    if (run.steps + run.rejected >= maxSteps) return failure(run, "too-many-steps");
    const outcome = await step(run, end);
    if (outcome === "accepted") {
      if (delivery.deliver(run)) break;
      shift(run);
    } else if (outcome !== "rejected") return failure(run, outcome);
    await work.breathe(Math.min((run.t - t0) / (end - t0), 1 - Number.EPSILON));
  }
  options.onProgress?.(1);
  return { ok: true, states: delivery.states, ...costOf(run) };
}

/** An integration: a step lies between (t, y) and (tNext, next), with its seven slopes in `k`. */
interface Run {
  readonly f: RightHandSide;
  readonly tolerance: Tolerance;
  t: number;
  tNext: number;
  y: Float64Array;
  next: Float64Array;
  readonly k: Float64Array[];
  readonly scratch: Float64Array;
  /** The size of the step to try. */
  h: number;
  /** Of the step tried last; and of the accepted one before. */
  error: number;
  previousError: number;
  steps: number;
  rejected: number;
  evaluations: number;
}

function startRun(f: RightHandSide, y0: Float64Array, t0: number, tolerance: Tolerance): Run {
  return {
    ...{ f, tolerance, t: t0, tNext: t0, y: y0.slice(), next: y0.slice() },
    k: Array.from({ length: 7 }, () => new Float64Array(y0.length)),
    scratch: new Float64Array(y0.length),
    ...{ h: 0, error: 0, previousError: remembered(0), steps: 0, rejected: 0, evaluations: 0 },
  };
}

const costOf = ({ steps, rejected, evaluations }: Run): OdeWork => ({ steps, rejected, evaluations });

function evaluate(run: Run, t: number, y: Float64Array, out: Float64Array): void | Promise<void> {
  run.evaluations++;
  return run.f(t, y, out);
}

/** Evaluates the first slope and chooses the first step; false where the slope is not finite. */
async function begin(run: Run, end: number): Promise<boolean> {
  const { t, y, next, k, scratch, tolerance } = run;
  const [slope, ahead] = [k[0]!, k[1]!];
  const first = evaluate(run, t, y, slope);
  if (first !== undefined) await first;
  if (!allFinite(slope)) return false;
  const d1 = scaledNorm(slope, 1, y, y, tolerance);
  const guess = Math.max(Math.min(firstGuess(scaledNorm(y, 1, y, y, tolerance), d1), end - t), MIN_STEP);
  for (let i = 0; i < y.length; i++) next[i] = y[i]! + guess * slope[i]!;
  const second = evaluate(run, t + guess, next, ahead);
  if (second !== undefined) await second;
  for (let i = 0; i < y.length; i++) scratch[i] = ahead[i]! - slope[i]!;
  run.h = firstStep(guess, d1, scaledNorm(scratch, 1 / guess, y, y, tolerance));
  return true;
}

/** Tries one step, not beyond `end`. */
async function step(run: Run, end: number): Promise<"accepted" | "rejected" | "step-underflow" | "not-finite"> {
  const { t, y, next, k, scratch } = run;
  if (!(run.h >= Math.min(end - t, Math.max(4 * Number.EPSILON * Math.abs(t), MIN_STEP))))
    return Number.isFinite(run.error) ? "step-underflow" : "not-finite";
  const last = t + 1.01 * run.h >= end;
  const h = last ? end - t : run.h;
  run.tNext = last ? end : t + h;
  for (let s = 0; s < STAGES.length; s++) {
    const target = s === STAGES.length - 1 ? next : scratch;
    combine(target, STAGES[s]!, k);
    for (let i = 0; i < y.length; i++) target[i] = y[i]! + h * target[i]!;
    const pending = evaluate(run, t + NODES[s]! * h, target, k[s + 1]!);
    if (pending !== undefined) await pending;
  }
  combine(scratch, ERROR, k);
  const finite = allFinite(next) && allFinite(k[6]!);
  const error = finite ? scaledNorm(scratch, h, y, next, run.tolerance) : Number.NaN;
  const proposed = nextStep(h, error, run.previousError);
  const recovering = !(run.error <= 1); // not larger at once after a rejection
  run.h = recovering ? Math.min(h, proposed) : proposed;
  run.error = error;
  if (!(error <= 1)) {
    run.rejected++;
    return "rejected";
  }
  run.previousError = remembered(error);
  run.steps++;
  return "accepted";
}

/** Makes the end of the step the start of the next; the last slope is its first. */
function shift(run: Run): void {
  [run.y, run.next] = [run.next, run.y];
  [run.k[0], run.k[6]] = [run.k[6]!, run.k[0]!];
  run.t = run.tNext;
}

/** The state at `time`, between t and tNext; the array is lent. */
function stateAt({ t, tNext, y, next, k, scratch }: Run, time: number): Float64Array {
  if (time === t) return y;
  if (time === tNext) return next;
  interpolate(scratch, (time - t) / (tNext - t), tNext - t, y, next, k);
  return scratch;
}

/** Steps below this cannot be told from none. */
const MIN_STEP = 1e-300;

interface Delivery {
  readonly states: readonly Float64Array[];
  /** The latest time asked for. */
  readonly end: number;
  /** Hands out the states that the run has reached; whether these were all. */
  deliver(run: Run): boolean;
}

function startDelivery(times: readonly number[], onState: OdeOptions["onState"], length: number): Delivery {
  const order = times.map((_, index) => index).sort((a, b) => times[a]! - times[b]!);
  const states = onState ? [] : times.map(() => new Float64Array(length));
  let due = 0;
  return {
    states,
    end: times[order[order.length - 1]!]!,
    deliver(run) {
      for (; due < order.length && times[order[due]!]! <= run.tNext; due++) {
        const index = order[due]!;
        const y = stateAt(run, times[index]!);
        if (onState) onState(y, times[index]!, index);
        else states[index]!.set(y);
      }
      return due === order.length;
    },
  };
}

function failure(run: Run, reason: OdeFailure["reason"]): OdeFailure {
  const { t, y } = run;
  const why = {
    "step-underflow": "no step is small enough for the tolerances: the solution blows up there, or f is not smooth",
    "not-finite": "the right-hand side or the solution is not finite from there on",
    "too-many-steps": "maxSteps were taken: raise it, loosen rtol and atol, or ask for earlier times",
  }[reason];
  return { ok: false, reason, t, y, message: `dormandPrince: stopped at t = ${t}: ${why}`, ...costOf(run) };
}

function checkProblem(y0: Float64Array, times: readonly number[], t0: number, options: OdeOptions): void {
  const { rtol = 1e-8, atol = 1e-10, controlled = y0.length, maxSteps = 1 } = options;
  checkRange("dormandPrince", "t0", t0, -Number.MAX_VALUE);
  checkRange("dormandPrince", "rtol", rtol, 0);
  checkRange("dormandPrince", "atol", atol, 0);
  checkRange("dormandPrince", "maxSteps", maxSteps, 1);
  if (rtol < 4 * Number.EPSILON && atol === 0)
    throw new ValueError(`dormandPrince: with atol 0, rtol must be at least ${4 * Number.EPSILON}, got ${rtol}`);
  if (!(Number.isInteger(controlled) && controlled >= 0 && controlled <= y0.length))
    throw new ShapeError(`dormandPrince: controlled must be a whole number up to ${y0.length}, got ${controlled}`);
  const at = y0.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new ValueError(`dormandPrince: y0 must be finite, got ${y0[at]} at ${at}`);
  for (const time of times) {
    if (!(Number.isFinite(time) && time >= t0))
      throw new ValueError(`dormandPrince: times must be finite and at least t0 = ${t0}, got ${time}`);
  }
}
