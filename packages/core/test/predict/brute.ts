import { type Matrix, matrix, takeBlock, transpose } from "../../src/matrix/matrix.ts";
import { key, normal, split } from "../../src/random/key.ts";

/** Slow, plain, independent of the engine: what the library's answers are held against. */

export function times(a: Matrix, b: Matrix): Matrix {
  const product = matrix(a.rows, b.cols);
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.cols; j++) {
      let sum = 0;
      for (let k = 0; k < a.cols; k++) sum += a.data[i * a.cols + k]! * b.data[k * b.cols + j]!;
      product.data[i * b.cols + j] = sum;
    }
  return product;
}

/** A⁻¹ B and det A by Gauss-Jordan elimination with row pivoting. */
export function gauss(a: Matrix, b: Matrix): { solution: Matrix; det: number } {
  const n = a.rows;
  const rows = Array.from({ length: n }, (_, i) => [
    ...a.data.subarray(i * n, (i + 1) * n),
    ...b.data.subarray(i * b.cols, (i + 1) * b.cols),
  ]);
  let det = 1;
  for (let k = 0; k < n; k++) {
    let p = k;
    for (let i = k; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[p]![k]!)) p = i;
    if (p !== k) det = -det;
    [rows[k], rows[p]] = [rows[p]!, rows[k]!];
    det *= rows[k]![k]!;
    rows[k] = rows[k]!.map((value) => value / rows[k]![k]!);
    for (let i = 0; i < n; i++)
      if (i !== k) {
        const factor = rows[i]![k]!;
        rows[i] = rows[i]!.map((value, j) => value - factor * rows[k]![j]!);
      }
  }
  return { solution: matrix(n, b.cols, Float64Array.from(rows.flatMap((values) => values.slice(n)))), det };
}

export function randomMatrix(seed: number, rows: number, cols: number): Matrix {
  return matrix(rows, cols, normal(key(seed), rows * cols));
}

/** Blocks of one positive definite matrix over n training and m test points, of any smallness `floor` on its diagonal. */
export function randomKernel(seed: number, n: number, m: number, floor = 0.1): Record<"dd" | "td" | "tt", Matrix> {
  const features = matrix(n + m, n + m, normal(split(key(seed), 2)[1]!, (n + m) ** 2));
  const all = times(features, transpose(features));
  for (let i = 0; i < n + m; i++) all.data[i * (n + m) + i]! += floor * (n + m);
  const train = Array.from({ length: n }, (_, i) => i);
  const test = Array.from({ length: m }, (_, i) => n + i);
  return { dd: takeBlock(all, train, train), td: takeBlock(all, test, train), tt: takeBlock(all, test, test) };
}

/** max |a − b| / max |b|. */
export function gap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [worst, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
    size = Math.max(size, Math.abs(b[i]!));
  }
  return worst === 0 ? 0 : worst / size;
}

/** The success branch, or a failed test that says why. */
export function succeed<T extends { readonly ok: boolean }>(outcome: T): Extract<T, { readonly ok: true }> {
  if (!outcome.ok) throw new Error(`expected success, got ${JSON.stringify(outcome)}`);
  return outcome as Extract<T, { readonly ok: true }>;
}
