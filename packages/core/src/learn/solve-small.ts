import { type Matrix, matrix, row } from "../matrix/matrix.ts";

/**
 * X with A X = B for a small symmetric positive definite A, by Cholesky without the panels of `Engine.cholesky` and without waiting; null
 * where a pivot is not positive.
 */
export function solveSmall(a: Matrix, b: Matrix): Matrix | null {
  const n = a.rows;
  const lower = matrix(n, n);
  for (let i = 0; i < n; i++) {
    const own = row(lower, i);
    for (let j = 0; j <= i; j++) {
      const other = row(lower, j);
      let sum = a.data[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= own[k]! * other[k]!;
      if (j < i) own[j] = sum / other[j]!;
      else if (sum > 0) own[j] = Math.sqrt(sum);
      else return null;
    }
  }
  const x = matrix(n, b.cols, b.data.slice());
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(x, i, k, lower.data[i * n + k]!);
    divide(x, i, lower.data[i * n + i]!);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(x, i, k, lower.data[k * n + i]!);
    divide(x, i, lower.data[i * n + i]!);
  }
  return x;
}

/** Row i less a multiple of row k. */
function subtract({ data, cols }: Matrix, i: number, k: number, by: number): void {
  for (let j = 0; j < cols; j++) data[i * cols + j]! -= by * data[k * cols + j]!;
}

function divide({ data, cols }: Matrix, i: number, by: number): void {
  for (let j = 0; j < cols; j++) data[i * cols + j]! /= by;
}
