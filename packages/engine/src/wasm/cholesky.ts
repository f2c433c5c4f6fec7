import {
  type BadPivot,
  type CholeskyOptions,
  type CholeskyResult,
  checkSquare,
  lowerTriangle,
  type Matrix,
  shiftDiagonal,
  startWork,
  type Work,
  withSuggestion,
} from "ntkit/engine-kit";
import type { EliminationResult } from "./elimination.ts";
import { eliminationTasks, tileFor } from "./elimination-tasks.ts";
import type { Pool } from "./pool.ts";
import { copyRange, resultFor, withBroadcast } from "./remote.ts";
import { isShared } from "./shared-array.ts";
import type { Task } from "./task-queue.ts";
import type { RemoteWindow } from "./tile-product.ts";

/** A + diagReg·I = L Lᵀ. */
export async function cholesky(pool: Pool, a: Matrix, options: CholeskyOptions = {}): Promise<CholeskyResult> {
  const { diagReg = 0 } = options;
  const work = startWork(options);
  const attempt = (matrixToTry: Matrix): Promise<Float64Array | BadPivot> =>
    factorize(pool, matrixToTry, diagReg, work, options.reuse);
  return withSuggestion(a, await attempt(a), attempt);
}

/** The lower triangle of the result is computed in place, tile by tile: see `eliminationTasks`. */
async function factorize(
  pool: Pool,
  a: Matrix,
  diagReg: number,
  work: Work,
  reuse: Float64Array | undefined,
): Promise<Float64Array | BadPivot> {
  checkSquare("cholesky", a);
  const n = a.rows;
  const cost = n ** 3 / 3;
  const lower = resultFor(pool, cost, n * n, reuse);
  const inPlace = diagReg !== 0 || (!pool.runsInline(cost) && !isShared(a.data));
  if (inPlace) await copyLower(lower, a, work);
  shiftDiagonal(lower, inPlace ? n : 0, diagReg);
  return withBroadcast(pool, [lower, inPlace ? lower : a.data], async (idL, idA) => {
    // The tasks are all of the handler with these results, and stop at the first that is not "done".
    const isEnough = (result: unknown): boolean => (result as EliminationResult) !== "done";
    const results = (await pool.run(choleskyTasks(n, idL!, idA!), work, { cost, isEnough })) as EliminationResult[];
    if (results.includes("not finite")) lowerTriangle("cholesky", a); // says where
    return results.find((result): result is BadPivot => typeof result === "object") ?? lower;
  });
}

async function copyLower(lower: Float64Array, { rows: n, data }: Matrix, work: Work): Promise<void> {
  for (let i = 0; i < n; i++) {
    copyRange(lower, data, i * n, i * n + i + 1);
    if (i % 256 === 255) await work.breathe(0);
  }
}

function choleskyTasks(n: number, idL: string, idA: string): Task[] {
  const tile = tileFor(n);
  const window = (id: string): RemoteWindow => ({ id, offset: 0, rowStep: n, colStep: 1 });
  const blocks = Array.from(
    { length: Math.ceil(n / tile) },
    (_, i) => [i * tile, Math.min(tile, n - i * tile)] as const,
  );
  return eliminationTasks({ x: window(idL), lower: window(idL), source: window(idA), n, blocks, factorizing: true });
}
