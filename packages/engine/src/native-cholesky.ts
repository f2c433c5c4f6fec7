import {
  type BadPivot,
  type CholeskyOptions,
  type CholeskyResult,
  checkSquare,
  lowerTriangle,
  type Matrix,
  shiftDiagonal,
  type WorkOptions,
  withSuggestion,
} from "ntkit/engine-kit";
import { integer, integerIn, type Library } from "./library.ts";
import { copyLower } from "./native-copy.ts";
import { inSteps, pieces, unlessAborted } from "./native-steps.ts";

const ONE = Float64Array.of(1);
const MINUS_ONE = Float64Array.of(-1);

/** From here on rows are finished a panel at a time, as fast as all at once. */
const PANELS_FROM = 3000;
const PANEL = 512;

/**
 * A + diagReg·I = L Lᵀ. One copy of A is made, and becomes L.
 *
 * A value that is not finite needs no search beforehand: it reaches the pivot of its row, which then is not positive.
 */
export async function nativeCholesky(
  library: Library,
  a: Matrix,
  options: CholeskyOptions = {},
): Promise<CholeskyResult> {
  checkSquare("cholesky", a);
  const attempt = async (matrixToTry: Matrix): Promise<Float64Array | BadPivot> => {
    options.signal?.throwIfAborted();
    const lower = await unlessAborted(copyLower(library, matrixToTry, options.reuse), options.signal);
    shiftDiagonal(lower, a.rows, options.diagReg);
    return (await factorize(library, lower, a.rows, options)) ?? lower;
  };
  const first = await attempt(a);
  if (!(first instanceof Float64Array)) lowerTriangle("cholesky", a); // throws when a value is not finite
  return withSuggestion(a, first, attempt);
}

async function factorize(
  library: Library,
  lower: Float64Array,
  n: number,
  options: WorkOptions,
): Promise<BadPivot | undefined> {
  let bad: BadPivot | undefined;
  const share = (to: number): number => (to / n) ** 3;
  await inSteps(
    pieces(n, n < PANELS_FROM ? n : PANEL),
    options,
    async ({ from, to }) => {
      bad ??= await finishRows(library, lower, n, from, to);
    },
    share,
  );
  return bad;
}

/** Rows [from, to) of L from those above: L[I, ..] = A[I, ..] L[.., ..]⁻ᵀ, then the diagonal block. */
async function finishRows(
  library: Library,
  lower: Float64Array,
  n: number,
  from: number,
  to: number,
): Promise<BadPivot | undefined> {
  const [before, count, stride] = [integer(from), integer(to - from), integer(n)];
  const [rows, corner] = [lower.subarray(from * n), lower.subarray(from * n + from)];
  if (from > 0) {
    await library.call("dtrsm", "LUTN", before, count, ONE, lower, stride, rows, stride);
    await library.call("dsyrk", "UT", count, before, MINUS_ONE, rows, stride, ONE, corner, stride);
  }
  const info = integer(0);
  await library.call("dpotrf", "U", count, corner, stride, info);
  const failed = from + integerIn(info) - 1;
  // The routine leaves the pivot that stopped it in its place. Some let a pivot pass that overflowed to NaN.
  if (failed >= from) return { pivot: failed, value: Math.min(0, lower[failed * n + failed]! || 0) };
  for (let i = from; i < to; i++) {
    if (!(lower[i * n + i]! > 0 && lower[i * n + i]! < Number.POSITIVE_INFINITY))
      return { pivot: i, value: Number.NEGATIVE_INFINITY };
  }
  return undefined;
}
