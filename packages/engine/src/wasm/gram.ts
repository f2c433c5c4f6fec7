import type { GramEngine, GramRequest, Grams, Layer } from "ntkit";
import { type Matrix, matrix, partOf, startWork, type Work } from "ntkit/engine-kit";
import type { CompileOptions, ProgramCode } from "../program/compile.ts";
import { hasProgram } from "../program/recursion.ts";
import { TILE } from "../program/tile-layout.ts";
import { blocksToComplete, completeGrams, type RowsOutside, rowsOutside } from "./complete-grams.ts";
import { type BatchStrips, CHUNK, type GramPlan, type LeftOut } from "./gram-tile.ts";
import type { Pool } from "./pool.ts";
import { STRIP, steps, stripsOf } from "./strips.ts";
import type { Task } from "./task-queue.ts";
import { webAssembly } from "./web-assembly.ts";

/** Programs that are kept for the next Gram matrix of the same network. */
const KEPT_PROGRAMS = 16;
/** Operations that one task does: long enough, some milliseconds, that messages cost little beside it. */
const TASK_COST = 6e7;
/** Tiles of one task, at most: more would leave threads without work at the end. */
const MOST_TILES_PER_TASK = 8;

/** The share of progress that tiles make; entries one by one, seldom many, make the rest. */
const TILES_SHARE = 0.9;

interface Program extends ProgramCode {
  readonly id: string;
}

/** Computes Gram matrices with kernel programs on the threads of a pool that has the kernels of linear algebra. */
export function gramMaker(pool: Pool, fast: boolean): GramEngine["gram"] {
  const programs = new Map<string, Promise<Program | undefined>>();
  const programFor: ProgramFor = (network, options) => {
    const key = JSON.stringify([network, options]);
    const known = programs.get(key) ?? makeProgram(pool, network, { ...options, fast });
    programs.delete(key);
    programs.set(key, known);
    for (const [oldest, program] of programs) {
      if (programs.size <= KEPT_PROGRAMS) break;
      programs.delete(oldest);
      program.then((old) => old && pool.drop(old.id)).catch(() => {});
    }
    return known;
  };
  return async (request, options) => {
    const { network, frozen, preciseSine, names, a } = request;
    const outside1 = rowsOutside(request, request.variances1);
    const outside2 = request.a === request.b ? outside1 : rowsOutside(request, request.variances2);
    // Without a row that a program holds for, mapping by tiles is all that is left.
    if (!hasProgram(network) || outside1.size === a.x.rows || outside2.size === request.b.x.rows) return undefined;
    const [wantNngp, wantNtk] = [names.includes("nngp"), names.includes("ntk")];
    const program = await programFor(network, { frozen, preciseSine, wantNngp, wantNtk, columns: a.x.cols });
    return program && computeGrams(pool, request, program, { outside1, outside2 }, startWork(options));
  };
}

type ProgramFor = (network: Layer, options: Omit<CompileOptions, "fast">) => Promise<Program | undefined>;

async function makeProgram(pool: Pool, network: Layer, options: CompileOptions): Promise<Program | undefined> {
  const { compileProgram } = await import("../program/compile.ts");
  const code = compileProgram(network, options);
  if (!code) return undefined;
  const id = pool.freshId("program");
  pool.broadcast(id, await webAssembly!.compile(code.bytes));
  return { id, ...code };
}

