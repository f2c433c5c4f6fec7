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
import { findOutliers } from "./outliers.ts";
import { fitPreprocessor, type InputOptions, type Preprocessor, preprocess } from "./preprocess.ts";
import { noiseVariance, replicateVariance } from "./replicates.ts";
import { type LearnedRows, learnedRows, type RowColumns } from "./row-roles.ts";
import { weightedMean } from "./row-weights.ts";
import { isDesign } from "./rows-by-input.ts";
import type { Selection, SelectOptions } from "./select.ts";
import { selectModel } from "./select-model.ts";
import type { Table } from "./table.ts";
import { numericTarget } from "./target.ts";
import {
  chooseTransform,
  reachOf,
  type ScaledTarget,
  scaleTarget,
  smearOf,
  targetOutliers,
} from "./target-transform.ts";

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
 * Learns a numeric target from every other column that is not excluded. Rows without a target are left out, and so are the few whose
 * target no spread and no noise explains (`slips`).
 *
 * Architecture and ridge: least leave-one-out squared error, where rows with equal inputs are left out together; a skewed target above 0
 * is learned on the scale that leave-one-out density chooses. Intervals: the Gaussian process's predictive standard deviation, with at least
 * the noise that targets of equal inputs show, where the data say so larger and smaller with the inputs, scaled so that leave-one-out
 * intervals hold the share of targets they promise. O(candidates · 600³ + n³).
 */
export async function fitRegression(table: Table, options: FitOptions): Promise<RegressionModel> {
  checkOptions("fitRegression", options, FIT_NAMES);
  const { target, engine = jsEngine, seed = 0, candidates = defaultCandidates() } = options;
  const { rows, values } = numericTarget(table, target);
  const isSlip = targetOutliers(values);
  const usual = isSlip === null ? [...rows.keys()] : [...rows.keys()].filter((at) => !isSlip(values[at]!));
  const select = { ...options, criterion: looMeanSquare, seed };
  let learned = await learnFrom(table, rows, values, usual, candidates, select);
  const far = farResiduals(learned);
  if (far.size > 0) {
    const rest = usual.filter((at) => !far.has(at));
    learned = await learnFrom(table, rows, values, rest, candidates, { ...select, onProgress: undefined });
  }
  const { kept, roles, record, scaled, preprocessor, selection } = learned;
  const { data, loo, diagReg } = selection;
  const noise = noiseVariance(loo, diagReg, replicateVariance(data));
  const calibration = await calibrate(selection, noise, candidates, { ...select, roles });
  const { fitted, lower } = await fitKernel(selection, options);
  options.onProgress?.(1);
  return {
    task: "regression",
    target,
    rows: kept.length,
    leftOut: loo.times,
    ...record,
    ...slipsOf(values, usual, far),
    preprocessor,
    transform: scaled.transform,
    targetMean: scaled.mean,
    targetStd: scaled.std,
    smear: smearOf(scaled.transform, loo.residuals.data, loo.weights),
    ...reachOf(scaled.transform, scaled.y.data),
    fitted,
    lower,
    noise,
    ...calibration,
    targets: loo.y.data,
    scores: selection.scores,
    seed,
    engine: engine.name,
  };
}

/** What was learned from some of the rows that have a target. */
interface Learned extends Pick<LearnedRows, "roles" | "record"> {
  /** Which of these were learned from. */
  readonly kept: readonly number[];
  readonly scaled: ScaledTarget;
  readonly preprocessor: Preprocessor;
  readonly selection: Selection;
}

/** Learns from those of the rows with a target that `some` lists, by their position among these. */
async function learnFrom(
  table: Table,
  rows: readonly number[],
  all: Float64Array,
  some: readonly number[],
  candidates: readonly Candidate[],
  options: SelectOptions & FitOptions,
): Promise<Learned> {
  const { target } = options;
  const known = learnedRows(
    table,
    target,
    some.map((at) => rows[at]!),
    options,
  );
  const kept = known.kept.map((at) => some[at]!);
  const values = Float64Array.from(kept, (at) => all[at]!);
  const { roles, record } = known;
  if (meanAndStd(values, roles.weights).std === 0)
    throw new DataError(
      `${table.source}: target "${target}" is ${values[0]} in every row, so there is nothing to learn`,
    );
  const select = { ...options, roles };
  const inputs = preprocess(fitPreprocessor(known.table, target, options), known.table);
  const transform = await chooseTransform(inputs, values, candidates, select);
  const scaled = scaleTarget(transform, values, roles.weights);
  const chosen = await selectModel(known.table, target, scaled.y, candidates, select);
  return { kept, roles, record, scaled, ...chosen };
}

/** Robust standard deviations of the residuals beyond which a target is a slip: what no noise explains. */
const FAR_RESIDUAL = 15;

/**
 * Rows whose target is far from what the others say of it: also by more than the standard deviation of targets, as the last points of a
 * smooth curve without noise are not.
 */
function farResiduals({ kept, selection: { loo } }: Learned): ReadonlySet<number> {
  const outliers = findOutliers(loo.residuals.data, FAR_RESIDUAL);
  if (outliers === null) return new Set();
  const judged = loo.rows ?? kept.keys();
  const isFar = (residual: number) => Math.abs(residual) > 1 && outliers.isOutlier(residual);
  return new Set(Array.from(judged, (i) => kept[i]!).filter((_, at) => isFar(loo.residuals.data[at]!)));
}

/** The targets of rows that were left out for being far, if there are any. */
function slipsOf(
  values: Float64Array,
  usual: readonly number[],
  far: ReadonlySet<number>,
): Pick<RegressionModel, "slips"> {
  const own = new Set(usual.filter((at) => !far.has(at)));
  const slips = Array.from(values).filter((_, at) => !own.has(at));
  return slips.length === 0 ? {} : { slips };
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
  const found = few || !byInputs ? null : await noiseProfile(data, gram, scores, { ...own, reuse: selection.memory });
  const judged = loo.rows ?? Uint32Array.from(scores.keys());
  const looInputs = Uint32Array.from(judged, (i) => data.inputOf[i]!);
  return {
    looScores: found === null ? scores : scores.map((score, i) => score / found.scales[looInputs[i]!]!),
    looInputs,
    ...(weights && { looWeights: weights }),
    profile: found === null ? null : found.profile,
  };
}
