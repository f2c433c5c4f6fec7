import type { Matrix } from "../matrix/matrix.ts";

/**
 * A window of an array: entry (i, j) is `data[offset + i * rowStep + j * colStep]`. It has no size of its own; the
 * algorithm that uses it brings the sizes. Transposing swaps the steps.
 */
export interface Block {
  readonly data: Float64Array;
  readonly offset: number;
  readonly rowStep: number;
  readonly colStep: number;
}

/** The window of a row-major array with `cols` columns that starts at (i, j). */
export function blockAt(data: Float64Array, cols: number, i = 0, j = 0): Block {
  return { data, offset: i * cols + j, rowStep: cols, colStep: 1 };
}

export function blockOf(a: Matrix, i = 0, j = 0): Block {
  return blockAt(a.data, a.cols, i, j);
}

export function transposed(a: Block): Block {
  return { data: a.data, offset: a.offset, rowStep: a.colStep, colStep: a.rowStep };
}
