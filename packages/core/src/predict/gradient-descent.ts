import { ValueError } from "../errors.ts";
import type { Engine } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import type { Loss } from "../loss/loss.ts";
import { allFinite, checkRange } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import {
  dormandPrince,
  type OdeFailure,
  type OdeOptions,
  type OdeWork,
  type RightHandSide,
} from "../ode/dormand-prince.ts";
import * as portable from "../special/portable.ts";
import { type CompleteOrigin, completeOrigin, type DescentOrigin, type DescentState } from "./descent-state.ts";
import { checkStart } from "./gradient-descent-mse.ts";
import { checkTraining, type PredictOptions } from "./options.ts";

export interface GradientDescentOptions extends PredictOptions, Pick<OdeOptions, "rtol" | "atol" | "maxSteps"> {
  /** When to look, in units of steps: finite, any order. */
  readonly times: readonly number[];
  /** Where to start, or a state to go on from. Default all zero at t = 0. */
  readonly start?: DescentOrigin | undefined;
  /** m x n: Θ of test inputs (rows) with training inputs. */
  readonly kTestTrain?: Matrix | undefined;
  /** η. Default 1. */
  readonly learningRate?: number | undefined;
  /** m of the heavy ball, from 0 to 1; without it there is no velocity. */
  readonly momentum?: number | undefined;
}

export type GradientDescentStates =
  | ({
      readonly ok: true;
      /** One for each of `times`, in their order. */
      readonly states: readonly DescentState[];
    } & OdeWork)
  | OdeFailure;

const NAMES = optionNames<GradientDescentOptions>({
  ...PREDICT_NAMES,
  times: true,
  start: true,
  kTestTrain: true,
  learningRate: true,
  momentum: true,
  rtol: true,
  atol: true,
  maxSteps: true,
});

/**
 * The outputs of an infinitely wide (or linearized) network while it is trained on any loss L, by integrating
 *
 *   α̇ = −η ∂L/∂f,      ḟ = Θ α̇,      f(x) = f₀(x) + Θ(x, X) α                 ẇ = −η ∂L/∂w
 *
 * or with momentum m, the heavy ball w ← w − η∇L + m(w − w₋) as its steps become small,
 *
 *   α̈ = −(1 − m) α̇ − η ∂L/∂f,      f̈ = −(1 − m) ḟ − η Θ ∂L/∂f
 *
 * Lee et al. (2019), equations 4 and 5. t counts steps. A velocity here is √η times the q of a formulation in time √η·t. The steps
 * of the integration hold the errors of the training outputs (and their velocity) to rtol and atol, whatever else is predicted.
 *
 * kTrainTrain n x n, yTrain n x outputs. Failure of the integration is a value; where η c λmax is large over the time asked for,
 * with c the curvature of the loss, that is about η c λmax t/3 steps. Infinite times are refused: a cross-entropy has no end, and a
 * squared loss has the closed form of `gradientDescentMse`. O(n² outputs) for each of six evaluations a step.
 */
export async function gradientDescent(
  loss: Loss,
  kTrainTrain: Matrix,
  yTrain: Matrix,
  options: GradientDescentOptions,
): Promise<GradientDescentStates> {
  checkOptions("gradientDescent", options, NAMES);
  const { kTestTrain, momentum, engine = jsEngine, rtol, atol, maxSteps, signal, onProgress } = options;
  const times = checkArguments(loss, kTrainTrain, yTrain, options);
  const [n, outputs] = [yTrain.rows, yTrain.cols];
  const size = n * outputs;
  const origin = completeOrigin(WHERE, options.start ?? {}, { n, outputs, m: kTestTrain?.rows ?? null }, momentum);
  const { velocity } = origin;
  const parts = [origin.fxTrain, ...(momentum === undefined ? [] : [velocity.fxTrain]), origin.alpha];
  if (momentum !== undefined) parts.push(velocity.alpha);
  const y0 = new Float64Array(parts.length * size);
  parts.forEach((part, k) => {
    y0.set(part.data, k * size);
  });
  const solution = await dormandPrince(slopes(loss, kTrainTrain, yTrain, options, engine), y0, times, {
    ...{ rtol, atol, maxSteps, signal, onProgress, t0: origin.t },
    controlled: (parts.length / 2) * size,
  });
  if (!solution.ok) return { ...solution, message: solution.message.replace("dormandPrince", WHERE) };
  const states: DescentState[] = [];
  for (const [k, y] of solution.states.entries()) states.push(await stateOf(times[k]!, y, origin, options, engine));
  const { steps, rejected, evaluations } = solution;
  return { ok: true, states, steps, rejected, evaluations };
}

