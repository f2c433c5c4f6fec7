import { NumericalError, ShapeError } from "../errors.ts";
import type { KernelTile } from "../layers/kernel-state.ts";
import { checkFinite } from "../matrix/check.ts";
import { type Matrix, row } from "../matrix/matrix.ts";

/** A batch prepared for its Gram matrix: the rows, the rows scaled to norm 1, and ‖x‖²/d. */
export interface Batch {
  readonly x: Matrix;
  readonly unit: Float64Array;
  readonly variances: Float64Array;
}

/** Squared norms outside this range would lose digits to underflow, or all of them to overflow. */
const MIN_SQUARED_NORM = 1e-300;

/** A batch from outside: throws a ShapeError or a ValueError unless it has columns and finite values, and as `prepareBatch` does. */
export function checkedBatch(where: string, x: Matrix): Batch {
  if (x.cols === 0) throw new ShapeError(`${where} must have at least one column`);
  checkFinite(where, x);
  return prepareBatch(where, x);
}

/** Throws a NumericalError naming a row whose squared norm leaves the range of float64; zero rows are fine. */
export function prepareBatch(where: string, x: Matrix): Batch {
  const unit = new Float64Array(x.data.length);
  const variances = new Float64Array(x.rows);
  for (let i = 0; i < x.rows; i++) {
    const start = i * x.cols;
    const squaredNorm = dot(x.data, start, x.data, start, x.cols);
    const zero = row(x, i).every((value) => value === 0);
    if (!zero && !(squaredNorm > MIN_SQUARED_NORM && squaredNorm < Infinity))
      throw new NumericalError(
        `${where}: the squared norm of row ${i} is ${squaredNorm}, outside the range of float64: rescale the inputs`,
      );
    variances[i] = squaredNorm / x.cols;
    const norm = zero ? 1 : Math.sqrt(squaredNorm);
    for (let k = start; k < start + x.cols; k++) unit[k] = x.data[k]! / norm;
  }
  return { x, unit, variances };
}

/** Where a tile lies in the Gram matrix. */
export interface TileRange {
  readonly row: number;
  readonly rows: number;
  readonly col: number;
  readonly cols: number;
}

/**
 * The kernel state of the input layer on a tile: K = ⟨x, x'⟩/d, Θ = 0.
 *
 * Every entry depends on its two rows alone, summed in one order, so a tile has the bits of the slice of the whole.
 */
export function inputTile(a: Batch, b: Batch, range: TileRange, wantNtk: boolean): KernelTile {
  const { row, rows, col, cols } = range;
  const d = a.x.cols;
  const nngp = new Float64Array(rows * cols);
  const sine = new Float64Array(rows * cols);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) {
      const c = dot(a.x.data, (row + i) * d, b.x.data, (col + j) * d, d) / d;
      nngp[at] = c;
      sine[at] = inputSine(a, row + i, b, col + j, c);
    }
  }
  return {
    rows,
    cols,
    nngp,
    sine,
    ntk: wantNtk ? new Float64Array(rows * cols) : null,
    var1: a.variances.subarray(row, row + rows),
    var2: b.variances.subarray(col, col + cols),
    selfOffset: a === b ? row - col : null,
    width: d,
  };
}

/**
 * r sin θ of two rows. Near θ = 0 and π, from the unit vectors: 1 − |cos θ| = ‖u ∓ v‖²/2, which keeps the digits that
 * 1 − cos²θ loses.
 */
function inputSine(a: Batch, i: number, b: Batch, j: number, c: number): number {
  const r = Math.sqrt(a.variances[i]!) * Math.sqrt(b.variances[j]!);
  if (r === 0) return 0;
  const cos = c / r;
  if (Math.abs(cos) < 0.9) return r * Math.sqrt((1 - cos) * (1 + cos));
  const d = a.x.cols;
  const sign = Math.sign(cos);
  let squared = 0;
  for (let k = 0; k < d; k++) {
    const difference = a.unit[i * d + k]! - sign * b.unit[j * d + k]!;
    squared += difference * difference;
  }
  const gap = squared / 2;
  return r * Math.sqrt(gap * (2 - gap));
}

/** Σ a[i + k] b[j + k] in one fixed order: four running sums, for speed. */
function dot(a: Float64Array, i: number, b: Float64Array, j: number, n: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 3 < n; k += 4) {
    s0 += a[i + k]! * b[j + k]!;
    s1 += a[i + k + 1]! * b[j + k + 1]!;
    s2 += a[i + k + 2]! * b[j + k + 2]!;
    s3 += a[i + k + 3]! * b[j + k + 3]!;
  }
  for (; k < n; k++) s0 += a[i + k]! * b[j + k]!;
  return s0 + s1 + (s2 + s3);
}
