import {
  checkTriangular,
  lowerTriangle,
  type Matrix,
  matrix,
  startWork,
  type TriangularOptions,
} from "ntkit/engine-kit";
import { tileFor } from "./cholesky.ts";
import { type EliminationTask, TILES_PER_TASK } from "./elimination.ts";
import { pieces } from "./multiply.ts";
import type { Pool } from "./pool.ts";
import { arrayFor, copyTo, visible, withBroadcast } from "./remote.ts";
import type { Task } from "./task-queue.ts";
import type { RemoteWindow } from "./tile-product.ts";

/** Right-hand sides that are solved for together. */
const COLUMNS = 256;

/** X with L X = B, or Lᵀ X = B. */
export async function solveTriangular(
  pool: Pool,
  lower: Matrix,
  b: Matrix,
  options: TriangularOptions = {},
): Promise<Matrix> {
  checkTriangular(lower, b);
  const work = startWork(options);
  const { rows: n, cols: m } = b;
  const cost = n * n * m;
  const x = matrix(n, m, arrayFor(pool, cost, n * m));
  await copyTo(x.data, b.data, work);
  const l = await visible(pool, cost, lower.data, work);
  const finite = await withBroadcast(pool, [x.data, l], async (idX, idL) => {
    const windows = windowsOf(idX!, idL!, n, m, options.transpose ?? false);
    const results = await pool.run(solveTasks(n, m, windows), work, (result) => result === "not finite");
    return !results.includes("not finite");
  });
  if (m === 0 || !finite) lowerTriangle("solveTriangular", lower); // says what is wrong, and where
  return x;
}

interface Windows {
  readonly x: RemoteWindow;
  readonly lower: RemoteWindow;
}

/**
 * Xᵀ and L of the equation Xᵀ Lᵀ = Bᵀ that `eliminate` solves. Lᵀ X = B becomes one of that form by turning the order of
 * rows and columns around: with J the exchange matrix, J Lᵀ J is lower triangular.
 */
function windowsOf(idX: string, idL: string, n: number, m: number, transpose: boolean): Windows {
  if (!transpose) {
    return { x: { id: idX, offset: 0, rowStep: 1, colStep: m }, lower: { id: idL, offset: 0, rowStep: n, colStep: 1 } };
  }
  return {
    x: { id: idX, offset: (n - 1) * m, rowStep: 1, colStep: -m },
    lower: { id: idL, offset: n * n - 1, rowStep: -1, colStep: -n },
  };
}

/** Block by block of right-hand sides: tile after tile of the unknowns. */
function solveTasks(n: number, m: number, windows: Windows): Task[] {
  const tile = tileFor(n);
  const count = Math.ceil(n / tile);
  const tasks: Task[] = [];
  for (const [row, rows] of pieces(m, COLUMNS)) {
    const finished: number[] = [];
    for (let column = 0; column < count; column++) {
      const ahead = column - (column % TILES_PER_TASK);
      for (let from = 0; from <= ahead; from += TILES_PER_TASK) {
        const last = from === ahead;
        const to = last ? column : from + TILES_PER_TASK;
        const needs = [from > 0 ? tasks.length - 1 : undefined, finished[to - 1]];
        const finish: EliminationTask["finish"] = last ? "solve" : "no";
        const args = { ...windows, source: null, n, tile, row, rows, column, from, to, finish };
        const after = needs.filter((index) => index !== undefined);
        tasks.push({ handler: "eliminate", args, after, cost: 2 * rows * tile * tile * (to - from + 0.5) });
      }
      finished.push(tasks.length - 1);
    }
  }
  return tasks;
}
