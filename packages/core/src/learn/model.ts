import type { KernelName } from "../kernel/gram-engine.ts";
import type { Layer } from "../layers/spec.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { NoiseProfile } from "./noise-profile.ts";
import type { Preprocessor } from "./preprocess.ts";
import type { RowColumns } from "./row-roles.ts";
import type { CandidateScore } from "./select.ts";
import type { TargetScale, TargetTransform } from "./target-transform.ts";

/** What both tasks learn: kernel ridge regression with an infinite network on preprocessed inputs. Plain data. */
export interface FittedKernel {
  readonly network: Layer;
  readonly kernel: KernelName;
  /** Name of the winning candidate. */
  readonly architecture: string;
  /** Absolute ridge on the diagonal of the kernel matrix, for an input that one row of weight 1 has: else divided by the sum of weights. */
  readonly diagReg: number;
  /** Preprocessed training inputs, each different one once, n x d. */
  readonly xTrain: Matrix;
  /** (K + diagReg·I)⁻¹ y, n x outputs, where no inputs repeat. */
  readonly alpha: Matrix;
}

interface ModelBase {
  readonly target: string;
  /** Training rows, those that repeat the inputs of others too. */
  readonly rows: number;
  /** How many times training rows were left out to judge the model: once for each different input, row of a design, group, or time. */
  readonly leftOut: number;
  /** Columns that said what training rows were; absent when none did. */
  readonly rowColumns?: RowColumns | undefined;
  /** Rows with a target that were left out, since they have weight 0. */
  readonly weightless?: number | undefined;
  readonly preprocessor: Preprocessor;
  readonly fitted: FittedKernel;
  readonly seed: number;
  /** Leave-one-out scores of everything that was tried; lower is better. */
  readonly scores: readonly CandidateScore[];
  /** The engine that fitted it: another one gives the same predictions to rounding, this one the same bits. */
  readonly engine: string;
}

export interface RegressionModel extends ModelBase, TargetScale {
  readonly task: "regression";
  /** The scale on which the target is learned, which leave-one-out density chose where the target is skewed. */
  readonly transform: TargetTransform;
  /** Mean and standard deviation of the training targets on this scale. */
  readonly targetMean: number;
  readonly targetStd: number;
  /** Errors on the standardized scale by which expected targets are restored; none on the target's own scale. */
  readonly smear: readonly number[];
  /** Targets of rows that were left out, since they are far from all others or from what these say; absent when none was. */
  readonly slips?: readonly number[] | undefined;
  /** Lower Cholesky factor of K + diagReg·I (diagReg over the count of each input), for predictive variances. */
  readonly lower: Matrix;
  /** Noise in the variance of a new target: diagReg, or more where the targets of equal inputs say so. */
  readonly noise: number;
  /** How the size of residuals changes with the inputs, or null where it does not as far as the rows tell. */
  readonly profile: NoiseProfile | null;
  /** |leave-one-out residual| / its predicted standard deviation, of every row that was judged: what calibrates the intervals. */
  readonly looScores: Float64Array;
  /** Which of the different training inputs each of these rows has. */
  readonly looInputs: Uint32Array;
  /** What each of these rows counts; absent when all count alike. */
  readonly looWeights?: Float64Array | undefined;
  /** The standardized target of each of these rows. */
  readonly targets: Float64Array;
}

export interface ClassificationModel extends ModelBase {
  readonly task: "classification";
  readonly classes: readonly string[];
  /** Whether the target column held numbers. */
  readonly numericClasses: boolean;
  /** Probabilities are softmax(outputs / temperature). */
  readonly temperature: number;
}

export type Model = RegressionModel | ClassificationModel;

/** Point predictions with the interval that holds the target with the asked probability. */
export interface RegressionPrediction {
  readonly prediction: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

export interface ClassificationPrediction {
  readonly prediction: readonly string[];
  readonly classes: readonly string[];
  /** n x classes; rows sum to 1. */
  readonly probabilities: Matrix;
}
