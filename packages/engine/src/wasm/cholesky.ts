import {
  type BadPivot,
  type CholeskyResult,
  lowerTriangle,
  type Matrix,
  startWork,
  type Work,
  type WorkOptions,
  withSuggestion,
} from "ntkit/engine-kit";
import { type EliminationResult, type EliminationTask, TILES_PER_TASK } from "./elimination.ts";
import type { Pool } from "./pool.ts";
import { arrayFor, copyRange, withBroadcast } from "./remote.ts";
import { isShared } from "./shared-array.ts";
import type { Task } from "./task-queue.ts";

/** A = L Lᵀ. */
export async function cholesky(pool: Pool, a: Matrix, options: WorkOptions = {}): Promise<CholeskyResult> {
  const work = startWork(options);
  const attempt = (matrixToTry: Matrix): Promise<Float64Array | BadPivot> => factorize(pool, matrixToTry, work);
  return withSuggestion(a, await attempt(a), attempt);
}

/**
 * Left-looking by tiles: the sums of tile (I, J) over the tiles before J, some at a time, then its solution with L[J, J]
 * or, on the diagonal, its factorization. Each waits for the tiles that it reads, and for nothing else.
 */
async function factorize(pool: Pool, a: Matrix, work: Work): Promise<Float64Array | BadPivot> {
  if (a.rows !== a.cols) lowerTriangle("cholesky", a); // says so
  const n = a.rows;
  const lower = arrayFor(pool, n ** 3 / 3, n * n);
  if (n === 0) return lower;
  const inPlace = !pool.runsInline(n ** 3 / 3) && !isShared(a.data);
  if (inPlace) await copyLower(lower, a, work);
  return withBroadcast(pool, [lower, inPlace ? lower : a.data], async (idL, idA) => {
    let bad: BadPivot | undefined;
    let finite = true;
    await pool.run(choleskyTasks(n, idL!, idA!), work, (result) => {
      const outcome = result as EliminationResult; // the tasks are all of that handler
      if (outcome === "done") return false;
      if (outcome === "not finite") finite = false;
      else bad = outcome;
      return true;
    });
    if (!finite) lowerTriangle("cholesky", a); // says where
    return bad ?? lower;
  });
}

async function copyLower(lower: Float64Array, { rows: n, data }: Matrix, work: Work): Promise<void> {
  for (let i = 0; i < n; i++) {
    copyRange(lower, data, i * n, i * n + i + 1);
    if (i % 256 === 255) await work.breathe(0);
  }
}

/** Side of the tiles. It fixes the order of summation, so it depends on the size alone. */
export function tileFor(n: number): number {
  return n <= 1500 ? 128 : 256;
}

/** Column by column of tiles; within each, first what can be done before the column to the left is finished. */
function choleskyTasks(n: number, idL: string, idA: string): Task[] {
  const tile = tileFor(n);
  const count = Math.ceil(n / tile);
  const window = (id: string): EliminationTask["x"] => ({ id, offset: 0, rowStep: n, colStep: 1 });
  const tasks: Task[] = [];
  const finished = new Map<string, number>();
  const latest = new Map<string, number>();
  const add = (i: number, j: number, from: number, to: number, finish: EliminationTask["finish"]): void => {
    const rows = Math.min(tile, n - i * tile);
    const key = `${i} ${j}`;
    const before = latest.get(key);
    const needs = [before, finished.get(`${i} ${to - 1}`), finished.get(`${j} ${to - 1}`)];
    if (finish === "solve") needs.push(finished.get(`${j} ${j}`));
    const after = needs.filter((index) => index !== undefined);
    const places = { x: window(idL), lower: window(idL), source: before === undefined ? window(idA) : null };
    const args = { ...places, n, tile, row: i * tile, rows, column: j, from, to, finish };
    const cost = 2 * rows * tile * tile * (to - from + 0.5);
    latest.set(key, tasks.length);
    if (finish !== "no") finished.set(key, tasks.length);
    tasks.push({ handler: "eliminate", args, after, cost });
  };
  for (let j = 0; j < count; j++) {
    const ahead = j - (j % TILES_PER_TASK);
    for (let from = 0; from < ahead; from += TILES_PER_TASK) {
      for (let i = j; i < count; i++) add(i, j, from, from + TILES_PER_TASK, "no");
    }
    for (let i = j; i < count; i++) add(i, j, ahead, j, i === j ? "factor" : "solve");
  }
  return tasks;
}
