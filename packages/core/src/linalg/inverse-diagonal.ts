import { addToDiagonal, type Matrix, matrix, row } from "../matrix/matrix.ts";
import { type CholeskyFactor, type Engine, type WorkOptions, zeros } from "./engine.ts";

/** Columns of L⁻¹ that are held at a time, and rows of them that one product finishes. */
const PANEL = 128;

/**
 * The diagonal of A⁻¹ from A = L Lᵀ: (A⁻¹)[i, i] = Σ (L⁻¹)[k, i]² over k.
 *
 * Some columns of X = L⁻¹ at a time, and of these some rows I at a time, from the diagonal down:
 * X[I] = L[I, I]⁻¹ (E[I] - L[I, ..I] X[..I]). O(n³/3), in memory for 2 PANEL rows of n numbers.
 */
export async function inverseDiagonal(
  engine: Engine,
  { lower }: CholeskyFactor,
  { signal, onProgress }: WorkOptions = {},
): Promise<Float64Array> {
  const n = lower.rows;
  const result = new Float64Array(n);
  const panel = Math.min(n, PANEL);
  const memory = { copy: zeros(engine, n * panel), product: zeros(engine, panel * panel) };
  const held = zeros(engine, n * panel);
  for (let start = 0; start < n; start += PANEL) {
    signal?.throwIfAborted();
    const width = Math.min(PANEL, n - start);
    for (let at = start; at < n; at += PANEL) {
      const rows = Math.min(PANEL, n - at);
      const above = matrix(at - start, width, held.subarray(0, (at - start) * width));
      const right =
        at === start
          ? addToDiagonal(matrix(rows, width), 1)
          : await engine.matmul(blockOfLower(lower, at, rows, start, at, memory.copy), above, {
              signal,
              reuse: memory.product.subarray(0, rows * width),
            });
      const corner = blockOfLower(lower, at, rows, at, at + rows, memory.copy);
      const reuse = held.subarray(above.data.length, above.data.length + rows * width);
      const inverse = await engine.solveTriangular(corner, right, { signal, reuse });
      for (let i = 0; i < reuse.length; i++) reuse[i] = at === start ? inverse.data[i]! : -inverse.data[i]!;
      addSquares(inverse, result.subarray(start, start + width));
    }
    onProgress?.(1 - ((n - start - width) / n) ** 3);
  }
  return result;
}

/** Rows [at, at + rows), columns [from, to), copied to the beginning of `memory`. */
function blockOfLower(
  { data, cols }: Matrix,
  at: number,
  rows: number,
  from: number,
  to: number,
  memory: Float64Array,
): Matrix {
  const block = matrix(rows, to - from, memory.subarray(0, rows * (to - from)));
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
