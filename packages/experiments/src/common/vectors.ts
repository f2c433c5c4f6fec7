import { type Matrix, matrix, portable, row } from "ntkit";

type Vector = readonly number[] | Float64Array;

export function sumOf(values: Vector): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Euclidean, and of a matrix Frobenius. The same bits on every platform. */
export function norm(values: Vector): number {
  return Math.sqrt(dot(values, values));
}

export function subtract(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]!);
}

/** √(mean of squared differences). */
export function rms(a: Float64Array, b: Float64Array): number {
  return norm(subtract(a, b)) / Math.sqrt(a.length);
}

/** Mean of squared differences. */
export function mse(a: Float64Array, b: Float64Array): number {
  return rms(a, b) ** 2;
}

/** `count` numbers, equally spaced from `start` to `end`. */
export function linspace(start: number, end: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + ((end - start) * i) / (count - 1));
}

/** `count` numbers, equally spaced in the logarithm. */
export function logspace(start: number, end: number, count: number): number[] {
  return linspace(portable.log(start), portable.log(end), count).map(portable.exp);
}

export function minus(a: Matrix, b: Matrix): Matrix {
  return matrix(a.rows, a.cols, subtract(a.data, b.data));
}

/** A x of a small matrix, without an engine. */
export function times(a: Matrix, x: Vector): Float64Array {
  return Float64Array.from({ length: a.rows }, (_, i) => dot(row(a, i), x));
}

/** Aᵀ x of a small matrix. */
export function transposedTimes(a: Matrix, x: Vector): Float64Array {
  const out = new Float64Array(a.cols);
  for (let i = 0; i < a.rows; i++) {
    const own = row(a, i);
    for (let j = 0; j < a.cols; j++) out[j]! += x[i]! * own[j]!;
  }
  return out;
}

/** a + factor · b */
export function addScaled(a: Float64Array, factor: number, b: Float64Array): Float64Array {
  return a.map((value, i) => value + factor * b[i]!);
}

export function largestSize(values: Vector): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}
