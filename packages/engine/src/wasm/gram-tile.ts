import { LAYOUT, NEARLY_PARALLEL, PITCH, PITCH_NUMBERS, TILE } from "../program/tile-layout.ts";
import type { Machine, TaskContext } from "./context.ts";
import { COLUMN, STRIP, stripsOf } from "./strips.ts";
import { multiplyStrips, type ResultSteps } from "./tile-product.ts";

/** Columns of the inputs whose products are summed at a time: two blocks of rows of them stay in the second cache. */
export const CHUNK = 256;

/** A batch of inputs as strips, chunk of columns by chunk: within a chunk, all its strips one after the other. */
export interface BatchStrips {
  readonly rows: number;
  readonly strips: Float64Array;
  /** ‖x‖²/d of each row. */
  readonly variances: Float64Array;
}

/** Everything that the tiles of one Gram matrix share; broadcast before they are computed. */
export interface GramPlan {
  /** The name of the network's program. */
  readonly program: string;
  readonly constants: readonly number[];
  readonly programBytes: number;
  readonly columns: number;
  readonly a: BatchStrips;
  readonly b: BatchStrips;
  readonly symmetric: boolean;
  readonly nngp: Float64Array | null;
  readonly ntk: Float64Array | null;
  /** Side of the tiles, a multiple of the strips' height. */
  readonly side: number;
}

/** Where a tile lies in the Gram matrix. */
interface TileRange {
  readonly row: number;
  readonly rows: number;
  readonly col: number;
  readonly cols: number;
}

/** Row and column of an entry that a program left out. */
export type LeftOut = readonly [row: number, col: number];

/** Handler: the variances of rows [from, to), from a multiple of the strips' height on. */
export function gramVariances(
  context: TaskContext,
  { plan: id, second, from, to }: { plan: string; second: boolean; from: number; to: number },
): null {
  const plan = context.value<GramPlan>(id);
  const batch = second ? plan.b : plan.a;
  const { machine, memory, rowStrips } = openMachine(context, plan);
  const corner = LAYOUT.nngp / 8;
  for (let row = from; row < to; row += STRIP) {
    for (let i = 0; i < STRIP; i++) memory.fill(0, corner + i * PITCH_NUMBERS, corner + i * PITCH_NUMBERS + STRIP);
    forEachChunk(plan.columns, (chunk, width) => {
      memory.set(stripsIn(batch, row, STRIP, chunk, width), rowStrips / 8);
      const size = { xStrips: 1, yStrips: 1, columns: width };
      multiplyStrips(machine, { c: LAYOUT.nngp, x: rowStrips, y: rowStrips }, size, TILE_STEPS, 1);
    });
    for (let i = 0; i < Math.min(STRIP, to - row); i++)
      batch.variances[row + i] = memory[corner + i * PITCH_NUMBERS + i]! * (1 / plan.columns);
  }
  return null;
}

/** Handler: the tiles of `rows` rows from `row` on, columns [from, to). Returns the entries that the program left out. */
export function gramTiles(
  context: TaskContext,
  { plan: id, row, rows, from, to }: { plan: string; row: number; rows: number; from: number; to: number },
): LeftOut[] {
  const plan = context.value<GramPlan>(id);
  const leftOut: LeftOut[] = [];
  for (let col = from; col < to; col += plan.side) {
    const range = { row, rows, col, cols: Math.min(plan.side, to - col) };
    const { machine, memory } = computeTile(context, plan, range);
    for (const [gram, offset] of [
      [plan.nngp, LAYOUT.nngp],
      [plan.ntk, LAYOUT.ntk],
    ] as const)
      if (gram) placeTile(machine, memory, offset, gram, plan, range, leftOut);
  }
  return leftOut;
}

/** A tile is row-major: its rows are those of the second factor. */
const TILE_STEPS: ResultSteps = { pitch: PITCH, xStep: COLUMN, yStep: STRIP * PITCH };

interface OpenMachine {
  readonly machine: Machine;
  readonly memory: Float64Array;
  /** Where the strips of the tile's rows and of its columns are put, in bytes. */
  readonly rowStrips: number;
  readonly columnStrips: number;
}

/** The machine of all programs, a megabyte, with the constants of this one in place. */
function openMachine(context: TaskContext, plan: GramPlan): OpenMachine {
  const machine = context.machine("gram");
  const rowStrips = LAYOUT.program + 16 * Math.ceil(plan.programBytes / 16);
  const columnStrips = rowStrips + 8 * plan.side * CHUNK;
  const memory = machine.numbers(columnStrips + 8 * plan.side * CHUNK);
  if (machine.notes.get("constants") !== plan.program) {
    memory.set(plan.constants, LAYOUT.program / 8);
    machine.notes.set("constants", plan.program);
  }
  return { machine, memory, rowStrips, columnStrips };
}

