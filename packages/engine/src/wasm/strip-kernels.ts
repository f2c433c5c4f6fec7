import type { Func, Local } from "wasmati";
import { br_if, call, f64, f64x2, func, i32, i64x2, if_, local, loop, return_, v128 } from "wasmati";
import { COLUMN, STRIP } from "./strips.ts";

// All operands are strips of 4 rows, column after column: see strips.ts. Loops over columns are not unrolled: V8 keeps
// all sums in registers then, and not otherwise.

type Address = Local<"i32">;
type Vector = Local<"v128">;

/** What `emitSums` works with. The sums of a 4 x 4 tile: of column q, sums[2q] (rows 0 and 1), sums[2q + 1] (2 and 3). */
interface Registers {
  readonly sums: readonly Vector[];
  readonly upper: Vector;
  readonly lower: Vector;
  readonly factor: Vector;
}

const VECTORS = [v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128] as const;
const HALVES = [0, 1] as const;
const COLUMNS = [0, 1, 2, 3] as const;

/** sums ← Σ x[p] y[p]ᵀ over the columns p of two strips, x from its address to `end`. Moves both addresses. */
function emitSums(registers: Registers, x: Address, y: Address, end: Address, fast: boolean): void {
  const { sums, upper, lower, factor } = registers;
  for (const sum of sums) local.set(sum, v128.const("f64x2", [0, 0]));
  i32.lt_u(x, end);
  if_({ in: [], out: [] }, () => {
    loop({ in: [], out: [] }, (next) => {
      local.set(upper, v128.load({ offset: 0 }, x));
      local.set(lower, v128.load({ offset: 16 }, x));
      for (const q of COLUMNS) {
        local.set(factor, v128.load64_splat({ offset: 8 * q }, y));
        for (const half of HALVES) {
          const sum = sums[2 * q + half]!;
          const vector = half === 0 ? upper : lower;
          if (fast) local.set(sum, f64x2.relaxed_madd(factor, vector, sum));
          else local.set(sum, f64x2.add(sum, f64x2.mul(factor, vector)));
        }
      }
      local.set(y, i32.add(y, COLUMN));
      local.set(x, i32.add(x, COLUMN));
      i32.lt_u(x, end);
      br_if(next);
    });
  });
}

/** Runs the body `count` times, at least once; the local `count` ends at 0. */
function repeat(count: Address, body: () => void): void {
  loop({ in: [], out: [] }, (next) => {
    body();
    local.set(count, i32.sub(count, 1));
    local.get(count);
    br_if(next);
  });
}

