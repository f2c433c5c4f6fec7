import { type Node, STAGE } from "./graph.ts";
import { EXPONENT_MAGIC } from "./instructions.ts";
import type { Part, Segment } from "./schedule.ts";
import { LAYOUT, PITCH, SQUARE } from "./tile-layout.ts";

/** Where a program keeps its constants and its values, from the first row, column or pair on. */
export interface ProgramMemory {
  readonly constants: readonly number[];
  /** Bytes needed behind `LAYOUT.program`. */
  readonly bytes: number;
  constantAt(value: number): number;
  /** What is kept for each row or for each column, and what one segment leaves to the next ones of its part. */
  lineAt(node: Node): number;
  /** What is kept for each pair: inputs, and what one part leaves to later ones. */
  squareAt(node: Node): number;
}

/** A value that is not the same for all columns. */
export function isVarying({ stage }: Node): boolean {
  return stage === STAGE.column || stage === STAGE.pair;
}

/** What lives in locals, one for each vector of a group, while a segment runs. */
export function localsOf({ reads, made }: Segment): readonly Node[] {
  return [...reads.filter(isVarying), ...made];
}

export function constantsOf({ reads, made }: Segment): readonly number[] {
  const values = reads.filter(({ stage }) => stage === STAGE.constant).map(({ value }) => value);
  return distinct(made.some(({ operation }) => operation === "powerOfTwo") ? [...values, EXPONENT_MAGIC] : values);
}

/** Each value once; 0 and −0 are two. */
function distinct(values: readonly number[]): readonly number[] {
  return [...new Map(values.map((value) => [keyOf(value), value])).values()];
}

/** Keys of a map cannot be told apart by the sign of zero. */
function keyOf(value: number): number | string {
  return Object.is(value, -0) ? "-0" : value;
}

/** The memory of a program; places are used again as soon as their values are no longer needed. */
export function programMemory(parts: readonly Part[]): ProgramMemory {
  const operands = parts
    .flatMap(({ rows, columns }) => [...rows, ...columns].flatMap(({ args }) => args))
    .filter(({ stage }) => stage === STAGE.constant)
    .map(({ value }) => value);
  const segments = parts.flatMap((part) => part.segments);
  const constants = distinct([EXPONENT_MAGIC, ...operands, ...segments.flatMap(constantsOf)]);
  const constantIndex = new Map(constants.map((value, i) => [keyOf(value), i]));
  const lines = placeLines(parts);
  const squares = placeSquares(segments);
  const linesFrom = LAYOUT.program + 16 * Math.ceil(constants.length / 2);
  const squaresFrom = linesFrom + PITCH * lines.count;
  return {
    constants,
    bytes: squaresFrom + SQUARE * Math.max(0, squares.count - TILE_SQUARES) - LAYOUT.program,
    constantAt: (value) => LAYOUT.program + 8 * constantIndex.get(keyOf(value))!,
    lineAt: (node) => linesFrom + PITCH * lines.places.get(node)!,
    squareAt(node) {
      const k = squares.places.get(node)!;
      return k < TILE_SQUARES ? LAYOUT.nngp + SQUARE * k : squaresFrom + SQUARE * (k - TILE_SQUARES);
    },
  };
}

/** K, Θ and the transpose have squares of the tile, which are free while a program runs. */
const TILE_SQUARES = 3;

interface Places {
  readonly places: ReadonlyMap<Node, number>;
  readonly count: number;
}

/** Numbers for values, the lowest that are free, so that equal parts find their values at the same places. */
function freePlaces(): { take(): number; give(place: number): void; count(): number } {
  const isFree: boolean[] = [];
  return {
    take() {
      const place = isFree.indexOf(true);
      isFree[place < 0 ? isFree.length : place] = false;
      return place < 0 ? isFree.length - 1 : place;
    },
    give(place) {
      isFree[place] = true;
    },
    count: () => isFree.length,
  };
}

/** All rows of a part run before the next part does: what it keeps of rows and columns must stay until it ends. */
function placeLines(parts: readonly Part[]): Places {
  const places = new Map<Node, number>();
  const { take, give, count } = freePlaces();
  const lastReader = new Map<Node, number>();
  const readsOf = ({ rowsRead, columnsRead, columnsKept, segments }: Part): readonly Node[] => [
    ...rowsRead,
    ...columnsRead,
    ...columnsKept,
    ...segments.flatMap(({ reads }) => reads.filter(({ stage }) => stage === STAGE.column)),
  ];
  for (const [k, part] of parts.entries()) for (const node of readsOf(part)) lastReader.set(node, k);
  for (const [k, part] of parts.entries()) {
    for (const node of [...part.columnsKept, ...part.rowsLeft]) places.set(node, take());
    const scratch = placeWrites(part.segments, places, take, give);
    for (const node of scratch) give(places.get(node)!);
    for (const node of new Set(readsOf(part))) if (lastReader.get(node) === k) give(places.get(node)!);
  }
  return { places, count: count() };
}

/** Places for what segments leave to one another; returns those still taken at the end. */
function placeWrites(
  segments: readonly Segment[],
  places: Map<Node, number>,
  take: () => number,
  give: (place: number) => void,
): ReadonlySet<Node> {
  const lastReader = new Map<Node, number>();
  for (const [k, { reads }] of segments.entries()) for (const node of reads) lastReader.set(node, k);
  const taken = new Set<Node>();
  for (const [k, { reads, writes }] of segments.entries()) {
    for (const node of writes) {
      places.set(node, take());
      taken.add(node);
    }
    // What is read for the last time here must not be overwritten by the same segment.
    for (const node of reads) if (lastReader.get(node) === k && taken.delete(node)) give(places.get(node)!);
  }
  return taken;
}

/** Squares of the inputs and of what parts leave to one another. A segment may write where it read: it reads each pair first. */
function placeSquares(segments: readonly Segment[]): Places {
  const places = new Map<Node, number>();
  const { take, give, count } = freePlaces();
  const lastReader = new Map<Node, number>();
  for (const [k, { reads }] of segments.entries()) for (const node of reads) lastReader.set(node, k);
  // The inputs lie where K and Θ are to be.
  const [first, second] = [take(), take()];
  for (const node of lastReader.keys()) if (isInput(node)) places.set(node, node.name === "c" ? first : second);
  const read = new Set([...places.values()]);
  for (const place of [first, second]) if (!read.has(place)) give(place);
  for (const [k, { reads, leaves }] of segments.entries()) {
    for (const node of reads) if (lastReader.get(node) === k && places.has(node)) give(places.get(node)!);
    for (const node of leaves) places.set(node, take());
  }
  return { places, count: count() };
}

function isInput({ operation, stage }: Node): boolean {
  return operation === "input" && stage === STAGE.pair;
}