function computeTile(context: TaskContext, plan: GramPlan, range: TileRange): OpenMachine {
  const open = openMachine(context, plan);
  const { machine, memory, rowStrips, columnStrips } = open;
  const { row, rows, col, cols } = range;
  const [rowCount, colCount] = [stripsOf(rows), stripsOf(cols)];
  memory.set(plan.a.variances.subarray(row, row + STRIP * rowCount), LAYOUT.rowVariances / 8);
  memory.set(plan.b.variances.subarray(col, col + STRIP * colCount), LAYOUT.columnVariances / 8);
  memory.fill(0, LAYOUT.nngp / 8, LAYOUT.nngp / 8 + STRIP * rowCount * PITCH_NUMBERS);
  forEachChunk(plan.columns, (chunk, width) => {
    memory.set(stripsIn(plan.a, row, rows, chunk, width), rowStrips / 8);
    memory.set(stripsIn(plan.b, col, cols, chunk, width), columnStrips / 8);
    const size = { xStrips: colCount, yStrips: rowCount, columns: width };
    multiplyStrips(machine, { c: LAYOUT.nngp, x: columnStrips, y: rowStrips }, size, TILE_STEPS, 1);
  });
  const { hasNear, run } = machine.code(plan.program);
  if (hasNear!(0, rows, STRIP * colCount, 1 / plan.columns)) placeNearGaps(memory, plan, range);
  run!(0, rows, STRIP * colCount);
  return open;
}

function forEachChunk(columns: number, visit: (chunk: number, width: number) => void): void {
  for (let chunk = 0; chunk < columns; chunk += CHUNK) visit(chunk, Math.min(CHUNK, columns - chunk));
}

function stripsIn(
  { rows: all, strips }: BatchStrips,
  row: number,
  rows: number,
  chunk: number,
  width: number,
): Float64Array {
  const start = STRIP * stripsOf(all) * chunk + row * width;
  return strips.subarray(start, start + STRIP * stripsOf(rows) * width);
}

/**
 * Writes r (1 − |cos θ|) of the nearly parallel pairs of a tile that holds scalar products: 1 − |cos θ| = ‖u ∓ v‖²/2 of the unit
 * vectors keeps the digits that the difference loses.
 */
function placeNearGaps(memory: Float64Array, plan: GramPlan, range: TileRange): void {
  const { a, b, columns } = plan;
  const [products, gaps, scale] = [LAYOUT.nngp / 8, LAYOUT.ntk / 8, 1 / columns];
  const rootQ = new Float64Array(range.cols);
  for (let j = 0; j < range.cols; j++) rootQ[j] = Math.sqrt(b.variances[range.col + j]!);
  for (let i = 0; i < range.rows; i++) {
    const rootP = Math.sqrt(a.variances[range.row + i]!);
    const start = i * PITCH_NUMBERS;
    for (let j = 0; j < range.cols; j++) {
      const c = memory[products + start + j]! * scale;
      const r = rootP * rootQ[j]!;
      if (!(NEARLY_PARALLEL * r < Math.abs(c))) continue;
      const lengths = Math.sqrt(columns) * rootP;
      const others = Math.sqrt(columns) * rootQ[j]! * Math.sign(c);
      memory[gaps + start + j] = (r * squaredDistance(plan, range.row + i, lengths, range.col + j, others)) / 2;
    }
  }
}

/** ‖x/length − z/other‖² of row i of the first batch and row j of the second. */
function squaredDistance({ a, b, columns }: GramPlan, i: number, length: number, j: number, other: number): number {
  let sum = 0;
  forEachChunk(columns, (chunk, width) => {
    let x = placeIn(a, i, chunk, width);
    let z = placeIn(b, j, chunk, width);
    for (let k = 0; k < width; k++, x += STRIP, z += STRIP) {
      const difference = a.strips[x]! / length - b.strips[z]! / other;
      sum += difference * difference;
    }
  });
  return sum;
}

function placeIn({ rows }: BatchStrips, row: number, chunk: number, width: number): number {
  return STRIP * stripsOf(rows) * chunk + (row - (row % STRIP)) * width + (row % STRIP);
}

/** Copies K or Θ of a tile to its place in the Gram matrix and, in a symmetric one, to its mirror image. */
function placeTile(
  machine: Machine,
  memory: Float64Array,
  offset: number,
  gram: Float64Array,
  { program, b, symmetric }: GramPlan,
  { row, rows, col, cols }: TileRange,
  leftOut: LeftOut[],
): void {
  const tile = offset / 8;
  const hasGaps = machine.code(program)["transpose"]!(
    offset,
    LAYOUT.mirrored,
    STRIP * stripsOf(rows),
    STRIP * stripsOf(cols),
  );
  const views = rowViews(machine, memory, offset, cols);
  for (let i = 0; i < rows; i++) {
    const start = tile + i * PITCH_NUMBERS;
    for (let j = 0; hasGaps && j < cols; j++)
      if (!Number.isFinite(memory[start + j]!)) leftOut.push([row + i, col + j]);
    gram.set(views[i]!, (row + i) * b.rows + col);
  }
  if (!symmetric || row === col) return;
  const mirrored = rowViews(machine, memory, LAYOUT.mirrored, rows);
  for (let j = 0; j < cols; j++) gram.set(mirrored[j]!, (col + j) * b.rows + row);
}

interface RowViews {
  readonly memory: Float64Array;
  readonly width: number;
  readonly views: readonly Float64Array[];
}

/** The rows of the square at byte `offset`. Kept for the next tile: making 128 views takes as long as copying what they show. */
function rowViews(machine: Machine, memory: Float64Array, offset: number, width: number): readonly Float64Array[] {
  const name = `rows at ${offset}`;
  const known = machine.notes.get(name) as RowViews | undefined; // written below only
  if (known?.memory === memory && known.width === width) return known.views;
  const views = Array.from({ length: TILE }, (_, i) => {
    const start = offset / 8 + i * PITCH_NUMBERS;
    return memory.subarray(start, start + width);
  });
  machine.notes.set(name, { memory, width, views } satisfies RowViews);
  return views;
}
