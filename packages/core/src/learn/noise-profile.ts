import { zeros } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { columnVector, diagonal, type Matrix, takeBlock } from "../matrix/matrix.ts";
import { type LeaveOneOut, looAt, looFromCholesky } from "../predict/leave-one-out.ts";
import type { PredictOptions } from "../predict/options.ts";
import { tridiagonalPath } from "../predict/tridiagonal-path.ts";
import { key, permutation } from "../random/key.ts";
import * as portable from "../special/portable.ts";
import { weighRows } from "./leave-inputs-out.ts";
import type { RowsByInput } from "./rows-by-input.ts";

/**
 * How the size of residuals changes with the inputs: predicted standard deviations are multiplied by
 *
 *   s(x)² = floor + (1 − floor) exp(offset + k(x, xTrain)·alpha),     the exponent kept within `range`.
 */
export interface NoiseProfile {
  readonly alpha: Float64Array;
  /** The ridge that it was learned with. */
  readonly diagReg: number;
  readonly offset: number;
  readonly range: readonly [low: number, high: number];
  /** The share of the common variance that is there everywhere: a few small residuals near an input do not make it certain. */
  readonly floor: number;
}

/**
 * Relative ridges: 10 … 10³, two to a decade. Smaller ones follow pairs of neighbours, which have residuals of one size since each is
 * predicted by the other, as new rows are not.
 */
const RELATIVE_RIDGES: readonly number[] = Array.from({ length: 5 }, (_, i) => portable.power(10, 1 + i / 2));

/** Inputs by which the ridge is chosen. */
const MAX_INPUTS = 600;

/** The log likelihood, in nats, that a profile must add on rows left out. */
const LEAST_GAIN = 5;

/** Floors to choose from. */
const FLOORS: readonly number[] = [0.2, 0.35, 0.5];

/** Mean of ln z² for z standard normal. */
const MEAN_LOG_SQUARE = -1.2703628454614782;

/** A profile, and what it says of each input when learned without it. */
export interface FoundProfile {
  readonly profile: NoiseProfile;
  readonly scales: Float64Array;
}

export interface NoiseProfileOptions extends PredictOptions {
  readonly seed: number;
  /** Memory for a factor of the matrix: see `CholeskyOptions.reuse`. */
  readonly reuse?: Float64Array | undefined;
}

/**
 * Kernel ridge regression on ln score² by the same kernel matrix, weighted by the counts of the inputs (`weighGram`); null
 * where scores left out are not told better by it than by one size for all. `scores` are residuals over their predicted
 * standard deviations, one of each row. O(n³).
 */
export async function noiseProfile(
  data: RowsByInput,
  gram: Matrix,
  scores: Float64Array,
  options: NoiseProfileOptions,
): Promise<FoundProfile | null> {
  const { engine = jsEngine, signal } = options;
  const squares = meanSquares(data, scores);
  const level = squares.reduce((sum, value) => sum + value, 0) / squares.length;
  if (!(level > 0)) return null;
  const logs = squares.map((value) => portable.log(Math.max(value / level, SMALLEST)) - MEAN_LOG_SQUARE);
  const offset = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const sizes: Sizes = { squares, offset, centred: logs.map((value) => value - offset), counts: data.counts };
  const diagReg = await bestRidge(gram, sizes, options);
  if (diagReg === null) return null;
  const reuse = options.reuse ?? zeros(engine, gram.data.length);
  const loo = await looFromCholesky(gram, weighedSizes(sizes), { diagReg, engine, signal, reuse });
  if (!loo.ok) return null;
  const said = saidWithout(sizes, loo);
  const floor = FLOORS.reduce((a, b) => (gain(said, squares, b) > gain(said, squares, a) ? b : a));
  if (gain(said, squares, floor) < LEAST_GAIN) return null;
  const range = [said.reduce((a, b) => Math.min(a, b)), said.reduce((a, b) => Math.max(a, b))] as const;
  const alpha = weighRows(loo.alpha, data.counts).data;
  return { profile: { alpha, diagReg, offset, range, floor }, scales: said.map((value) => sizeOf(value, floor)) };
}

