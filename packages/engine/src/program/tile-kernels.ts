import type { Func, Label, Local } from "wasmati";
import { br_if, f64, f64x2, func, i8x16, i32, i64x2, local, loop, v128 } from "wasmati";
import { LAYOUT, PITCH } from "./tile-layout.ts";

type Index = Local<"i32">;

/** A little below `NEARLY_PARALLEL`: what rounding makes of it still counts. */
const NEAR = 0.89;

/**
 * (base, rows, columns, scale) → 1 if some scalar product of the tile, times `scale`, may be that of nearly parallel inputs:
 * |c| > 0.89 √p √q, by roots, as products of variances may leave the range of float64. An even number of columns; the room for the
 * transpose is overwritten.
 */
export function hasNearFunction(): Func<["i32", "i32", "i32", "f64"], ["i32"]> {
  return func(
    { in: [i32, i32, i32, f64], locals: [v128, v128, v128, v128, i32, i32, i32, i32], out: [i32] },
    ([base, rows, columns, scale], [scales, bound, c, found, row, rowEnd, at, column]) => {
      local.set(scales, f64x2.splat(scale));
      local.set(rowEnd, i32.add(base, i32.shl(rows, 3)));
      local.set(column, base);
      loop({ in: [], out: [] }, (next) => {
        local.set(c, f64x2.sqrt(v128.load({ offset: LAYOUT.columnVariances }, column)));
        v128.store({ offset: LAYOUT.mirrored }, column, f64x2.mul(v128.const("f64x2", [NEAR, NEAR]), c));
        until(next, column, 16, base, columns);
      });
      local.set(row, base);
      local.set(at, base);
      eachRow(row, rowEnd, () => {
        local.set(bound, f64x2.sqrt(v128.load64_splat({ offset: LAYOUT.rowVariances }, row)));
        local.set(column, base);
        loop({ in: [], out: [] }, (next) => {
          local.set(c, f64x2.mul(v128.load({ offset: LAYOUT.nngp }, at), scales));
          local.get(found);
          f64x2.gt(f64x2.abs(c), f64x2.mul(bound, v128.load({ offset: LAYOUT.mirrored }, column)));
          v128.or();
          local.set(found);
          local.set(at, i32.add(at, 16));
          until(next, column, 16, base, columns);
        });
        local.set(at, i32.add(i32.sub(at, i32.shl(columns, 3)), PITCH));
      });
      v128.any_true(found);
    },
  );
}

/**
 * (from, to, rows, columns) → 1 if some value of the tile at address `from` is not finite. Writes the transpose to `to`. Even numbers
 * of rows and columns.
 */
export function transposeFunction(): Func<["i32", "i32", "i32", "i32"], ["i32"]> {
  return func(
    { in: [i32, i32, i32, i32], locals: [v128, v128, v128, i32, i32, i32, i32], out: [i32] },
    ([from, to, rows, columns], [upper, lower, check, row, rowEnd, at, target]) => {
      local.set(rowEnd, i32.add(to, i32.shl(rows, 3)));
      local.set(row, to);
      loop({ in: [], out: [] }, (nextRows) => {
        local.set(at, from);
        local.set(target, row);
        loop({ in: [], out: [] }, (next) => {
          local.set(upper, v128.load({ offset: 0 }, at));
          local.set(lower, v128.load({ offset: PITCH }, at));
          local.set(
            check,
            f64x2.add(check, f64x2.mul(f64x2.add(f64x2.abs(upper), f64x2.abs(lower)), v128.const("f64x2", [0, 0]))),
          );
          v128.store({ offset: 0 }, target, i8x16.shuffle(FIRSTS, upper, lower));
          v128.store({ offset: PITCH }, target, i8x16.shuffle(SECONDS, upper, lower));
          local.set(target, i32.add(target, 2 * PITCH));
          until(next, at, 16, from, columns);
        });
        local.set(from, i32.add(from, 2 * PITCH));
        local.set(row, i32.add(row, 16));
        i32.lt_u(row, rowEnd);
        br_if(nextRows);
      });
      v128.any_true(f64x2.ne(check, v128.const("f64x2", [0, 0])));
      void i64x2;
    },
  );
}

/** Lanes of two vectors: the first of each, the second of each. */
const FIRSTS = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const SECONDS = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31];

function eachRow(row: Index, end: Index, body: () => void): void {
  loop({ in: [], out: [] }, (next) => {
    body();
    local.set(row, i32.add(row, 8));
    i32.lt_u(row, end);
    br_if(next);
  });
}

/** Advances `address` by `step`, and starts the loop again until it is `columns` numbers after `start`. */
function until(label: Label, address: Index, step: number, start: Index, columns: Index): void {
  local.set(address, i32.add(address, step));
  i32.lt_u(address, i32.add(start, i32.shl(columns, 3)));
  br_if(label);
}
