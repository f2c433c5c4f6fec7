import type { GramRequest, Layer, TileRange, Variances } from "ntkit";
import type { Matrix, Work } from "ntkit/engine-kit";
import { LARGEST_VARIANCE, SMALLEST_VARIANCE } from "../program/duals/dual.ts";
import type { LeftOut } from "./gram-tile.ts";
import { steps } from "./strips.ts";

/** Rows of the two batches that a program does not hold for. */
export interface RowsOutside {
  readonly outside1: ReadonlySet<number>;
  readonly outside2: ReadonlySet<number>;
}

/**
 * From this variance on gelu turns so sharply at 0 that angles of rounding size, which programs leave in a sine got by subtraction,
 * show in the kernels of later layers.
 */
const STEEP_GELU = 128;

/** Rows whose variances somewhere in the network are so small or large that the formulas of its program lose digits. */
export function rowsOutside(
  { network, preciseSine }: GramRequest,
  { smallest, largest }: Variances,
): ReadonlySet<number> {
  const most = !preciseSine && hasType(network, "gelu") ? STEEP_GELU : LARGEST_VARIANCE;
  const outside = new Set<number>();
  for (let i = 0; i < largest.length; i++) if (largest[i]! > most || smallest[i]! < SMALLEST_VARIANCE) outside.add(i);
  return outside;
}

/** Side of the blocks that are completed at a time. */
const BLOCK = 16;
/** From so many entries on, mapping the whole block is faster than one entry after the other. */
const MANY_IN_BLOCK = BLOCK;

/** A block, and which of its entries the program left out; all of them where that is null. */
export interface Incomplete {
  readonly range: TileRange;
  readonly entries: readonly LeftOut[] | null;
}

/**
 * What is left to the layers' own rules: rows that the program does not hold for, entries whose digits it cannot give, and the
 * diagonal where it follows another rule than pairs of different inputs do. Which these are depends on the two rows alone. Of a
 * symmetric matrix, entries on and below the diagonal.
 */
export function blocksToComplete(
  { network, a, b }: GramRequest,
  { outside1, outside2 }: RowsOutside,
  leftOut: readonly LeftOut[],
): Incomplete[] {
  const symmetric = a === b;
  const [n1, n2] = [a.x.rows, b.x.rows];
  const strips = [
    ...[...outside1].flatMap((row) =>
      steps(0, symmetric ? row + 1 : n2, BLOCK ** 2).map((col) =>
        rangeOf(row, 1, col, BLOCK ** 2, n1, symmetric ? row + 1 : n2),
      ),
    ),
    ...[...outside2].flatMap((col) =>
      steps(symmetric ? col : 0, n1, BLOCK ** 2).map((row) => rangeOf(row, BLOCK ** 2, col, 1, n1, n2)),
    ),
  ];
  const diagonal = symmetric && hasType(network, "dropout") ? steps(0, n1, 1).map((i): LeftOut => [i, i]) : [];
  const byBlock = new Map<string, LeftOut[]>();
  for (const [i, j] of [...leftOut, ...diagonal]) {
    if ((symmetric && j > i) || outside1.has(i) || outside2.has(j)) continue;
    const key = `${Math.floor(i / BLOCK)} ${Math.floor(j / BLOCK)}`;
    byBlock.set(key, [...(byBlock.get(key) ?? []), [i, j]]);
  }
  const blocks = [...byBlock.values()].map((entries): Incomplete => {
    const [i, j] = entries[0]!;
    return { range: rangeOf(i - (i % BLOCK), BLOCK, j - (j % BLOCK), BLOCK, n1, n2), entries };
  });
  return [...strips.map((range): Incomplete => ({ range, entries: null })), ...blocks];
}

function rangeOf(row: number, rows: number, col: number, cols: number, n1: number, n2: number): TileRange {
  return { row, rows: Math.min(rows, n1 - row), col, cols: Math.min(cols, n2 - col) };
}

export async function completeGrams(
  grams: Readonly<Record<string, Matrix>>,
  { a, b, names, block }: GramRequest,
  incomplete: readonly Incomplete[],
  work: Work,
): Promise<void> {
  let done = 0;
  for (const { range, entries } of incomplete) {
    const isWanted = membership(entries);
    const parts = entries === null || entries.length >= MANY_IN_BLOCK ? [range] : entries.map(cellOf);
    for (const part of parts)
      await block(part, async (piece, values) => {
        for (const name of names) placePiece(grams[name]!, values[name]!, piece, a === b, isWanted);
        await work.breathe(done / incomplete.length);
      });
    done++;
  }
}

type Membership = (row: number, col: number) => boolean;

/** Whether an entry is among those that the program left out; all are where that is null. */
function membership(entries: readonly LeftOut[] | null): Membership {
  if (entries === null) return () => true;
  const keys = new Set(entries.map(([row, col]) => `${row} ${col}`));
  return (row, col) => keys.has(`${row} ${col}`);
}

function cellOf([row, col]: LeftOut): TileRange {
  return { row, rows: 1, col, cols: 1 };
}

/** Copies the wanted values of a piece to their places and, in a symmetric matrix, to their mirror images. */
function placePiece(
  gram: Matrix,
  values: Float64Array,
  piece: TileRange,
  symmetric: boolean,
  isWanted: Membership,
): void {
  values.forEach((value, at) => {
    const [row, col] = [piece.row + Math.floor(at / piece.cols), piece.col + (at % piece.cols)];
    if (!isWanted(row, col)) return;
    gram.data[row * gram.cols + col] = value;
    if (symmetric) gram.data[col * gram.cols + row] = value;
  });
}

function hasType(layer: Layer, type: Layer["type"]): boolean {
  return layer.type === type || childrenOf(layer).some((child) => hasType(child, type));
}

function childrenOf(layer: Layer): readonly Layer[] {
  if (layer.type === "serial") return layer.layers;
  if (layer.type === "parallel") return layer.branches;
  return layer.type === "repeat" ? [layer.layer] : [];
}