type MultiplyFunction = Func<["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "f64"], []>;

/**
 * (c, x, y, xStrips, yStrips, columns, gap, pitch, xStep, yStep, sign): C ← C + sign X Yᵀ, all counts at least 1. Strips
 * of X are `gap` bytes apart, from the end of one to the next.
 *
 * Column q of the tile of strips i of X and j of Y is at c + i xStep + j yStep + q pitch. A result in strips has pitch 32
 * and yStep 128; a row-major one has its rows in Y. A strip of Y stays in the first cache while all of X passes by, so X
 * should not be larger than half of the second.
 */
export function multiplyFunction(fast: boolean): MultiplyFunction {
  const parameters = [i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, f64] as const;
  const locals = [...VECTORS, v128, i32, i32, i32, i32, i32, i32] as const;
  return func(
    { in: [...parameters], locals: [...locals], out: [] },
    (
      [c, x, y, xStrips, yStrips, columns, gap, pitch, xStep, yStep, sign],
      [s0, s1, s2, s3, s4, s5, s6, s7, upper, lower, factor, signs, bytes, rows, tile, at, xAt, end],
    ) => {
      const registers = { sums: [s0, s1, s2, s3, s4, s5, s6, s7], upper, lower, factor };
      const addSums = (): void => {
        local.set(at, tile);
        for (const q of COLUMNS) {
          for (const half of HALVES) {
            local.get(at);
            f64x2.add(v128.load({ offset: 16 * half }, at), f64x2.mul(signs, registers.sums[2 * q + half]!));
            v128.store({ offset: 16 * half });
          }
          local.set(at, i32.add(at, pitch));
        }
      };
      local.set(signs, f64x2.splat(sign));
      local.set(bytes, i32.mul(columns, COLUMN));
      repeat(yStrips, () => {
        local.set(tile, c);
        local.set(rows, xStrips);
        local.set(xAt, x);
        repeat(rows, () => {
          local.set(end, i32.add(xAt, bytes));
          emitSums(registers, xAt, y, end, fast);
          local.set(xAt, i32.add(xAt, gap));
          local.set(y, i32.sub(y, bytes));
          addSums();
          local.set(tile, i32.add(tile, xStep));
        });
        local.set(y, i32.add(y, bytes));
        local.set(c, i32.add(c, yStep));
      });
    },
  );
}

type SolveFunction = Func<["i32", "i32", "i32", "i32"], []>;

/**
 * (x, l, tiles, bytes): overwrites the strip x by X with X Lᵀ = x. L is lower triangular, in strips that are `bytes`
 * apart; its first 4 `tiles` columns are used, tiles >= 1.
 *
 * X[:, c] = (x[:, c] - Σ_{p < c} X[:, p] L[c, p]) / L[c, c], four columns at a time.
 */
export function solveFunction(fast: boolean): SolveFunction {
  return func(
    { in: [i32, i32, i32, i32], locals: [...VECTORS, i32, i32, i32], out: [] },
    ([x, l, tiles, bytes], [s0, s1, s2, s3, s4, s5, s6, s7, upper, lower, factor, xAt, lAt, end]) => {
      const sums = [s0, s1, s2, s3, s4, s5, s6, s7];
      local.set(end, x);
      repeat(tiles, () => {
        local.set(xAt, x);
        local.set(lAt, l);
        emitSums({ sums, upper, lower, factor }, xAt, lAt, end, fast);
        for (const q of COLUMNS) {
          for (const half of HALVES) {
            const solved = sums[2 * q + half]!;
            local.set(solved, f64x2.sub(v128.load({ offset: COLUMN * q + 16 * half }, end), solved));
            for (let s = 0; s < q; s++) {
              local.set(factor, v128.load64_splat({ offset: COLUMN * s + 8 * q }, lAt));
              local.set(solved, f64x2.sub(solved, f64x2.mul(factor, sums[2 * s + half]!)));
            }
            local.set(solved, f64x2.div(solved, v128.load64_splat({ offset: COLUMN * q + 8 * q }, lAt)));
            v128.store({ offset: COLUMN * q + 16 * half }, end, solved);
          }
        }
        local.set(end, i32.add(end, COLUMN * STRIP));
        local.set(l, i32.add(l, bytes));
      });
    },
  );
}

type FactorFunction = Func<["i32", "i32", "i32"], ["i32"]>;

/**
 * (a, tiles, bytes) → -1, or the first row whose pivot is not positive: overwrites the lower triangle of A, `tiles` strips
 * that are `bytes` apart, by L with L Lᵀ = A. A pivot that is not positive stays in its place.
 */
export function factorFunction(solve: SolveFunction, fast: boolean): FactorFunction {
  return func(
    { in: [i32, i32, i32], locals: [...VECTORS, i32, i32, i32, i32, i32, f64], out: [i32] },
    ([a, tiles, bytes], [s0, s1, s2, s3, s4, s5, s6, s7, upper, lower, factor, i, strip, xAt, yAt, end, pivot]) => {
      const sums = [s0, s1, s2, s3, s4, s5, s6, s7];
      const at = (row: number, column: number): { offset: number } => ({ offset: COLUMN * column + 8 * row });
      local.set(strip, a);
      repeat(tiles, () => {
        local.get(i);
        if_({ in: [], out: [] }, () => void call(solve, [strip, a, i, bytes]));
        local.set(xAt, strip);
        local.set(yAt, strip);
        local.set(end, i32.add(strip, i32.mul(i, COLUMN * STRIP)));
        emitSums({ sums, upper, lower, factor }, xAt, yAt, end, fast);
        for (const [s, sum] of sums.entries()) {
          local.get(end);
          f64x2.sub(v128.load({ offset: 16 * s }, end), sum);
          v128.store({ offset: 16 * s });
        }
        for (const q of COLUMNS) {
          for (let r = q; r < STRIP; r++) {
            local.set(pivot, f64.load(at(r, q), end));
            for (let s = 0; s < q; s++) {
              local.set(pivot, f64.sub(pivot, f64.mul(f64.load(at(r, s), end), f64.load(at(q, s), end))));
            }
            f64.store(at(r, q), end, pivot);
          }
          local.set(pivot, f64.load(at(q, q), end));
          i32.eqz(f64.gt(pivot, 0));
          if_({ in: [], out: [] }, () => {
            i32.add(i32.mul(i, STRIP), q);
            return_();
          });
          local.set(pivot, f64.sqrt(pivot));
          f64.store(at(q, q), end, pivot);
          for (let r = q + 1; r < STRIP; r++) {
            f64.store(at(r, q), end, f64.div(f64.load(at(r, q), end), pivot));
          }
        }
        local.set(i, i32.add(i, 1));
        local.set(strip, i32.add(strip, bytes));
      });
      i32.const(-1);
    },
  );
}

type FiniteFunction = Func<["i32", "i32"], ["i32"]>;

/** (from, to) → 1 when all numbers at addresses from `from` up to `to`, some 32 bytes further on, are finite, else 0. */
export function finiteFunction(): FiniteFunction {
  return func({ in: [i32, i32], locals: [v128, v128, v128], out: [i32] }, ([at, end], [zero, upper, lower]) => {
    loop({ in: [], out: [] }, (next) => {
      local.set(upper, f64x2.add(upper, f64x2.mul(v128.load({ offset: 0 }, at), zero)));
      local.set(lower, f64x2.add(lower, f64x2.mul(v128.load({ offset: 16 }, at), zero)));
      local.set(at, i32.add(at, COLUMN));
      i32.lt_u(at, end);
      br_if(next);
    });
    local.set(upper, f64x2.add(upper, lower)); // zero, or NaN
    i64x2.all_true(f64x2.eq(upper, zero));
  });
}