/** s(x) of each input whose kernel with the training inputs is a row of `cross`. */
export async function scalesAt(
  { alpha, offset, range: [low, high], floor }: NoiseProfile,
  cross: Matrix,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<Float64Array> {
  const exponents = await engine.matmul(cross, columnVector(alpha), { signal });
  return exponents.data.map((value) => sizeOf(Math.min(Math.max(offset + value, low), high), floor));
}

/** s where the exponent has this value. */
function sizeOf(exponent: number, floor: number): number {
  return Math.sqrt(floor + (1 - floor) * portable.exp(exponent));
}

/** A score so small beside the others is one by chance. */
const SMALLEST = 1e-6;

/** What the profile is learned from, of each input. */
interface Sizes {
  /** Mean square of the scores. */
  readonly squares: Float64Array;
  readonly offset: number;
  /** Its logarithm less `offset`. */
  readonly centred: Float64Array;
  readonly counts: Float64Array;
}

function meanSquares({ inputOf, counts, roles }: RowsByInput, scores: Float64Array): Float64Array {
  const sums = new Float64Array(counts.length);
  inputOf.forEach((input, i) => {
    sums[input]! += scores[i]! ** 2 * (roles.weights?.[i] ?? 1);
  });
  return sums.map((sum, input) => sum / counts[input]!);
}

function weighedSizes({ centred, counts }: Sizes): Matrix {
  return weighRows(columnVector(centred.slice()), counts);
}

/** 2 ln s of each input without its own rows. */
function saidWithout({ offset, centred, counts }: Sizes, { residuals }: LeaveOneOut): Float64Array {
  return centred.map((value, input) => offset + value - residuals.data[input]! / Math.sqrt(counts[input]!));
}

/** Log likelihood of normal residuals with these sizes less that with one size, each at its best common factor. */
function gain(said: Float64Array, squares: Float64Array, floor: number): number {
  const n = squares.length;
  const variances = said.map((value) => sizeOf(value, floor) ** 2);
  const one = squares.reduce((sum, square) => sum + square, 0) / n;
  const scaled = squares.reduce((sum, square, i) => sum + square / variances[i]!, 0) / n;
  const logs = variances.reduce((sum, variance) => sum + portable.log(variance), 0);
  return (n * (portable.log(one) - portable.log(scaled)) - logs) / 2;
}

/** The ridge that tells sizes left out best, on some of the inputs where they are many. */
async function bestRidge(whole: Matrix, all: Sizes, options: NoiseProfileOptions): Promise<number | null> {
  const { engine, signal, seed } = options;
  const [gram, sizes] = all.counts.length > MAX_INPUTS ? someOf(whole, all, seed) : [whole, all];
  const path = await tridiagonalPath(gram, weighedSizes(sizes), { engine, signal });
  const scale = diagonal(whole).reduce((sum, value, i) => sum + value / all.counts[i]!, 0) / whole.rows;
  let best: { readonly diagReg: number; readonly gain: number } | null = null;
  for (const relative of RELATIVE_RIDGES) {
    const diagReg = relative * scale;
    const loo = await looAt(path, diagReg, { engine, signal });
    if (!loo.ok) continue;
    const found = gain(saidWithout(sizes, loo), sizes.squares, FLOORS[0]!);
    if (best === null || found > best.gain) best = { diagReg, gain: found };
  }
  return best !== null && best.gain > 0 ? best.diagReg : null;
}

function someOf(gram: Matrix, { squares, offset, centred, counts }: Sizes, seed: number): [Matrix, Sizes] {
  const inputs = permutation(key(seed), counts.length).slice(0, MAX_INPUTS).sort();
  const some = (values: Float64Array) => Float64Array.from(inputs, (input) => values[input]!);
  const sizes = { squares: some(squares), offset, centred: some(centred), counts: some(counts) };
  return [takeBlock(gram, inputs, inputs), sizes];
}
