import { child, type Key, type Matrix, matrix, normal, portable, row, sphereLift, uniform } from "ntkit";
import { norm } from "./vectors.ts";

/** n points drawn uniformly from the sphere in d dimensions, |x| = 1. */
export function spherePoints(from: Key, n: number, d: number): Matrix {
  return normalizeRows(matrix(n, d, normal(from, n * d)));
}

/** Each row divided by its norm. */
export function normalizeRows(x: Matrix): Matrix {
  const unit = matrix(x.rows, x.cols, x.data.slice());
  for (let i = 0; i < x.rows; i++) {
    const own = row(unit, i);
    const size = norm(own);
    for (let k = 0; k < x.cols; k++) own[k]! /= size;
  }
  return unit;
}

/** t + sin 10t, the function of source E. */
export function wave(t: number): number {
  return t + portable.sin(10 * t);
}

/** n draws from [−1, 1], ascending. */
export function interval(from: Key, n: number): Float64Array {
  return uniform(child(from, 0), n)
    .map((u) => 2 * u - 1)
    .sort();
}

/** Source D's lift of [−1, 1] to the circle: (t, √(1 − t²)). */
export function circleLift(t: ArrayLike<number>): Matrix {
  return sphereLift(columnOf(t));
}

/** One column, of a function of each number. */
export function columnOf(values: ArrayLike<number>, f: (value: number) => number = (v) => v): Matrix {
  return matrix(values.length, 1, Float64Array.from(values, f));
}

/** Independent standard normal entries. */
export function normalMatrix(from: Key, rows: number, cols: number): Matrix {
  return matrix(rows, cols, normal(from, rows * cols));
}
