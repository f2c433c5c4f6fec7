import type { Machine, TaskContext } from "./context.ts";
import {
  COLUMN,
  type Extent,
  packStrips,
  STRIP,
  stripsOf,
  unpackLower,
  unpackStrips,
  type Window,
  windowAt,
} from "./strips.ts";
import { KERNELS, localWindow, multiplyStrips, type RemoteWindow, stripSteps } from "./tile-product.ts";

/** Tiles that one task goes through, and whose strips it keeps for the next. */
export const TILES_PER_TASK = 4;

/**
 * One step of X Lᵀ = A for some rows of X and a tile J of its columns, L lower triangular, or of L Lᵀ = A, where X is L:
 * A[.., J] -= Σ X[.., K] L[J, K]ᵀ over some tiles of columns K before J, and then perhaps the rest.
 */
export interface EliminationTask {
  /** X so far: A less the sums of the steps before. */
  readonly x: RemoteWindow;
  /** A, in the first step where it is not yet in the place of X. */
  readonly source: RemoteWindow | null;
  readonly lower: RemoteWindow;
  /** Rows and columns of L. */
  readonly n: number;
  /** Side of the tiles. */
  readonly tile: number;
  /** Rows of X. */
  readonly row: number;
  readonly rows: number;
  /** Which tile of columns, J. */
  readonly column: number;
  /** Which tiles K. */
  readonly from: number;
  readonly to: number;
  /** What comes then: nothing, the solution with L[J, J], or the factorization, where the rows are those of L[J, ..]. */
  readonly finish: "no" | "solve" | "factor";
}

export type EliminationResult = "done" | "not finite" | { readonly pivot: number; readonly value: number };

/** What the steps of a task work with. The tile itself is at address 0, as strips. */
interface Bench {
  readonly machine: Machine;
  readonly memory: Float64Array;
  readonly task: EliminationTask;
  readonly lower: Window;
  readonly extent: Extent;
  /** Columns of the tile's strips. */
  readonly columns: number;
  /** Address of a tile of X, and of the first of the tiles of L that are kept. */
  readonly xAt: number;
  readonly keptAt: number;
}

/** Handler. */
export function eliminate(context: TaskContext, task: EliminationTask): EliminationResult {
  const { tile, row, rows, column, finish } = task;
  const factorizing = task.x.id === task.lower.id;
  const onDiagonal = factorizing && row === column * tile;
  const x = localWindow(context, task.x);
  const source = task.source ? localWindow(context, task.source) : x;
  const bench = makeBench(context, task);
  const { memory, extent, columns } = bench;
  packStrips(windowAt(source, row, column * tile), extent, columns, memory, 0);
  if (onDiagonal) clearUpper(memory, 0, rows, columns);
  if (task.source && !allFinite(memory, 0, stripsOf(rows) * columns)) return "not finite";
  for (let k = task.from; k < task.to; k++) {
    const l = keepTile(bench, k);
    if (l === undefined) return "not finite";
    packStrips(windowAt(x, row, k * tile), { rows, cols: tile }, tile, memory, bench.xAt / 8);
    const size = { xStrips: stripsOf(rows), yStrips: stripsOf(extent.cols), columns: tile };
    multiplyStrips(bench.machine, { c: 0, x: bench.xAt, y: l }, size, stripSteps(columns), -1);
  }
  if (finish === "factor") {
    const bad = factorDiagonal(bench);
    if (bad) return bad;
  } else if (finish === "solve" && !solveWithDiagonal(bench)) return "not finite";
  const target = windowAt(x, row, column * tile);
  if (onDiagonal) unpackLower(target, rows, columns, memory, 0);
  else unpackStrips(target, extent, columns, memory, 0);
  return "done";
}

function makeBench(context: TaskContext, task: EliminationTask): Bench {
  const { tile, rows, column, n } = task;
  const machine = context.machine("elimination");
  const extent = { rows, cols: Math.min(tile, n - column * tile) };
  const rowBytes = stripsOf(Math.max(rows, tile)) * tile * COLUMN;
  const keptAt = 2 * rowBytes;
  const memory = machine.numbers(keptAt + (TILES_PER_TASK + 1) * tileBytes(tile));
  const lower = localWindow(context, task.lower);
  return { machine, memory, task, lower, extent, columns: STRIP * stripsOf(extent.cols), xAt: rowBytes, keptAt };
}

function tileBytes(tile: number): number {
  return stripsOf(tile) * tile * COLUMN;
}

/**
 * The address of L[J, K] as strips: packed now, or still there from a task before. Undefined when it is given, not computed
 * here, and not finite.
 */
function keepTile({ machine, memory, task, lower, keptAt }: Bench, k: number): number | undefined {
  const { tile, column, n } = task;
  const slot = k === column ? TILES_PER_TASK : k % TILES_PER_TASK;
  const address = keptAt + slot * tileBytes(tile);
  const label = `${task.lower.id} ${column} ${k} ${address}`;
  if (machine.notes.get(`slot ${slot}`) === label) return address;
  const extent = { rows: Math.min(tile, n - column * tile), cols: Math.min(tile, n - k * tile) };
  const columns = STRIP * stripsOf(extent.cols);
  packStrips(windowAt(lower, column * tile, k * tile), extent, columns, memory, address / 8);
  if (k === column) {
    clearUpper(memory, address / 8, extent.rows, columns);
    padDiagonal(memory, address / 8, extent.rows);
  }
  const given = task.lower.id !== task.x.id;
  if (given && !allFinite(memory, address / 8, stripsOf(extent.rows) * columns)) return undefined;
  machine.notes.set(`slot ${slot}`, label);
  return address;
}

function solveWithDiagonal(bench: Bench): boolean {
  const { machine, task, extent, columns } = bench;
  const l = keepTile(bench, task.column);
  if (l === undefined) return false;
  const solve = machine.code(KERNELS)["solve"]!;
  const bytes = columns * COLUMN;
  for (let i = 0; i < stripsOf(extent.rows); i++) solve(i * bytes, l, columns / STRIP, bytes);
  return true;
}

function factorDiagonal({
  machine,
  memory,
  task,
  extent,
  columns,
}: Bench): Exclude<EliminationResult, string> | undefined {
  padDiagonal(memory, 0, extent.cols);
  const pivot = machine.code(KERNELS)["factor"]!(0, columns / STRIP, columns * COLUMN);
  if (pivot < 0) return undefined;
  const value = memory[entryAt(pivot, pivot, columns)]!;
  return { pivot: task.row + pivot, value: Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value };
}

/** Where entry (i, j) of strips with so many columns is. */
function entryAt(i: number, j: number, columns: number): number {
  return (i - (i % STRIP)) * columns + STRIP * j + (i % STRIP);
}

/** Ones on the diagonal of the padding, so that nothing is divided by zero. */
function padDiagonal(memory: Float64Array, at: number, n: number): void {
  const columns = STRIP * stripsOf(n);
  for (let i = n; i < columns; i++) memory[at + entryAt(i, i, columns)] = 1;
}

function clearUpper(memory: Float64Array, at: number, n: number, columns: number): void {
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) memory[at + entryAt(i, j, columns)] = 0;
}

function allFinite(memory: Float64Array, at: number, tiles: number): boolean {
  let sum = 0;
  for (let i = at; i < at + STRIP * tiles; i++) sum += memory[i]! * 0;
  return sum === 0;
}
