import { NumericalError } from "../errors.ts";
import { checkFinite } from "../matrix/check.ts";
import { type Matrix, matrix, row, transpose } from "../matrix/matrix.ts";
import { blockOf, transposed } from "./block.ts";
import { dot } from "./dot.ts";
import { eighInPlace } from "./eigh.ts";
import type { Svd, WorkOptions } from "./engine.ts";
import { jsKernels, type LinalgKernels } from "./kernels.ts";
import { completeRows } from "./orthonormal.ts";
import { scaleOf } from "./scaling.ts";
import { rotateRows } from "./tridiagonal-ql.ts";
import { partOf, startWork, type Work } from "./work.ts";

const MAX_SWEEPS = 40;

/**
 * A = U diag(values) Vᵀ, thin, by one-sided Jacobi rotations.
 *
 * With B the wide one of A and Aᵀ, the eigenvectors Wᵀ of B Bᵀ make the rows of Wᵀ B almost orthogonal; rotations of
 * pairs of rows finish that to rounding error in a few sweeps, which squaring B alone could not. Errors are of the size
 * of rounding error times the largest singular value. O(r² max(rows, cols)) for each of about four sweeps.
 */
export async function svd(a: Matrix, options: WorkOptions = {}, kernels: LinalgKernels = jsKernels): Promise<Svd> {
  checkFinite("svd", a);
  const work = startWork(options);
  const wide = a.rows <= a.cols ? matrix(a.rows, a.cols, a.data.slice()) : transpose(a);
  const scale = scaleOf(wide.data);
  for (let i = 0; i < wide.data.length; i++) wide.data[i]! *= scale;
  const left = await leftStart(wide, partOf(work, 0, 0.4), kernels);
  const rows = matrix(wide.rows, wide.cols, kernels.allocate(wide.data.length));
  const product = { c: blockOf(rows), a: blockOf(left), b: blockOf(wide), sign: 1 } as const;
  await kernels.multiplyAdd({ ...product, m: wide.rows, n: wide.cols, k: wide.rows }, partOf(work, 0.4, 0.5));
  await orthogonalizeRows(rows, left, partOf(work, 0.5, 1));
  const { values, narrow, long } = sortedAndNormalized(rows, left);
  const unscaled = values.map((value) => value / scale);
  return a.rows <= a.cols
    ? { values: unscaled, left: narrow, right: long }
    : { values: unscaled, left: long, right: narrow };
}

/** The eigenvectors of B Bᵀ as rows, largest eigenvalue first: Jacobi converges faster from descending rows. */
async function leftStart(b: Matrix, work: Work, kernels: LinalgKernels): Promise<Matrix> {
  const r = b.rows;
  const gram = matrix(r, r, kernels.allocate(r * r));
  const product = { c: blockOf(gram), a: blockOf(b), b: transposed(blockOf(b)), sign: 1, lowerOnly: true } as const;
  await kernels.multiplyAdd({ ...product, m: r, n: r, k: b.cols }, partOf(work, 0, 0.2));
  const { vectors } = await eighInPlace(gram.data, r, partOf(work, 0.2, 1), kernels);
  const descending = matrix(r, r, kernels.allocate(r * r));
  for (let i = 0; i < r; i++) descending.data.set(row(vectors, r - 1 - i), i * r);
  return descending;
}

/** Length below which a row is rounding error of the largest. */
function noiseLevel(squares: Float64Array): number {
  return 2 * Number.EPSILON * Math.sqrt(squares.reduce((x, y) => Math.max(x, y), 0));
}

function squaredLengths({ rows, cols, data }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => dot(data, i * cols, data, i * cols, cols));
}

/**
 * Rotates pairs of rows (and the same pairs of `partners`) until every pair is orthogonal to rounding error of their
 * own lengths. Rows that are noise are left alone: their direction means nothing.
 */
async function orthogonalizeRows(rows: Matrix, partners: Matrix, work: Work): Promise<void> {
  const { rows: r, cols } = rows;
  const tolerance = Number.EPSILON * Math.sqrt(cols);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    const squares = squaredLengths(rows);
    const noise = noiseLevel(squares) ** 2;
    let rotations = 0;
    for (let i = 0; i < r - 1; i++) {
      for (let j = i + 1; j < r; j++) {
        const [alpha, beta] = [squares[i]!, squares[j]!];
        if (alpha <= noise || beta <= noise) continue;
        const gamma = dot(rows.data, i * cols, rows.data, j * cols, cols);
        if (Math.abs(gamma) <= tolerance * Math.sqrt(alpha * beta)) continue;
        const zeta = (beta - alpha) / (2 * gamma);
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        rotateRows(rows.data, i * cols, j * cols, cols, c, c * t);
        rotateRows(partners.data, i * r, j * r, r, c, c * t);
        squares[i]! -= t * gamma;
        squares[j]! += t * gamma;
        rotations++;
      }
      await work.breathe(1 - 0.5 ** (sweep + i / r));
    }
    if (rotations === 0) return;
  }
  throw new NumericalError(`svd: rows were not orthogonal after ${MAX_SWEEPS} sweeps`);
}

/** Lengths of the rows, descending, the rows divided by them (those that are noise made orthonormal), the partners. */
function sortedAndNormalized(rows: Matrix, partners: Matrix): { values: Float64Array; narrow: Matrix; long: Matrix } {
  const squares = squaredLengths(rows);
  const lengths = squares.map(Math.sqrt);
  const order = Array.from(lengths.keys()).sort((i, j) => lengths[j]! - lengths[i]!);
  const noise = noiseLevel(squares);
  const known = lengths.reduce((count, length) => count + (length > noise ? 1 : 0), 0);
  const [narrow, long] = [matrix(rows.rows, rows.rows), matrix(rows.rows, rows.cols)];
  order.forEach((i, slot) => {
    const length = lengths[i]! || 1;
    narrow.data.set(row(partners, i), slot * rows.rows);
    long.data.set(
      row(rows, i).map((value) => value / length),
      slot * rows.cols,
    );
  });
  completeRows(long, known);
  return { values: Float64Array.from(order, (i) => lengths[i]!), narrow, long };
}
