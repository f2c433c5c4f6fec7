import {
  blockOf,
  type MatmulOptions,
  type Matrix,
  matmulSizes,
  matrix,
  type Product,
  productSizes,
  startWork,
  transposed,
  type Work,
} from "ntkit/engine-kit";
import type { Pool } from "./pool.ts";
import { remote, resultFor, visible, withBroadcast } from "./remote.ts";
import { STRIP } from "./strips.ts";
import type { Task } from "./task-queue.ts";

/** Rows of the highest tiles that tasks compute, columns of the widest and of the narrowest. */
const HIGH = 256;
const WIDE = 1024;
const NARROW = 64;
/** Tiles for each thread, so that all are busy nearly to the end. */
const TILES_PER_THREAD = 8;

/** op(A) op(B). */
export async function matmul(pool: Pool, a: Matrix, b: Matrix, options: MatmulOptions = {}): Promise<Matrix> {
  const { m, n, k } = productSizes(a, b, options);
  const work = startWork(options);
  const c = matrix(m, n, resultFor(pool, costOf({ m, n, k }), m * n, options.reuse));
  if (k === 0) c.data.fill(0);
  const left = options.transposeA ? transposed(blockOf(a)) : blockOf(a);
  const right = options.transposeB ? transposed(blockOf(b)) : blockOf(b);
  const finite = await multiply(pool, { c: blockOf(c), a: left, b: right, m, n, k, sign: 1 }, true, work);
  if (!finite) matmulSizes(a, b, options); // says where it is not
  return c;
}

/** C ← C ± A B, in place. */
export async function multiplyAdd(pool: Pool, product: Product, work: Work): Promise<void> {
  await multiply(pool, product, false, work);
}

/**
 * C ← C ± A B by tiles of C; `fresh` when C is to be overwritten by ± A B. The sums do not depend on the tiles, hence not on the number of
 * threads that their size does depend on. C must be visible to the threads; the factors are copied where they are not.
 * False when values of a factor are not finite, which is looked for when C is fresh.
 */
async function multiply(pool: Pool, product: Product, fresh: boolean, work: Work): Promise<boolean> {
  const { c, m, n, k, sign } = product;
  if (m === 0 || n === 0 || k === 0) {
    await work.breathe(1);
    return false; // none was looked at
  }
  const cost = costOf(product);
  const a = await visible(pool, cost, product.a.data, work);
  const b = product.b.data === product.a.data ? a : await visible(pool, cost, product.b.data, work);
  const width = widthFor(m, n, pool.threads * TILES_PER_THREAD);
  const [rowTiles, columnTiles] = [pieces(m, Math.min(HIGH, width)), pieces(n, width)];
  const results = await withBroadcast(pool, [c.data, a, b], (idC, idA, idB) => {
    const tasks = columnTiles.flatMap(([col, cols]) =>
      rowTiles
        .filter(([row, rows]) => !product.lowerOnly || col < row + rows)
        .map(([row, rows]): Task => {
          const args = {
            c: remote(idC!, c, row, col),
            a: remote(idA!, product.a, row, 0),
            b: remote(idB!, product.b, 0, col),
            ...{ m: rows, n: cols, k, sign, fresh },
          };
          return { handler: "product tile", args, cost: costOf({ m: rows, n: cols, k }) };
        }),
    );
    return pool.run(tasks, work, { cost, isEnough: (result) => result === "not finite" });
  });
  return !results.includes("not finite");
}

function costOf({ m, n, k }: { readonly m: number; readonly n: number; readonly k: number }): number {
  return 2 * m * n * k;
}

/** The largest width of tiles that gives at least so many. */
function widthFor(m: number, n: number, atLeast: number): number {
  let width = WIDE;
  while (width > NARROW && Math.ceil(m / Math.min(HIGH, width)) * Math.ceil(n / width) < atLeast) width /= 2;
  return width;
}

/** [0, size) in pieces of about the same length up to `side`, as pairs of start and length. */
export function pieces(size: number, side: number): (readonly [number, number])[] {
  const count = Math.ceil(size / side);
  const length = STRIP * Math.ceil(size / count / STRIP);
  return Array.from({ length: Math.ceil(size / length) }, (_, i) => [i * length, Math.min(length, size - i * length)]);
}
