import type { TileRange } from "./input.ts";

/** How long one piece of work should hold its thread. */
const PIECE_MS = 25;

/** A piece may have so many times the entries of the one before. */
const GROWTH = 8;

/** How many entries of a Gram matrix to compute at a time, by how long the ones before took: from one on. */
export interface Pace {
  entries(): number;
  /** Runs the computation of so many entries. */
  measure<T>(entries: number, run: () => T): T;
}

export function startPace(now: () => number = () => performance.now()): Pace {
  let next = 1;
  return {
    entries: () => next,
    measure(entries, run) {
      const start = now();
      const result = run();
      const affordable = Math.floor((entries * PIECE_MS) / Math.max(now() - start, 1e-6));
      next = Math.max(1, Math.min(affordable, GROWTH * entries));
      return result;
    },
  };
}

/**
 * The tile in pieces of as many entries as the pace allows when each is about to begin: some of its rows or a part of one, from the
 * first entry to the last whatever the pace, so that the first one that fails is always the same.
 */
export function* piecesOf(tile: TileRange, pace: Pace): Generator<TileRange> {
  const { row, rows, col, cols } = tile;
  if (rows * cols <= pace.entries()) yield tile;
  else if (rows > 1) {
    const half = Math.ceil(rows / 2);
    yield* piecesOf({ ...tile, rows: half }, pace);
    yield* piecesOf({ ...tile, row: row + half, rows: rows - half }, pace);
  } else {
    const half = Math.ceil(cols / 2);
    yield* piecesOf({ ...tile, cols: half }, pace);
    yield* piecesOf({ ...tile, col: col + half, cols: cols - half }, pace);
  }
}
