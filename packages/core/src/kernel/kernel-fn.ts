import { NumericalError, quoted, ShapeError, ValueError } from "../errors.ts";
import type { KernelTile } from "../layers/kernel-state.ts";
import { checkLimit } from "../layers/read-network.ts";
import type { Activations } from "../layers/scope.ts";
import type { Layer } from "../layers/spec.ts";
import type { Engine, WorkOptions } from "../linalg/engine.ts";
import { startWork } from "../linalg/work.ts";
import { checkSameCols } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkChoice, checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import type { GramEngine, GramRequest, Grams, KernelName, TileValues } from "./gram-engine.ts";
import { type Batch, checkedBatch, inputTile, type TileRange } from "./input.ts";
import { interpretKernel, type Recursion, recursionOf } from "./interpret.ts";
import { type Pace, piecesOf, startPace } from "./pace.ts";
import { followRows, followVariances } from "./variances.ts";

export interface KernelFnOptions {
  /** What the names of `elementwise` layers mean. */
  readonly activations?: Activations;
  /** The first so many parametric layers, in order of computation, keep their weights: Θ leaves them out. Default 0. */
  readonly frozen?: number;
}

export interface GramOptions extends WorkOptions {
  /** Does the work by a kernel program where it has one for the network; plain TypeScript unless given. */
  readonly engine?: (Engine & Partial<GramEngine>) | undefined;
  /** Side of the square tiles the work is split into; it changes memory and time, never a bit of the result. */
  readonly tile?: number;
}

/**
 * Two batches, one row per example, to Gram matrices of shape [x1.rows, x2.rows]. `x2 = null` means x2 = x1: half the
 * work, and an exactly symmetric result.
 */
export interface KernelFn {
  (x1: Matrix, x2: Matrix | null, get: KernelName, options?: GramOptions): Promise<Matrix>;
  <const G extends readonly KernelName[]>(
    x1: Matrix,
    x2: Matrix | null,
    get: G,
    options?: GramOptions,
  ): Promise<{ readonly [K in G[number]]: Matrix }>;
}

const DEFAULT_TILE = 128;
/** The largest array of numbers that engines of JavaScript grant. */
const MOST_ENTRIES = 2 ** 33 - 1;

const NAMES = optionNames<KernelFnOptions>({ activations: true, frozen: true });

const GRAM_NAMES = optionNames<GramOptions>({ ...PREDICT_NAMES, tile: true });

/**
 * The exact infinite-width kernels of a network. Inputs have covariance ⟨x, x'⟩/d; from there each layer maps K and Θ
 * by its rule (`layers/`). O(n₁ n₂ (d + depth)) time, O(tile²) memory beside the result.
 *
 * Throws NetworkError for a network that has no such limit, ShapeError and ValueError for inputs that do not fit, and
 * NumericalError when an entry leaves the range of float64.
 */
export function kernelFn(network: Layer, options: KernelFnOptions = {}): KernelFn {
  checkOptions("kernelFn", options, NAMES);
  const recursion = checkedRecursion("kernelFn", network, options);
  const gram = async (x1: Matrix, x2: Matrix | null, get: KernelName | readonly KernelName[], gramOptions = {}) => {
    checkOptions("kernelFn", gramOptions, GRAM_NAMES);
    const names = typeof get === "string" ? [get] : get;
    checkNames("kernelFn", names);
    const grams = await computeGrams(recursion, x1, x2, names, gramOptions);
    return typeof get === "string" ? grams[get] : grams;
  };
  return gram as KernelFn; // one implementation behind both call signatures
}

/** The diagonal K(x, x) or Θ(x, x) alone. O(n (d + depth)). Throws as `kernelFn` does. */
export function kernelDiagonal(
  network: Layer,
  x: Matrix,
  get: KernelName,
  options: KernelFnOptions = {},
): Float64Array {
  checkOptions("kernelDiagonal", options, NAMES);
  checkNames("kernelDiagonal", [get]);
  const recursion = checkedRecursion("kernelDiagonal", network, options);
  const batch = checkedBatch("kernelDiagonal: x", x);
  checkLimit(recursion.network, x.cols, recursion.activations);
  const { output } = followRows("kernelDiagonal", recursion, batch, 0, x.rows);
  if (get === "nngp") return output;
  const values = new Float64Array(x.rows);
  for (let i = 0; i < x.rows; i++) {
    const tile = evaluateTile(recursion, batch, batch, { row: i, rows: 1, col: i, cols: 1 }, true);
    values[i] = checkedEntry("kernelDiagonal", get, tile.ntk![0]!, i, i);
  }
  return values;
}

function checkNames(where: string, names: readonly KernelName[]): void {
  if (!Array.isArray(names) || names.length === 0)
    throw new ValueError(`${where}: get must be "nngp", "ntk" or a list of them, got ${quoted(names)}`);
  for (const name of names) checkChoice(where, "get", name, ["nngp", "ntk"]);
}

function checkedRecursion(where: string, network: Layer, { activations, frozen = 0 }: KernelFnOptions): Recursion {
  if (!(Number.isInteger(frozen) && frozen >= 0))
    throw new ValueError(`${where}: frozen must be a whole number from 0, got ${frozen}`);
  return recursionOf(network, activations, frozen);
}

