import { ShapeError } from "../errors.ts";
import { checkFinite } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { blockOf, transposed } from "./block.ts";
import type { MatmulOptions } from "./engine.ts";
import { multiplyAdd } from "./multiply-add.ts";
import { startWork } from "./work.ts";

/** The sizes of op(A) op(B), m x k times k x n. */
export interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Throws when the sizes do not fit. */
export function productSizes(a: Matrix, b: Matrix, options: MatmulOptions): ProductSizes {
  const [m, k] = options.transposeA ? [a.cols, a.rows] : [a.rows, a.cols];
  const [inner, n] = options.transposeB ? [b.cols, b.rows] : [b.rows, b.cols];
  if (k !== inner) throw new ShapeError(`matmul: inner sizes must agree, got ${m} x ${k} times ${inner} x ${n}`);
  return { m, n, k };
}

/** Throws when the sizes do not fit or a value is not finite. */
export function matmulSizes(a: Matrix, b: Matrix, options: MatmulOptions): ProductSizes {
  const sizes = productSizes(a, b, options);
  checkFinite("matmul", a);
  checkFinite("matmul", b);
  return sizes;
}

/** op(A) op(B). A slice of the result has the same bits as the result of the slice: see `multiplyAdd`. */
export async function matmul(a: Matrix, b: Matrix, options: MatmulOptions = {}): Promise<Matrix> {
  const { m, n, k } = matmulSizes(a, b, options);
  const work = startWork(options);
  const c = matrix(m, n);
  const left = options.transposeA ? transposed(blockOf(a)) : blockOf(a);
  const right = options.transposeB ? transposed(blockOf(b)) : blockOf(b);
  await multiplyAdd({ c: blockOf(c), a: left, b: right, m, n, k, sign: 1 }, work);
  return c;
}
