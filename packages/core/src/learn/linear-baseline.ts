import type { Engine } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { type Matrix, matrix, row, transpose } from "../matrix/matrix.ts";
import type { PredictOptions } from "../predict/options.ts";
import * as portable from "../special/portable.ts";

/** f(x) = weights·x + offset, one column per output. */
export interface LinearModel {
  /** d x outputs */
  readonly weights: Matrix;
  readonly offset: Float64Array;
  readonly diagReg: number;
  /** Mean over rows, by weight, of the squared leave-one-out residuals, summed over outputs. */
  readonly looMeanSquare: number;
  /** What the model says of each training row when fitted without it, n x outputs. */
  readonly looOutputs: Matrix;
}

/** Relative ridges: 10⁻⁶ … 10², two to a decade, times the largest eigenvalue of XᵀX. */
const RELATIVE_RIDGES: readonly number[] = Array.from({ length: 17 }, (_, i) => portable.power(10, -6 + i / 2));

export interface LinearOptions extends PredictOptions {
  /** What each row counts. */
  readonly weights?: Float64Array | undefined;
}

/**
 * Linear ridge regression on centred data, the ridge with the least leave-one-out squared error: what a network is
 * compared with. From XᵀX = V diag(λ) Vᵀ, z = VᵀX: leave-one-out residual = residual/(1 − 1/n − Σ z²/(λ + diagReg)).
 * With weights w rows of X and y are multiplied by √w, and w/Σw takes the place of 1/n. O(n d min(n, d)).
 */
export async function fitLinear(
  x: Matrix,
  y: Matrix,
  { engine = jsEngine, signal, weights: counts }: LinearOptions = {},
): Promise<LinearModel> {
  const shares = sharesOf(counts, x.rows);
  const root = (i: number): number => (counts ? Math.sqrt(counts[i]!) : 1);
  const xMean = columnMeans(x, shares);
  const offset = columnMeans(y, shares);
  const xc = scaleRows(centred(x, xMean), root);
  const yc = scaleRows(centred(y, offset), root);
  const { values, vectors, z } = await spectrum(xc, engine, signal);
  const projected = await engine.matmul(z, yc, { transposeA: true, signal });
  const largest = values.reduce((max, value) => Math.max(max, value), Number.MIN_VALUE);
  let best = { error: Infinity, diagReg: 0, shrunk: projected, residuals: yc };
  for (const relative of RELATIVE_RIDGES) {
    const diagReg = relative * largest;
    const shrunk = scaleRows(projected, (k) => 1 / (Math.max(values[k]!, 0) + diagReg));
    const fit = await engine.matmul(z, shrunk, { signal });
    const residuals = looResiduals(z, yc, fit, values, diagReg, shares);
    const error = residuals.data.reduce((sum, r) => sum + r * r, 0);
    if (error < best.error) best = { error, diagReg, shrunk, residuals };
  }
  const weights = await engine.matmul(vectors, best.shrunk, { transposeA: true, signal });
  const shift = await engine.matmul(matrix(1, xMean.length, xMean), weights, { signal });
  return {
    weights,
    offset: offset.map((value, j) => value - shift.data[j]!),
    diagReg: best.diagReg,
    looMeanSquare: counts ? best.error / counts.reduce((sum, count) => sum + count, 0) : best.error / x.rows,
    looOutputs: matrix(
      y.rows,
      y.cols,
      y.data.map((value, at) => value - best.residuals.data[at]! / root(Math.floor(at / y.cols))),
    ),
  };
}

/** λ and the rows of V with XᵀX = V diag(λ) Vᵀ, and z = XV; by the smaller side of X. */
async function spectrum(
  x: Matrix,
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<{ values: Float64Array; vectors: Matrix; z: Matrix }> {
  if (x.cols <= x.rows) {
    const { values, vectors } = await engine.eigh(await engine.matmul(x, x, { transposeA: true, signal }), { signal });
    return { values, vectors, z: await engine.matmul(x, vectors, { transposeB: true, signal }) };
  }
  const { values, left, right } = await engine.svd(x, { signal });
  return { values: values.map((s) => s * s), vectors: right, z: transpose(scaleRows(left, (k) => values[k]!)) };
}

/** x·weights + offset, n x outputs. */
export async function applyLinear(
  model: LinearModel,
  x: Matrix,
  { engine = jsEngine, signal }: PredictOptions = {},
): Promise<Matrix> {
  const fx = await engine.matmul(x, model.weights, { signal });
  return matrix(
    fx.rows,
    fx.cols,
    fx.data.map((value, at) => value + model.offset[at % fx.cols]!),
  );
}

function looResiduals(
  z: Matrix,
  y: Matrix,
  fit: Matrix,
  values: Float64Array,
  diagReg: number,
  shares: Float64Array,
): Matrix {
  const residuals = matrix(y.rows, y.cols);
  for (let i = 0; i < z.rows; i++) {
    const leverage = row(z, i).reduce((sum, v, k) => sum + (v * v) / (Math.max(values[k]!, 0) + diagReg), shares[i]!);
    for (let j = 0; j < y.cols; j++) {
      const at = i * y.cols + j;
      residuals.data[at] = (y.data[at]! - fit.data[at]!) / Math.max(1 - leverage, 1e-12);
    }
  }
  return residuals;
}

/** What each row is of the mean: w/Σw, or 1/n. */
function sharesOf(weights: Float64Array | undefined, rows: number): Float64Array {
  if (!weights) return new Float64Array(rows).fill(1 / rows);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function columnMeans(a: Matrix, shares: Float64Array): Float64Array {
  const means = new Float64Array(a.cols);
  for (let at = 0; at < a.data.length; at++) means[at % a.cols]! += a.data[at]! * shares[Math.floor(at / a.cols)]!;
  return means;
}

function centred(a: Matrix, means: Float64Array): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value - means[at % a.cols]!),
  );
}

function scaleRows(a: Matrix, factor: (k: number) => number): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value * factor(Math.floor(at / a.cols))),
  );
}