async function computeGrams(
  recursion: Recursion,
  x1: Matrix,
  x2: Matrix | null,
  names: readonly KernelName[],
  { tile, engine, ...workOptions }: GramOptions,
): Promise<Grams> {
  if (tile !== undefined && !(Number.isInteger(tile) && tile > 0))
    throw new ValueError(`kernelFn: tile must be a positive integer, got ${tile}`);
  const a = checkedBatch("kernelFn: x1", x1);
  const b = x2 === null ? a : checkedBatch("kernelFn: x2", x2);
  checkSameCols("kernelFn", x1, b.x);
  checkLimit(recursion.network, x1.cols, recursion.activations);
  if (a.x.rows * b.x.rows > MOST_ENTRIES)
    throw new ShapeError(
      `kernelFn: a Gram matrix of ${a.x.rows} x ${b.x.rows} entries is more than an array holds: take fewer rows`,
    );
  const work = startWork(workOptions);
  const variances1 = await followVariances("kernelFn", recursion, a, work);
  const variances2 = a === b ? variances1 : await followVariances("kernelFn", recursion, b, work);
  if (engine?.gram && a.x.rows * b.x.rows > 0) {
    const { network, frozen, preciseSine } = recursion;
    const pace = startPace();
    const block: GramRequest["block"] = (range, visit) => mapTile(recursion, a, b, range, names, pace, visit);
    const request = { network, frozen, preciseSine, names, a, b, variances1, variances2, tile, block };
    const grams = await engine.gram(request, workOptions);
    if (grams) return grams;
  }
  return gramByLayers(recursion, a, b, names, tile, workOptions);
}

async function gramByLayers(
  recursion: Recursion,
  a: Batch,
  b: Batch,
  names: readonly KernelName[],
  tile: number | undefined,
  workOptions: WorkOptions,
): Promise<Grams> {
  const grams: Partial<Record<KernelName, Matrix>> = {};
  for (const name of names) grams[name] = matrix(a.x.rows, b.x.rows);
  const ranges = tileRanges(a.x.rows, b.x.rows, tile ?? DEFAULT_TILE, a === b);
  const total = ranges.reduce((sum, range) => sum + range.rows * range.cols, 0);
  const work = startWork(workOptions);
  const pace = startPace();
  let done = 0;
  for (const range of ranges) {
    await mapTile(recursion, a, b, range, names, pace, async (piece, values) => {
      for (const name of names) placeTile(grams[name]!, values[name]!, piece, a === b);
      done += piece.rows * piece.cols;
      await work.breathe(done / total);
    });
  }
  return grams as Grams; // it has the names that were asked for
}

/** Maps a tile by the layers' own rules, piece by piece: each is short to compute, whatever an entry costs. */
async function mapTile(
  recursion: Recursion,
  a: Batch,
  b: Batch,
  tile: TileRange,
  names: readonly KernelName[],
  pace: Pace,
  visit: (piece: TileRange, values: TileValues) => Promise<void>,
): Promise<void> {
  for (const piece of piecesOf(tile, pace)) {
    const values = pace.measure(piece.rows * piece.cols, () => tileOfNames(recursion, a, b, piece, names));
    await visit(piece, values);
  }
}

/** A block of each Gram matrix that is asked for, by the layers' own rules. Throws when an entry leaves the range of float64. */
function tileOfNames(
  recursion: Recursion,
  a: Batch,
  b: Batch,
  range: TileRange,
  names: readonly KernelName[],
): TileValues {
  const { nngp, ntk } = evaluateTile(recursion, a, b, range, names.includes("ntk"));
  const values: TileValues = { ...(names.includes("nngp") && { nngp }), ...(ntk && { ntk }) };
  for (const name of names)
    values[name]!.forEach((value, at) => {
      checkedEntry("kernelFn", name, value, range.row + Math.floor(at / range.cols), range.col + (at % range.cols));
    });
  return values;
}

function evaluateTile(recursion: Recursion, a: Batch, b: Batch, range: TileRange, wantNtk: boolean): KernelTile {
  return interpretKernel(recursion, inputTile(a, b, range, wantNtk)) as KernelTile; // `checkLimit` has seen that it is one
}

/** Tiles that cover the matrix; only those on and below the diagonal when it is symmetric. */
function tileRanges(rows: number, cols: number, tile: number, symmetric: boolean): TileRange[] {
  const ranges: TileRange[] = [];
  for (let row = 0; row < rows; row += tile) {
    const end = symmetric ? Math.min(row + tile, cols) : cols;
    for (let col = 0; col < end; col += tile)
      ranges.push({ row, rows: Math.min(tile, rows - row), col, cols: Math.min(tile, cols - col) });
  }
  return ranges;
}

function checkedEntry(where: string, name: KernelName, value: number, row: number, col: number): number {
  if (Number.isFinite(value)) return value;
  throw new NumericalError(
    `${where}: ${name} of rows ${row} and ${col} leaves the range of float64: rescale the inputs or lower wStd`,
  );
}

/** Copies a tile to its place and, in a symmetric matrix, to its mirror image. */
function placeTile(gram: Matrix, values: Float64Array, range: TileRange, symmetric: boolean): void {
  for (let i = 0, at = 0; i < range.rows; i++) {
    const row = range.row + i;
    for (let j = 0; j < range.cols; j++, at++) {
      const col = range.col + j;
      const value = values[at]!;
      gram.data[row * gram.cols + col] = value;
      if (symmetric) gram.data[col * gram.cols + row] = value;
    }
  }
}
