import {
  type Bound,
  type ClosestPair,
  child,
  closestPair,
  gradientDescentIterations,
  type Key,
  labelComplexity,
  type Matrix,
  type MovementBounds,
  matrix,
  maxLearningRate,
  movementBounds,
  permutation,
  type RidgePath,
  rankAt,
  ridgePath,
  smallestEigenvalueBound,
  takeRows,
} from "ntkit";
import { CURVATURE, isForecast } from "../train/forecast.ts";
import { limitKernel } from "../train/problem.ts";
import { theoryOf } from "../train/theory.ts";
import type { CertifyProblem } from "./problem.ts";

/** What theory says of the infinite network on these rows. */
export interface LimitCertificate {
  readonly kernel: Matrix;
  /** Eigenvalues of the kernel, ascending. */
  readonly eigenvalues: Float64Array;
  readonly rank: number;
  /** Its smallest eigenvalue, 0 where that cannot be told from 0, beside what two rows alone allow. */
  readonly smallest: Bound;
  readonly closest: ClosestPair;
  /** Null where the optimizer has none. */
  readonly maxLearningRate: number | null;
  /** Of gradient descent on a squared loss; null of others. */
  readonly time: TimeToLoss | null;
  /** As above. */
  readonly movement: MovementBounds | null;
  /** As above. */
  readonly labels: LabelCertificate | null;
}

/** Steps of gradient descent at half the largest stable rate, from outputs of 0. */
export interface TimeToLoss {
  readonly learningRate: number;
  readonly mse: number;
  /** Before training. */
  readonly startMse: number;
  /** What the kernel cannot fit. */
  readonly floorMse: number;
  /** Null where the error never gets there. */
  readonly steps: number | null;
  /** Null where the kernel is singular, or nothing is to be done. */
  readonly bound: Bound | null;
}

export interface LabelCertificate {
  /** √(2 yᵀH⁻¹y/n); of several outputs, the largest of them. */
  readonly own: Bound;
  /** The same in the mean over shuffled targets. */
  readonly shuffled: number;
}

interface Host {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

const SHUFFLES = 10;

export async function certifyLimit(
  problem: CertifyProblem,
  { mse, seeds }: { readonly mse: number; readonly seeds: Key },
  { signal, onProgress }: Host,
): Promise<LimitCertificate> {
  const { train, engine } = problem;
  const { x, y } = train;
  const part = (from: number, to: number) => ({
    signal,
    onProgress: (done: number) => onProgress(from + (to - from) * done),
  });
  const kernel = await limitKernel(problem, x, null, part(0, 0.3));
  const path = await ridgePath(kernel, y, { engine, ...part(0.3, 1) });
  const { values } = path;
  const smallest = rankAt(path, 0) === values.length ? values[0]! : 0;
  const { optimizer, loss } = problem;
  const largestRate = isForecast(optimizer) ? (await maxLearningRate(values)) / CURVATURE[loss] : null;
  const limit = {
    ...{ kernel, eigenvalues: values, rank: rankAt(path, 0), closest: closestPair(x) },
    smallest: smallestEigenvalueBound(kernel, smallest),
    maxLearningRate: largestRate,
  };
  if (largestRate === null || theoryOf(problem).caveat !== null)
    return { ...limit, time: null, movement: null, labels: null };
  const time = timeToLoss(path, mse, largestRate);
  return { ...limit, time, movement: movementBounds(path), labels: await labelsOf(problem, path, seeds) };
}

function timeToLoss({ values, projected, tolerance }: RidgePath, mse: number, largestRate: number): TimeToLoss {
  const learningRate = largestRate / 2;
  const squares = new Float64Array(values.length); // along each eigenvector, over the outputs
  for (const [at, value] of projected.data.entries())
    squares[Math.floor(at / projected.cols)]! += (value * value) / projected.data.length;
  const sum = (weight: (k: number) => number) => squares.reduce((all, square, k) => all + weight(k) * square, 0);
  const after = (steps: number) => sum((k) => Math.exp(2 * steps * Math.log1p(-learningRate * values[k]!)));
  const startMse = sum(() => 1);
  const floorMse = sum((k) => (values[k]! > tolerance ? 0 : 1));
  const steps = mse >= startMse ? 0 : mse <= floorMse ? null : firstBelow(after, mse);
  const [smallest, largest] = [values[0]!, values.at(-1)!];
  const bounded = smallest > tolerance && steps !== null && steps > 0;
  const descent = { conditionNumber: largest / smallest, tolerance: mse / startMse };
  return {
    ...{ learningRate, mse, startMse, floorMse, steps },
    bound: bounded ? gradientDescentIterations({ ...descent, measured: steps }) : null,
  };
}

/** The least whole number at which a falling function is at most `level`. */
function firstBelow(f: (steps: number) => number, level: number): number | null {
  let high = 1;
  while (f(high) > level) {
    high *= 2;
    if (high > Number.MAX_SAFE_INTEGER) return null;
  }
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (f(middle) > level) low = middle;
    else high = middle;
  }
  return high;
}

/** Of the output whose targets are the hardest. One decomposition serves all outputs and shuffles. */
async function labelsOf({ train, engine }: CertifyProblem, path: RidgePath, seeds: Key): Promise<LabelCertificate> {
  const outputs = Array.from({ length: train.y.cols }, (_, k) => k);
  const of = (projected: Matrix, k: number) => labelComplexity({ ...path, projected: column(projected, k) });
  const own = outputs.map((k) => of(path.projected, k));
  const hardest = outputs.reduce((best, k) => (own[k]!.promises.value > own[best]!.promises.value ? k : best), 0);
  const y = column(train.y, hardest);
  let total = 0;
  for (let k = 0; k < SHUFFLES; k++) {
    const shuffled = takeRows(y, permutation(child(seeds, k), y.rows));
    total += of(await engine.matmul(path.vectors, shuffled), 0).promises.value;
  }
  return { own: own[hardest]!, shuffled: total / SHUFFLES };
}

function column({ rows, cols, data }: Matrix, k: number): Matrix {
  return matrix(
    rows,
    1,
    Float64Array.from({ length: rows }, (_, i) => data[i * cols + k]!),
  );
}
