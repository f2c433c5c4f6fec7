import { NumericalError, ValueError } from "../errors.ts";
import { kernelFn } from "../kernel/kernel-fn.ts";
import { zeros } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { diagonal, type Matrix, takeRows } from "../matrix/matrix.ts";
import { type LeaveOneOut, looAt, looFromCholesky } from "../predict/leave-one-out.ts";
import type { PredictOptions } from "../predict/options.ts";
import { tridiagonalPath } from "../predict/tridiagonal-path.ts";
import { type Key, key, permutation } from "../random/key.ts";
import * as portable from "../special/portable.ts";
import type { Candidate } from "./candidates.ts";

/** Judges leave-one-out predictions; lower is better. `y` are the targets they are of. */
export type Criterion = (loo: LeaveOneOut, y: Matrix) => number;

export interface SelectOptions extends PredictOptions {
  readonly criterion: Criterion;
  readonly seed: number;
  /** Rows used to compare architectures; the ridge is always settled on all of them. */
  readonly maxRows?: number;
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
  readonly gram: Matrix;
  /** Absolute ridge. */
  readonly diagReg: number;
  readonly loo: LeaveOneOut;
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
  readonly gram: Matrix;
  /** Whether these were fewer than all rows, so that the ridge is still to be settled. */
  readonly onSubset: boolean;
}

/**
 * The candidate and ridge with the best leave-one-out predictions on the training rows. No tuning, no validation
 * split: every training row judges a model fitted without it, in closed form.
 */
export async function selectCandidate(
  x: Matrix,
  y: Matrix,
  candidates: readonly Candidate[],
  options: SelectOptions,
): Promise<Selection> {
  return settleRidge(x, y, await compareCandidates(x, y, candidates, options), options);
}

/** Every candidate at its best ridge, on at most `maxRows` rows. O(candidates · maxRows³). */
export async function compareCandidates(
  x: Matrix,
  y: Matrix,
  candidates: readonly Candidate[],
  options: SelectOptions,
): Promise<Comparison> {
  const { engine, signal, onProgress, maxRows = MAX_ROWS } = options;
  if (candidates.length === 0) throw new ValueError("selectCandidate: there must be at least one candidate, got none");
  const rows = subset(x.rows, maxRows, key(options.seed));
  const [xs, ys] = rows ? [takeRows(x, rows), takeRows(y, rows)] : [x, y];
  const scores: CandidateScore[] = [];
  let leader: { readonly winner: Candidate; readonly gram: Matrix; readonly best: Best } | null = null;
  for (const candidate of candidates) {
    const gram = await kernelFn(candidate.network)(xs, null, candidate.kernel, { engine, signal });
    const best = await bestRidge(gram, ys, options);
    scores.push({ name: candidate.name, score: best.score, relativeDiagReg: best.relative });
    if (leader === null || best.score < leader.best.score) leader = { winner: candidate, gram, best };
    onProgress?.(scores.length / candidates.length);
  }
  return { ...leader!, scores, onSubset: rows !== null };
}

/** The winner with its ridge settled on all rows: nothing to do where all were compared, else O(n³). */
export async function settleRidge(
  x: Matrix,
  y: Matrix,
  { winner, scores, best, gram, onSubset }: Comparison,
  options: SelectOptions,
): Promise<Selection> {
  if (!onSubset) return { candidate: winner, scores, gram, diagReg: best.diagReg, loo: best.loo };
  const whole = await kernelFn(winner.network)(x, null, winner.kernel, {
    engine: options.engine,
    signal: options.signal,
  });
  const memory = zeros(options.engine ?? jsEngine, whole.data.length);
  const settled = await refineRidge(whole, y, best.relative, memory, options);
  return { candidate: winner, scores, gram: whole, diagReg: settled.diagReg, loo: settled.loo, memory };
}

/** A random subset of the rows, in increasing order, or null when all of them are few enough. */
function subset(n: number, maxRows: number, from: Key): Uint32Array | null {
  return n <= maxRows ? null : permutation(from, n).slice(0, maxRows).sort();
}

/** One candidate at one ridge. */
export interface Best {
  readonly diagReg: number;
  readonly relative: number;
  readonly score: number;
  readonly loo: LeaveOneOut;
}

/** The best ridge of the grid, from one decomposition. */
async function bestRidge(gram: Matrix, y: Matrix, options: SelectOptions): Promise<Best> {
  const { engine, signal, criterion } = options;
  const path = await tridiagonalPath(gram, y, { engine, signal });
  const scale = meanDiagonal(gram);
  return best(RELATIVE_RIDGES, async (relative) => {
    const loo = await looAt(path, relative * scale, { engine, signal });
    return loo.ok ? { diagReg: relative * scale, relative, score: criterion(loo, y), loo } : null;
  });
}

/** The best ridge near one found on fewer rows, by one Cholesky factorization each, all in the same memory. */
async function refineRidge(
  gram: Matrix,
  y: Matrix,
  near: number,
  reuse: Float64Array,
  options: SelectOptions,
): Promise<Best> {
  const { engine, signal, criterion } = options;
  const scale = meanDiagonal(gram);
  const relatives = REFINEMENTS.map((factor) => factor * near);
  return best(relatives, async (relative) => {
    const diagReg = relative * scale;
    const loo = await looFromCholesky(gram, y, { diagReg, engine, signal, reuse });
    if (!loo.ok) return null;
    const { ok, residuals, variances } = loo; // without the factor: one at a time is memory enough
    return { diagReg, relative, score: criterion(loo, y), loo: { ok, residuals, variances } };
  });
}

async function best(relatives: readonly number[], at: (relative: number) => Promise<Best | null>): Promise<Best> {
  let winner: Best | null = null;
  for (const relative of relatives) {
    const found = await at(relative);
    if (found && (winner === null || found.score < winner.score)) winner = found;
  }
  if (winner) return winner;
  throw new NumericalError(
    `the kernel matrix is singular at every ridge up to ${relatives.at(-1)} of its diagonal: check the inputs for extreme values`,
  );
}

function meanDiagonal(gram: Matrix): number {
  return diagonal(gram).reduce((sum, value) => sum + value, 0) / gram.rows || 1;
}
