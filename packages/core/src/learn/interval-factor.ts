import { ValueError } from "../errors.ts";
import { kernelFn } from "../kernel/kernel-fn.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { type Matrix, matrix, row, takeRows } from "../matrix/matrix.ts";
import type { PredictOptions } from "../predict/options.ts";
import { solveFactorized } from "../predict/regularized-solve.ts";
import { key, permutation } from "../random/key.ts";
import { normalQuantile } from "../random/normal-quantile.ts";
import { completeRows, completionsPerRow, donorSources } from "./donors.ts";
import type { RegressionModel } from "./model.ts";
import { meanVariances, mixtures, withNoise } from "./predictive.ts";
import { sortedByWeight } from "./row-weights.ts";
import { keyOf, kindsOfInputs, type RowKind, type RowKinds } from "./unknown-inputs.ts";

/**
 * The factor on predicted standard deviations whose intervals hold a new target with probability `level`: the
 * ⌈(n + 1)·level⌉-th smallest leave-one-out score, as in conformal prediction; scores of rows that were left out together
 * share the weight of one. Where rows were left out too few times for that (fewer than 19 for 0.95), the largest score or
 * what Gaussian scores of the same size would need, whichever is larger. Scores count by the weights of their rows.
 */
export function intervalFactor(
  { looScores, looWeights, leftOut }: Pick<RegressionModel, "looScores" | "looWeights" | "leftOut">,
  level: number,
): number {
  if (!(level > 0 && level < 1)) throw new ValueError(`level must be above 0 and below 1, got ${level}`);
  const scores = sortedByWeight(looScores, looWeights);
  const n = scores.length;
  const rank = Math.ceil((n + n / leftOut) * level - 1e-9); // 0.07 · 100 is 7, not 8
  if (rank <= n) return scores[rank - 1]!;
  return Math.max(scores[n - 1]!, gaussianFactor(scores, leftOut, level));
}

/** What Gaussian scores of the same size would need, known by so many draws. */
function gaussianFactor(scores: Float64Array, draws: number, level: number): number {
  const rms = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0) / scores.length);
  return normalQuantile((1 + level) / 2) * rms * Math.sqrt((draws + 1) / Math.max(draws - 1, 1));
}

/** Training rows of a kind by which intervals for it are calibrated; of fewer, others are made to be of that kind. */
const ENOUGH_ROWS = 20;

/** Kinds that are calibrated each by itself, those of most rows; the others of a table are calibrated together. */
const MOST_KINDS = 12;

/**
 * The factor for rows of each kind in a table: rows of which less is known miss by more. Of kinds that training has, by the
 * leave-one-out scores of these rows; of others, by those of training rows whose values are taken away.
 */
export async function intervalFactors(
  model: RegressionModel,
  { kinds, kindOf }: RowKinds,
  level: number,
  options: PredictOptions,
): Promise<Float64Array> {
  const own = kindsOfInputs(model.preprocessor, model.fitted.xTrain);
  const factors = new Float64Array(kinds.length).fill(intervalFactor(model, level));
  const counts = new Float64Array(kinds.length);
  for (const kind of kindOf) counts[kind]!++;
  const factorOf = (rows: readonly number[]) => {
    const leftOut = rows.length * (model.leftOut / model.looScores.length);
    const of = (values: Float64Array) => Float64Array.from(rows, (i) => values[i]!);
    const { looScores, looWeights } = model;
    return intervalFactor({ looScores: of(looScores), looWeights: looWeights && of(looWeights), leftOut }, level);
  };
  // Where rows go by groups or in time, taking one row's values away is less than what is asked.
  const { group, time } = model.rowColumns ?? {};
  const least = group === undefined && time === undefined ? 0 : factors[0]!;
  const rowsOf = new Map(own.kinds.map((kind): [string, number[]] => [keyOf(kind), []]));
  model.looInputs.forEach((input, i) => {
    rowsOf.get(keyOf(own.kinds[own.kindOf[input]!]!))!.push(i);
  });
  const strange: number[] = [];
  kinds.forEach((kind, k) => {
    if (counts[k] === 0) return;
    const rows = rowsOf.get(keyOf(kind)) ?? [];
    if (rows.length >= ENOUGH_ROWS) factors[k] = factorOf(rows);
    else if (k > 0) strange.push(k);
  });
  strange.sort((a, b) => counts[b]! - counts[a]! || a - b);
  const alone = strange.slice(0, MOST_KINDS).map((k) => [k]);
  const together = strange.slice(MOST_KINDS);
  for (const group of together.length > 0 ? [...alone, together] : alone) {
    const scores = await scoresAsKinds(
      model,
      group.map((k) => kinds[k]!),
      own,
      options,
    );
    if (scores.length < MIN_MADE) continue;
    const factor = intervalFactor({ looScores: scores, leftOut: scores.length }, level);
    for (const k of group) factors[k] = Math.max(factor, least, newCategoryFactor(model, kinds[k]!, scores, level));
  }
  return factors;
}

