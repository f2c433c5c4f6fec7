import { DataError } from "../errors.ts";
import type { Engine, WorkOptions } from "../linalg/engine.ts";
import { type Matrix, matrix, row, takeRows, transpose } from "../matrix/matrix.ts";
import { type LeftOut, weighedTargets } from "./leave-inputs-out.ts";
import { rowsInTime, timeSteps } from "./row-times.ts";
import { meansOf, type RowsByInput } from "./rows-by-input.ts";

/*
 * Judging where the past must not know the future: rows in the order of time are cut into six parts of about as many, and each part but
 * the first is predicted by a model fitted on all parts before it.
 */

/** Rows to learn from and the next ones, to judge by. */
export interface Window {
  readonly past: readonly number[];
  readonly next: readonly number[];
}

/** Windows that are judged, where times differ often enough. */
const WINDOWS = 5;

/** Rows of one time stay in one part. There must be two times at least. */
export function forwardWindows(times: Float64Array): readonly Window[] {
  const order = rowsInTime(times);
  const steps = timeSteps(Float64Array.from(order, (i) => times[i]!));
  if (steps.length === 0)
    throw new DataError("too few of the rows are of different times to judge any by earlier ones: learn without times");
  const wanted = Array.from({ length: WINDOWS }, (_, k) => ((k + 1) * order.length) / (WINDOWS + 1));
  const nearest = (at: number) =>
    steps.reduce((best, step) => (Math.abs(step - at) < Math.abs(best - at) ? step : best));
  const cuts = [...new Set(wanted.map(nearest))];
  return cuts.map((cut, k) => ({ past: order.slice(0, cut), next: order.slice(cut, cuts[k + 1]) }));
}

/** A window as a system: A = C^½ k C^½ + diagReg·I of the past, and what is asked of it. */
export interface WindowSystem {
  readonly window: Window;
  /** C^½ k C^½ of the past. */
  readonly gram: Matrix;
  /** C^½ m of the past. */
  readonly targets: Matrix;
  /** C^½ k(past, next), a column for each input of the next rows. */
  readonly cross: Matrix;
  /** k(x, x) of these. */
  readonly prior: Float64Array;
  /** Which column each of the next rows is. */
  readonly column: readonly number[];
}

/** The system of a window, from the weighted kernel matrix of all inputs. */
export function windowSystem(whole: Matrix, data: RowsByInput, window: Window): WindowSystem {
  const { past, next } = window;
  const { counts, inputOf, y, roles } = data;
  const inputs = [...new Set(past.map((i) => inputOf[i]!))];
  const place = new Map(inputs.map((input, at) => [input, at]));
  const own = new Float64Array(inputs.length);
  for (const i of past) own[place.get(inputOf[i]!)!]! += roles.weights?.[i] ?? 1;
  const asked = [...new Set(next.map((i) => inputOf[i]!))];
  const askedPlace = new Map(asked.map((input, at) => [input, at]));
  const root = own.map((count, a) => Math.sqrt(count / counts[inputs[a]!]!));
  const at = (i: number, j: number): number => whole.data[i * whole.cols + j]!;
  const gram = matrix(inputs.length, inputs.length);
  inputs.forEach((i, a) => {
    for (let b = 0; b < inputs.length; b++) gram.data[a * inputs.length + b] = at(i, inputs[b]!) * root[a]! * root[b]!;
  });
  const cross = matrix(inputs.length, asked.length);
  inputs.forEach((i, a) => {
    for (let b = 0; b < asked.length; b++)
      cross.data[a * asked.length + b] = (at(i, asked[b]!) * root[a]!) / Math.sqrt(counts[asked[b]!]!);
  });
  const pastInputs = Uint32Array.from(past, (i) => place.get(inputOf[i]!)!);
  const weights = roles.weights && Float64Array.from(past, (i) => roles.weights![i]!);
  const means = meansOf(takeRows(y, past), pastInputs, own, weights);
  return {
    window,
    gram,
    targets: weighedTargets({ means, counts: own }),
    cross,
    prior: Float64Array.from(asked, (input) => at(input, input) / counts[input]!),
    column: next.map((i) => askedPlace.get(inputOf[i]!)!),
  };
}

/** R C^½ m and R C^½ k(past, next) of a window, where R is a root of A⁻¹: RᵀR = A⁻¹. */
export interface WindowRoot {
  readonly targets: Matrix;
  readonly cross: Matrix;
}

/** What the windows say of their next rows, one window after the other. */
export async function leaveFutureOut(
  data: RowsByInput,
  systems: readonly WindowSystem[],
  roots: readonly WindowRoot[],
  diagReg: number,
  engine: Engine,
  { signal }: WorkOptions,
): Promise<LeftOut> {
  const rows = systems.flatMap(({ window: { next } }) => next);
  const y = takeRows(data.y, rows);
  const weights = data.roles.weights && Float64Array.from(rows, (i) => data.roles.weights![i]!);
  const residuals = matrix(y.rows, y.cols);
  const variances = new Float64Array(y.rows);
  let at = 0;
  for (const [w, { column, prior }] of systems.entries()) {
    const { cross, targets } = roots[w]!;
    const means = await engine.matmul(cross, targets, { transposeA: true, signal });
    const explained = squaresOfRows(transpose(cross));
    for (const asked of column) {
      const said = row(means, asked);
      for (let j = 0; j < y.cols; j++) residuals.data[at * y.cols + j] = y.data[at * y.cols + j]! - said[j]!;
      variances[at] = Math.max(prior[asked]! - explained[asked]!, 0) + diagReg / (weights?.[at] ?? 1);
      at++;
    }
  }
  const judged = new Set(rows.map((i) => data.roles.times![i]!));
  return { ok: true, residuals, variances, times: judged.size, rows: Uint32Array.from(rows), y, weights };
}

function squaresOfRows(a: Matrix): Float64Array {
  return Float64Array.from({ length: a.rows }, (_, i) => row(a, i).reduce((sum, value) => sum + value * value, 0));
}
