import { ShapeError, ValueError } from "../errors.ts";
import { checkFinite, checkSameRows } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { blockAt, transposed } from "./block.ts";
import type { TriangularOptions } from "./engine.ts";
import { lowerTriangle } from "./lower-triangle.ts";
import { multiplyAdd } from "./multiply-add.ts";
import { partOf, startWork, type Work } from "./work.ts";

/** Rows of X that are solved for together; the rest of the work is matrix products. */
const PANEL = 48;

/** Throws unless L X = B has a solution: sizes agree, values are finite, no zero on the diagonal of L. */
export function checkTriangular(lower: Matrix, b: Matrix): void {
  checkTriangularShape(lower, b);
  checkFinite("solveTriangular", b);
}

/** The part of `checkTriangular` that costs O(n): of values it sees the diagonal of L only. */
export function checkTriangularShape(lower: Matrix, b: Matrix): void {
  if (lower.rows !== lower.cols)
    throw new ShapeError(`solveTriangular: the matrix must be square, got ${lower.rows} x ${lower.cols}`);
  checkSameRows("solveTriangular", lower, b);
  for (let i = 0; i < lower.rows; i++) {
    if (lower.data[i * lower.cols + i] === 0)
      throw new ValueError(`solveTriangular: the diagonal must not be zero, got 0 at row ${i}`);
  }
}

/** X with L X = B, or Lᵀ X = B; only the lower triangle is read. O(n² m). */
export async function solveTriangular(lower: Matrix, b: Matrix, options: TriangularOptions = {}): Promise<Matrix> {
  checkTriangular(lower, b);
  const l = lowerTriangle("solveTriangular", lower);
  const x = matrix(b.rows, b.cols, b.data.slice());
  const work = startWork(options);
  await (options.transpose ? substituteBackward(l, x, work) : substituteForward(l, x, work));
  return x;
}

/** Solves L X = B in place, from the top: B[I] -= L[I, ..I] X[..I], then the diagonal block. */
async function substituteForward(l: Float64Array, x: Matrix, work: Work): Promise<void> {
  const { rows: n, cols: m } = x;
  for (let i = 0; i < n; i += PANEL) {
    const rows = Math.min(PANEL, n - i);
    const product = { c: blockAt(x.data, m, i), a: blockAt(l, n, i), b: blockAt(x.data, m), sign: -1 } as const;
    await multiplyAdd({ ...product, m: rows, n: m, k: i }, partOf(work, (i / n) ** 2, ((i + rows) / n) ** 2));
    for (let r = i; r < i + rows; r++) {
      for (let p = i; p < r; p++) subtractRow(x, r, p, l[r * n + p]!);
      divideRow(x, r, l[r * n + r]!);
    }
    await work.breathe(((i + rows) / n) ** 2);
  }
}

/** Solves Lᵀ X = B in place, from the bottom: B[I] -= L[I.., I]ᵀ X[I..], then the diagonal block. */
async function substituteBackward(l: Float64Array, x: Matrix, work: Work): Promise<void> {
  const { rows: n, cols: m } = x;
  for (let end = n; end > 0; end -= PANEL) {
    const i = Math.max(0, end - PANEL);
    const a = transposed(blockAt(l, n, end, i));
    const product = { c: blockAt(x.data, m, i), a, b: blockAt(x.data, m, end), sign: -1 } as const;
    const done = (row: number): number => ((n - row) / n) ** 2;
    await multiplyAdd({ ...product, m: end - i, n: m, k: n - end }, partOf(work, done(end), done(i)));
    for (let r = end - 1; r >= i; r--) {
      for (let p = end - 1; p > r; p--) subtractRow(x, r, p, l[p * n + r]!);
      divideRow(x, r, l[r * n + r]!);
    }
    await work.breathe(done(i));
  }
}

/** x[r] -= factor x[p], rows of X. */
function subtractRow(x: Matrix, r: number, p: number, factor: number): void {
  const { data, cols } = x;
  const [target, source] = [r * cols, p * cols];
  for (let j = 0; j < cols; j++) data[target + j]! -= factor * data[source + j]!;
}

function divideRow(x: Matrix, r: number, divisor: number): void {
  const { data, cols } = x;
  for (let j = r * cols; j < (r + 1) * cols; j++) data[j]! /= divisor;
}
