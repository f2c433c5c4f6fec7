import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import { key, permutation } from "../random/key.ts";
import { missingInputs, type Preprocessor, type Span, spansOf } from "./preprocess.ts";
import { isLearned, kindsOfInputs, type RowKind } from "./unknown-inputs.ts";

/** Training rows that lend their values to a row that does not tell its own. */
const DONORS = 20;

/** Where the values that a kind of rows does not tell come from. Plain data. */
export interface DonorSource {
  /** Inputs of features whose values are lent by donors: training had no rows without them. */
  readonly lent: readonly Span[];
  /** Of these, the inputs of categories: a donor has another than the row. */
  readonly unseen: readonly Span[];
  /** What a missing value is in inputs, where training had such rows. */
  readonly learned: readonly { readonly from: number; readonly values: Float64Array }[];
  /** The inputs by which donors are near. */
  readonly told: readonly number[];
  /** Training rows that have all values to lend, in an order of chance: of equally near ones the first are taken. */
  readonly donors: readonly number[];
}

/** The sources for rows of some kinds, from the training inputs of a model. */
export function donorSources(
  preprocessor: Preprocessor,
  xTrain: Matrix,
  kinds: readonly RowKind[],
): readonly DonorSource[] {
  const own = kindsOfInputs(preprocessor, xTrain);
  const order = Array.from(permutation(key(0), xTrain.rows));
  const lends = (i: number, lent: readonly number[]) =>
    !own.kinds[own.kindOf[i]!]!.missing.some((f) => lent.includes(f));
  return kinds.map((kind) => donorSource(preprocessor, kind, (lent) => order.filter((i) => lends(i, lent))));
}

function donorSource(
  preprocessor: Preprocessor,
  kind: RowKind,
  donorsOf: (lent: readonly number[]) => readonly number[],
): DonorSource {
  const { features } = preprocessor;
  const spans = spansOf(preprocessor);
  const unknown = [...kind.missing, ...kind.unseen];
  const learned = unknown.filter((f) => isLearned(features[f]!, kind, f));
  const lent = unknown.filter((f) => !learned.includes(f));
  return {
    lent: lent.map((f) => spans[f]!),
    unseen: kind.unseen.map((f) => spans[f]!),
    learned: learned.map((f) => ({ from: spans[f]!.from, values: missingInputs(features[f]!) })),
    told: spans.flatMap(({ from, to }, f) =>
      unknown.includes(f) ? [] : Array.from({ length: to - from }, (_, j) => from + j),
    ),
    donors: lent.length === 0 ? [] : donorsOf(lent),
  };
}

/** How many rows one row of the kind is completed to. */
export function completionsPerRow({ lent, donors }: DonorSource): number {
  return lent.length === 0 ? 1 : Math.max(1, Math.min(DONORS, donors.length));
}

/** Rows of inputs, some of them there several times, each time with the values of another donor. */
export interface CompletedRows {
  readonly x: Matrix;
  /** Which of the given rows each row of `x` stands for, ascending. */
  readonly owner: Uint32Array;
}

/**
 * Rows with what they do not tell filled in: by what training rows without it say it means, or else by the values of those
 * training rows that are nearest in the inputs told. A prediction for such a row is the mean over its completions. What
 * row i lacks comes from `sourceOf(i)`, and the training row `except(i)` lends nothing to it.
 * O(rows · training rows · inputs) for the rows that need donors.
 */
export function completeRows(
  x: Matrix,
  xTrain: Matrix,
  sourceOf: (i: number) => DonorSource,
  except: (i: number) => number = () => -1,
): CompletedRows {
  const parts: Float64Array[] = [];
  const owner: number[] = [];
  for (let i = 0; i < x.rows; i++) {
    for (const completed of completions(row(x, i), xTrain, sourceOf(i), except(i))) {
      parts.push(completed);
      owner.push(i);
    }
  }
  const all = matrix(parts.length, x.cols);
  parts.forEach((part, at) => {
    all.data.set(part, at * x.cols);
  });
  return { x: all, owner: Uint32Array.from(owner) };
}

function completions(own: Float64Array, xTrain: Matrix, source: DonorSource, except: number): Float64Array[] {
  const base = own.slice();
  for (const { from, values } of source.learned) base.set(values, from);
  if (source.lent.length === 0) return [base];
  const donors = nearest(own, xTrain, source, except);
  if (donors.length === 0) return [base];
  return donors.map((donor) => {
    const completed = base.slice();
    const values = row(xTrain, donor);
    for (const { from, to } of source.lent) completed.set(values.subarray(from, to), from);
    return completed;
  });
}

function nearest(own: Float64Array, xTrain: Matrix, source: DonorSource, except: number): readonly number[] {
  const found: { readonly donor: number; readonly distance: number }[] = [];
  for (const donor of source.donors) {
    const values = row(xTrain, donor);
    if (donor === except || source.unseen.some(({ from, to }) => sameInputs(own, values, from, to))) continue;
    const distance = source.told.reduce((sum, j) => sum + (own[j]! - values[j]!) ** 2, 0);
    if (found.length === DONORS && distance >= found[DONORS - 1]!.distance) continue;
    let at = found.length;
    while (at > 0 && found[at - 1]!.distance > distance) at--;
    found.splice(at, 0, { donor, distance });
    found.length = Math.min(found.length, DONORS);
  }
  return found.map(({ donor }) => donor);
}

function sameInputs(a: Float64Array, b: Float64Array, from: number, to: number): boolean {
  for (let j = from; j < to; j++) if (a[j] !== b[j]) return false;
  return true;
}
