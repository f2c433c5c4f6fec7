import type { KernelName } from "../kernel/gram-engine.ts";
import type { Layer } from "../layers/spec.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { Preprocessor } from "./preprocess.ts";
import type { CandidateScore } from "./select.ts";

/** What both tasks learn: kernel ridge regression with an infinite network on preprocessed inputs. Plain data. */
export interface FittedKernel {
  readonly network: Layer;
  readonly kernel: KernelName;
  /** Name of the winning candidate. */
  readonly architecture: string;
  /** Absolute ridge on the diagonal of the kernel matrix. */
  readonly diagReg: number;
  /** Preprocessed training inputs, n x d. */
  readonly xTrain: Matrix;
  /** (K + diagReg·I)⁻¹ y, n x outputs. */
  readonly alpha: Matrix;
}

interface ModelBase {
  readonly target: string;
  readonly preprocessor: Preprocessor;
  readonly fitted: FittedKernel;
  readonly seed: number;
  /** Leave-one-out scores of everything that was tried; lower is better. */
  readonly scores: readonly CandidateScore[];
  /** The engine that fitted it: another one gives the same predictions to rounding, this one the same bits. */
  readonly engine: string;
}

export interface RegressionModel extends ModelBase {
  readonly task: "regression";
  readonly targetMean: number;
  readonly targetStd: number;
  /** Lower Cholesky factor of K + diagReg·I, for predictive variances. */
  readonly lower: Matrix;
  /** |leave-one-out residual| / its predicted standard deviation, ascending: what calibrates the intervals. */
  readonly looScores: Float64Array;
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
