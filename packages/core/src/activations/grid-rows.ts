import * as portable from "../special/portable.ts";
import type { AngleCell } from "./angle-cell.ts";
import { type GaussianMean, gaussianMean, type SmoothedFunction } from "./gaussian-mean.ts";
import { gradedGrid } from "./graded-grid.ts";
import type { RowMoments, SmoothPieces } from "./row-series.ts";

/** A row of variance p on the nodes xᵢ of the grid that all rows of a cell share; w are the square roots of the weights. */
export interface GridRow {
  /** √(Σ wᵢ² φ(√p xᵢ)²), and the same of φ'. */
  readonly norm: number;
  readonly slopeNorm: number;
  /** wᵢ φ(√p xᵢ)/norm and wᵢ φ'(√p xᵢ). */
  readonly unit: Float64Array;
  readonly slope: Float64Array;
  /** wᵢ E φ'(√p (cos θ xᵢ + sin θ y)) for the angle of each node of the cell, as far as asked for. */
  readonly smoothed: (Float64Array | undefined)[];
  readonly smooth: (node: number) => Float64Array;
}

/** The rows of both variances on the coarsest grid that has both right; undefined where none has. */
export type FindRows = (cell: AngleCell, p: number, q: number) => readonly [GridRow, GridRow] | undefined;

/** What a grid may miss of the squares of φ and φ', relatively. */
const TOLERANCE = 1e-13;

const MOST_CUTS = 3;

/** Numbers kept by one activation, twice: 64 MB. Forgetting rows changes no result. */
const CAPACITY = 8_000_000;

export function gridRows(pieces: SmoothPieces, moments: (p: number) => RowMoments): FindRows {
  type Rows = Map<number, Map<number, GridRow | null>>;
  let [young, old, size]: [Rows, Rows, number] = [new Map(), new Map(), 0];
  const count = (numbers: number): void => {
    size += numbers;
    if (size > CAPACITY) [young, old, size] = [new Map(), young, 0];
  };
  const rowOn = (cell: AngleCell, cuts: number, p: number): GridRow | null => {
    const key = (MOST_CUTS + 1) * cell.key + cuts;
    let rows = young.get(key);
    if (!rows) {
      rows = new Map();
      young.set(key, rows);
    }
    let row = rows.get(p);
    if (row === undefined) {
      row = old.get(key)?.get(p) ?? makeRow(pieces, moments(p), cell, cuts, count);
      rows.set(p, row);
    }
    return row;
  };
  return (cell, p, q) => {
    for (let cuts = 0; cuts <= MOST_CUTS; cuts++) {
      const a = rowOn(cell, cuts, p);
      const b = a && rowOn(cell, cuts, q);
      if (b) return [a, b];
    }
    return undefined;
  };
}

/** The row on a grid with so many cuts, or null where that does not give E φ² and E φ'² right. */
function makeRow(
  { phi, dphi, kinks }: SmoothPieces,
  { p, square, slopeSquare }: RowMoments,
  cell: AngleCell,
  cuts: number,
  count: (numbers: number) => void,
): GridRow | null {
  const { nodes, weights } = gradedGrid(depthOf(cell, kinks.length > 0), cuts);
  const root = Math.sqrt(p);
  const w = weights.map(Math.sqrt);
  const unit = nodes.map((x, i) => w[i]! * phi(root * x));
  const slope = nodes.map((x, i) => w[i]! * dphi(root * x));
  const [own, ownSlope] = [sumOfSquares(unit), sumOfSquares(slope)];
  count(2 * nodes.length);
  if (!isNear(own, square, 0) || !isNear(ownSlope, slopeSquare, 1e-3 * dphi(0) ** 2)) return null;
  const norm = Math.sqrt(own);
  const steepest = slope.reduce((most, value, i) => Math.max(most, Math.abs(value) / w[i]!), 0);
  const smoothed = { f: dphi, hasKink: kinks.length > 0 };
  const smooth = (node: number): Float64Array => {
    const [width, scale] = [root * portable.sin(cell.angles[node]!), root * portable.cos(cell.angles[node]!)];
    const means = nodes.map((x) => scale * x);
    const average = checkedMean(smoothed, width, means, SMOOTHING_TOLERANCE * steepest);
    count(nodes.length);
    return means.map((mean, i) => w[i]! * average(mean));
  };
  return {
    norm,
    slopeNorm: Math.sqrt(ownSlope),
    unit: norm > 0 ? unit.map((u) => u / norm) : unit,
    slope,
    smoothed: [],
    smooth,
  };
}

/** What a rule may miss of the largest φ', at the nodes where it is checked. */
const SMOOTHING_TOLERANCE = 1e-14;

const MOST_HALVINGS = 5;

/** So many nodes apart the rule for E φ' is checked by the next finer one. */
const CHECKED = 7;

/** E φ' by the coarsest rule that the next finer one confirms; NaN where none is. */
function checkedMean(smoothed: SmoothedFunction, width: number, means: Float64Array, tolerance: number): GaussianMean {
  let coarse = gaussianMean(smoothed, width, 0);
  for (let halvings = 1; halvings <= MOST_HALVINGS; halvings++) {
    const fine = gaussianMean(smoothed, width, halvings);
    let isConfirmed = true;
    for (let i = 0; i < means.length && isConfirmed; i += CHECKED) {
      isConfirmed = Math.abs(coarse(means[i]!) - fine(means[i]!)) <= tolerance;
    }
    if (isConfirmed) return coarse;
    coarse = fine;
  }
  return () => Number.NaN;
}

/** The row's table for a node of the cell. */
export function smoothedSlope(row: GridRow, node: number): Float64Array {
  let table = row.smoothed[node];
  if (!table) {
    table = row.smooth(node);
    row.smoothed[node] = table;
  }
  return table;
}

/** Fine enough for the rows; where φ has a kink also for S_θ, which changes over distances of θ there, at the smaller nodes. */
function depthOf({ level, angles }: AngleCell, hasKink: boolean): number {
  return Math.max(level, hasKink ? -2 - portable.exponent(angles[2]!) : 0);
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function isNear(sum: number, exact: number, floor: number): boolean {
  return Math.abs(sum - exact) <= TOLERANCE * Math.max(exact, floor);
}
