import { DataError } from "../errors.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import type { PredictOptions } from "../predict/options.ts";
import { type Candidate, defaultCandidates } from "./candidates.ts";
import { MOST_CHOSEN_AGAIN, residualsChosenAgain } from "./choose-again.ts";
import { fitKernel } from "./fit-kernel.ts";
import type { LeftOut } from "./leave-inputs-out.ts";
import { meanAndStd } from "./mean-and-std.ts";
import type { RegressionModel } from "./model.ts";
import { noiseProfile } from "./noise-profile.ts";
import { fitPreprocessor, type InputOptions, preprocess } from "./preprocess.ts";
import { noiseVariance, replicateVariance } from "./replicates.ts";
import { learnedRows, type RowColumns } from "./row-roles.ts";
import { weightedMean } from "./row-weights.ts";
import { isDesign, type RowsByInput } from "./rows-by-input.ts";
import type { Selection, SelectOptions } from "./select.ts";
import { selectModel } from "./select-model.ts";
import type { Table } from "./table.ts";
import { numericTarget } from "./target.ts";
import { chooseTransform, scaleTarget, smearOf, targetOutliers } from "./target-transform.ts";

export interface FitOptions extends PredictOptions, InputOptions, RowColumns {
  readonly target: string;
  /** Architectures to choose from; the default ones when absent. */
  readonly candidates?: readonly Candidate[] | undefined;
  readonly seed?: number | undefined;
}

export const FIT_NAMES: readonly string[] = optionNames<FitOptions>({
  ...PREDICT_NAMES,
  target: true,
  candidates: true,
  seed: true,
  exclude: true,
  weight: true,
  group: true,
  time: true,
});

/**
 * Learns a numeric target from every other column that is not excluded. Rows without a target are left out.
 *
 * Architecture and ridge: least leave-one-out squared error, where rows with equal inputs are left out together. Intervals:
 * the Gaussian process's predictive standard deviation, with at least the noise that targets of equal inputs show, scaled
 * so that leave-one-out intervals hold the share of targets they promise.
 */
export async function fitRegression(table: Table, options: FitOptions): Promise<RegressionModel> {
  checkOptions("fitRegression", options, FIT_NAMES);
  const { target, engine = jsEngine, seed = 0, candidates = defaultCandidates() } = options;
  const { rows, values: all } = numericTarget(table, target);
  const isSlip = targetOutliers(all) ?? (() => false);
  const usual = [...rows.keys()].filter((at) => !isSlip(all[at]!));
  const learned = learnedRows(
    table,
    target,
    usual.map((at) => rows[at]!),
    options,
  );
  const { table: known, kept, roles, record } = learned;
  const values = Float64Array.from(kept, (at) => all[usual[at]!]!);
  if (meanAndStd(values, roles.weights).std === 0)
    throw new DataError(
      `${table.source}: target "${target}" is ${values[0]} in every row, so there is nothing to learn`,
    );
  const select = { ...options, criterion: looMeanSquare, seed, roles };
  const inputs = preprocess(fitPreprocessor(known, target, options), known);
  const scaled = scaleTarget(await chooseTransform(inputs, values, candidates, select), values, roles.weights);
  const { preprocessor, selection } = await selectModel(known, target, scaled.y, candidates, select);
  const { data, loo, diagReg } = selection;
  const noise = noiseVariance(loo, diagReg, replicateVariance(data));
  const calibration = await calibrate(selection, noise, candidates, select);
  const { fitted, lower } = await fitKernel(selection, options);
  options.onProgress?.(1);
  return {
    task: "regression",
    target,
    rows: kept.length,
    leftOut: loo.times,
    ...record,
    ...(usual.length < rows.length && { slips: Array.from(all.filter(isSlip)) }),
    preprocessor,
    transform: scaled.transform,
    targetMean: scaled.mean,
    targetStd: scaled.std,
    smear: smearOf(scaled.transform, loo.residuals.data, loo.weights),
    fitted,
    lower,
    noise,
    ...calibration,
    targets: firstTargets(data),
    scores: selection.scores,
    seed,
    engine: engine.name,
  };
}

function firstTargets({ inputOf, counts, y }: RowsByInput): Float64Array {
  const targets = new Float64Array(counts.length);
  for (let i = inputOf.length - 1; i >= 0; i--) targets[inputOf[i]!] = y.data[i]!;
  return targets;
}

function looMeanSquare({ residuals, weights }: LeftOut): number {
  return weightedMean(
    residuals.data.map((r) => r * r),
    weights,
  );
}

/**
 * Residuals of rows left out over their predicted standard deviations. Of few rows, by models chosen without them; of many,
 * where their size changes with the inputs, the standard deviations follow it. Neither where rows go by groups or in time.
 */
async function calibrate(
  selection: Selection,
  noise: number,
  candidates: readonly Candidate[],
  options: SelectOptions,
): Promise<Pick<RegressionModel, "looScores" | "looInputs" | "looWeights" | "profile">> {
  const { data, gram, loo, diagReg } = selection;
  const own = { ...options, onProgress: undefined };
  const { weights } = loo;
  const byInputs = !data.roles.groups && !data.roles.times;
  const few = data.counts.length <= MOST_CHOSEN_AGAIN;
  const residuals =
    few && byInputs && candidates.length > 1 && !isDesign(data)
      ? await residualsChosenAgain(data, candidates, own)
      : loo.residuals.data;
  const std = (i: number): number => Math.sqrt(loo.variances[i]! + (noise - diagReg) / (weights?.[i] ?? 1));
  const scores = residuals.map((r, i) => Math.abs(r) / std(i));
  const found = few || !byInputs ? null : await noiseProfile(data, gram, scores, own);
  const judged = loo.rows ?? Uint32Array.from(scores.keys());
  const looInputs = Uint32Array.from(judged, (i) => data.inputOf[i]!);
  return {
    looScores: found === null ? scores : scores.map((score, i) => score / found.scales[looInputs[i]!]!),
    looInputs,
    ...(weights && { looWeights: weights }),
    profile: found === null ? null : found.profile,
  };
}
