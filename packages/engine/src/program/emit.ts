import type { Func, Label, Local } from "wasmati";
import * as wasm from "wasmati";
import { type Graph, type Node, STAGE } from "./graph.ts";
import { EXPONENT_MAGIC, emitOperation } from "./instructions.ts";
import { constantsOf, isVarying, localsOf, type ProgramMemory, programMemory } from "./program-memory.ts";
import { type Schedule, type Segment, type Step, schedule } from "./schedule.ts";
import { LAYOUT, PITCH } from "./tile-layout.ts";

const { func, i32, local, loop, br_if, if_, v128 } = wasm;

/** Vectors that are computed side by side. */
const GROUP = 2;
/** Operations that one pass over a row does: so few that several turns of its loop are under way at a time. */
const SEGMENT = 20;
/** Columns that one turn of an inner loop maps; the columns of a tile are filled up to a multiple of it. */
export const STEP: number = 2 * GROUP;

/** Operations that fit into one function, about 60 KB of code: wasmati writes bytes through the stack, which holds some 100 KB. */
const MOST_OPERATIONS = 5000;

const VECTOR_BYTES = 16;
const TURN_BYTES = GROUP * VECTOR_BYTES;

type Index = Local<"i32">;
type Vector = Local<"v128">;

export interface EmittedProgram {
  /** (base, rows, columns) → nothing: maps the tile at `base` in place. */
  readonly code: Func<["i32", "i32", "i32"], []>;
  /** To be written behind `LAYOUT.program`. */
  readonly constants: readonly number[];
  /** Bytes needed behind `LAYOUT.program`. */
  readonly bytes: number;
}

/** What a program computes: K, and Θ unless it is null. */
export interface Outputs {
  readonly nngp: Node;
  readonly ntk: Node | null;
}

/** What all code of a program works with. */
interface Frame {
  readonly memory: ProgramMemory;
  readonly fast: boolean;
  readonly base: Index;
  /** Address of the first column plus the offset of the current one, and where columns end. */
  readonly column: Index;
  readonly end: Index;
  /** The same for rows. */
  readonly rowAt: Index;
  readonly rowEnd: Index;
  /** Address of the current pair, less the offset of what is read of it. */
  readonly at: Index;
  /** The local of a value of the row or, while columns are prepared, of the column. */
  single(node: Node): Vector;
  /** Locals of a segment: for each value that varies one per vector, then its constants. */
  readonly groups: readonly Vector[];
  readonly constants: readonly Vector[];
}

/**
 * The code that maps a tile laid out as `LAYOUT` says. What depends on one column alone is computed first and kept. Then, row by row,
 * what depends on the row alone, and the pairs: segment by segment, each a loop over the columns that keeps what later ones need.
 *
 * The loops are short because compilers of WebAssembly neither interleave independent work nor spare registers: with few operations
 * to a turn, the processor has several turns under way, and their values fit its registers.
 *
 * Undefined when it would be too long: some 25 layers of ReLU fit.
 */
export function emitProgram(graph: Graph, { nngp, ntk }: Outputs, fast: boolean): EmittedProgram | undefined {
  const plan = schedule(graph.root, ntk ? [nngp, ntk] : [nngp], SEGMENT);
  if (operationsIn(plan) > MOST_OPERATIONS) return undefined;
  const memory = programMemory(plan);
  const singles = [...plan.rows, ...plan.columns];
  const groupsEnd = singles.length + GROUP * Math.max(...plan.segments.map((segment) => localsOf(segment).length));
  const vectorCount = groupsEnd + Math.max(...plan.segments.map((segment) => constantsOf(segment).length));
  const types = [...Array<"v128">(vectorCount).fill("v128"), ...Array<"i32">(5).fill("i32")].map((kind) => ({ kind }));

  // wasmati wants the number of locals known to the type checker: here they are listed by `types` alone.
  const code = func({ in: [i32, i32, i32], locals: types as unknown as [], out: [] }, ([base, rows, columns], all) => {
    const locals: readonly unknown[] = all;
    const vectors = locals.slice(0, vectorCount) as Vector[];
    const [column, end, rowEnd, rowAt, at] = locals.slice(vectorCount) as unknown as Five<Index>;
    const singleAt = new Map(singles.map((node, i) => [node, vectors[i]!]));
    const [groups, constants] = [vectors.slice(singles.length, groupsEnd), vectors.slice(groupsEnd)];
    const single = (node: Node): Vector => singleAt.get(node)!;
    const frame: Frame = { memory, fast, base, column, end, rowAt, rowEnd, at, single, groups, constants };
    local.set(end, i32.add(base, i32.shl(columns, 3)));
    local.set(rowEnd, i32.add(base, i32.shl(rows, 3)));
    emitColumns(frame, plan.columns);
    local.set(rowAt, base);
    local.set(at, base);
    loop({ in: [], out: [] }, (nextRow) => {
      for (const node of plan.rows)
        emitSingle(frame, node, () => void v128.load64_splat({ offset: LAYOUT.rowVariances }, rowAt));
      for (const segment of plan.segments) {
        emitSegment(frame, segment);
        local.set(at, i32.sub(at, i32.shl(columns, 3)));
      }
      local.set(at, i32.add(at, PITCH));
      whileBelow(nextRow, rowAt, 8, rowEnd);
    });
  });
  return { code, constants: memory.constants, bytes: memory.bytes };
}

