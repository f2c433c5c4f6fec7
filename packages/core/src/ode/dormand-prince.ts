import { ShapeError, ValueError } from "../errors.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { startWork, type Work } from "../linalg/work.ts";
import { allFinite, checkRange } from "../matrix/check.ts";
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
  const { t0 = 0, rtol = 1e-8, atol = 1e-10, controlled = y0.length, maxSteps = 100_000 } = options;
  checkProblem(y0, times, t0, options);
  const run = new Integration(f, y0, t0, { rtol, atol, controlled });
  const delivery = new Delivery(times, options.onState, y0.length);
  const work = startWork(options);
  delivery.deliver(run);
  if (delivery.done) return { ok: true, states: delivery.states, ...run.work };
  const end = delivery.last;
  if (!(await run.begin(end))) return failure(run, "not-finite");
  for (;;) {
    if (run.steps + run.rejected >= maxSteps) return failure(run, "too-many-steps");
    const moved = await run.step(end);
    if (moved !== "accepted" && moved !== "rejected") return failure(run, moved);
    if (moved === "accepted") delivery.deliver(run);
    if (delivery.done) break;
    if (moved === "accepted") run.shift();
    await breathe(work, run, t0, end);
  }
  options.onProgress?.(1);
  return { ok: true, states: delivery.states, ...run.work };
}

function breathe(work: Work, run: Integration, t0: number, end: number): Promise<void> {
  return work.breathe(Math.min((run.t - t0) / (end - t0), 1 - Number.EPSILON));
}

/** One integration: a step lies between (t, y) and (tNext, next), with its seven slopes in `k`. */
class Integration {
  t: number;
  tNext: number;
  y: Float64Array;
  next: Float64Array;
  readonly k: Float64Array[];
  steps = 0;
  rejected = 0;
  private readonly f: RightHandSide;
  private readonly tolerance: Tolerance;
  private readonly scratch: Float64Array;
  private evaluations = 0;
  private h = 0;
  private previousError = remembered(0);
  private lastError = 0;

  constructor(f: RightHandSide, y0: Float64Array, t0: number, tolerance: Tolerance) {
    [this.f, this.tolerance] = [f, tolerance];
    [this.t, this.tNext] = [t0, t0];
    [this.y, this.next, this.scratch] = [y0.slice(), y0.slice(), new Float64Array(y0.length)];
    this.k = Array.from({ length: 7 }, () => new Float64Array(y0.length));
  }

  get work(): OdeWork {
    return { steps: this.steps, rejected: this.rejected, evaluations: this.evaluations };
  }

  /** Evaluates the first slope and chooses the first step; false where the slope is not finite. */
  async begin(end: number): Promise<boolean> {
    const { t, y, next, k, scratch, tolerance } = this;
    await this.evaluate(t, y, k[0]!);
    if (!allFinite(k[0]!)) return false;
    const d1 = scaledNorm(k[0]!, 1, y, y, tolerance);
    const guess = Math.max(Math.min(firstGuess(scaledNorm(y, 1, y, y, tolerance), d1), end - t), MIN_STEP);
    for (let i = 0; i < y.length; i++) next[i] = y[i]! + guess * k[0]![i]!;
    await this.evaluate(t + guess, next, k[1]!);
    for (let i = 0; i < y.length; i++) scratch[i] = k[1]![i]! - k[0]![i]!;
    this.h = firstStep(guess, d1, scaledNorm(scratch, 1 / guess, y, y, tolerance));
    return true;
  }

  /** Tries one step, not beyond `end`. */
  async step(end: number): Promise<"accepted" | "rejected" | "step-underflow" | "not-finite"> {
    const { t, y, next, k, scratch } = this;
    if (!(this.h >= Math.min(end - t, Math.max(4 * Number.EPSILON * Math.abs(t), MIN_STEP))))
      return Number.isFinite(this.lastError) ? "step-underflow" : "not-finite";
    const last = t + 1.01 * this.h >= end;
    const h = last ? end - t : this.h;
    this.tNext = last ? end : t + h;
    for (let s = 0; s < STAGES.length; s++) {
      const target = s === STAGES.length - 1 ? next : scratch;
      combine(target, STAGES[s]!, k);
      for (let i = 0; i < y.length; i++) target[i] = y[i]! + h * target[i]!;
      await this.evaluate(t + NODES[s]! * h, target, k[s + 1]!);
    }
    combine(scratch, ERROR, k);
    const finite = allFinite(next) && allFinite(k[6]!);
    const error = finite ? scaledNorm(scratch, h, y, next, this.tolerance) : Number.NaN;
    this.h = nextStep(h, error, this.previousError);
    const grew = this.h > h && this.lastError > 1; // not at once after a rejection
    this.lastError = error;
    if (!(error <= 1)) {
      this.rejected++;
      return "rejected";
    }
    if (grew) this.h = h;
    this.previousError = remembered(error);
    this.steps++;
    return "accepted";
  }

  /** Makes the end of the step the start of the next; the last slope is its first. */
  shift(): void {
    [this.y, this.next] = [this.next, this.y];
    [this.k[0], this.k[6]] = [this.k[6]!, this.k[0]!];
    this.t = this.tNext;
  }

  /** The state at `time`, between t and tNext; the array is lent. */
  at(time: number): Float64Array {
    const { t, tNext, y, next, k, scratch } = this;
    if (time === t) return y;
    if (time === tNext) return next;
    interpolate(scratch, (time - t) / (tNext - t), tNext - t, y, next, k);
    return scratch;
  }

  private evaluate(t: number, y: Float64Array, out: Float64Array): void | Promise<void> {
    this.evaluations++;
    return this.f(t, y, out);
  }
}

/** Steps below this cannot be told from none. */
const MIN_STEP = 1e-300;

/** Hands out the states of `times` as the integration passes them. */
class Delivery {
  readonly states: Float64Array[] = [];
  private readonly order: readonly number[];
  private due = 0;
  private readonly times: readonly number[];
  private readonly onState: OdeOptions["onState"];

  constructor(times: readonly number[], onState: OdeOptions["onState"], length: number) {
    this.times = times;
    this.onState = onState;
    this.order = times.map((_, index) => index).sort((a, b) => times[a]! - times[b]!);
    if (!onState) this.states = times.map(() => new Float64Array(length));
  }

  get done(): boolean {
    return this.due === this.order.length;
  }

  get last(): number {
    return this.times[this.order[this.order.length - 1]!]!;
  }

  deliver(run: Integration): void {
    for (; this.due < this.order.length; this.due++) {
      const index = this.order[this.due]!;
      const time = this.times[index]!;
      if (time > run.tNext) return;
      const y = run.at(time);
      if (this.onState) this.onState(y, time, index);
      else this.states[index]!.set(y);
    }
  }
}

function failure(run: Integration, reason: OdeFailure["reason"]): OdeFailure {
  const { t, y } = run;
  const why = {
    "step-underflow": "no step is small enough for the tolerances: the solution blows up there, or f is not smooth",
    "not-finite": "the right-hand side or the solution is not finite from there on",
    "too-many-steps": "maxSteps were taken: raise it, loosen rtol and atol, or ask for earlier times",
  }[reason];
  return { ok: false, reason, t, y, message: `dormandPrince: stopped at t = ${t}: ${why}`, ...run.work };
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
