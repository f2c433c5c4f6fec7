import { addToDiagonal, type Matrix, matrix } from "../matrix/matrix.ts";
import { blockAt, transposed } from "./block.ts";
import { dot } from "./dot.ts";
import type { CholeskyOptions, CholeskyResult } from "./engine.ts";
import { lowerTriangle } from "./lower-triangle.ts";
import { multiplyAdd } from "./multiply-add.ts";
import { partOf, startWork, type Work } from "./work.ts";

/** Columns that are finished together; the rest of the work is matrix products with this many columns. */
const PANEL = 48;

/** A pivot that was not positive, where a factorization stopped. */
export interface BadPivot {
  readonly pivot: number;
  readonly value: number;
}

/** A + diagReg·I = L Lᵀ, L lower triangular with positive diagonal. O(n³/3). */
export async function cholesky(a: Matrix, options: CholeskyOptions = {}): Promise<CholeskyResult> {
  const attempt = async (matrixToTry: Matrix): Promise<Float64Array | BadPivot> => {
    const lower = lowerTriangle("cholesky", matrixToTry);
    shiftDiagonal(lower, a.rows, options.diagReg);
    return (await factorize(lower, matrixToTry.rows, startWork(options))) ?? lower;
  };
  return withSuggestion(a, await attempt(a), attempt);
}

/** Adds to the diagonal of an n x n matrix in place. */
export function shiftDiagonal(data: Float64Array, n: number, diagReg = 0): void {
  for (let i = 0; i < n; i++) data[i * (n + 1)]! += diagReg;
}

/**
 * The result of a factorization, with the ridge to suggest when it failed: the smallest power of ten, from rounding
 * error upwards, that `attempt` accepts. Trying is what makes the suggestion true; each try costs at most one
 * factorization, and most stop early.
 */
export async function withSuggestion(
  a: Matrix,
  first: Float64Array | BadPivot,
  attempt: (a: Matrix) => Promise<Float64Array | BadPivot>,
): Promise<CholeskyResult> {
  if (first instanceof Float64Array) return { ok: true, lower: matrix(a.rows, a.rows, first) };
  let exponent = Math.floor(Math.log10(Math.max(a.rows * Number.EPSILON * largestInLower(a), Number.MIN_VALUE)));
  for (; exponent <= 308; exponent++) {
    const ridge = Number(`1e${exponent}`);
    const shifted = addToDiagonal(a, ridge);
    if (ridge > 0 && (await attempt(shifted)) instanceof Float64Array)
      return { ok: false, ...first, suggestedDiagReg: ridge };
  }
  return { ok: false, ...first, suggestedDiagReg: Number.POSITIVE_INFINITY };
}

function largestInLower(a: Matrix): number {
  let largest = 0;
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j <= i; j++) largest = Math.max(largest, Math.abs(a.data[i * a.cols + j]!));
  }
  return largest === 0 ? 1 : largest;
}

/**
 * Overwrites the lower triangle of `l` by its factor and returns undefined, or returns the pivot it stopped at.
 *
 * Left-looking by panels of columns J: A[J.., J] -= L[J.., 0..J] L[J, 0..J]ᵀ, then row by row within the panel.
 */
async function factorize(l: Float64Array, n: number, work: Work): Promise<BadPivot | undefined> {
  for (let j = 0; j < n; j += PANEL) {
    const cols = Math.min(PANEL, n - j);
    await subtractFinishedColumns(l, n, j, cols, partOf(work, cost(j, n), cost(j + cols, n)));
    for (let i = j; i < j + cols; i++) {
      finishRow(l, n, i, j, i);
      const pivot = l[i * n + i]! - dot(l, i * n + j, l, i * n + j, i - j);
      if (!(pivot > 0)) return { pivot: i, value: Number.isNaN(pivot) ? Number.NEGATIVE_INFINITY : pivot };
      l[i * n + i] = Math.sqrt(pivot);
      l.fill(0, i * n + i + 1, (i + 1) * n);
    }
    for (let i = j + cols; i < n; i++) finishRow(l, n, i, j, j + cols);
    await work.breathe(cost(j + cols, n));
  }
  return undefined;
}

/** Share of the work that is done when j columns are finished. */
function cost(j: number, n: number): number {
  const done = j / n;
  return done * done * (3 - 2 * done);
}

function subtractFinishedColumns(l: Float64Array, n: number, j: number, cols: number, work: Work): Promise<void> {
  const b = transposed(blockAt(l, n, j, 0));
  return multiplyAdd({ c: blockAt(l, n, j, j), a: blockAt(l, n, j, 0), b, m: n - j, n: cols, k: j, sign: -1 }, work);
}

/** L[i, c] = (A[i, c] - Σ_{p < c} L[i, p] L[c, p]) / L[c, c] for c and p in [from, to). */
function finishRow(l: Float64Array, n: number, i: number, from: number, to: number): void {
  const rowI = i * n;
  for (let c = from; c < to; c++) {
    const rowC = c * n;
    l[rowI + c] = (l[rowI + c]! - dot(l, rowI + from, l, rowC + from, c - from)) / l[rowC + c]!;
  }
}
