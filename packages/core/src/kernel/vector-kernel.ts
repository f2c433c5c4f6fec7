import { NumericalError, ValueError } from "../errors.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { startWork } from "../linalg/work.ts";
import { checkSameCols } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { type Batch, checkedBatch, inputTile, type TileRange } from "./input.ts";
import { piecesOf, startPace } from "./pace.ts";

/**
 * What a kernel between two vectors may depend on. `sine` = √(‖x‖²‖z‖² − ⟨x,z⟩²) and `distance` = ‖x − z‖ are computed
 * without cancellation.
 */
export interface VectorPair {
  readonly dot: number;
  readonly sine: number;
  readonly norm1: number;
  readonly norm2: number;
  readonly distance: number;
}

/** A kernel k(x, z) given by a formula, with no network behind it. Behaviour is one function of one pair. */
export interface VectorKernel {
  readonly name: string;
  readonly evaluate: (pair: VectorPair) => number;
}

/** The Gram matrix [x1.rows, x2.rows] of a kernel; `x2 = null` means x2 = x1. O(n₁ n₂ d). */
export async function gram(
  kernel: VectorKernel,
  x1: Matrix,
  x2: Matrix | null = null,
  options: WorkOptions = {},
): Promise<Matrix> {
  const a = checkedBatch("gram: x1", x1);
  const b = x2 === null ? a : checkedBatch("gram: x2", x2);
  checkSameCols("gram", a.x, b.x);
  const result = matrix(a.x.rows, b.x.rows);
  const work = startWork(options);
  const pace = startPace();
  for (let i = 0; i < a.x.rows; i++) {
    const row = { row: i, rows: 1, col: 0, cols: a === b ? i + 1 : b.x.rows };
    for (const range of piecesOf(row, pace)) {
      const values = pace.measure(range.cols, () => gramRow(kernel, a, b, range));
      values.forEach((value, at) => {
        const j = range.col + at;
        if (!Number.isFinite(value))
          throw new NumericalError(
            `gram: ${kernel.name} of rows ${i} and ${j} leaves the range of float64: rescale the inputs`,
          );
        result.data[i * result.cols + j] = value;
        if (a === b) result.data[j * result.cols + i] = value;
      });
      const share = row.cols === 0 ? 1 : (range.col + range.cols) / row.cols;
      await work.breathe((i + share) / a.x.rows);
    }
  }
  return result;
}

function gramRow(kernel: VectorKernel, a: Batch, b: Batch, range: TileRange): number[] {
  const tile = inputTile(a, b, range, false);
  const d = a.x.cols;
  return Array.from({ length: range.cols }, (_, j) =>
    kernel.evaluate({
      dot: tile.nngp[j]! * d,
      sine: tile.sine[j]! * d,
      norm1: Math.sqrt(tile.var1[0]! * d),
      norm2: Math.sqrt(tile.var2[j]! * d),
      distance: rowDistance(a.x, range.row, b.x, range.col + j),
    }),
  );
}

function rowDistance(a: Matrix, i: number, b: Matrix, j: number): number {
  let sum = 0;
  for (let k = 0; k < a.cols; k++) sum += (a.data[i * a.cols + k]! - b.data[j * b.cols + k]!) ** 2;
  return Math.sqrt(sum);
}

/** Throws unless `value` is a finite number above 0. */
export function checkPositive(where: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) throw new ValueError(`${where}: ${name} must be above 0, got ${value}`);
}