const WHERE = "gradientDescent";

/** The right-hand side for the state [f, α], or [f, ḟ, α, α̇] with momentum. */
function slopes(
  loss: Loss,
  kTrainTrain: Matrix,
  yTrain: Matrix,
  { learningRate = 1, momentum, signal }: GradientDescentOptions,
  engine: Engine,
): RightHandSide {
  const { rows: n, cols: outputs } = yTrain;
  const size = n * outputs;
  const gradient = matrix(n, outputs);
  let reuse: Float64Array = new Float64Array(size);
  return async (_, y, out) => {
    loss.gradient(matrix(n, outputs, y.subarray(0, size)), yTrain, gradient);
    if (!allFinite(gradient.data)) return void out.fill(Number.NaN);
    const product = await engine.matmul(kTrainTrain, gradient, { reuse, signal });
    reuse = product.data;
    if (momentum === undefined) {
      for (let i = 0; i < size; i++) {
        out[i] = -learningRate * product.data[i]!;
        out[size + i] = -learningRate * gradient.data[i]!;
      }
      return;
    }
    const friction = 1 - momentum;
    for (let i = 0; i < size; i++) {
      const [v, u] = [y[size + i]!, y[3 * size + i]!];
      out[i] = v;
      out[size + i] = -friction * v - learningRate * product.data[i]!;
      out[2 * size + i] = u;
      out[3 * size + i] = -friction * u - learningRate * gradient.data[i]!;
    }
  };
}

/** The state at t from the integrated one; test outputs follow from α, as f₀(x) + Θ(x, X) α does without momentum. */
async function stateOf(
  t: number,
  y: Float64Array,
  origin: CompleteOrigin,
  { kTestTrain, momentum, signal }: GradientDescentOptions,
  engine: Engine,
): Promise<DescentState> {
  const { rows: n, cols: outputs } = origin.fxTrain;
  const part = (k: number): Matrix => matrix(n, outputs, y.slice(k * n * outputs, (k + 1) * n * outputs));
  const alpha = part(momentum === undefined ? 1 : 2);
  const moved = kTestTrain && (await engine.matmul(kTestTrain, combine(alpha, -1, origin.alpha), { signal }));
  if (momentum === undefined) {
    const state = { t, fxTrain: part(0), alpha };
    return moved ? { ...state, fxTest: combine(origin.fxTest, 1, moved) } : state;
  }
  const velocity = { fxTrain: part(1), alpha: part(3) };
  const state = { t, fxTrain: part(0), alpha };
  if (!(kTestTrain && moved)) return { ...state, velocity };
  // What of the test outputs' first velocity does not come from the coefficients' decays by friction alone.
  const inherited = await engine.matmul(kTestTrain, origin.velocity.alpha, { signal });
  const own = combine(origin.velocity.fxTest, -1, inherited);
  const [friction, since] = [1 - momentum, t - origin.t];
  const glide = friction === 0 ? since : -portable.expm1(-friction * since) / friction;
  const testVelocity = await engine.matmul(kTestTrain, velocity.alpha, { signal });
  return {
    ...state,
    fxTest: combine(combine(origin.fxTest, 1, moved), glide, own),
    velocity: { ...velocity, fxTest: combine(testVelocity, portable.exp(-friction * since), own) },
  };
}

/** a + weight·b. */
function combine(a: Matrix, weight: number, b: Matrix): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value + weight * b.data[at]!),
  );
}

/** The times, once everything has been looked at. */
function checkArguments(
  loss: Loss,
  kTrainTrain: Matrix,
  yTrain: Matrix,
  { times, start = {}, kTestTrain, learningRate = 1, momentum = 0 }: GradientDescentOptions,
): readonly number[] {
  checkTraining(WHERE, kTrainTrain, yTrain);
  loss.checkTargets?.(WHERE, yTrain);
  checkStart(WHERE, yTrain, { kTestTrain });
  checkRange(WHERE, "learningRate", learningRate, 0);
  checkRange(WHERE, "momentum", momentum, 0, 1);
  const from = start.t ?? 0;
  for (const t of times) {
    if (t === Number.POSITIVE_INFINITY)
      throw new ValueError(
        `${WHERE}: times must be finite, got Infinity: for a squared loss gradientDescentMse has the limit, for others give a late time`,
      );
    if (!(t >= from)) throw new ValueError(`${WHERE}: times must be at least ${from}, where the start is, got ${t}`);
  }
  return times;
}
