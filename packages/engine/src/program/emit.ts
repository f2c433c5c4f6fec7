import type { Func, Label, Local } from "wasmati";
import * as wasm from "wasmati";
import { type Graph, type Node, STAGE } from "./graph.ts";
import { EXPONENT_MAGIC, emitOperation } from "./instructions.ts";
import { partKey } from "./part-key.ts";
import { constantsOf, isVarying, localsOf, type ProgramMemory, programMemory } from "./program-memory.ts";
import { type Part, type ScheduleSizes, type Segment, type Step, schedule } from "./schedule.ts";
import { LAYOUT, PITCH } from "./tile-layout.ts";

const { func, f64, f64x2, i32, local, loop, br_if, call, if_, v128 } = wasm;

/** Vectors that are computed side by side. */
const GROUP = 2;
/** Columns that one turn of an inner loop maps; the columns of a tile are filled up to a multiple of it. */
export const STEP: number = 2 * GROUP;

export const SIZES: ScheduleSizes = {
  lanes: GROUP,
  /** So few that several turns of its loop are under way at a time. */
  segment: 20,
  /** What fits into one function, about 60 KB of code: wasmati writes bytes through the stack, which holds some 100 KB. */
  whole: 5000,
  /** Long enough that the memory traffic between parts, a few values of a pair, costs little beside it. */
  part: 1500,
};

/** Memory that a thread may need for what the parts of a program leave to one another. */
const MOST_BYTES = 2 ** 26;

const VECTOR_BYTES = 16;
const TURN_BYTES = GROUP * VECTOR_BYTES;

type Index = Local<"i32">;
type Vector = Local<"v128">;
type TileFunction = Func<["i32", "i32", "i32"], []>;

export interface EmittedProgram {
  /** (base, rows, columns) → nothing: maps the tile at `base` in place. */
  readonly code: TileFunction;
  /** To be written behind `LAYOUT.program`. */
  readonly constants: readonly number[];
  /** Bytes needed behind `LAYOUT.program`. */
  readonly bytes: number;
  /** How many parts it has. */
  readonly parts: number;
  /** About how many operations it does for each pair. */
  readonly operations: number;
}

/** What a program computes: K and Θ, unless they are null. */
export interface Outputs {
  readonly nngp: Node | null;
  readonly ntk: Node | null;
}

