import type { Machine, TaskContext } from "./context.ts";
import {
  COLUMN,
  type Extent,
  indexIn,
  packStrips,
  STRIP,
  stripsOf,
  unpackLower,
  unpackStrips,
  type Window,
  windowAt,
} from "./strips.ts";
import { allFinite, KERNELS, localWindow, multiplyStrips, type RemoteWindow, stripSteps } from "./tile-product.ts";

/** Neighbouring tiles of columns that are worked on together, and as many before them that are subtracted at once. */
export const GROUP = 4;

/**
 * A step of X Lᵀ = A for some rows of X, L lower triangular, or of L Lᵀ = A, where X is L:
 * A[.., J] -= Σ X[.., K] L[J, K]ᵀ over some tiles of columns K before those in J, and then perhaps the rest.
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
  /** The tiles of columns J. Where X is L, they end with the diagonal or before it, and one on the diagonal is alone. */
  readonly column: number;
  readonly count: number;
  /** The tiles K: those from here on and, */
  readonly from: number;
  /** up to and without this one, at most GROUP. */
  readonly to: number;
  /** What comes then: nothing, the solution with L[J, J], or, for one J, the factorization. */
  readonly finish: "no" | "solve" | "factor";
}

export type EliminationResult = "done" | "not finite" | { readonly pivot: number; readonly value: number };

/** What a task works with. A[.., J] itself is at address 0, as strips. */
interface Bench {
  readonly machine: Machine;
  readonly memory: Float64Array;
  readonly task: EliminationTask;
  readonly lower: Window;
  readonly extent: Extent;
  /** Columns of the strips of A[.., J]. */
  readonly columns: number;
  /** The first column of the tile on the diagonal of L, if that is among the J and X is L. */
  readonly diagonal: number | undefined;
  /** Address of a tile of X, and of those of L that are kept for the next task. */
  readonly xAt: number;
  readonly keptAt: number;
}

/** Handler. */
export function eliminate(context: TaskContext, task: EliminationTask): EliminationResult {
  const { tile, row, rows, column, finish } = task;
  const x = localWindow(context, task.x);
  const bench = makeBench(context, task);
  const { machine, memory, extent, columns, diagonal } = bench;
  const source = task.source ? localWindow(context, task.source) : x;
  packStrips(windowAt(source, row, column * tile), extent, columns, memory, 0);
  if (diagonal !== undefined) clearUpper(memory, STRIP * diagonal, rows, columns);
  if (task.source && !allFinite(machine, 0, stripsOf(rows) * columns * COLUMN)) return "not finite";
  for (let k = task.from; k < task.to; k++) {
    const l = keepPanel(bench, k);
    if (l === undefined) return "not finite";
    packStrips(windowAt(x, row, k * tile), { rows, cols: tile }, tile, memory, bench.xAt / 8);
    subtractProduct(bench, l);
  }
  if (finish === "factor") {
    const bad = factorDiagonal(bench);
    if (bad) return bad;
  } else if (finish === "solve" && !solveColumns(bench)) return "not finite";
  const target = windowAt(x, row, column * tile);
  unpackStrips(target, { rows, cols: diagonal ?? extent.cols }, columns, memory, 0);
  if (diagonal !== undefined) unpackLower(windowAt(target, 0, diagonal), rows, columns, memory, STRIP * diagonal);
  return "done";
}

function makeBench(context: TaskContext, task: EliminationTask): Bench {
  const { tile, row, rows, column, count, n } = task;
  const machine = context.machine("elimination");
  const cols = Math.min(count * tile, n - column * tile);
  const xAt = Math.max(tile, STRIP * stripsOf(rows)) * GROUP * tile * 8;
  const keptAt = xAt + xAt / GROUP;
  const memory = machine.numbers(keptAt + 2 * GROUP * panelBytes(tile));
  const lower = localWindow(context, task.lower);
  const onDiagonal = task.x.id === task.lower.id && row < column * tile + cols;
  const diagonal = onDiagonal ? row - column * tile : undefined;
  return {
    machine,
    memory,
    task,
    lower,
    extent: { rows, cols },
    columns: STRIP * stripsOf(cols),
    diagonal,
    xAt,
    keptAt,
  };
}

