import { ShapeError } from "../errors.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { type Block, blockOf, transposed } from "./block.ts";
import { multiplyAddNow } from "./multiply-add.ts";

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

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** False: what C holds is not read. */
  readonly accumulate: boolean;
}

/** C (+)= A B, row by row: each row of C gets multiples of rows of B, four at a time. */
function addRows(c: Block, a: Block, b: Block, { m, n, k, accumulate }: Sizes): void {
  const { data } = a;
  const isPacked = c.colStep === 1 && b.colStep === 1;
  for (let i = 0; i < m; i++) {
    const start = c.offset + i * c.rowStep;
    let p = 0;
    for (let at = a.offset + i * a.rowStep; isPacked && p + 3 < k; p += 4, at += 4 * a.colStep) {
      const [x0, x1, x2, x3] = [data[at]!, data[at + a.colStep]!, data[at + 2 * a.colStep]!, data[at + 3 * a.colStep]!];
      addFourRows(c.data, start, [x0, x1, x2, x3], b, b.offset + p * b.rowStep, n, accumulate || p > 0);
    }
    if (isPacked && p + 1 < k) {
      const at = a.offset + i * a.rowStep + p * a.colStep;
      const from = b.offset + p * b.rowStep;
      addTwoRows(c.data, start, [data[at]!, data[at + a.colStep]!], b, from, n, accumulate || p > 0);
      p += 2;
    }
    for (; p < k; p++) {
      const x = data[a.offset + i * a.rowStep + p * a.colStep]!;
      addRow(c, start, x, b, b.offset + p * b.rowStep, n, accumulate || p > 0);
    }
  }
}

function addFourRows(
  out: Float64Array,
  start: number,
  [x0, x1, x2, x3]: readonly [number, number, number, number],
  { data, rowStep }: Block,
  f0: number,
  n: number,
  accumulate: boolean,
): void {
  const [f1, f2, f3] = [f0 + rowStep, f0 + 2 * rowStep, f0 + 3 * rowStep];
  if (accumulate) {
    for (let j = 0; j < n; j++)
      out[start + j]! += x0 * data[f0 + j]! + x1 * data[f1 + j]! + (x2 * data[f2 + j]! + x3 * data[f3 + j]!);
  } else {
    for (let j = 0; j < n; j++)
      out[start + j] = x0 * data[f0 + j]! + x1 * data[f1 + j]! + (x2 * data[f2 + j]! + x3 * data[f3 + j]!);
  }
}

function addTwoRows(
  out: Float64Array,
  start: number,
  [x0, x1]: readonly [number, number],
  { data, rowStep }: Block,
  f0: number,
  n: number,
  accumulate: boolean,
): void {
  const f1 = f0 + rowStep;
  if (accumulate) for (let j = 0; j < n; j++) out[start + j]! += x0 * data[f0 + j]! + x1 * data[f1 + j]!;
  else for (let j = 0; j < n; j++) out[start + j] = x0 * data[f0 + j]! + x1 * data[f1 + j]!;
}

function addRow(c: Block, start: number, x: number, b: Block, from: number, n: number, accumulate: boolean): void {
  const { data: out, colStep } = c;
  const { data, colStep: step } = b;
  if (colStep === 1 && step === 1) {
    if (accumulate) for (let j = 0; j < n; j++) out[start + j]! += x * data[from + j]!;
    else for (let j = 0; j < n; j++) out[start + j] = x * data[from + j]!;
    return;
  }
  if (!accumulate) for (let j = 0, at = start; j < n; j++, at += colStep) out[at] = 0;
  for (let j = 0, at = start, f = from; j < n; j++, at += colStep, f += step) out[at]! += x * data[f]!;
}

/** C (+)= A B, entry by entry, for rows of A and columns of B that lie together. Four sums, so that none waits for the last. */
function addDots(c: Block, a: Block, b: Block, { m, n, k, accumulate }: Sizes): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const [x, y] = [a.offset + i * a.rowStep, b.offset + j * b.colStep];
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      let p = 0;
      for (; p + 3 < k; p += 4) {
        s0 += a.data[x + p]! * b.data[y + p]!;
        s1 += a.data[x + p + 1]! * b.data[y + p + 1]!;
        s2 += a.data[x + p + 2]! * b.data[y + p + 2]!;
        s3 += a.data[x + p + 3]! * b.data[y + p + 3]!;
      }
      for (; p < k; p++) s0 += a.data[x + p]! * b.data[y + p]!;
      const at = c.offset + i * c.rowStep + j * c.colStep;
      c.data[at] = s0 + s1 + (s2 + s3) + (accumulate ? c.data[at]! : 0);
    }
  }
}