async function computeGrams(
  pool: Pool,
  request: GramRequest,
  program: Program,
  outside: RowsOutside,
  work: Work,
): Promise<Grams> {
  const { names, a, b } = request;
  const [n1, n2, columns] = [a.x.rows, b.x.rows, a.x.cols];
  const symmetric = a === b;
  const side = Math.min(TILE, STRIP * stripsOf(request.tile ?? TILE));
  const id = pool.freshId("gram");
  const tasks = gramTasks({ plan: id, n1, n2, columns, operations: program.operations, symmetric, side });
  // Arrays that only the calling thread works on need not be shared.
  const inline = pool.runsInline(tasks.reduce((sum, { cost }) => sum + cost, 0));
  const array = inline ? (length: number) => new Float64Array(length) : pool.sharedArray;
  const first = await stripsFrom(a.x, array, work);
  const grams = Object.fromEntries(names.map((name) => [name, matrix(n1, n2, array(n1 * n2))]));
  const plan: GramPlan = {
    program: program.id,
    constants: program.constants,
    programBytes: program.memory,
    columns,
    a: first,
    b: symmetric ? first : await stripsFrom(b.x, array, work),
    symmetric,
    nngp: grams["nngp"]?.data ?? null,
    ntk: grams["ntk"]?.data ?? null,
    side,
  };
  pool.broadcast(id, plan);
  try {
    const results = await pool.run(tasks, partOf(work, 0, TILES_SHARE));
    const leftOut = results.filter(Array.isArray).flat() as LeftOut[];
    await completeGrams(grams, request, blocksToComplete(request, outside, leftOut), partOf(work, TILES_SHARE, 1));
  } finally {
    pool.drop(id);
  }
  return grams as Grams; // it has the names that were asked for
}

interface GramSizes {
  readonly plan: string;
  readonly n1: number;
  readonly n2: number;
  readonly columns: number;
  /** What the program does for each entry. */
  readonly operations: number;
  readonly symmetric: boolean;
  readonly side: number;
}

/** Rows whose variances one task computes. */
const VARIANCES_PER_TASK = 1024;

/** First the variances, then the tiles, in rows; of a symmetric matrix only those on and below the diagonal. */
function gramTasks({ plan, n1, n2, columns, operations, symmetric, side }: GramSizes): Task[] {
  const batches = symmetric
    ? ([[false, n1]] as const)
    : ([
        [false, n1],
        [true, n2],
      ] as const);
  const variances = batches.flatMap(([second, rows]) =>
    steps(0, rows, VARIANCES_PER_TASK).map((from): Task => {
      const to = Math.min(rows, from + VARIANCES_PER_TASK);
      return { handler: "gram variances", args: { plan, second, from, to }, cost: (to - from) * 10 * columns };
    }),
  );
  const varianceTasks = (second: boolean, from: number, to: number): number[] => {
    const before = second && !symmetric ? Math.ceil(n1 / VARIANCES_PER_TASK) : 0;
    const first = Math.floor(from / VARIANCES_PER_TASK);
    return steps(first, Math.ceil(to / VARIANCES_PER_TASK), 1).map((k) => before + k);
  };
  const entryCost = 2 * columns + operations;
  const tilesPerTask = Math.max(1, Math.min(MOST_TILES_PER_TASK, Math.round(TASK_COST / (side * side * entryCost))));
  const tiles = steps(0, n1, side).flatMap((row) => {
    const rows = Math.min(side, n1 - row);
    const end = symmetric ? row + rows : n2;
    const width = side * tilesPerTask;
    return steps(0, end, width).map((from): Task => {
      const to = Math.min(end, from + width);
      const cost = rows * (to - from) * entryCost;
      const after = [...new Set([...varianceTasks(false, row, row + rows), ...varianceTasks(true, from, to)])];
      return { handler: "gram tiles", args: { plan, row, rows, from, to }, cost, after };
    });
  });
  return [...variances, ...tiles];
}

/** Rows that are packed between two breaths. */
const ROWS_AT_A_TIME = 1024;

async function stripsFrom(
  { rows, cols, data }: Matrix,
  array: (length: number) => Float64Array,
  work: Work,
): Promise<BatchStrips> {
  const height = STRIP * stripsOf(rows);
  const strips = array(height * cols);
  for (let from = 0; from < rows; from += ROWS_AT_A_TIME) {
    for (let row = from; row < Math.min(rows, from + ROWS_AT_A_TIME); row++) {
      for (let chunk = 0; chunk < cols; chunk += CHUNK) {
        const width = Math.min(CHUNK, cols - chunk);
        let at = height * chunk + (row - (row % STRIP)) * width + (row % STRIP);
        for (let k = row * cols + chunk; k < row * cols + chunk + width; k++, at += STRIP) strips[at] = data[k]!;
      }
    }
    await work.breathe(0);
  }
  return { rows, strips, variances: array(height) };
}