function panelBytes(tile: number): number {
  return GROUP * tile * tile * 8;
}

/** A[.., J] -= X[.., K] L[J, K]ᵀ; on the diagonal, of the rows a quarter at a time, only what is not above it. */
function subtractProduct({ machine, task, extent, columns, diagonal, xAt }: Bench, l: number): void {
  const steps = stripSteps(columns);
  const [xStrips, yStrips, depth] = [stripsOf(extent.rows), stripsOf(extent.cols), task.tile];
  const block = diagonal === undefined ? xStrips : Math.ceil(depth / STRIP / 4);
  for (let i = 0; i < xStrips; i += block) {
    const some = Math.min(block, xStrips - i);
    const needed = diagonal === undefined ? yStrips : diagonal / STRIP + i + some;
    const size = { xStrips: some, yStrips: needed, columns: depth };
    multiplyStrips(machine, { c: i * steps.xStep, x: xAt + i * depth * COLUMN, y: l }, size, steps, -1);
  }
}

/**
 * The address of L[J, K] as strips, of all J from K on: packed now, or still there from a task before. Undefined when L is
 * given, not computed here, and not finite.
 */
function keepPanel({ machine, memory, task, lower, keptAt }: Bench, k: number): number | undefined {
  const { tile, column, n, finish } = task;
  const end = Math.min(n, (column + (finish === "no" ? GROUP : task.count)) * tile);
  const slot = k < column ? k % GROUP : GROUP + k - column;
  const address = keptAt + slot * panelBytes(tile);
  const label = [task.lower.id, column, end, k, address].join();
  if (machine.notes.get(`slot ${slot}`) === label) return address;
  const row = Math.max(column, k) * tile;
  const [rows, cols] = [end - row, Math.min(tile, n - k * tile)];
  const columns = STRIP * stripsOf(cols);
  packStrips(windowAt(lower, row, k * tile), { rows, cols }, columns, memory, address / 8);
  if (k >= column) {
    clearUpper(memory, address / 8, cols, columns);
    padDiagonal(memory, address / 8, cols);
  }
  const given = task.lower.id !== task.x.id;
  if (given && !allFinite(machine, address, address + stripsOf(rows) * columns * COLUMN)) return undefined;
  machine.notes.set(`slot ${slot}`, label);
  return address;
}

/** X[.., J] = A[.., J] L[J, J]⁻ᵀ for one J after the other, each then subtracted from those after it. */
function solveColumns(bench: Bench): boolean {
  const { machine, task, extent, columns } = bench;
  const { tile, column, count } = task;
  const solve = machine.code(KERNELS)["solve"]!;
  const xStrips = stripsOf(extent.rows);
  for (let j = 0; j < count; j++) {
    const l = keepPanel(bench, column + j);
    if (l === undefined) return false;
    const x = j * tile * COLUMN;
    const tiles = stripsOf(Math.min(tile, extent.cols - j * tile));
    for (let i = 0; i < xStrips; i++) solve(x + i * columns * COLUMN, l, tiles, tiles * STRIP * COLUMN);
    if (j === count - 1) break;
    const size = { xStrips, yStrips: columns / STRIP - (j + 1) * tiles, columns: tile, xColumns: columns };
    const at = { c: x + tile * COLUMN, x, y: l + tile * tile * 8 };
    multiplyStrips(machine, at, size, stripSteps(columns), -1);
  }
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
  const value = memory[indexIn(columns, pivot, pivot)]!;
  return { pivot: task.row + pivot, value: Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value };
}

/** Ones on the diagonal of the padding, so that nothing is divided by zero. */
function padDiagonal(memory: Float64Array, at: number, n: number): void {
  const columns = STRIP * stripsOf(n);
  for (let i = n; i < columns; i++) memory[at + indexIn(columns, i, i)] = 1;
}

/** Zeros above the diagonal of a square that begins at `at`. */
function clearUpper(memory: Float64Array, at: number, n: number, columns: number): void {
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) memory[at + indexIn(columns, i, j)] = 0;
}
