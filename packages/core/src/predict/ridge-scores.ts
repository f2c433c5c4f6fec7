import { looAt } from "./leave-one-out.ts";
import { type LikelihoodOptions, logMarginalLikelihoodAt } from "./marginal-likelihood.ts";
import type { PredictOptions } from "./options.ts";
import { effectiveDegreesOfFreedomAt, type RidgePath } from "./ridge-path.ts";
import type { SingularRidge } from "./singular-ridge.ts";
import type { TridiagonalPath } from "./tridiagonal-path.ts";

/** How well one ridge does, by what the training data alone can say. */
export interface RidgeScore {
  readonly ok: true;
  readonly diagReg: number;
  /** Mean over examples and outputs of the squared leave-one-out residual; in squared units of y. */
  readonly looMeanSquare: number;
  /** Sum over outputs. */
  readonly logMarginalLikelihood: number;
  readonly effectiveDegreesOfFreedom: number;
}

/** Scores of many ridges from one decomposition, in the given order. O(n² outputs) each. */
export async function ridgeScores(
  path: RidgePath | TridiagonalPath,
  diagRegs: readonly number[],
  options: PredictOptions & LikelihoodOptions = {},
): Promise<(RidgeScore | SingularRidge)[]> {
  const { engine, scale, signal, onProgress } = options;
  const scores: (RidgeScore | SingularRidge)[] = [];
  for (const diagReg of diagRegs) {
    signal?.throwIfAborted();
    const loo = await looAt(path, diagReg, { engine, signal });
    const evidence = logMarginalLikelihoodAt(path, diagReg, { scale });
    if (!loo.ok) scores.push(loo);
    else if (!evidence.ok) scores.push(evidence);
    else
      scores.push({
        ok: true,
        diagReg,
        looMeanSquare: loo.residuals.data.reduce((sum, r) => sum + r * r, 0) / loo.residuals.data.length,
        logMarginalLikelihood: evidence.total,
        effectiveDegreesOfFreedom: effectiveDegreesOfFreedomAt(path, diagReg),
      });
    onProgress?.(scores.length / diagRegs.length);
  }
  return scores;
}
