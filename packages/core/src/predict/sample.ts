import { ShapeError } from "../errors.ts";
import type { Engine } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { checkFinite, checkRange, checkSquare } from "../matrix/check.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import { checkChoice, checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import { type Key, normal, split } from "../random/key.ts";
import type { PredictOptions } from "./options.ts";
import { factorizeRegularized, type SolveFailure } from "./regularized-solve.ts";

export interface SampleOptions extends PredictOptions {
  /** How many functions to draw; draw i does not depend on how many. Default 1. */
  readonly samples?: number | undefined;
  /**
   * The root R of the covariance C = R Rᵀ: "cholesky" (default) needs C positive definite; "eigh", V diag(√max(λ, 0)),
   * also takes a semi-definite one, such as a noiseless posterior, and says how far below zero it clipped.
   */
  readonly method?: "cholesky" | "eigh" | undefined;
}

export interface Samples {
  readonly ok: true;
  /** One matrix per drawn function: points x outputs. */
  readonly samples: readonly Matrix[];
  /** How negative the eigenvalue furthest below zero was that "eigh" took as zero; 0 when none was. */
  readonly clipped: number;
}

const NAMES = optionNames<SampleOptions & { readonly outputs?: number }>({
  ...PREDICT_NAMES,
  samples: true,
  method: true,
  outputs: true,
});

/** Draws of f ~ N(0, covariance), independently for each output: mean + R z, z standard normal from `from`. O(n³/3). */
export async function samplePrior(
  covariance: Matrix,
  from: Key,
  options: SampleOptions & { readonly outputs?: number | undefined } = {},
): Promise<Samples | SolveFailure> {
  checkOptions("samplePrior", options, NAMES);
  const { outputs = 1 } = options;
  checkRange("samplePrior", "outputs", outputs, 1);
  return draw("samplePrior", { mean: matrix(covariance.rows, outputs), covariance }, from, options);
}

/** Draws of f ~ N(mean, covariance), mean points x outputs: the answer of `gpInference`, or any Gaussian. O(n³/3). */
export async function samplePosterior(
  posterior: { readonly mean: Matrix; readonly covariance: Matrix },
  from: Key,
  options: SampleOptions = {},
): Promise<Samples | SolveFailure> {
  checkOptions("samplePosterior", options, NAMES);
  return draw("samplePosterior", posterior, from, options);
}

async function draw(
  where: string,
  { mean, covariance }: { readonly mean: Matrix; readonly covariance: Matrix },
  from: Key,
  options: SampleOptions,
): Promise<Samples | SolveFailure> {
  const { samples = 1, method = "cholesky", engine = jsEngine, signal } = options;
  checkChoice(where, "method", method, ["cholesky", "eigh"]);
  checkSquare(`${where}: covariance`, covariance);
  checkFinite(`${where}: covariance`, covariance);
  checkFinite(`${where}: mean`, mean);
  checkRange(where, "samples", samples, 0);
  if (mean.rows !== covariance.rows)
    throw new ShapeError(`${where}: mean has ${mean.rows} rows and covariance ${covariance.rows}: they must agree`);
  const root =
    method === "eigh"
      ? await eighRoot(covariance, engine, options)
      : await choleskyRoot(where, covariance, engine, options);
  if (!root.ok) return root;
  const drawn: Matrix[] = [];
  for (const child of split(from, samples)) {
    const noise = matrix(mean.rows, mean.cols, normal(child, mean.data.length));
    const sample = await engine.matmul(root.matrix, noise, { transposeA: root.transposed, signal });
    drawn.push(
      matrix(
        mean.rows,
        mean.cols,
        sample.data.map((value, at) => mean.data[at]! + value),
      ),
    );
  }
  return { ok: true, samples: drawn, clipped: root.clipped };
}

interface Root {
  readonly ok: true;
  readonly matrix: Matrix;
  /** Whether R is the transpose of `matrix`. */
  readonly transposed: boolean;
  readonly clipped: number;
}

async function choleskyRoot(
  where: string,
  covariance: Matrix,
  engine: Engine,
  options: SampleOptions,
): Promise<Root | SolveFailure> {
  const factor = await factorizeRegularized(where, covariance, 0, engine, options);
  if (factor.ok) return { ok: true, matrix: factor.lower, transposed: false, clipped: 0 };
  const message =
    `${where}: the covariance is not positive definite at row ${factor.pivot}: use method "eigh", which takes a ` +
    `semi-definite one, or add ${factor.suggestedDiagReg} to its diagonal`;
  return { ...factor, message };
}

async function eighRoot(covariance: Matrix, engine: Engine, { signal, onProgress }: SampleOptions): Promise<Root> {
  const { values, vectors } = await engine.eigh(covariance, { signal, onProgress });
  const scaled = matrix(vectors.rows, vectors.cols, vectors.data.slice());
  values.forEach((value, k) => {
    const vector = row(scaled, k);
    const scale = Math.sqrt(Math.max(0, value));
    for (let i = 0; i < vector.length; i++) vector[i]! *= scale;
  });
  return { ok: true, matrix: scaled, transposed: true, clipped: Math.max(0, -(values[0] ?? 0)) };
}
