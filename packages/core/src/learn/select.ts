import { NumericalError, ValueError } from "../errors.ts";
import { kernelFn } from "../kernel/kernel-fn.ts";
import { zeros } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { diagonal, type Matrix } from "../matrix/matrix.ts";
import type { PredictOptions } from "../predict/options.ts";
import { type Key, key, permutation } from "../random/key.ts";
import * as portable from "../special/portable.ts";
import type { Candidate } from "./candidates.ts";
import { type Judge, judgeByCholesky, judgeByPath } from "./judge.ts";
import { type LeftOut, weighGram } from "./leave-inputs-out.ts";
import type { RowRoles } from "./row-roles.ts";
import { isPlain, type RowsByInput, rowsByInput, takeInputs } from "./rows-by-input.ts";

/** Judges leave-one-out predictions; lower is better. `y` are the targets they are of. */
export type Criterion = (loo: LeftOut, y: Matrix) => number;

export interface SelectOptions extends PredictOptions {
  readonly criterion: Criterion;
  readonly seed: number;
  /** Different inputs used to compare architectures; the ridge is always settled on all of them. */
  readonly maxRows?: number;
  /** What each row counts. */
  readonly roles?: RowRoles | undefined;
}

/** How one candidate did at its best ridge. */
export interface CandidateScore {
  readonly name: string;
  readonly score: number;
  /** Ridge divided by the mean of the kernel's diagonal. */
  readonly relativeDiagReg: number;
}

export interface Selection {
  readonly candidate: Candidate;
  readonly data: RowsByInput;
  /** Of the different inputs, weighted by their counts (`weighGram`). */
  readonly gram: Matrix;
  /** Absolute ridge. */
  readonly diagReg: number;
  readonly loo: LeftOut;
  readonly scores: readonly CandidateScore[];
  /** For the factor of the Gram matrix, where memory was used for such factors: see `CholeskyOptions.reuse`. */
  readonly memory?: Float64Array | undefined;
}

const MAX_ROWS = 600;

/** Relative ridges tried for every candidate: 10⁻⁹ … 10, three to a decade. */
const RELATIVE_RIDGES: readonly number[] = Array.from({ length: 31 }, (_, i) => portable.power(10, -9 + i / 3));

/** Around the best of these, when more rows come in. */
const REFINEMENTS: readonly number[] = [
  1 / 10,
  portable.power(10, -2 / 3),
  portable.power(10, -1 / 3),
  1,
  portable.power(10, 1 / 3),
];

/** How the candidates did on the rows they were compared on. */
export interface Comparison {
  readonly winner: Candidate;
  readonly scores: readonly CandidateScore[];
  readonly best: Best;
  /** All rows. */
  readonly data: RowsByInput;
  /** Of the inputs they were compared on, weighted by their counts (`weighGram`). */
  readonly gram: Matrix;
  /** Whether these were fewer than all, so that the ridge is still to be settled. */
  readonly onSubset: boolean;
}

/**
 * The candidate and ridge with the best leave-one-out predictions on the training rows. No tuning, no validation
 * split: every training row judges a model fitted without it and without all that repeat its inputs, in closed form.
 */
export async function selectCandidate(
  x: Matrix,
  y: Matrix,
  candidates: readonly Candidate[],
  options: SelectOptions,
): Promise<Selection> {
  return settleRidge(await compareCandidates(x, y, candidates, options), options);
}

/** Every candidate at its best ridge, on the rows of at most `maxRows` different inputs. O(candidates · maxRows³). */
export async function compareCandidates(
  x: Matrix,
  y: Matrix,
  candidates: readonly Candidate[],
  options: SelectOptions,
): Promise<Comparison> {
  const { engine, signal, onProgress, maxRows = MAX_ROWS } = options;
  if (candidates.length === 0) throw new ValueError("selectCandidate: there must be at least one candidate, got none");
  const data = rowsByInput(x, y, options.roles);
  const inputs = subset(data.x.rows, maxRows, key(options.seed));
  const compared = inputs ? takeInputs(data, inputs) : data;
  const scores: CandidateScore[] = [];
  let leader: { readonly winner: Candidate; readonly gram: Matrix; readonly best: Best } | null = null;
  for (const candidate of candidates) {
    const weighted = await gramOf(candidate, compared, { engine, signal });
    const best = await bestRidge(weighted, compared, options);
    scores.push({ name: candidate.name, score: best.score, relativeDiagReg: best.relative });
    if (leader === null || best.score < leader.best.score) leader = { winner: candidate, gram: weighted.gram, best };
    onProgress?.(scores.length / candidates.length);
  }
  return { ...leader!, scores, data, onSubset: inputs !== null };
}

