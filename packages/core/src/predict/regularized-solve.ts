import { NumericalError } from "../errors.ts";
import type { CholeskyFactor, CholeskyOptions, Engine, WorkOptions } from "../linalg/engine.ts";
import { allFinite } from "../matrix/check.ts";
import { diagonal, type Matrix } from "../matrix/matrix.ts";

/** K + diagReg·I was not positive definite to working precision. */
export interface SolveFailure {
  readonly ok: false;
  /** Row whose pivot was not positive, from 0. */
  readonly pivot: number;
  /** An absolute ridge, instead of the one given, with which the factorization succeeds. */
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
  diagReg: number,
  engine: Engine,
  work: Omit<CholeskyOptions, "diagReg">,
): Promise<CholeskyFactor | SolveFailure> {
  const selfTerms = diagonal(kernelMatrix).map((value) => value + diagReg);
  const factor = await engine.cholesky(kernelMatrix, { ...work, diagReg });
  const bad = factor.ok ? roundingPivot(factor.lower, selfTerms) : factor;
  if (bad === null && factor.ok) return factor;
  const rounding =
    4 * selfTerms.length * Number.EPSILON * selfTerms.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const suggestedDiagReg = diagReg + Math.max(rounding, factor.ok ? 0 : factor.suggestedDiagReg);
  const { pivot, value } = bad!;
  const message =
    `${where}: the matrix with diagReg ${diagReg} is not positive definite to working precision at row ${pivot} ` +
    `(pivot ${value}): raise diagReg to ${suggestedDiagReg}, or check for duplicate inputs`;
  return { ok: false, pivot, suggestedDiagReg, message };
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
