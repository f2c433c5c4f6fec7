import {
  type BadPivot,
  type CholeskyResult,
  checkTriangular,
  lowerTriangle,
  type MatmulOptions,
  type Matrix,
  matmulSizes,
  matrix,
  type TriangularOptions,
  type WorkOptions,
  withSuggestion,
} from "ntkit/engine-kit";
import { integer, integerIn, type Library } from "./library.ts";

// LAPACK stores columns one after the other, so it sees the transpose of each of our matrices: products swap their
// factors, our lower triangle is its upper one, and B X = C becomes Xᵀ Bᵀ = Cᵀ.

const ONE = Float64Array.of(1);
const ZERO = Float64Array.of(0);

/** Cᵀ = op(B)ᵀ op(A)ᵀ. */
export async function nativeMatmul(
  library: Library,
  a: Matrix,
  b: Matrix,
  options: MatmulOptions = {},
): Promise<Matrix> {
  const { m, n, k } = matmulSizes(a, b, options);
  options.signal?.throwIfAborted();
  const c = matrix(m, n);
  if (m * n * k === 0) return c;
  const operations = `${options.transposeB ? "T" : "N"}${options.transposeA ? "T" : "N"}`;
  const sizes = [integer(n), integer(m), integer(k)] as const;
  const [ldb, lda] = [integer(b.cols), integer(a.cols)];
  await library.call("dgemm", operations, ...sizes, ONE, b.data, ldb, a.data, lda, ZERO, c.data, integer(n));
  options.signal?.throwIfAborted();
  return c;
}

export async function nativeCholesky(library: Library, a: Matrix, options: WorkOptions = {}): Promise<CholeskyResult> {
  const attempt = async (matrixToTry: Matrix): Promise<Float64Array | BadPivot> => {
    const lower = lowerTriangle("cholesky", matrixToTry);
    options.signal?.throwIfAborted();
    const bad = await factorize(library, lower, matrixToTry.rows);
    options.signal?.throwIfAborted();
    return bad ?? lower;
  };
  return withSuggestion(a, await attempt(a), attempt);
}

async function factorize(library: Library, lower: Float64Array, n: number): Promise<BadPivot | undefined> {
  if (n === 0) return undefined;
  const info = integer(0);
  await library.call("dpotrf", "U", integer(n), lower, integer(n), info);
  const failed = integerIn(info) - 1;
  // The routine leaves the pivot that stopped it in its place. Some let a pivot pass that overflowed to NaN.
  if (failed >= 0) return { pivot: failed, value: Math.min(0, lower[failed * n + failed]! || 0) };
  for (let i = 0; i < n; i++) {
    if (!(lower[i * n + i]! > 0)) return { pivot: i, value: Number.NEGATIVE_INFINITY };
  }
  return undefined;
}

/** Xᵀ Lᵀ = Bᵀ or Xᵀ L = Bᵀ. */
export async function nativeSolveTriangular(
  library: Library,
  lower: Matrix,
  b: Matrix,
  options: TriangularOptions = {},
): Promise<Matrix> {
  checkTriangular(lower, b);
  const l = lowerTriangle("solveTriangular", lower);
  options.signal?.throwIfAborted();
  const x = matrix(b.rows, b.cols, b.data.slice());
  if (b.rows * b.cols === 0) return x;
  const [n, m] = [integer(b.rows), integer(b.cols)];
  await library.call("dtrsm", `RU${options.transpose ? "T" : "N"}N`, m, n, ONE, l, n, x.data, m);
  options.signal?.throwIfAborted();
  return x;
}
