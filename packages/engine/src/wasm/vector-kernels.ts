import type { Func, Local } from "wasmati";
import { br_if, f64, f64x2, func, i32, if_, local, loop, v128 } from "wasmati";

// Vectors are padded with zeros to a multiple of 8 numbers.
const TURN = 64;
const QUARTERS = [0, 16, 32, 48] as const;

type Address = Local<"i32">;

/** Runs the body while `at`, which it moves, is below `end`; at least once. */
function whileBelow(at: Address, end: Address, body: () => void): void {
  loop({ in: [], out: [] }, (next) => {
    body();
    i32.lt_u(at, end);
    br_if(next);
  });
}

/** (x, y, bytes) → Σ x y, over `bytes` of both, a multiple of 64 and not zero. */
export function dotFunction(): Func<["i32", "i32", "i32"], ["f64"]> {
  return func(
    { in: [i32, i32, i32], locals: [i32, v128, v128, v128, v128], out: [f64] },
    ([x, y, bytes], [end, s0, s1, s2, s3]) => {
      local.set(end, i32.add(x, bytes));
      whileBelow(x, end, () => {
        for (const [s, sum] of [s0, s1, s2, s3].entries()) {
          const offset = QUARTERS[s]!;
          local.set(sum, f64x2.add(sum, f64x2.mul(v128.load({ offset }, x), v128.load({ offset }, y))));
        }
        local.set(y, i32.add(y, TURN));
        local.set(x, i32.add(x, TURN));
      });
      local.set(s0, f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
      f64.add(f64x2.extract_lane(0, s0), f64x2.extract_lane(1, s0));
    },
  );
}

/** (y, u, v, a, b, bytes): y ← y - (a u + b v) over `bytes`, a multiple of 64 and not zero. */
export function subtractFunction(): Func<["i32", "i32", "i32", "f64", "f64", "i32"], []> {
  return func(
    { in: [i32, i32, i32, f64, f64, i32], locals: [i32, v128, v128], out: [] },
    ([y, u, v, a, b, bytes], [end, as, bs]) => {
      local.set(end, i32.add(y, bytes));
      local.set(as, f64x2.splat(a));
      local.set(bs, f64x2.splat(b));
      whileBelow(y, end, () => {
        for (const offset of QUARTERS) {
          local.get(y);
          v128.load({ offset }, y);
          f64x2.add(f64x2.mul(as, v128.load({ offset }, u)), f64x2.mul(bs, v128.load({ offset }, v)));
          f64x2.sub();
          v128.store({ offset });
        }
        for (const address of [u, v, y]) local.set(address, i32.add(address, TURN));
      });
    },
  );
}

const ROWS = [0, 1, 2, 3] as const;

/**
 * (a, pitch, x, y, groups): y ← y + A x for symmetric A, of which the 4 `groups` rows `pitch` bytes apart hold the lower
 * triangle and all of the 4 x 4 blocks on the diagonal. Each number is read once, for its row and for its column.
 */
export function multiplySymmetricFunction(): Func<["i32", "i32", "i32", "i32", "i32"], []> {
  return func(
    {
      in: [i32, i32, i32, i32, i32],
      locals: [i32, i32, i32, i32, i32, i32, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128],
      out: [],
    },
    ([a, pitch, x, y, groups], [a1, a2, a3, end, xAt, yAt, s0, s1, s2, s3, x0, x1, x2, x3, xs, ys, as]) => {
      const rows = [a, a1, a2, a3] as const;
      const sums = [s0, s1, s2, s3] as const;
      const factors = [x0, x1, x2, x3] as const;
      const addToSums = (): void => {
        for (const r of ROWS) local.set(sums[r], f64x2.add(sums[r], f64x2.mul(v128.load({ offset: 0 }, rows[r]), xs)));
      };
      const advance = (): void => {
        for (const address of [...rows, xAt]) local.set(address, i32.add(address, 16));
      };
      local.set(end, x);
      loop({ in: [], out: [] }, (nextGroup) => {
        for (const r of [1, 2, 3] as const) local.set(rows[r], i32.add(rows[r === 1 ? 0 : r === 2 ? 1 : 2], pitch));
        for (const r of ROWS) local.set(factors[r], v128.load64_splat({ offset: 8 * r }, end));
        for (const sum of sums) local.set(sum, v128.const("f64x2", [0, 0]));
        local.set(xAt, x);
        local.set(yAt, y);
        i32.lt_u(xAt, end);
        if_({ in: [], out: [] }, () => {
          whileBelow(xAt, end, () => {
            local.set(xs, v128.load({ offset: 0 }, xAt));
            local.set(ys, v128.load({ offset: 0 }, yAt));
            for (const r of ROWS) {
              local.set(as, v128.load({ offset: 0 }, rows[r]));
              local.set(sums[r], f64x2.add(sums[r], f64x2.mul(as, xs)));
              local.set(ys, f64x2.add(ys, f64x2.mul(as, factors[r])));
            }
            v128.store({ offset: 0 }, yAt, ys);
            local.set(yAt, i32.add(yAt, 16));
            advance();
          });
        });
        for (const _ of [0, 1]) {
          local.set(xs, v128.load({ offset: 0 }, xAt));
          addToSums();
          advance();
        }
        for (const r of ROWS) {
          local.get(yAt);
          f64.load({ offset: 8 * r }, yAt);
          f64.add(f64x2.extract_lane(0, sums[r]), f64x2.extract_lane(1, sums[r]));
          f64.add();
          f64.store({ offset: 8 * r });
        }
        // From the end of its last row to the start of the next group.
        local.set(end, i32.add(end, 32));
        local.set(a, i32.add(i32.sub(a3, i32.sub(end, x)), pitch));
        local.set(groups, i32.sub(groups, 1));
        local.get(groups);
        br_if(nextGroup);
      });
    },
  );
}
