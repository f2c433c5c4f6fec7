import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import type { CholeskyFactor, Engine, WorkOptions } from "./engine.ts";

/** Columns of L⁻¹ that are held at a time, and rows of them that one product finishes. */
const COLUMNS = 256;
const ROWS = 512;

/**
 * The diagonal of A⁻¹ from A = L Lᵀ: (A⁻¹)[i, i] = Σ (L⁻¹)[k, i]² over k.
 *
 * Some columns of X = L⁻¹ at a time, and of these some rows I at a time, from the diagonal down:
 * X[I] = L[I, I]⁻¹ (E[I] - L[I, ..I] X[..I]). O(n³/3), in memory for COLUMNS columns and ROWS rows of n numbers.
 */
export async function inverseDiagonal(
  engine: Engine,
  { lower }: CholeskyFactor,
  { signal, onProgress }: WorkOptions = {},
): Promise<Float64Array> {
  const n = lower.rows;
  const result = new Float64Array(n);
  const held = new Float64Array(n * Math.min(n, COLUMNS));
  for (let start = 0; start < n; start += COLUMNS) {
    signal?.throwIfAborted();
    const width = Math.min(COLUMNS, n - start);
    const sums = result.subarray(start, start + width);
    for (let at = start; at < n; at += ROWS) {
      const rows = Math.min(ROWS, n - at);
      const above = matrix(at - start, width, held.subarray(0, (at - start) * width));
      const right = await remainder(engine, blockOfLower(lower, at, rows, start, at), above, at === start, signal);
      const inverse = await engine.solveTriangular(blockOfLower(lower, at, rows, at, at + rows), right, { signal });
      held.set(inverse.data, above.data.length);
      addSquares(inverse, sums);
    }
    onProgress?.(1 - ((n - start - width) / n) ** 3);
  }
  return result;
}

/** E[I] - L[I, ..I] X[..I], where E is the unit matrix in the first block of rows and zero below. */
async function remainder(
  engine: Engine,
  left: Matrix,
  above: Matrix,
  first: boolean,
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  if (first) {
    const unit = matrix(left.rows, above.cols);
    for (let i = 0; i < above.cols; i++) unit.data[i * above.cols + i] = 1;
    return unit;
  }
  const product = await engine.matmul(left, above, { signal });
  for (let i = 0; i < product.data.length; i++) product.data[i] = -product.data[i]!;
  return product;
}

/** Rows [at, at + rows), columns [from, to), copied. */
function blockOfLower({ data, cols }: Matrix, at: number, rows: number, from: number, to: number): Matrix {
  const block = matrix(rows, to - from);
  for (let i = 0; i < rows; i++) {
    const start = (at + i) * cols;
    block.data.set(data.subarray(start + from, start + to), i * block.cols);
  }
  return block;
}

function addSquares(a: Matrix, sums: Float64Array): void {
  for (let i = 0; i < a.rows; i++) {
    const values = row(a, i);
    for (let j = 0; j < values.length; j++) sums[j]! += values[j]! * values[j]!;
  }
}