/** What all code of a part works with. */
interface Frame {
  readonly memory: ProgramMemory;
  /** Where the outputs go. */
  readonly targets: readonly number[];
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
 * The code that maps a tile laid out as `LAYOUT` says, part by part: first what depends on one column alone, which is kept, then row
 * by row what depends on the row alone, and the pairs, segment by segment, each a loop over the columns that keeps what later ones
 * need.
 *
 * The loops are short because compilers of WebAssembly neither interleave independent work nor spare registers: with few operations
 * to a turn, the processor has several turns under way, and their values fit its registers. Parts are functions of bounded length;
 * those that do the same at the same places are one function, so that a repeated layer costs no more code however often it repeats.
 *
 * Undefined when a part is too long to be a function, or the parts leave too much to one another.
 */
export function emitProgram(
  graph: Graph,
  { nngp, ntk }: Outputs,
  fast: boolean,
  sizes: ScheduleSizes = SIZES,
): EmittedProgram | undefined {
  const targets = [...(nngp ? [LAYOUT.nngp] : []), ...(ntk ? [LAYOUT.ntk] : [])];
  const parts = schedule(
    graph.root,
    [nngp, ntk].filter((node) => node !== null),
    sizes,
  );
  if (parts.some(({ weight }) => weight > SIZES.whole)) return undefined;
  const memory = programMemory(parts);
  if (memory.bytes > MOST_BYTES) return undefined;
  const known = new Map<string, TileFunction>();
  const functions = parts.map((part) => {
    const key = partKey(part, memory);
    const code = known.get(key) ?? partFunction(part, memory, targets, fast);
    known.set(key, code);
    return code;
  });
  const code = functions.length === 1 ? functions[0]! : sequence(functions);
  const operations = parts.reduce((sum, { weight }) => sum + weight, 0) / GROUP;
  return { code, constants: memory.constants, bytes: memory.bytes, parts: parts.length, operations };
}

/** Calls the functions one after the other. */
function sequence(functions: readonly TileFunction[]): TileFunction {
  return func({ in: [i32, i32, i32], out: [] }, ([base, rows, columns]) => {
    for (const part of functions) call(part, [base, rows, columns]);
  });
}

function partFunction(part: Part, memory: ProgramMemory, targets: readonly number[], fast: boolean): TileFunction {
  const { segments } = part;
  const singles = [...part.rowsRead, ...part.rows, ...part.columnsRead, ...part.columns];
  const most = (count: (segment: Segment) => number): number => Math.max(0, ...segments.map(count));
  const groupsEnd = singles.length + GROUP * most((segment) => localsOf(segment).length);
  const vectorCount = groupsEnd + most((segment) => constantsOf(segment).length);
  const types = [...Array<"v128">(vectorCount).fill("v128"), ...Array<"i32">(5).fill("i32")].map((kind) => ({ kind }));

  // wasmati wants the number of locals known to the type checker: here they are listed by `types` alone.
  return func({ in: [i32, i32, i32], locals: types as unknown as [], out: [] }, ([base, rows, columns], all) => {
    const locals: readonly unknown[] = all;
    const vectors = locals.slice(0, vectorCount) as Vector[];
    const [column, end, rowEnd, rowAt, at] = locals.slice(vectorCount) as unknown as Five<Index>;
    const singleAt = new Map(singles.map((node, i) => [node, vectors[i]!]));
    const [groups, constants] = [vectors.slice(singles.length, groupsEnd), vectors.slice(groupsEnd)];
    const single = (node: Node): Vector => singleAt.get(node)!;
    const frame: Frame = { memory, targets, fast, base, column, end, rowAt, rowEnd, at, single, groups, constants };
    local.set(end, i32.add(base, i32.shl(columns, 3)));
    local.set(rowEnd, i32.add(base, i32.shl(rows, 3)));
    if (part.columns.length > 0) emitColumns(frame, part);
    local.set(rowAt, base);
    local.set(at, base);
    loop({ in: [], out: [] }, (nextRow) => {
      emitRow(frame, part);
      for (const segment of segments) {
        emitSegment(frame, segment);
        local.set(at, i32.sub(at, i32.shl(columns, 3)));
      }
      local.set(at, i32.add(at, PITCH));
      whileBelow(nextRow, rowAt, 8, rowEnd);
    });
  });
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

/** What depends on one column alone, for all columns; keeps what pairs and later parts read. */
function emitColumns(frame: Frame, { columns, columnsRead, columnsKept }: Part): void {
  const { memory, base, column, end } = frame;
  local.set(column, base);
  loop({ in: [], out: [] }, (next) => {
    for (const node of columnsRead) {
      v128.load({ offset: memory.lineAt(node) }, column);
      local.set(frame.single(node));
    }
    for (const node of columns)
      emitSingle(frame, node, () => void v128.load({ offset: LAYOUT.columnVariances }, column));
    for (const node of columnsKept) v128.store({ offset: memory.lineAt(node) }, column, frame.single(node));
    whileBelow(next, column, VECTOR_BYTES, end);
  });
}

/** What depends on the row alone; keeps what later parts read. */
function emitRow(frame: Frame, { rows, rowsRead, rowsLeft }: Part): void {
  const { memory, rowAt, single } = frame;
  for (const node of rowsRead) {
    v128.load64_splat({ offset: memory.lineAt(node) }, rowAt);
    local.set(single(node));
  }
  for (const node of rows)
    emitSingle(frame, node, () => void v128.load64_splat({ offset: LAYOUT.rowVariances }, rowAt));
  for (const node of rowsLeft) f64.store({ offset: memory.lineAt(node) }, rowAt, f64x2.extract_lane(0, single(node)));
}

function emitSegment(frame: Frame, segment: Segment): void {
  const { memory, base, column, end, at, groups, constants } = frame;
  const values = constantsOf(segment);
  const constantIn = (value: number): Vector => constants[values.findIndex((other) => Object.is(other, value))]!;
  const far = new Set(segment.readsFar);
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
      const isFar = far.has(node);
      const offset = isFar ? memory.squareAt(node) : memory.lineAt(node);
      v128.load({ offset: offset + VECTOR_BYTES * lane }, isFar ? at : column);
      local.set(vector(node, lane));
    });
    emitSteps(segment.steps, vector, () => local.get(constantIn(EXPONENT_MAGIC)), frame.fast);
    forEachLane(segment.writes, (node, lane) =>
      v128.store({ offset: memory.lineAt(node) + VECTOR_BYTES * lane }, column, vector(node, lane)),
    );
    forEachLane(segment.leaves, (node, lane) =>
      v128.store({ offset: memory.squareAt(node) + VECTOR_BYTES * lane }, at, vector(node, lane)),
    );
    for (const [i, output] of segment.outputs.entries()) {
      forEachLane([output], (node, lane) =>
        v128.store({ offset: frame.targets[i]! + VECTOR_BYTES * lane }, at, vector(node, lane)),
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
