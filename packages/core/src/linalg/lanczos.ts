import { ValueError } from "../errors.ts";
import { allFinite, checkRange } from "../matrix/check.ts";
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
  const { tolerance = 1e-8, maxSteps = 200 } = options;
  checkRange("largestEigenvalue", "tolerance", tolerance, 0);
  checkRange("largestEigenvalue", "maxSteps", maxSteps, 1);
  const length = Math.sqrt(dot(start, 0, start, 0, start.length));
  if (!(length > 0 && Number.isFinite(length)))
    throw new ValueError(`largestEigenvalue: start must be a finite vector other than zero, its length is ${length}`);
  const last = Math.min(Math.floor(maxSteps), start.length);
  const [basis, alpha, beta] = [[start.map((value) => value / length)], new Float64Array(last), new Float64Array(last)];
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
    basis.push(next.map((value) => value / beta[j]!));
    await work.breathe((j + 1) / (last + 1));
  }
}

/** Takes out of w, twice, its parts along the basis; that along its last vector is returned. */
function orthogonalize(w: Float64Array, basis: readonly Float64Array[]): number {
  let along = 0;
  for (let pass = 0; pass < 2; pass++) {
    for (let k = basis.length - 1; k >= 0; k--) {
      const q = basis[k]!;
      const part = dot(w, 0, q, 0, w.length);
      if (k === basis.length - 1) along += part;
      for (let i = 0; i < w.length; i++) w[i]! -= part * q[i]!;
    }
  }
  return along;
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