/** The winner of a comparison with its ridge settled on all rows: nothing to do where all were compared, else O(n³). */
export async function settleRidge(
  { winner, scores, best, data, gram, onSubset }: Comparison,
  options: SelectOptions,
): Promise<Selection> {
  if (!onSubset) return { candidate: winner, scores, data, gram, diagReg: best.diagReg, loo: best.loo };
  const { engine = jsEngine, signal } = options;
  const whole = await gramOf(winner, data, { engine, signal });
  const memory = zeros(engine, whole.gram.data.length);
  const { diagReg, loo } = await refineRidge(whole, data, best.relative, memory, options);
  return { candidate: winner, scores, data, gram: whole.gram, diagReg, loo, memory };
}

/** A weighted kernel matrix, and the mean of its diagonal without weights. */
export interface WeightedGram {
  readonly gram: Matrix;
  readonly scale: number;
}

async function gramOf(
  { network, kernel }: Candidate,
  data: RowsByInput,
  options: Pick<PredictOptions, "engine" | "signal">,
): Promise<WeightedGram> {
  return weightedGram(await kernelFn(network)(data.x, null, kernel, options), data);
}

/** The kernel matrix of the different inputs, weighted by their counts in its own memory. */
export function weightedGram(gram: Matrix, data: RowsByInput): WeightedGram {
  const scale = meanDiagonal(gram);
  return { gram: isPlain(data) ? gram : weighGram(gram, data.counts), scale };
}

/** A random subset of the inputs, in increasing order, or null when all of them are few enough. */
function subset(n: number, maxRows: number, from: Key): Uint32Array | null {
  return n <= maxRows ? null : permutation(from, n).slice(0, maxRows).sort();
}

/** One candidate at one ridge. */
export interface Best {
  readonly diagReg: number;
  readonly relative: number;
  readonly score: number;
  readonly loo: LeftOut;
}

/** The best ridge of the grid, from one decomposition. */
export async function bestRidge(
  { gram, scale }: WeightedGram,
  data: RowsByInput,
  options: SelectOptions,
): Promise<Best> {
  const { engine, signal } = options;
  return best(RELATIVE_RIDGES, scale, await judgeByPath(gram, data, { engine, signal }), options);
}

/** The best ridge near one found on fewer rows, by one Cholesky factorization each, all in the same memory. */
async function refineRidge(
  { gram, scale }: WeightedGram,
  data: RowsByInput,
  near: number,
  reuse: Float64Array,
  options: SelectOptions,
): Promise<Best> {
  const { engine, signal } = options;
  const relatives = REFINEMENTS.map((factor) => factor * near);
  return best(relatives, scale, judgeByCholesky(gram, data, reuse, { engine, signal }), options);
}

async function best(
  relatives: readonly number[],
  scale: number,
  judge: Judge,
  { criterion }: SelectOptions,
): Promise<Best> {
  let winner: Best | null = null;
  for (const relative of relatives) {
    const diagReg = relative * scale;
    const loo = await judge(diagReg);
    if (loo === null) continue;
    const score = criterion(loo, loo.y);
    if (winner === null || score < winner.score) winner = { diagReg, relative, score, loo };
  }
  if (winner) return winner;
  throw new NumericalError(
    `the kernel matrix is singular at every ridge up to ${relatives.at(-1)} of its diagonal: check the inputs for extreme values`,
  );
}

function meanDiagonal(gram: Matrix): number {
  return diagonal(gram).reduce((sum, value) => sum + value, 0) / gram.rows || 1;
}
