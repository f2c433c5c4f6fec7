import type { Matrix } from "../matrix/matrix.ts";
import type { Blas } from "./blas.ts";

/** What every long operation takes. */
export interface WorkOptions {
  /** Stops the work between two tiles or panels; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with the fraction done, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** The lower Cholesky factor L of A = L Lᵀ (the strict upper triangle is zero). */
export interface CholeskyFactor {
  readonly ok: true;
  readonly lower: Matrix;
}

/** A was not positive definite to working precision. */
export interface NotPositiveDefinite {
  readonly ok: false;
  /** Row whose pivot was not positive, from 0. */
  readonly pivot: number;
  /** The value of that pivot. */
  readonly value: number;
  /** A ridge that, added to the diagonal of what was factorized, makes the factorization succeed. */
  readonly suggestedDiagReg: number;
}

export type CholeskyResult = CholeskyFactor | NotPositiveDefinite;

/** A = V diag(values) Vᵀ. */
export interface Eigh {
  /** Ascending. */
  readonly values: Float64Array;
  /** Row i of `vectors` is the unit eigenvector of values[i] (that is Vᵀ), so that each vector is contiguous. */
  readonly vectors: Matrix;
}

/** A = Q T Qᵀ with Q orthogonal and T tridiagonal. */
export interface TridiagonalForm {
  readonly diagonal: Float64Array;
  /** offDiagonal[i] couples i and i + 1; as long as `diagonal`, the last one is zero. */
  readonly offDiagonal: Float64Array;
  /** Row i of `basis` is column i of Q (that is Qᵀ), so that each vector is contiguous. */
  readonly basis: Matrix;
}

/** A = U diag(values) Vᵀ with r = min(rows, cols). */
export interface Svd {
  /** Descending, r of them. */
  readonly values: Float64Array;
  /** Uᵀ, r x rows. */
  readonly left: Matrix;
  /** Vᵀ, r x cols. */
  readonly right: Matrix;
}

/**
 * Dense float64 linear algebra. Every implementation obeys the same laws (`ntkit/testing`, `checkEngine`); one engine
 * gives the same bits each time. Inputs are never modified.
 */
export interface Engine {
  readonly name: "js" | "wasm" | "native";
  /** One line for reports, e.g. "plain TypeScript" or "OpenBLAS 0.3.21, 2 threads". */
  readonly description: string;
  /**
   * Zeros in memory that the engine computes in: large matrices elsewhere may be copied there in each call, and cannot be
   * reused. Without it, any memory will do.
   */
  allocate?(length: number): Float64Array;
  /** op(A) op(B), where op transposes when asked. O(mnk). */
  matmul(a: Matrix, b: Matrix, options?: MatmulOptions): Promise<Matrix>;
  /** Cholesky factorization of A + diagReg·I, A symmetric; only the lower triangle is read. O(n³/3). */
  cholesky(a: Matrix, options?: CholeskyOptions): Promise<CholeskyResult>;
  /** X with L X = B, or Lᵀ X = B when `transpose`. O(n² m). */
  solveTriangular(lower: Matrix, b: Matrix, options?: TriangularOptions): Promise<Matrix>;
  /** Eigenvalues and eigenvectors of a symmetric matrix; only the lower triangle is read. O(9n³). */
  eigh(a: Matrix, options?: WorkOptions): Promise<Eigh>;
  /**
   * Tridiagonal form of a symmetric matrix; only the lower triangle is read. O(8n³/3). Without it, `eigh` takes its place,
   * whose T is diagonal.
   */
  tridiagonalForm?(a: Matrix, options?: WorkOptions): Promise<TridiagonalForm>;
  /** Thin singular value decomposition. */
  svd(a: Matrix, options?: WorkOptions): Promise<Svd>;
  /** Products that do not leave the calling thread: what finite networks are evaluated and trained with. `jsBlas` without. */
  readonly blas?: Blas;
}

/** What operations that give a matrix take. */
export interface ResultOptions extends WorkOptions {
  /**
   * Numbers that are not needed any more, as many as the result has, in memory from `allocate` where the engine has that: it
   * may write the result there instead of to new memory, which the garbage collector would take its time to win back.
   */
  readonly reuse?: Float64Array | undefined;
}

export interface MatmulOptions extends ResultOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

export interface CholeskyOptions extends WorkOptions {
  /**
   * As in `ResultOptions`, and zero above the diagonal: an earlier factor, or new. What a system has not yet given memory
   * to stays so above the diagonal, where a new factor of the engine's own may take memory for all of it at once.
   */
  readonly reuse?: Float64Array | undefined;
  /** Added to the diagonal, in the copy that becomes the factor. 0 unless given. */
  readonly diagReg?: number | undefined;
}

export interface TriangularOptions extends ResultOptions {
  readonly transpose?: boolean;
}

/** Zeros in memory that the engine computes in. */
export function zeros(engine: Engine, length: number): Float64Array {
  return engine.allocate?.(length) ?? new Float64Array(length);
}
