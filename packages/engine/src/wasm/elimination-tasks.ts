import { type EliminationTask, GROUP } from "./elimination.ts";
import type { Task } from "./task-queue.ts";

/** Side of the tiles. It fixes the order of summation, so it depends on the size alone. */
export function tileFor(n: number): number {
  return n <= 1500 ? 128 : 256;
}

export interface Elimination extends Pick<EliminationTask, "x" | "source" | "lower" | "n"> {
  /** Pieces of the rows of X: start and length. For a factorization the tiles of L. */
  readonly blocks: readonly (readonly [number, number])[];
  /** X is L. */
  readonly factorizing: boolean;
}

type Step = Pick<EliminationTask, "column" | "count" | "from" | "to" | "finish">;

/**
 * The tasks of X Lᵀ = A or of L Lᵀ = A, group by group of GROUP tiles of columns: for each piece of rows the sums over the
 * groups before, one after the other, and then the solution. The rows of the group itself are factorized before, tile by
 * tile. Each task waits for those whose results it reads, and for nothing else.
 */
export function eliminationTasks({ x, source, lower, n, blocks, factorizing }: Elimination): Task[] {
  const tile = tileFor(n);
  const tiles = Math.ceil(n / tile);
  const tasks: Task[] = [];
  /** The last task so far on a piece of rows in a tile of columns. */
  const latest = new Map<string, number>();
  const add = (i: number, step: Step, reads: readonly (readonly [number, number])[]): void => {
    const [row, rows] = blocks[i]!;
    const { column, count, from, to } = step;
    const places = [...range(column, column + count).map((j) => [i, j] as const), ...reads];
    const after = places.map(([r, j]) => latest.get(`${r} ${j}`)).filter((index) => index !== undefined);
    const first = !latest.has(`${i} ${column}`);
    for (const j of range(column, column + count)) latest.set(`${i} ${j}`, tasks.length);
    const cost = rows * tile * tile * count * (2 * (to - from) + count);
    const args = { x, source: first ? source : null, lower, n, tile, row, rows, ...step };
    tasks.push({ handler: "eliminate", args, after, cost });
  };
  for (let group = 0; group < tiles; group += GROUP) {
    const end = Math.min(group + GROUP, tiles);
    const below = range(factorizing ? end : 0, blocks.length);
    const own = factorizing ? range(group, end) : [];
    for (let from = 0; from < group; from += GROUP) {
      const to = from + GROUP;
      for (const i of [...own, ...below]) {
        const count = Math.min(end, factorizing ? i + 1 : end) - group;
        // All rows of the group, even where fewer are subtracted: they are kept for the tasks that follow.
        const reads = [i, ...own].map((r) => [r, to - 1] as const);
        add(i, { column: group, count, from, to, finish: "no" }, reads);
      }
    }
    for (const [i, j] of inOrder(own)) {
      const finish = i === j ? "factor" : "solve";
      add(
        i,
        { column: j, count: 1, from: group, to: j, finish },
        j > group
          ? [
              [i, j - 1],
              [j, j],
            ]
          : [[j, j]],
      );
    }
    for (const i of below) {
      const reads = own.flatMap((r) => range(group, r + 1).map((j) => [r, j] as const));
      add(i, { column: group, count: end - group, from: group, to: group, finish: "solve" }, reads);
    }
  }
  return tasks;
}

/** The tiles of a triangle, column by column; one on the diagonal as soon as those to its left are finished. */
function inOrder(rows: readonly number[]): (readonly [number, number])[] {
  return rows.flatMap((j, place) => {
    const column = rows
      .slice(place + 1)
      .flatMap((i) => (i === j + 1 ? [[i, j] as const, [i, i] as const] : [[i, j] as const]));
    return place === 0 ? [[j, j] as const, ...column] : column;
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k);
}
