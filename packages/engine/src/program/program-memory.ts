import { type Node, STAGE } from "./graph.ts";
import { EXPONENT_MAGIC } from "./instructions.ts";
import type { Schedule, Segment } from "./schedule.ts";
import { LAYOUT, PITCH } from "./tile-layout.ts";

/** Where a program keeps its constants, what it computed for each column, and what one segment leaves to the next. */
export interface ProgramMemory {
  readonly constants: readonly number[];
  /** Values of a column that pairs read. */
  readonly columns: readonly Node[];
  /** Bytes needed behind `LAYOUT.program`. */
  readonly bytes: number;
  constantAt(value: number): number;
  /** The value for the first column. */
  valuesAt(node: Node): number;
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
  return values.filter((value, i) => values.findIndex((other) => Object.is(other, value)) === i);
}

export function programMemory({ rows, columns, segments }: Schedule): ProgramMemory {
  const operands = [...rows, ...columns].flatMap(({ args }) => args).filter(({ stage }) => stage === STAGE.constant);
  const constants = distinct([EXPONENT_MAGIC, ...operands.map(({ value }) => value), ...segments.flatMap(constantsOf)]);
  const constantIndex = (value: number): number => constants.findIndex((other) => Object.is(other, value));
  const from = LAYOUT.program + 16 * Math.ceil(constants.length / 2);
  const kept = columns.filter((node) => segments.some(({ reads }) => reads.includes(node)));
  const slots = new Map(kept.map((node, i) => [node, i]));
  const lastReader = new Map<Node, number>();
  for (const [k, { reads }] of segments.entries()) for (const node of reads) lastReader.set(node, k);
  const free: number[] = [];
  let count = kept.length;
  for (const [k, { reads, writes }] of segments.entries()) {
    for (const node of writes) slots.set(node, free.pop() ?? count++);
    // What is read for the last time here must not be overwritten by the same segment.
    for (const node of reads)
      if (node.stage === STAGE.pair && slots.has(node) && lastReader.get(node) === k) free.push(slots.get(node)!);
  }
  return {
    constants,
    columns: kept,
    bytes: from - LAYOUT.program + PITCH * count,
    constantAt: (value) => LAYOUT.program + 8 * constantIndex(value),
    valuesAt: (node) => from + PITCH * slots.get(node)!,
  };
}
