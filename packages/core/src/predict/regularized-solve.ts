import { NumericalError } from "../errors.ts";
import type { CholeskyFactor, CholeskyOptions, Engine, WorkOptions } from "../linalg/engine.ts";
import { allFinite } from "../matrix/check.ts";
import { diagonal, type Matrix, matrix } from "../matrix/matrix.ts";
import type { Ridge } from "./options.ts";

/** K + diagReg·I was not positive definite to working precision. */
export interface SolveFailure {
  readonly ok: false;
  /** Row whose pivot was not positive, from 0. */
  readonly pivot: number;
  /** An absolute ridge for all rows, instead of what was given, with which the factorization succeeds. */
  readonly suggestedDiagReg: number;
  /** One sentence: what failed, where, and what to do. */
  readonly message: string;
}

/**
 * Cholesky factor of A = K + diagReg·I, or which pivot failed and which ridge would do. O(n³/3).
 *
 * A pivot within its own rounding error, n ε Aᵢᵢ, fails too: it has no correct digit, and dividing by it gives noise.
 */
export async function factorizeRegularized(
  where: string,
  kernelMatrix: Matrix,
  diagReg: Ridge,
  engine: Engine,
  work: Omit<CholeskyOptions, "diagReg">,
): Promise<CholeskyFactor | SolveFailure> {
  const single = typeof diagReg === "number";
  const selfTerms = diagonal(kernelMatrix).map((value, i) => value + (single ? diagReg : diagReg[i]!));
  const factor = await (single
    ? engine.cholesky(kernelMatrix, { ...work, diagReg })
    : engine.cholesky(addRidge(kernelMatrix, diagReg), { ...work, diagReg: 0 }));
  const bad = factor.ok ? roundingPivot(factor.lower, selfTerms) : factor;
  if (bad === null && factor.ok) return factor;
  const rounding =
    4 * selfTerms.length * Number.EPSILON * selfTerms.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const largest = single ? diagReg : largestOf(diagReg);
  const suggestedDiagReg = largest + Math.max(rounding, factor.ok ? 0 : factor.suggestedDiagReg);
  const { pivot, value } = bad!;
  const message =
    `${where}: the matrix with diagReg ${single ? diagReg : `of each row, up to ${largest},`} is not positive definite to working precision at row ${pivot} ` +
    `(pivot ${value}): raise diagReg to ${suggestedDiagReg}, or check for duplicate inputs`;
  return { ok: false, pivot, suggestedDiagReg, message };
}

/** K + diag(diagReg): a copy. */
export function addRidge(kernelMatrix: Matrix, diagReg: Ridge): Matrix {
  const { rows, cols, data } = kernelMatrix;
  const sum = matrix(rows, cols, data.slice());
  for (let i = 0; i < rows; i++) sum.data[i * cols + i]! += typeof diagReg === "number" ? diagReg : diagReg[i]!;
  return sum;
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]!);
  return largest;
}

/** A⁻¹ B = L⁻ᵀ (L⁻¹ B). O(n² m). Throws NumericalError when a value leaves the range of float64. */
export async function solveFactorized(
  where: string,
  lower: Matrix,
  b: Matrix,
  engine: Engine,
  { signal }: WorkOptions,
): Promise<Matrix> {
  const half = await engine.solveTriangular(lower, b, { signal });
  checkRepresentable(where, half);
  const solution = await engine.solveTriangular(lower, half, { transpose: true, signal });
  checkRepresentable(where, solution);
  return solution;
}

/** The first pivot Lᵢᵢ² that cannot be told from zero, or null. */
function roundingPivot(lower: Matrix, selfTerms: Float64Array): { pivot: number; value: number } | null {
  const rounding = selfTerms.length * Number.EPSILON;
  for (let i = 0; i < selfTerms.length; i++) {
    const value = lower.data[i * lower.cols + i]! ** 2;
    if (value <= rounding * selfTerms[i]!) return { pivot: i, value };
  }
  return null;
}

/** Throws NumericalError when a value computed from finite ones left the range of float64. */
export function checkRepresentable(where: string, a: Matrix): void {
  if (!allFinite(a.data))
    throw new NumericalError(`${where}: a value left the range of float64: rescale the kernel or the targets`);
}
