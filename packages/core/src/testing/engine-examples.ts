import { type Matrix, matrix, transpose } from "../matrix/matrix.ts";
import { type Key, key, normal, split } from "../random/key.ts";
import * as portable from "../special/portable.ts";

/** A matrix by its entries. */
function fromEntries(rows: number, cols: number, entry: (i: number, j: number) => number): Matrix {
  const result = matrix(rows, cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) result.data[i * cols + j] = entry(i, j);
  return result;
}

function random(from: Key, rows: number, cols: number, scale = 1): Matrix {
  return matrix(
    rows,
    cols,
    normal(from, rows * cols).map((value) => scale * value),
  );
}

function randomSymmetric(from: Key, n: number, scale = 1): Matrix {
  const a = random(from, n, n, scale);
  return fromEntries(n, n, (i, j) => a.data[Math.max(i, j) * n + Math.min(i, j)]!);
}

/** The product by its definition, for comparison. */
export function naiveProduct(a: Matrix, b: Matrix): Matrix {
  return fromEntries(a.rows, b.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.cols; k++) sum += a.data[i * a.cols + k]! * b.data[k * b.cols + j]!;
    return sum;
  });
}

/** Symmetric matrices that eigensolvers get wrong first, by name; sizes around n. */
export function symmetricExamples(seed: number, n: number): readonly (readonly [string, Matrix])[] {
  const [k0, k1, k2, k3, k4] = split(key(seed), 5) as [Key, Key, Key, Key, Key];
  return [
    ["random", randomSymmetric(k0, n)],
    ["random, odd size", randomSymmetric(k1, n + 1)],
    ["1 x 1", matrix(1, 1, Float64Array.of(-3))],
    ["2 x 2", randomSymmetric(k2, 2)],
    ["empty", matrix(0, 0)],
    ["zero", matrix(n, n)],
    ["identity", fromEntries(n, n, (i, j) => (i === j ? 1 : 0))],
    ["ones (rank 1)", fromEntries(n, n, () => 1)],
    ["Hilbert", fromEntries(n, n, (i, j) => 1 / (i + j + 1))],
    ["seven-fold eigenvalues", fromEntries(n, n, (i, j) => (i % 7 === j % 7 ? 1 : 0))],
    ["graded over 30 orders", fromEntries(n, n, (i, j) => 10 ** ((-15 * (i + j)) / n) * (i === j ? 2 : 1))],
    ["graded upwards", fromEntries(n, n, (i, j) => 10 ** ((15 * (i + j)) / n) * (i === j ? 2 : 1))],
    ["Wilkinson: close pairs", fromEntries(n, n, (i, j) => wilkinson(n, i, j))],
    ["Wilkinson matrices, glued", fromEntries(n, n, (i, j) => gluedWilkinson(21, 1e-8, i, j))],
    ["second difference", fromEntries(n, n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0))],
    ["1 beside entries whose squares vanish", fromEntries(n, n, (i, j) => pairBesideTiny(i, j, 1e-185))],
    ["1e-139 beside denormal entries", fromEntries(n, n, (i, j) => pairBesideTiny(i, j, 2 ** -610) * 2 ** -460)],
    ["entries near 1e-200", randomSymmetric(k3, n, 1e-200)],
    ["entries near 1e200", randomSymmetric(k4, n, 1e200)],
  ];
}

/** A pair of eigenvalues ±1, coupled to a chain of tiny entries, with zeros on the diagonal. */
function pairBesideTiny(i: number, j: number, tiny: number): number {
  if (Math.abs(i - j) !== 1) return 0;
  return Math.min(i, j) === 0 ? 1 : tiny;
}

function wilkinson(n: number, i: number, j: number): number {
  if (i === j) return Math.abs(i - (n - 1) / 2);
  return Math.abs(i - j) === 1 ? 1 : 0;
}

/** Copies of Wilkinson's matrix of odd size on the diagonal, coupled by `glue`: clusters of close eigenvalues. */
function gluedWilkinson(size: number, glue: number, i: number, j: number): number {
  if (Math.floor(i / size) !== Math.floor(j / size)) return Math.abs(i - j) === 1 ? glue : 0;
  return wilkinson(size, i % size, j % size);
}

/** Matrices of all shapes and ranks, by name; sizes around n. */
export function rectangularExamples(seed: number, n: number): readonly (readonly [string, Matrix])[] {
  const [k0, k1, k2, k3, k4, k5] = split(key(seed), 6) as [Key, Key, Key, Key, Key, Key];
  const m = Math.ceil(n / 3);
  const lowRank = naiveProduct(random(k2, n, 3), random(k3, 3, m));
  return [
    ["square", random(k0, n, n)],
    ["tall", random(k1, n, m)],
    ["wide", transpose(random(k1, n, m))],
    ["tall, rank 3", lowRank],
    ["wide, rank 3", transpose(lowRank)],
    ["zero", matrix(m, n)],
    ["a row", random(k0, 1, n)],
    ["a column", random(k0, n, 1)],
    ["no rows", matrix(0, m)],
    ["no columns", matrix(m, 0)],
    ["Hilbert", fromEntries(m, n, (i, j) => 1 / (i + j + 1))],
    ["graded", fromEntries(n, m, (i, j) => 10 ** ((-20 * j) / m) * portable.cos(1 + i * j))],
    ["repeated rows", fromEntries(n, m, (i, j) => portable.sin((i % 4) + j))],
    ["entries near 1e-200", random(k4, n, m, 1e-200)],
    ["entries near 1e200", random(k5, m, n, 1e200)],
  ];
}

/** Positive definite matrices, from easy to barely; sizes around n. */
export function positiveExamples(seed: number, n: number): readonly (readonly [string, Matrix])[] {
  const [k0, k1] = split(key(seed), 2) as [Key, Key];
  const gram = (from: Key, scale: number): Matrix => {
    const x = random(from, n, n + 3, scale);
    return naiveProduct(x, transpose(x));
  };
  return [
    ["random Gram matrix", gram(k0, 1)],
    ["1 x 1", matrix(1, 1, Float64Array.of(4))],
    ["empty", matrix(0, 0)],
    ["Hilbert, 10 x 10", fromEntries(10, 10, (i, j) => 1 / (i + j + 1))],
    ["min(i, j)", fromEntries(n, n, (i, j) => Math.min(i, j) + 1)],
    ["graded", fromEntries(n, n, (i, j) => 10 ** ((-20 * (i + j)) / n) * (i === j ? 2 : 1))],
    ["entries near 1e-200", gram(k1, 1e-100)],
    ["entries near 1e200", gram(k1, 1e100)],
  ];
}

/** Symmetric matrices that are not positive definite; sizes around n. */
export function indefiniteExamples(seed: number, n: number): readonly (readonly [string, Matrix])[] {
  return [
    ["random", randomSymmetric(key(seed), n)],
    ["zero", matrix(3, 3)],
    ["negative 1 x 1", matrix(1, 1, Float64Array.of(-2))],
    ["a negative last pivot", fromEntries(n, n, (i, j) => (i !== j ? 0 : i === n - 1 ? -1e-9 : 1))],
    ["two equal rows, one entry larger", fromEntries(n, n, (i, j) => (i === 0 && j === 0 ? 0.99 : 1))],
    ["entries near 1e200", randomSymmetric(key(seed), n, 1e200)],
    ["entries near 1e-200", randomSymmetric(key(seed), n, 1e-200)],
  ];
}
