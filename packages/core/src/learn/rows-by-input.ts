import { type Matrix, matrix, row, takeRows } from "../matrix/matrix.ts";
import { type RowRoles, takeRoles } from "./row-roles.ts";

/**
 * Rows of a table by their inputs: those with equal inputs are one row with the mean of their targets, counted as often as
 * they are; with weights, by the sum of these. Ridge regression on these is ridge regression on all rows where the ridge of
 * an input is divided by its count.
 */
export interface RowsByInput {
  /** The different inputs, in the order in which they come first. */
  readonly x: Matrix;
  /** How many rows have each of them, or the sum of their weights. */
  readonly counts: Float64Array;
  /** Which of them each row has. */
  readonly inputOf: Uint32Array;
  /** The targets of all rows. */
  readonly y: Matrix;
  /** The mean target of each input. */
  readonly means: Matrix;
  readonly roles: RowRoles;
}

export function rowsByInput(x: Matrix, y: Matrix, roles: RowRoles = {}): RowsByInput {
  const { inputOf, first } = differentRows(x);
  const counts = new Float64Array(first.length);
  inputOf.forEach((input, i) => {
    counts[input]! += roles.weights?.[i] ?? 1;
  });
  const distinct = first.length === x.rows ? x : takeRows(x, first);
  return { x: distinct, counts, inputOf, y, means: meansOf(y, inputOf, counts, roles.weights), roles };
}

/** The rows of some of the inputs, which are listed in ascending order. */
export function takeInputs({ x, counts, inputOf, y, means, roles }: RowsByInput, inputs: Uint32Array): RowsByInput {
  const place = new Map(Array.from(inputs, (input, at) => [input, at]));
  const rows = Array.from(inputOf.keys()).filter((i) => place.has(inputOf[i]!));
  return {
    x: takeRows(x, inputs),
    counts: Float64Array.from(inputs, (input) => counts[input]!),
    inputOf: Uint32Array.from(rows, (i) => place.get(inputOf[i]!)!),
    y: takeRows(y, rows),
    means: takeRows(means, inputs),
    roles: takeRoles(roles, rows),
  };
}

/** Whether every row has an input of its own and counts as much as any other. */
export function isPlain({ inputOf, counts, roles }: Pick<RowsByInput, "inputOf" | "counts" | "roles">): boolean {
  return inputOf.length === counts.length && !roles.weights;
}

/** For each row the number of its input among the different ones, and the first row of each of these. */
export function differentRows(x: Matrix): { readonly inputOf: Uint32Array; readonly first: Uint32Array } {
  const inputOf = new Uint32Array(x.rows);
  const first: number[] = [];
  const byHash = new Map<number, number[]>();
  for (let i = 0; i < x.rows; i++) {
    const values = row(x, i);
    const hash = hashOf(values);
    const alike = byHash.get(hash) ?? [];
    byHash.set(hash, alike);
    let input = alike.find((candidate) => equal(row(x, first[candidate]!), values));
    if (input === undefined) {
      input = first.push(i) - 1;
      alike.push(input);
    }
    inputOf[i] = input;
  }
  return { inputOf, first: Uint32Array.from(first) };
}

/** FNV-1a of the bits, 32 at a time; 0 and −0 are equal numbers and hash alike. */
function hashOf(values: Float64Array): number {
  const positiveZeros = values.map((value) => value + 0);
  let hash = 0x811c9dc5;
  for (const word of new Uint32Array(positiveZeros.buffer)) hash = Math.imul(hash ^ word, 0x01000193);
  return hash;
}

function equal(a: Float64Array, b: Float64Array): boolean {
  return a.every((value, j) => value === b[j]);
}

/** The mean of each input, by weight. */
export function meansOf(
  y: Matrix,
  inputOf: Uint32Array,
  counts: Float64Array,
  weights: Float64Array | undefined,
): Matrix {
  const means = matrix(counts.length, y.cols);
  inputOf.forEach((input, i) => {
    const sums = row(means, input);
    const weight = weights?.[i] ?? 1;
    for (let j = 0; j < sums.length; j++) sums[j]! += weight * y.data[i * y.cols + j]!;
  });
  counts.forEach((count, input) => {
    const sums = row(means, input);
    for (let j = 0; j < sums.length; j++) sums[j]! /= count;
  });
  return means;
}

/** Fewer different inputs than this cannot be judged by each other. */
const FEWEST_INPUTS = 5;

/** Rows of each input, on average, from which on inputs may be the levels of a design. */
const ROWS_OF_A_LEVEL = 5;

/**
 * Whether the inputs are levels of a design, as of three treatments: there are fewer than five of them, or each was
 * observed five times on average and most of them with different targets, so that the rows are no copies of each other.
 * What is asked about then is one of these levels again, and its other rows are what is known about it.
 */
export function isDesign({ inputOf, counts, y }: RowsByInput): boolean {
  if (counts.length < FEWEST_INPUTS) return true;
  if (inputOf.length < ROWS_OF_A_LEVEL * counts.length) return false;
  const firstOf = new Map<number, Float64Array>();
  const differing = new Set<number>();
  inputOf.forEach((input, i) => {
    const first = firstOf.get(input);
    if (first === undefined) firstOf.set(input, row(y, i));
    else if (!equal(first, row(y, i))) differing.add(input);
  });
  return 2 * differing.size > counts.length;
}
