import { ShapeError } from "../errors.ts";

/** A dense float64 matrix, row-major: entry (i, j) is `data[i * cols + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/** Rows × cols zeros, or a view of `values` when it is given (no copy). */
export function matrix(rows: number, cols: number, values?: Float64Array): Matrix {
  if (!(isCount(rows) && isCount(cols)))
    throw new ShapeError(`matrix: rows and columns must be whole numbers from 0, got ${rows} x ${cols}`);
  const data = values ?? new Float64Array(rows * cols);
  if (data.length !== rows * cols)
    throw new ShapeError(`matrix: ${rows} x ${cols} needs ${rows * cols} values, got ${data.length}`);
  return { rows, cols, data };
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** A matrix from an array of equally long rows. */
export function fromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const cols = rows[0]?.length ?? 0;
  const result = matrix(rows.length, cols);
  rows.forEach((row, i) => {
    if (row.length !== cols) throw new ShapeError(`fromRows: row ${i} has ${row.length} values, row 0 has ${cols}`);
    result.data.set(row, i * cols);
  });
  return result;
}

/** The rows as plain arrays, for printing and JSON. */
export function toRows(a: Matrix): number[][] {
  return Array.from({ length: a.rows }, (_, i) => Array.from(row(a, i)));
}

/** Row i as a view: writing to it writes to the matrix. */
export function row(a: Matrix, i: number): Float64Array {
  return a.data.subarray(i * a.cols, (i + 1) * a.cols);
}

/** Column j as a copy. */
export function column(a: Matrix, j: number): Float64Array {
  return Float64Array.from({ length: a.rows }, (_, i) => a.data[i * a.cols + j]!);
}

/** One column holding `values` (a view). */
export function columnVector(values: Float64Array): Matrix {
  return matrix(values.length, 1, values);
}

export function transpose(a: Matrix): Matrix {
  const result = matrix(a.cols, a.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.cols; j++) result.data[j * a.rows + i] = a.data[i * a.cols + j]!;
  }
  return result;
}

/** The listed rows, in the listed order, copied. */
export function takeRows(a: Matrix, indices: ArrayLike<number>): Matrix {
  const result = matrix(indices.length, a.cols);
  checkIndices("takeRows", indices, a.rows);
  for (let i = 0; i < indices.length; i++) result.data.set(row(a, indices[i]!), i * a.cols);
  return result;
}

/** The listed rows and columns of a square matrix: K[i, j] for i in `rows`, j in `cols`, copied. */
export function takeBlock(a: Matrix, rows: ArrayLike<number>, cols: ArrayLike<number>): Matrix {
  checkIndices("takeBlock", rows, a.rows);
  checkIndices("takeBlock", cols, a.cols);
  const result = matrix(rows.length, cols.length);
  for (let i = 0; i < rows.length; i++) {
    const source = row(a, rows[i]!);
    for (let j = 0; j < cols.length; j++) result.data[i * cols.length + j] = source[cols[j]!]!;
  }
  return result;
}

function checkIndices(where: string, indices: ArrayLike<number>, count: number): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(isCount(index) && index < count))
      throw new ShapeError(`${where}: indices must be whole numbers from 0 to ${count - 1}, got ${index}`);
  }
}

/** The main diagonal, copied. */
export function diagonal(a: Matrix): Float64Array {
  return Float64Array.from({ length: Math.min(a.rows, a.cols) }, (_, i) => a.data[i * a.cols + i]!);
}

/** A copy of the square matrix with `value` added to its diagonal. */
export function addToDiagonal(a: Matrix, value: number): Matrix {
  const result = matrix(a.rows, a.cols, a.data.slice());
  for (let i = 0; i < a.rows; i++) result.data[i * a.cols + i]! += value;
  return result;
}