/**
 * What Gaussian scores of the same size would need where a category was never seen: those seen are few draws of what a category may be, and
 * all rows of one are one of them. 0 where no category is unseen.
 */
function newCategoryFactor(
  { preprocessor }: RegressionModel,
  { unseen }: RowKind,
  scores: Float64Array,
  level: number,
): number {
  const seen = unseen.map((f) => {
    const feature = preprocessor.features[f]!;
    return feature.kind === "category" ? feature.levels.length : 0;
  });
  return seen.length === 0 ? 0 : gaussianFactor(scores, Math.min(...seen), level);
}

/** Fewer rows than this cannot be made to be of a kind to say anything. */
const MIN_MADE = 5;

/** Training inputs that are made to be of a kind. */
const MOST_MADE = 200;

/** Entries of K(x, xTrain) held at a time. */
const ENTRIES = 2 ** 24;

/**
 * Scores of training rows as if their inputs were of these kinds, one after the other, each by the model without the input: with P = A⁻¹,
 *
 *   mean₋ᵢ(x) = k(x)·α − (k(x)·Pᵢ) αᵢ/Pᵢᵢ        var₋ᵢ(x) = var(x) + (k(x)·Pᵢ)²/Pᵢᵢ
 *
 * for every completion x of input i, which lends nothing to itself. O(200 · 20 · n²).
 */
async function scoresAsKinds(
  model: RegressionModel,
  kinds: readonly RowKind[],
  own: RowKinds,
  options: PredictOptions,
): Promise<Float64Array> {
  const { fitted, preprocessor, targets, looInputs } = model;
  const rowsOf = Array.from({ length: fitted.xTrain.rows }, (): number[] => []);
  looInputs.forEach((input, i) => {
    rowsOf[input]!.push(i);
  });
  const sources = donorSources(preprocessor, fitted.xTrain, kinds);
  const unknown = kinds.map(({ missing, unseen }) => new Set([...missing, ...unseen]));
  // A row that lacks nothing but what the kind lacks can be made to be of it.
  const fits = (i: number, k: number) => own.kinds[own.kindOf[i]!]!.missing.every((f) => unknown[k]!.has(f));
  const made = Array.from(permutation(key(model.seed), fitted.xTrain.rows))
    .map((i, at) => ({ i, k: at % kinds.length }))
    .filter(({ i, k }) => fits(i, k))
    .slice(0, MOST_MADE);
  const perRow = Math.max(...sources.map(completionsPerRow));
  const size = Math.max(1, Math.floor(ENTRIES / (fitted.xTrain.rows * perRow)));
  const scores: number[] = [];
  for (let start = 0; start < made.length; start += size) {
    const some = made.slice(start, start + size);
    const rows = some.map(({ i }) => i);
    const x = takeRows(fitted.xTrain, rows);
    const completed = completeRows(
      x,
      fitted.xTrain,
      (at) => sources[some[at]!.k]!,
      (at) => (isOfDesign(model) ? -1 : rows[at]!),
    );
    const { means, variances } = await momentsWithout(model, rows, completed, options);
    rows.forEach((input, at) => {
      for (const i of rowsOf[input]!) scores.push(Math.abs(targets[i]! - means[at]!) / Math.sqrt(variances[at]!));
    });
  }
  return Float64Array.from(scores);
}

/** Whether inputs are the levels of a design, so that rows were judged with the others of their input (`isDesign`). */
function isOfDesign({ leftOut, looScores, fitted }: RegressionModel): boolean {
  return leftOut === looScores.length && leftOut > fitted.xTrain.rows;
}

/** Mean and variance of the completions of training inputs, by the model without the input; of a design with it. */
async function momentsWithout(
  model: RegressionModel,
  rows: readonly number[],
  { x, owner }: { readonly x: Matrix; readonly owner: Uint32Array },
  options: PredictOptions,
): Promise<{ readonly means: Float64Array; readonly variances: Float64Array }> {
  const { engine = jsEngine, signal } = options;
  const { fitted, lower } = model;
  const cross = await kernelFn(fitted.network)(x, fitted.xTrain, fitted.kernel, options);
  const variances = await meanVariances(model, x, cross, options);
  const means = (await engine.matmul(cross, fitted.alpha, { signal })).data.slice();
  if (isOfDesign(model)) return mixtures(owner, rows.length, means, await withNoise(model, variances, cross, options));
  const units = matrix(lower.rows, rows.length);
  rows.forEach((i, at) => {
    units.data[i * rows.length + at] = 1;
  });
  const inverse = await solveFactorized("predict", lower, units, engine, { signal });
  owner.forEach((at, j) => {
    const i = rows[at]!;
    const self = inverse.data[i * rows.length + at]!;
    const covariance = row(cross, j).reduce((sum, value, l) => sum + value * inverse.data[l * rows.length + at]!, 0);
    means[j]! -= (covariance * fitted.alpha.data[i]!) / self;
    variances[j]! += covariance ** 2 / self;
  });
  return mixtures(owner, rows.length, means, await withNoise(model, variances, cross, options));
}
