import { ValueError } from "../errors.ts";
import { allFinite, checkRange } from "../matrix/check.ts";
import { checkOptions, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import { dot } from "./dot.ts";
import type { WorkOptions } from "./engine.ts";
import { tridiagonalQl } from "./tridiagonal-ql.ts";
import { startWork } from "./work.ts";

/** Writes A v to `out`, all of it, and leaves `v` as it is; neither is to be kept. A promise is awaited. */
export type Matvec = (v: Float64Array, out: Float64Array) => void | Promise<void>;

export interface LanczosOptions extends WorkOptions {
  /** Enough when the residual is at most this times |eigenvalue|. Default 1e-8, which leaves about 1e-16 of error in a lone one. */
  readonly tolerance?: number | undefined;
  /** Products with A, and vectors kept, at most. Default 200, and never more than the length of `start`. */
  readonly maxSteps?: number | undefined;
}

export interface LargestEigenvalue {
  readonly ok: true;
  /** The eigenvalue of largest size, with its sign. */
  readonly eigenvalue: number;
  /** A unit vector v with |A v − eigenvalue·v| = residual. */
  readonly vector: Float64Array;
  /** A has an eigenvalue within this distance. */
  readonly residual: number;
  /** Whether the residual is within the tolerance. */
  readonly converged: boolean;
  /** Products with A. */
  readonly steps: number;
}

export interface LanczosFailure {
  readonly ok: false;
  readonly reason: "not-finite";
  /** Which product with A gave a value that is not finite, from 1. */
  readonly step: number;
  readonly message: string;
}

const NAMES = optionNames<LanczosOptions>({ ...WORK_NAMES, tolerance: true, maxSteps: true });

/**
 * The eigenvalue of largest size of a symmetric, possibly indefinite operator A of which only products are known, by
 * Lanczos (1950) with full reorthogonalization: in the basis Q of the Krylov space of `start`, QᵀAQ is tridiagonal, and the
 * residual of its eigenpair (θ, s) is |β s_last| (Parlett 1998, 13.2).
 *
 * `start`, not zero, must have a part along the eigenvector: take `normal(key, n)`. The same start gives the same bits.
 * O(steps² n), and memory for `steps` vectors.
 */
export async function largestEigenvalue(
  matvec: Matvec,
  start: Float64Array,
  options: LanczosOptions = {},
): Promise<LargestEigenvalue | LanczosFailure> {
  checkOptions("largestEigenvalue", options, NAMES);
  const { tolerance = 1e-8, maxSteps = 200 } = options;
  checkRange("largestEigenvalue", "tolerance", tolerance, 0);
  checkRange("largestEigenvalue", "maxSteps", maxSteps, 1);
  const length = Math.sqrt(dot(start, 0, start, 0, start.length));
  if (!(length > 0 && Number.isFinite(length)))
    throw new ValueError(`largestEigenvalue: start must be a finite vector other than zero, its length is ${length}`);
  const last = Math.min(Math.floor(maxSteps), start.length);
  const basis: Float64Array[] = [divide(start.slice(), length)];
  const [alpha, beta] = [new Float64Array(last), new Float64Array(last)];
  const work = startWork(options);
  for (let j = 0, check = 1; ; j++) {
    const next = new Float64Array(start.length);
    await matvec(basis[j]!, next);
    if (!allFinite(next)) return notFinite(j + 1);
    alpha[j] = orthogonalize(next, basis);
    beta[j] = Math.sqrt(dot(next, 0, next, 0, next.length));
    if (!Number.isFinite(alpha[j]! + beta[j]!)) return notFinite(j + 1);
    const scale = alpha.reduce((max, value, k) => Math.max(max, Math.abs(value), beta[k - 1] ?? 0), 0);
    const invariant = beta[j]! <= Number.EPSILON * scale;
    if (invariant) beta[j] = 0;
    const done = invariant || j + 1 === last;
    if (done || j + 1 >= check) {
      check = Math.ceil(1.25 * (j + 1));
      const found = ritz(alpha.slice(0, j + 1), beta.slice(0, j + 1), basis);
      const converged = found.residual <= tolerance * Math.abs(found.eigenvalue);
      if (done || converged) return finish(found, converged, j + 1, basis, options);
    }
    basis.push(divide(next, beta[j]!));
    await work.breathe((j + 1) / (last + 1));
  }
}

/**
 * Takes out of w its parts along the basis, and returns that along its last vector. The recurrence takes out the two large ones;
 * of all others rounding is left, and one pass is enough unless it takes out much (Daniel, Gragg, Kaufman, Stewart 1976).
 */
function orthogonalize(w: Float64Array, basis: readonly Float64Array[]): number {
  const length = () => Math.sqrt(dot(w, 0, w, 0, w.length));
  const last = basis.length - 1;
  let along = takeOut(w, basis.slice(last))[0]!;
  takeOut(w, basis.slice(Math.max(0, last - 1), last));
  for (let [pass, before] = [0, length()]; pass < 3; pass++) {
    along += takeOut(w, basis)[last]!;
    const after = length();
    if (!(after < Math.SQRT1_2 * before)) break;
    before = after;
  }
  return along;
}

/** So many numbers of w stay in the nearest cache while those of the basis go by once. */
const PIECE = 2048;

/** w − Q Qᵀw in place of w, for the rows Q; Qᵀw is returned. */
function takeOut(w: Float64Array, rows: readonly Float64Array[]): Float64Array {
  const parts = new Float64Array(rows.length);
  for (let at = 0; at < w.length; at += PIECE) {
    const count = Math.min(PIECE, w.length - at);
    for (let k = 0; k < rows.length; k++) parts[k]! += dot(w, at, rows[k]!, at, count);
  }
  for (let at = 0; at < w.length; at += PIECE) {
    const end = Math.min(w.length, at + PIECE);
    for (let k = 0; k < rows.length; k++) subtractMultiple(w, parts[k]!, rows[k]!, at, end);
  }
  return parts;
}

function subtractMultiple(w: Float64Array, factor: number, q: Float64Array, from: number, end: number): void {
  for (let i = from; i < end; i++) w[i]! -= factor * q[i]!;
}

function divide(values: Float64Array, divisor: number): Float64Array {
  for (let i = 0; i < values.length; i++) values[i]! /= divisor;
  return values;
}

interface Ritz {
  readonly eigenvalue: number;
  readonly residual: number;
  readonly coefficients: Float64Array;
}

/** The eigenpair of largest size of the tridiagonal matrix so far. */
function ritz(diagonal: Float64Array, beta: Float64Array, basis: readonly Float64Array[]): Ritz {
  const k = basis.length;
  const vectors = new Float64Array(k * k);
  for (let i = 0; i < k; i++) vectors[i * k + i] = 1;
  tridiagonalQl(diagonal, beta.slice(), vectors, 0, k);
  let best = 0;
  for (let i = 1; i < k; i++) if (Math.abs(diagonal[i]!) > Math.abs(diagonal[best]!)) best = i;
  const coefficients = vectors.slice(best * k, (best + 1) * k);
  return { eigenvalue: diagonal[best]!, residual: beta[k - 1]! * Math.abs(coefficients[k - 1]!), coefficients };
}

function finish(
  { eigenvalue, residual, coefficients }: Ritz,
  converged: boolean,
  steps: number,
  basis: readonly Float64Array[],
  { onProgress }: LanczosOptions,
): LargestEigenvalue {
  const vector = new Float64Array(basis[0]!.length);
  coefficients.forEach((weight, k) => {
    const q = basis[k]!;
    for (let i = 0; i < vector.length; i++) vector[i]! += weight * q[i]!;
  });
  onProgress?.(1);
  return { ok: true, eigenvalue, vector, residual, converged, steps };
}

function notFinite(step: number): LanczosFailure {
  const message = `largestEigenvalue: product ${step} with the operator has a value that is not finite`;
  return { ok: false, reason: "not-finite", step, message };
}
