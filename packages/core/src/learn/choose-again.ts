import { NumericalError } from "../errors.ts";
import { kernelFn } from "../kernel/kernel-fn.ts";
import { zeros } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { type Matrix, takeBlock } from "../matrix/matrix.ts";
import { factorizeRegularized, solveFactorized } from "../predict/regularized-solve.ts";
import { key, permutation } from "../random/key.ts";
import type { Candidate } from "./candidates.ts";
import { weighedTargets, weighRows } from "./leave-inputs-out.ts";
import { type RowsByInput, takeInputs } from "./rows-by-input.ts";
import { type Best, bestRidge, type SelectOptions, weightedGram } from "./select.ts";

/** With more different inputs than this, the choice among a few candidates hardly flatters the winner. */
export const MOST_CHOSEN_AGAIN = 80;

/** Times the choice is made again. */
const FOLDS = 20;

/**
 * Residual of each row by a model of which the architecture and the ridge were chosen without it. Leave-one-out residuals of
 * the winner are smaller than those of fresh rows, as the winner was chosen by them; of twenty rows by about a tenth.
 * O(candidates · 20 · inputs³).
 */
export async function residualsChosenAgain(
  data: RowsByInput,
  candidates: readonly Candidate[],
  options: SelectOptions,
): Promise<Float64Array> {
  const grams: Matrix[] = [];
  for (const { network, kernel } of candidates) grams.push(await kernelFn(network)(data.x, null, kernel, options));
  const residuals = new Float64Array(data.y.rows);
  const order = permutation(key(options.seed), data.counts.length);
  const folds = Math.min(FOLDS, order.length);
  for (let fold = 0; fold < folds; fold++) {
    const out = order.filter((_, at) => at % folds === fold).sort();
    const rest = order.filter((_, at) => at % folds !== fold).sort();
    const seen = takeInputs(data, rest);
    const { gram, diagReg } = await choose(grams, seen, rest, options);
    const means = await predictInputs(gram, seen, rest, out, diagReg, options);
    const place = new Map(Array.from(out, (input, at) => [input, at]));
    data.inputOf.forEach((input, i) => {
      const at = place.get(input);
      if (at !== undefined) residuals[i] = data.y.data[i]! - means[at]!;
    });
    options.onProgress?.((fold + 1) / folds);
  }
  return residuals;
}

interface Choice {
  readonly gram: Matrix;
  readonly diagReg: number;
}

/** The choice that the inputs `rest` make among the kernel matrices of the candidates, of all inputs. */
async function choose(
  grams: readonly Matrix[],
  data: RowsByInput,
  rest: Uint32Array,
  options: SelectOptions,
): Promise<Choice> {
  let winner: { readonly gram: Matrix; readonly best: Best } | null = null;
  for (const gram of grams) {
    const best = await bestRidge(weightedGram(takeBlock(gram, rest, rest), data), data, options);
    if (winner === null || best.score < winner.best.score) winner = { gram, best };
  }
  const { gram, best } = winner!; // there is at least one candidate
  return { gram, diagReg: best.diagReg };
}

/** Mean of each input in `out` by the rows of the inputs in `rest`. */
async function predictInputs(
  gram: Matrix,
  data: RowsByInput,
  rest: Uint32Array,
  out: Uint32Array,
  diagReg: number,
  { engine = jsEngine, signal }: SelectOptions,
): Promise<Float64Array> {
  const inner = weightedGram(takeBlock(gram, rest, rest), data).gram;
  const reuse = zeros(engine, inner.data.length);
  const factor = await factorizeRegularized("fit", inner, diagReg, engine, { signal, reuse });
  if (!factor.ok) throw new NumericalError(factor.message);
  const solved = await solveFactorized("fit", factor.lower, weighedTargets(data), engine, { signal });
  const means = await engine.matmul(takeBlock(gram, out, rest), weighRows(solved, data.counts), { signal });
  return means.data;
}
