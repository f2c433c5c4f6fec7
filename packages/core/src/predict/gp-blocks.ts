import { ShapeError, ValueError } from "../errors.ts";
import type { Engine } from "../linalg/engine.ts";
import { checkFinite, checkSquare } from "../matrix/check.ts";
import { diagonal, type Matrix, matrix, row, transpose } from "../matrix/matrix.ts";
import type { PredictOptions } from "./options.ts";
import { checkRepresentable } from "./regularized-solve.ts";

/** The two kernels of one pair of batches, as `kernelFn(network)(x1, x2, ["nngp", "ntk"])` gives them. */
export interface KernelPair<Values = Matrix> {
  readonly nngp?: Values | undefined;
  readonly ntk?: Values | undefined;
}

export interface GpKernels {
  /** n x n. */
  readonly kTrainTrain: KernelPair;
  /** m x n: rows are test inputs. */
  readonly kTestTrain: KernelPair;
  /** m x m for the covariance; its diagonal alone, m values, for the variance; nothing for the mean only. */
  readonly kTestTest?: KernelPair<Matrix | Float64Array> | undefined;
}

/** The change from the prior covariance to the posterior, as the symmetric part of leftᵀ right, both n x m. */
export interface Change {
  readonly left: Matrix;
  readonly right: Matrix;
}

/** T K_dd Tᵀ − T K_dt − K_td Tᵀ is the symmetric part of T (K_dd Tᵀ − 2 K_dt); `left` is Tᵀ, n x m. */
export async function ensembleChange(
  left: Matrix,
  nngp: { readonly kdd: Matrix; readonly ktd: Matrix },
  engine: Engine,
  { signal }: PredictOptions,
): Promise<Change> {
  const right = await engine.matmul(nngp.kdd, left, { signal });
  const kdt = transpose(nngp.ktd);
  return {
    left,
    right: matrix(
      right.rows,
      right.cols,
      right.data.map((value, at) => value - 2 * kdt.data[at]!),
    ),
  };
}

/** −WᵀW, from W, n x m. */
export function posteriorChange(left: Matrix): Change {
  return {
    left,
    right: matrix(
      left.rows,
      left.cols,
      left.data.map((value) => -value),
    ),
  };
}

/** The prior with the change added, exactly symmetric; of a diagonal the diagonal. */
export async function addChange(
  where: string,
  prior: Matrix | Float64Array,
  { left, right }: Change,
  engine: Engine,
  { signal }: PredictOptions,
): Promise<{ variance: Float64Array; covariance?: Matrix }> {
  if (prior instanceof Float64Array) {
    const variance = prior.slice();
    for (let k = 0; k < left.rows; k++) {
      const [a, b] = [row(left, k), row(right, k)];
      for (let j = 0; j < variance.length; j++) variance[j]! += a[j]! * b[j]!;
    }
    checkRepresentable(where, matrix(variance.length, 1, variance));
    return { variance: variance.map((value) => Math.max(0, value)) };
  }
  const change = await engine.matmul(left, right, { transposeA: true, signal });
  const covariance = matrix(prior.rows, prior.cols);
  for (let i = 0; i < prior.rows; i++) {
    for (let j = 0; j <= i; j++) {
      const [at, across] = [i * prior.cols + j, j * prior.cols + i];
      const value = (prior.data[at]! + prior.data[across]! + change.data[at]! + change.data[across]!) / 2;
      covariance.data[at] = value;
      covariance.data[across] = value;
    }
  }
  checkRepresentable(where, covariance);
  return { variance: diagonal(covariance).map((value) => Math.max(0, value)), covariance };
}

/** K_dd and K_td beside Θ_dd and Θ_td, checked to have their shapes. */
export function nngpBlocks(
  where: string,
  kernels: GpKernels,
  ntkDd: Matrix,
  ntkTd: Matrix,
): { kdd: Matrix; ktd: Matrix } {
  const kdd = pick(where, kernels.kTrainTrain, "kTrainTrain", "nngp");
  const ktd = pick(where, kernels.kTestTrain, "kTestTrain", "nngp");
  checkSquare(`${where}: kTrainTrain.nngp`, kdd);
  checkTestTrain(where, ktd, ntkDd.rows);
  if (kdd.rows !== ntkDd.rows || ktd.rows !== ntkTd.rows)
    throw new ShapeError(`${where}: nngp and ntk must have the same shape in kTrainTrain and in kTestTrain`);
  checkFinite(`${where}: kTrainTrain.nngp`, kdd);
  return { kdd, ktd };
}

export function pick<Values>(where: string, pair: KernelPair<Values>, block: string, name: "nngp" | "ntk"): Values {
  const values = pair[name];
  if (values === undefined) throw new ValueError(`${where}: ${block}.${name} is needed and was not given`);
  return values;
}

export function checkTestTrain(where: string, ktd: Matrix, n: number): void {
  if (ktd.cols !== n)
    throw new ShapeError(
      `${where}: kTestTrain must have one column for each of the ${n} training examples, got ${ktd.cols}`,
    );
  checkFinite(`${where}: kTestTrain`, ktd);
}

export function pickPrior(
  where: string,
  pair: KernelPair<Matrix | Float64Array>,
  name: "nngp" | "ntk",
  m: number,
): Matrix | Float64Array {
  const prior = pick(where, pair, "kTestTest", name);
  const values = prior instanceof Float64Array ? matrix(prior.length, 1, prior) : prior;
  if (values === prior) checkSquare(`${where}: kTestTest.${name}`, prior as Matrix);
  if (values.rows !== m)
    throw new ShapeError(`${where}: kTestTest.${name} must be for the ${m} rows of kTestTrain, got ${values.rows}`);
  checkFinite(`${where}: kTestTest.${name}`, values);
  return prior;
}
