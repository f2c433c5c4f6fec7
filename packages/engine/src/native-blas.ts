import {
  allFinite,
  type Blas,
  checkFinite,
  checkTriangularShape,
  gemmSizes,
  jsBlas,
  lowerTriangle,
  type MatmulOptions,
  type Matrix,
  matrix,
  type ProductSizes,
  productSizes,
  type ResultOptions,
  type TriangularOptions,
} from "ntkit/engine-kit";
import { integer, type Library } from "./library.ts";
import { inSteps, type Piece, pieces } from "./native-steps.ts";

// LAPACK stores columns one after the other, so it sees the transpose of each of our matrices: products swap their
// factors, our lower triangle is its upper one, and B X = C becomes Xᵀ Bᵀ = Cᵀ.

const ONE = Float64Array.of(1);
const ZERO = Float64Array.of(0);

/** Operations of one call, a tenth of a second or two: between calls the signal is heard. */
const STEP = 1.2e10;
/** Slices thinner than this keep the library from its speed. */
const MIN_SLICE = 256;

/** Slices of one side of a result that take `flops` to compute. */
function slices(side: number, flops: number): readonly Piece[] {
  const parts = Math.max(1, Math.ceil(flops / STEP));
  return pieces(side, Math.max(MIN_SLICE, Math.ceil(side / parts / 8) * 8));
}

/** Cᵀ = op(B)ᵀ op(A)ᵀ, a slice of rows of C, or of columns when these are more, at a time. */
export async function nativeMatmul(
  library: Library,
  a: Matrix,
  b: Matrix,
  options: MatmulOptions = {},
): Promise<Matrix> {
  const sizes = productSizes(a, b, options);
  const { m, n, k } = sizes;
  options.signal?.throwIfAborted();
  checkThin(a, b, sizes);
  if (m * n * k === 0) return matrix(m, n);
  const c = matrix(m, n, memoryFor(library, m * n, options));
  const { transposeA = false, transposeB = false } = options;
  const operations = `${transposeB ? "T" : "N"}${transposeA ? "T" : "N"}`;
  const [ldb, lda, ldc] = [integer(b.cols), integer(a.cols), integer(n)];
  const multiply = (rows: Piece, cols: Piece): Promise<void> => {
    const counts = [integer(cols.to - cols.from), integer(rows.to - rows.from), integer(k)] as const;
    const left = a.data.subarray(transposeA ? rows.from : rows.from * a.cols);
    const right = b.data.subarray(transposeB ? cols.from * b.cols : cols.from);
    const result = c.data.subarray(rows.from * n + cols.from);
    return library.call("dgemm", operations, ...counts, ONE, right, ldb, left, lda, ZERO, result, ldc);
  };
  const [allRows, allCols] = [
    { from: 0, to: m },
    { from: 0, to: n },
  ];
  const flops = 2 * m * n * k;
  if (m >= n) await inSteps(slices(m, flops), options, (rows) => multiply(rows, allCols));
  else await inSteps(slices(n, flops), options, (cols) => multiply(allRows, cols));
  if (!borderFinite(c.data, sizes)) checkFactors(a, b);
  return c;
}

/** Below this many operations a call costs more than it saves. */
const SMALL = 2e4;

/** Products on the calling thread, which waits for the threads of the library. */
export function nativeBlas(library: Library): Blas {
  const counts = [integer(0), integer(0), integer(0), integer(0), integer(0), integer(0)] as const;
  return {
    gemm(c, a, b, options = {}) {
      const { m, n, k } = gemmSizes(c, a, b, options);
      if (2 * m * n * k < SMALL) return jsBlas.gemm(c, a, b, options);
      const operations = `${options.transposeB ? "T" : "N"}${options.transposeA ? "T" : "N"}`;
      [n, m, k, b.cols, a.cols, n].forEach((value, i) => {
        counts[i]![0] = BigInt(value);
      });
      const [cols, rows, inner, ldb, lda, ldc] = counts;
      const beta = options.accumulate ? ONE : ZERO;
      library.callNow("dgemm", operations, cols, rows, inner, ONE, b.data, ldb, a.data, lda, beta, c.data, ldc);
    },
  };
}

function memoryFor(library: Library, length: number, { reuse }: ResultOptions): Float64Array {
  return reuse?.length === length ? reuse : library.allocate(length);
}

/** With fewer rows or columns the library may take another road, on which zeros hide what they are multiplied with. */
const FEW = 8;

/** What `borderFinite` might miss. */
function checkThin(a: Matrix, b: Matrix, { m, n, k }: ProductSizes): void {
  if (k === 0 || (m < FEW && n < FEW)) checkFactors(a, b);
  if (m < FEW === n < FEW) return;
  const [thin, other] = n < FEW ? [b, a] : [a, b];
  checkFinite("matmul", thin);
  if (thin.data.includes(0)) checkFinite("matmul", other);
}

function checkFactors(a: Matrix, b: Matrix): void {
  for (const factor of [a, b]) checkFinite("matmul", factor);
}

/** A value of A that is not finite spoils its whole row of C, and one of B its whole column: two lines show all. */
function borderFinite(c: Float64Array, { m, n }: ProductSizes): boolean {
  for (let i = 0; i < m; i++) if (!Number.isFinite(c[i * n]!)) return false;
  return allFinite(c.subarray(0, n));
}

/** Xᵀ Lᵀ = Bᵀ or Xᵀ L = Bᵀ, a slice of columns of X at a time. */
export async function nativeSolveTriangular(
  library: Library,
  lower: Matrix,
  b: Matrix,
  options: TriangularOptions = {},
): Promise<Matrix> {
  checkTriangularShape(lower, b);
  options.signal?.throwIfAborted();
  const { rows: n, cols: m } = b;
  if (n * m === 0) return matrix(n, m);
  const x = matrix(n, m, memoryFor(library, n * m, options));
  const [size, stride] = [integer(n), integer(m)];
  await inSteps(slices(m, n * n * m), options, async ({ from, to }) => {
    const [count, part] = [integer(to - from), x.data.subarray(from)];
    await library.call("dlacpy", "A", count, size, b.data.subarray(from), stride, part, stride);
    const sides = `RU${options.transpose ? "T" : "N"}N`;
    await library.call("dtrsm", sides, count, size, ONE, lower.data, size, part, stride);
  });
  // What is not finite in L, its diagonal excepted, or in B reaches X.
  if (!diagonalFinite(lower) || !allFinite(x.data)) checkSystem(lower, b);
  return x;
}

function diagonalFinite({ data, rows }: Matrix): boolean {
  for (let i = 0; i < rows; i++) if (!Number.isFinite(data[i * rows + i]!)) return false;
  return true;
}

function checkSystem(lower: Matrix, b: Matrix): void {
  checkFinite("solveTriangular", b);
  lowerTriangle("solveTriangular", lower);
}