function operationsIn({ rows, columns, segments }: Schedule): number {
  return rows.length + columns.length + GROUP * segments.reduce((sum, { made }) => sum + made.length, 0);
}

type Five<T> = readonly [T, T, T, T, T];

/** Advances an address, and starts the loop again while it is below `end`. */
function whileBelow(label: Label, address: Index, step: number, end: Index): void {
  local.set(address, i32.add(address, step));
  i32.lt_u(address, end);
  br_if(label);
}

function loadConstant({ memory, base }: Frame, value: number): void {
  v128.load64_splat({ offset: memory.constantAt(value) }, base);
}

/** A value of the row or of the column, into its local. */
function emitSingle(frame: Frame, node: Node, input: () => void): void {
  const push = (arg: Node): void => {
    if (arg.stage === STAGE.constant) loadConstant(frame, arg.value);
    else local.get(frame.single(arg));
  };
  if (node.operation === "input") input();
  else emitOperation(node, push, () => loadConstant(frame, EXPONENT_MAGIC), frame.fast);
  local.set(frame.single(node));
}

/** What depends on one column alone, for all columns; keeps what pairs read. */
function emitColumns(frame: Frame, columns: readonly Node[]): void {
  const { memory, base, column, end } = frame;
  local.set(column, base);
  loop({ in: [], out: [] }, (next) => {
    for (const node of columns)
      emitSingle(frame, node, () => void v128.load({ offset: LAYOUT.columnVariances }, column));
    for (const node of memory.columns) v128.store({ offset: memory.valuesAt(node) }, column, frame.single(node));
    whileBelow(next, column, VECTOR_BYTES, end);
  });
}

function emitSegment(frame: Frame, segment: Segment): void {
  const { memory, base, column, end, at, groups, constants } = frame;
  const values = constantsOf(segment);
  const constantIn = (value: number): Vector => constants[values.findIndex((other) => Object.is(other, value))]!;
  const placeOf = new Map(localsOf(segment).map((node, i) => [node, i]));
  const vector = (node: Node, lane: number): Vector => {
    if (node.stage === STAGE.constant) return constantIn(node.value);
    return node.stage === STAGE.row ? frame.single(node) : groups[GROUP * placeOf.get(node)! + lane]!;
  };
  for (const value of values) {
    loadConstant(frame, value);
    local.set(constantIn(value));
  }
  local.set(column, base);
  loop({ in: [], out: [] }, (next) => {
    forEachLane(segment.reads.filter(isVarying), (node, lane) => {
      const isInput = node.operation === "input" && node.stage === STAGE.pair;
      const offset = isInput ? (node.name === "c" ? LAYOUT.nngp : LAYOUT.ntk) : memory.valuesAt(node);
      v128.load({ offset: offset + VECTOR_BYTES * lane }, isInput ? at : column);
      local.set(vector(node, lane));
    });
    emitSteps(segment.steps, vector, () => local.get(constantIn(EXPONENT_MAGIC)), frame.fast);
    forEachLane(segment.writes, (node, lane) =>
      v128.store({ offset: memory.valuesAt(node) + VECTOR_BYTES * lane }, column, vector(node, lane)),
    );
    for (const [i, offset] of [LAYOUT.nngp, LAYOUT.ntk].slice(0, segment.outputs.length).entries()) {
      forEachLane([segment.outputs[i]!], (node, lane) =>
        v128.store({ offset: offset + VECTOR_BYTES * lane }, at, vector(node, lane)),
      );
    }
    local.set(at, i32.add(at, TURN_BYTES));
    whileBelow(next, column, TURN_BYTES, end);
  });
}

function forEachLane(nodes: readonly Node[], emit: (node: Node, lane: number) => void): void {
  for (let lane = 0; lane < GROUP; lane++) for (const node of nodes) emit(node, lane);
}

/** Code of the steps for a group of vectors. */
function emitSteps(
  steps: readonly Step[],
  vector: (node: Node, lane: number) => Vector,
  magic: () => void,
  fast: boolean,
): void {
  for (const step of steps) {
    if (step.kind === "compute") {
      for (let lane = 0; lane < GROUP; lane++) {
        emitOperation(step.node, (arg) => void local.get(vector(arg, lane)), magic, fast);
        local.set(vector(step.node, lane));
      }
    } else emitRarely(step.results, vector, () => emitSteps(step.steps, vector, magic, fast));
  }
}

/** The results are what they are otherwise, unless the condition holds somewhere: then `body` computes them, to be selected. */
function emitRarely(results: readonly Node[], vector: (node: Node, lane: number) => Vector, body: () => void): void {
  const condition = results[0]!.args[0]!;
  forEachLane(results, (node, lane) => local.set(vector(node, lane), vector(node.args[2]!, lane)));
  for (let lane = 0; lane < GROUP; lane++) {
    local.get(vector(condition, lane));
    if (lane > 0) v128.or();
  }
  v128.any_true();
  if_({ in: [], out: [] }, () => {
    body();
    forEachLane(results, (node, lane) => {
      for (const arg of [node.args[1]!, node.args[2]!, condition]) local.get(vector(arg, lane));
      v128.bitselect();
      local.set(vector(node, lane));
    });
  });
}
