import { ShapeError } from "../errors.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { blockOf, transposed } from "./block.ts";
import { multiplyAddNow } from "./multiply-add.ts";
import { addDots, addRows } from "./short-products.ts";

/** Products on the calling thread, into memory that is there: what the inner loops of training call. */
export interface Blas {
  /** C ← op(A) op(B), or C + op(A) op(B) when `accumulate`. Nothing is searched for values that are not finite. */
  gemm(c: Matrix, a: Matrix, b: Matrix, options?: GemmOptions): void;
}

export interface GemmOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly accumulate?: boolean;
}

/** The sizes of op(A) op(B), m x k times k x n, checked against those of C. */
export function gemmSizes(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  { transposeA, transposeB }: GemmOptions,
): { readonly m: number; readonly n: number; readonly k: number } {
  const [m, k] = transposeA ? [a.cols, a.rows] : [a.rows, a.cols];
  const [inner, n] = transposeB ? [b.cols, b.rows] : [b.rows, b.cols];
  if (k !== inner || c.rows !== m || c.cols !== n)
    throw new ShapeError(`gemm: ${m} x ${k} times ${inner} x ${n} does not give ${c.rows} x ${c.cols}`);
  return { m, n, k };
}

/** Shorter loops than this are not worth being the innermost, and narrower matrices not worth packing. */
const SHORT = 8;

/** Plain TypeScript. */
export const jsBlas: Blas = {
  gemm(c, a, b, options = {}) {
    const { m, n, k } = gemmSizes(c, a, b, options);
    const accumulate = (options.accumulate ?? false) || k === 0;
    const left = options.transposeA ? transposed(blockOf(a)) : blockOf(a);
    const right = options.transposeB ? transposed(blockOf(b)) : blockOf(b);
    const target = blockOf(c);
    if (k === 0 && !options.accumulate) c.data.fill(0);
    if (Math.min(m, n, k) > SHORT) {
      if (!accumulate) c.data.fill(0);
      multiplyAddNow({ c: target, a: left, b: right, m, n, k, sign: 1 });
    } else if (right.colStep === 1 && n > SHORT) {
      addRows(target, left, right, { m, n, k, accumulate });
    } else if (left.rowStep === 1 && m > SHORT) {
      addRows(transposed(target), transposed(right), transposed(left), { m: n, n: m, k, accumulate });
    } else if (left.colStep === 1 && right.rowStep === 1) {
      addDots(target, left, right, { m, n, k, accumulate });
    } else {
      addRows(target, left, right, { m, n, k, accumulate });
    }
  },
};
