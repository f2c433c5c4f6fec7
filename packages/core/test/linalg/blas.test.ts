import { expect, test } from "vitest";
import { jsBlas } from "../../src/linalg/blas.ts";
import { type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";

const SIZES = [1, 2, 3, 4, 5, 6, 7, 9, 12];
const FLAGS = [false, true];

test("products of every thin shape are sums of products, and add to what is there only when asked", () => {
  for (const m of SIZES) {
    for (const n of SIZES) {
      for (const k of [0, ...SIZES]) {
        for (const transposeA of FLAGS) {
          for (const transposeB of FLAGS) {
            for (const accumulate of FLAGS) checkProduct(m, n, k, { transposeA, transposeB, accumulate });
          }
        }
      }
    }
  }
});

test("what C held does not matter, be it not finite", () => {
  for (const k of SIZES) {
    const c = matrix(5, 11);
    c.data.fill(Number.NaN);
    jsBlas.gemm(c, random(1, 5, k), random(2, k, 11));
    expect(c.data.every(Number.isFinite)).toBe(true);
  }
});

interface Flags {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
}

function checkProduct(m: number, n: number, k: number, flags: Flags): void {
  const a = flags.transposeA ? random(1, k, m) : random(1, m, k);
  const b = flags.transposeB ? random(2, n, k) : random(2, k, n);
  const c = random(3, m, n);
  const expected = c.data.map((value, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = flags.accumulate ? value : 0;
    for (let p = 0; p < k; p++)
      sum += a.data[flags.transposeA ? p * m + i : i * k + p]! * b.data[flags.transposeB ? j * k + p : p * n + j]!;
    return sum;
  });
  jsBlas.gemm(c, a, b, flags);
  const worst = c.data.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
  expect(worst, `${m} x ${k} times ${k} x ${n}, ${JSON.stringify(flags)}`).toBeLessThan(1e-13);
}

function random(seed: number, rows: number, cols: number): Matrix {
  return matrix(rows, cols, normal(key(seed), rows * cols));
}
