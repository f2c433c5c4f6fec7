import { jsEngine } from "../linalg/js-engine.ts";
import { lossCurvature, type SquaredLoss } from "../loss/squared-loss.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkChoice, checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import {
  checkDescent,
  type DescentFailure,
  descentProgress,
  expandModes,
  presentModes,
  reach,
} from "./descent-modes.ts";
import type { PredictOptions } from "./options.ts";
import type { RidgePath } from "./ridge-path.ts";

/**
 * Two ways to descend on the loss of f(x) = Σᵢ αᵢ K(x, xᵢ), from α = 0, with c as in SquaredLoss:
 *
 *   "function"       in the space of functions (the features' weights):  α ← α − η c (K α − y)
 *                    f changes by −η c Σᵢ K(x, xᵢ)(f − y)ᵢ;    stable below 2/(c λmax)
 *   "coefficients"   in α itself:                                        α ← α − η c K(K α − y)
 *                    f changes by −η c Σᵢ (K²)(x, xᵢ)(f − y)ᵢ; stable below 2/(c λmax²)
 *
 * For the sum of squares, c = 2, the latter is the well-known 1/λmax². A mode of eigenvalue λ is learned at a rate λ by
 * the first and λ² by the second.
 */
export type KernelDescent = "function" | "coefficients";

export interface KernelDescentOptions extends PredictOptions {
  readonly descent: KernelDescent;
  readonly learningRate: number;
  /** Steps done: a whole number, or Infinity (default). */
  readonly t?: number | undefined;
  /** Default "half-sum". */
  readonly loss?: SquaredLoss | undefined;
}

/** α after t steps, n x outputs (predictions are kTestTrain · alpha); or what becomes of it instead. */
export type KernelDescentResult = { readonly ok: true; readonly alpha: Matrix } | DescentFailure;

/** The learning rate below which descent is stable: 2/(c λmax), or 2/(c λmax²) in the coefficients. */
export function kernelMaxLearningRate(
  path: RidgePath,
  { descent, loss = "half-sum" }: { readonly descent: KernelDescent; readonly loss?: SquaredLoss | undefined },
): number {
  const largest = path.values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return 2 / (lossCurvature(loss, path.projected) * (descent === "function" ? largest : largest * largest));
}

const NAMES = optionNames<KernelDescentOptions>({
  ...PREDICT_NAMES,
  descent: true,
  learningRate: true,
  t: true,
  loss: true,
});

/**
 * The exact t-th iterate, from the eigendecomposition K = V diag(λ) Vᵀ of `ridgePath`:
 *
 *   α_t = V diag((1 − (1 − z)ᵗ)/λ) Vᵀ y,        z = η c λ ("function") or η c λ² ("coefficients")
 *
 * Along an eigenvector of λ = 0, functional descent adds η c Vᵀy to α each step, which changes no prediction of a
 * positive semi-definite kernel; at t = ∞ that part of α is left out. O(n² outputs).
 */
export async function kernelDescentAt(path: RidgePath, options: KernelDescentOptions): Promise<KernelDescentResult> {
  checkOptions("kernelDescentAt", options, NAMES);
  const { descent, learningRate, t = Number.POSITIVE_INFINITY, loss = "half-sum", engine = jsEngine, signal } = options;
  checkChoice("kernelDescentAt", "descent", descent, ["function", "coefficients"]);
  checkDescent("kernelDescentAt", learningRate, t);
  const { values, vectors, projected, tolerance } = path;
  const rate = learningRate * lossCurvature(loss, projected);
  const flat = values.map((value) => (t === Number.POSITIVE_INFINITY && Math.abs(value) <= tolerance ? 0 : value));
  const z = flat.map((value) => rate * (descent === "function" ? value : value * value));
  const outcome = descentProgress(z, presentModes(projected), t);
  const maxLearningRate = kernelMaxLearningRate(path, { descent, loss });
  const creep = descent === "function" && t !== Number.POSITIVE_INFINITY ? rate * t : 0;
  const go = async (progress: Float64Array): Promise<Matrix | null> => {
    const scaled = matrix(projected.rows, projected.cols);
    projected.data.forEach((value, at) => {
      const k = Math.floor(at / projected.cols);
      scaled.data[at] = value === 0 ? 0 : value * (flat[k] === 0 ? creep : progress[k]! / flat[k]!);
    });
    return expandModes(vectors, scaled, engine, signal);
  };
  const reached = await reach("kernelDescentAt", outcome, go, { learningRate, maxLearningRate });
  return reached.ok ? { ok: true, alpha: reached.at } : reached;
}
