import { ValueError } from "../errors.ts";
import type { Engine } from "../linalg/engine.ts";
import { checkRange } from "../matrix/check.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import * as portable from "../special/portable.ts";

/**
 * Gradient descent on a quadratic, mode by mode. The error of a mode with z = learning rate × curvature shrinks by
 * 1 − z each step, so that after t steps it has gone the fraction
 *
 *   1 − (1 − z)ᵗ
 *
 * of its way: to 1 if 0 < z < 2; between 0 and 2 in turn at z = 2; without bound beyond. Written so that nothing
 * cancels for small z.
 */
export function modeProgress(z: number, t: number): number {
  if (z === 0) return 0; // at t = ∞ too
  if (z < 1) return -portable.expm1(t * portable.log1p(-z));
  return 1 - portable.power(1 - z, t);
}

/** Where descent has got to at step t, or how it fails to get anywhere as t → ∞. */
export type DescentProgress =
  | { readonly kind: "iterate"; readonly progress: Float64Array }
  | { readonly kind: "two-cycle"; readonly even: Float64Array; readonly odd: Float64Array }
  | { readonly kind: "diverges" };

/**
 * The progress of every mode. `z` per mode; `present` says which modes have any error to lose (to working precision):
 * at t = ∞ an absent mode cannot diverge. z within 8 ε of 2 counts as 2.
 */
export function descentProgress(z: Float64Array, present: readonly boolean[], t: number): DescentProgress {
  const exact = z.map((value) => (Math.abs(value - 2) <= 8 * Number.EPSILON ? 2 : value));
  if (t !== Number.POSITIVE_INFINITY)
    return { kind: "iterate", progress: exact.map((value) => modeProgress(value, t)) };
  if (exact.some((value, k) => present[k] && (value > 2 || value < 0))) return { kind: "diverges" };
  const limit = exact.map((value) => (value === 0 ? 0 : 1));
  if (!exact.some((value, k) => present[k] && value === 2)) return { kind: "iterate", progress: limit };
  const at = (top: number): Float64Array => limit.map((value, k) => (present[k] && exact[k] === 2 ? top : value));
  return { kind: "two-cycle", even: at(0), odd: at(2) };
}

/** Modes along which an error, Vᵀ(y − f₀), has more than rounding. */
export function presentModes(projected: Matrix): boolean[] {
  const largest = projected.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const rounding = projected.rows * Number.EPSILON * largest;
  return Array.from({ length: projected.rows }, (_, k) =>
    row(projected, k).some((value) => Math.abs(value) > rounding),
  );
}

/** What becomes of descent whose learning rate is not below the largest stable one. */
export type DescentFailure =
  | {
      /** It is exactly that: even steps tend to one value, odd ones to another. */
      readonly ok: false;
      readonly reason: "two-cycle";
      readonly even: Matrix;
      readonly odd: Matrix;
      readonly maxLearningRate: number;
      readonly message: string;
    }
  | { readonly ok: false; readonly reason: "diverges"; readonly maxLearningRate: number; readonly message: string };

/** How far an outcome's progress leads, by `go`; one that leaves the range of float64 (null) counts as divergence. */
export async function reach(
  where: string,
  outcome: DescentProgress,
  go: (progress: Float64Array) => Promise<Matrix | null>,
  rates: { readonly learningRate: number; readonly maxLearningRate: number },
): Promise<{ readonly ok: true; readonly at: Matrix } | DescentFailure> {
  const { learningRate, maxLearningRate } = rates;
  const report = `${where}: the learning rate is ${learningRate} and the largest stable one ${maxLearningRate}`;
  if (outcome.kind === "iterate") {
    const at = await go(outcome.progress);
    if (at) return { ok: true, at };
  } else if (outcome.kind === "two-cycle") {
    const [even, odd] = [await go(outcome.even), await go(outcome.odd)];
    const message = `${report}: the iterates alternate for ever`;
    if (even && odd) return { ok: false, reason: "two-cycle", even, odd, maxLearningRate, message };
  }
  return { ok: false, reason: "diverges", maxLearningRate, message: `${report}: the iterates grow without bound` };
}

/** diag(weights) a, with 0 · ∞ = 0: a mode that has no way to go does not go it, however unstable. */
export function scaleRows(a: Matrix, weights: Float64Array): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => (value === 0 ? 0 : value * weights[Math.floor(at / a.cols)]!)),
  );
}

/** V · modes, from Vᵀ as `vectors`, or null when a value leaves the range of float64. */
export async function expandModes(
  vectors: Matrix,
  modes: Matrix,
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<Matrix | null> {
  if (!modes.data.every(Number.isFinite)) return null;
  const expanded = await engine.matmul(vectors, modes, { transposeA: true, signal });
  return expanded.data.every(Number.isFinite) ? expanded : null;
}

/** Throws unless learningRate is a finite number ≥ 0 and t a whole number of steps or Infinity. */
export function checkDescent(where: string, learningRate: number, t: number): void {
  checkRange(where, "learningRate", learningRate, 0);
  if (t !== Number.POSITIVE_INFINITY && !(Number.isInteger(t) && t >= 0))
    throw new ValueError(`${where}: t must be a whole number of steps, or Infinity, got ${t}`);
}
