import { allFinite, lowerTriangle, type Matrix } from "ntkit/engine-kit";
import { integer, type Library } from "./library.ts";

/** Rows from which a copy is worth a call of the library. */
const LARGE = 1000;
/** Calls that copy at the same time: one core does not use all of the memory's bandwidth. */
const COPIERS = 2;

/** A copy of the lower triangle with zeros above it, whatever its values; `reuse` has them there already. O(1) of the calling thread when large. */
export async function copyLower(library: Library, a: Matrix, reuse?: Float64Array): Promise<Float64Array> {
  const n = a.rows;
  const lower = reuse?.length === n * n ? reuse : library.allocate(n * n);
  if (n < LARGE) {
    for (let i = 0; i < n; i++) lower.set(a.data.subarray(i * n, i * n + i + 1), i * n);
    return lower;
  }
  // Parts of equal area.
  const bounds = Array.from({ length: COPIERS + 1 }, (_, part) => Math.round(n * Math.sqrt(part / COPIERS)));
  const stride = integer(n);
  const copyRows = async (from: number, to: number): Promise<void> => {
    const [rows, start, corner] = [integer(to - from), from * n, from * n + from];
    const at = (offset: number) => [a.data.subarray(offset), stride, lower.subarray(offset), stride] as const;
    if (from > 0) await library.call("dlacpy", "A", integer(from), rows, ...at(start));
    await library.call("dlacpy", "U", rows, rows, ...at(corner));
  };
  await Promise.all(bounds.slice(1).map((to, part) => copyRows(bounds[part]!, to)));
  return lower;
}

/** The same of a matrix all of whose values must be finite, those above the diagonal excepted. */
export async function copyFiniteLower(library: Library, where: string, a: Matrix): Promise<Float64Array> {
  for (let i = 0; i < a.rows; i++) {
    // Throws, and says where.
    if (!allFinite(a.data.subarray(i * a.cols, i * a.cols + i + 1))) lowerTriangle(where, a);
  }
  return copyLower(library, a);
}
