import { NumericalError } from "../errors.ts";
import { checkRange } from "../matrix/check.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import type { Engine, WorkOptions } from "./engine.ts";

export interface PseudoinverseOptions extends WorkOptions {
  /** Singular values up to rcond times the largest count as zero; by default rounding error times the larger side. */
  readonly rcond?: number;
  /** A is symmetric: only its lower triangle is read, and an eigendecomposition does. */
  readonly symmetric?: boolean;
}

export interface Pseudoinverse {
  /** A⁺, cols x rows. */
  readonly inverse: Matrix;
  /** How many singular values did not count as zero. */
  readonly rank: number;
  /** The largest singular value that counts as zero. */
  readonly cutoff: number;
}

/**
 * A⁺ = Σ v uᵀ / σ over the singular values σ that do not count as zero, the solution of least norm of every least-squares
 * problem with A. Throws NumericalError when a reciprocal leaves the range of float64.
 */
export async function pseudoinverse(
  engine: Engine,
  a: Matrix,
  { rcond = Number.EPSILON * Math.max(a.rows, a.cols), symmetric = false, ...work }: PseudoinverseOptions = {},
): Promise<Pseudoinverse> {
  checkRange("pseudoinverse", "rcond", rcond, 0);
  const { values, left, right } = symmetric ? await symmetricTriple(engine, a, work) : await engine.svd(a, work);
  const cutoff = rcond * values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const used = Array.from(values.keys()).filter((i) => Math.abs(values[i]!) > cutoff);
  const [u, v] = [matrix(used.length, a.rows), matrix(used.length, a.cols)];
  used.forEach((i, slot) => {
    const reciprocal = 1 / values[i]!;
    if (!Number.isFinite(reciprocal))
      throw new NumericalError(`pseudoinverse: 1 / ${values[i]} leaves the range of float64: rescale the matrix`);
    u.data.set(row(left, i), slot * a.rows);
    v.data.set(
      row(right, i).map((value) => value * reciprocal),
      slot * a.cols,
    );
  });
  return { inverse: await engine.matmul(v, u, { ...work, transposeA: true }), rank: used.length, cutoff };
}

/** The eigendecomposition in the shape of an SVD, with the signs in the values. */
async function symmetricTriple(
  engine: Engine,
  a: Matrix,
  work: WorkOptions,
): Promise<{ values: Float64Array; left: Matrix; right: Matrix }> {
  const { values, vectors } = await engine.eigh(a, work);
  return { values, left: vectors, right: vectors };
}
