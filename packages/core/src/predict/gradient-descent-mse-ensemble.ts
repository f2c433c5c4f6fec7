import { ValueError } from "../errors.ts";
import type { Engine, WorkOptions } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { lossCurvature } from "../loss/squared-loss.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { checkChoice } from "../matrix/option-names.ts";
import { scaleRows } from "./descent-modes.ts";
import {
  addChange,
  checkTestTrain,
  ensembleChange,
  type GpKernels,
  nngpBlocks,
  pick,
  pickPrior,
  posteriorChange,
} from "./gp-blocks.ts";
import { checkDescentOptions, type GradientDescentMseOptions } from "./gradient-descent-mse.ts";
import { flowGain, type IndefiniteKernel, type MseModes, mseModes } from "./mse-flow.ts";
import { checkTraining } from "./options.ts";
import { checkRepresentable } from "./regularized-solve.ts";
import { ridgePath } from "./ridge-path.ts";

/** Which weights are trained: of the last layer only, or all. */
export type EnsembleKind = "nngp" | "ntk";

export interface EnsembleOptions extends GradientDescentMseOptions {
  readonly get: EnsembleKind;
}

/** The Gaussian that the test outputs of trained networks follow at time t; every output has the same covariance. */
export interface EnsemblePosterior {
  readonly t: number;
  /** m x outputs. */
  readonly mean: Matrix;
  /** m values: there when kTestTest was given. Rounding below zero is set to zero. */
  readonly variance?: Float64Array;
  /** m x m, exactly symmetric: there when kTestTest held matrices. */
  readonly covariance?: Matrix;
}

export interface EnsembleDescent {
  readonly ok: true;
  /** At time t in [0, ∞], in units of steps; several times in any order. O(n²m + nm²) each. */
  at(t: number, work?: WorkOptions): Promise<EnsemblePosterior>;
  at(t: readonly number[], work?: WorkOptions): Promise<readonly EnsemblePosterior[]>;
}

/**
 * Mean and covariance at the test inputs of the infinite ensemble of infinitely wide networks, each from its own random
 * weights, after gradient flow for a time t on a squared loss:
 *
 *   "nngp"   the last layer is trained:  mean K_td G y,    covariance K_tt − K_td G₂ K_dt,                       μ, V of K_dd
 *   "ntk"    all layers are:             mean Θ_td G y,    covariance K_tt + T K_dd Tᵀ − (T K_dt + K_td Tᵀ),     μ, V of Θ_dd
 *
 *   G = V diag((1 − e^{−ηcμt})/μ) Vᵀ,      G₂ the same at 2t,      T = Θ_td G
 *
 * with μ, V the eigenpairs of the matrix named + diagReg·I and c as in SquaredLoss. Lee et al. (2019), equations 13 to 16, at finite t.
 * With a ridge "nngp" has, beside it, noise of that variance in each network's targets. At t = 0 it is the prior, at t = ∞
 * what `gpInference` answers, where that exists: a mode without rate (μ = 0) stays as it was.
 *
 * Kernels as for `gpInference`; predictions at the training inputs by giving these as test inputs. An eigenvalue below zero by more than
 * rounding is a value, `ok: false`; throws for wrong input. O(9n³ + n²m).
 */
export async function gradientDescentMseEnsemble(
  kernels: GpKernels,
  yTrain: Matrix,
  options: EnsembleOptions,
): Promise<EnsembleDescent | IndefiniteKernel> {
  const { get, learningRate = 1, loss = "half-sum", diagReg = 0, engine = jsEngine, signal } = options;
  checkChoice("gradientDescentMseEnsemble", "get", get, ["nngp", "ntk"]);
  const where = `gradientDescentMseEnsemble("${get}")`;
  checkDescentOptions(where, options);
  const kdd = pick(where, kernels.kTrainTrain, "kTrainTrain", get);
  const ktd = pick(where, kernels.kTestTrain, "kTestTrain", get);
  checkTraining(where, kdd, yTrain, diagReg);
  checkTestTrain(where, ktd, kdd.rows);
  const prior = kernels.kTestTest && pickPrior(where, kernels.kTestTest, "nngp", ktd.rows);
  const nngp = get === "ntk" && prior !== undefined ? nngpBlocks(where, kernels, kdd, ktd) : null;
  const { vectors, ...path } = await ridgePath(kdd, yTrain, options);
  const modes = mseModes(where, { vectors, ...path }, diagReg);
  if (!modes.ok) return modes;
  const felt = await engine.matmul(vectors, ktd, { transposeB: true, signal });
  const rate = learningRate * lossCurvature(loss, yTrain);
  const ensemble: Ensemble = {
    where,
    prior,
    nngp,
    vectors,
    projected: path.projected,
    felt,
    modes,
    rate,
    engine,
  };
  function at(t: number, work?: WorkOptions): Promise<EnsemblePosterior>;
  function at(t: readonly number[], work?: WorkOptions): Promise<readonly EnsemblePosterior[]>;
  async function at(
    t: number | readonly number[],
    work: WorkOptions = {},
  ): Promise<EnsemblePosterior | readonly EnsemblePosterior[]> {
    if (typeof t === "number") return posteriorAt(ensemble, t, work);
    const posteriors: EnsemblePosterior[] = [];
    for (const time of t) {
      posteriors.push(await posteriorAt(ensemble, time, work));
      work.onProgress?.(posteriors.length / t.length);
    }
    return posteriors;
  }
  return { ok: true, at };
}

interface Ensemble {
  readonly where: string;
  readonly prior: Matrix | Float64Array | undefined;
  /** The blocks of K, for "ntk" with a prior. */
  readonly nngp: { readonly kdd: Matrix; readonly ktd: Matrix } | null;
  /** Vᵀ. */
  readonly vectors: Matrix;
  /** Vᵀ y. */
  readonly projected: Matrix;
  /** Vᵀ K_dt or Vᵀ Θ_dt, n x m: what each test output feels of each mode. */
  readonly felt: Matrix;
  readonly modes: MseModes;
  /** ηc. */
  readonly rate: number;
  readonly engine: Engine;
}

async function posteriorAt(ensemble: Ensemble, t: number, { signal }: WorkOptions): Promise<EnsemblePosterior> {
  const { where, prior, nngp, vectors, projected, felt, modes, rate, engine } = ensemble;
  if (!(t >= 0)) throw new ValueError(`${where}: t must be at least 0, or Infinity, got ${t}`);
  const gainsAt = (time: number): Float64Array => modes.curvatures.map((mu) => flowGain(rate, mu, time));
  const gains = gainsAt(t);
  const learned = scaleRows(projected, gains);
  checkRepresentable(where, learned);
  const mean = await engine.matmul(felt, learned, { transposeA: true, signal });
  checkRepresentable(where, mean);
  if (prior === undefined) return { t, mean };
  const change = nngp
    ? await ensembleChange(
        await engine.matmul(vectors, scaleRows(felt, gains), { transposeA: true, signal }),
        nngp,
        engine,
        { signal },
      )
    : posteriorChange(scaleRows(felt, gainsAt(2 * t).map(Math.sqrt)));
  checkRepresentable(where, change.left);
  checkRepresentable(where, change.right);
  return { t, mean, ...(await addChange(where, prior, change, engine, { signal })) };
}
