import type { Layer } from "ntkit";
import { importMemory, Module } from "wasmati";
import { emitProgram, type Outputs } from "./emit.ts";
import { type Graph, makeGraph, type Node, STAGE, TooLong } from "./graph.ts";
import { angularKernels, angularValues } from "./homogeneous.ts";
import { moduleBytes } from "./module-bytes.ts";
import { mapEntry, type RecursionOptions } from "./recursion.ts";
import { hasNearFunction, transposeFunction } from "./tile-kernels.ts";
import { NEARLY_PARALLEL } from "./tile-layout.ts";

export interface CompileOptions extends RecursionOptions {
  /** Which of K and Θ to compute. */
  readonly wantNngp: boolean;
  readonly wantNtk: boolean;
  /** Number of columns of the inputs: the tile holds scalar products, not yet divided by it. */
  readonly columns: number;
  /** Fused multiply-add where the machine has it. */
  readonly fast: boolean;
}

/** A network as WebAssembly: `run(base, rows, columns)` maps a tile laid out as `LAYOUT` says, beside what `tile-kernels` has. */
export interface ProgramCode {
  readonly bytes: Uint8Array;
  /** To be written behind `LAYOUT.program`, where it needs `memory` bytes. */
  readonly constants: readonly number[];
  readonly memory: number;
  /** About how many operations it does for each entry. */
  readonly operations: number;
}

/** Values of the longest program: some 6000 layers of ReLU, or 600 of sin. Its graph takes seconds and some 500 MB to build. */
const MOST_NODES = 2 ** 20;

/** The program of a checked network all of whose layers have formulas; undefined when it would be too long. */
export function compileProgram(
  network: Layer,
  options: CompileOptions,
  mostNodes: number = MOST_NODES,
): ProgramCode | undefined {
  const graph = makeGraph(mostNodes);
  const outputs = outputsOf(graph, network, options);
  const emitted = outputs && emitProgram(graph, outputs, options.fast);
  if (!emitted) return undefined;
  const { code, constants, bytes, operations } = emitted;
  const module = Module({
    exports: { run: code, hasNear: hasNearFunction(), transpose: transposeFunction() },
    memory: importMemory({ min: 1 }),
  });
  return { bytes: moduleBytes(module), constants, memory: bytes, operations };
}

/** Undefined when the graph has no room for them. */
function outputsOf(graph: Graph, network: Layer, options: CompileOptions): Outputs | undefined {
  const { constant, mul } = graph.algebra;
  const [p, q] = [graph.input("p", STAGE.row), graph.input("q", STAGE.column)];
  const c = mul(graph.input("c", STAGE.pair), constant(1 / options.columns));
  const angle = inputAngle(graph.algebra, c, p, q, graph.input("below", STAGE.pair));
  const { wantNngp, wantNtk, columns } = options;
  const short = shortOutputs(graph.algebra, network, options, { c, p, q, sine: angle.sine });
  if ((short.nngp || !wantNngp) && (short.ntk || !wantNtk)) return short;
  const entry = { c, ...angle, ntk: wantNtk ? constant(0) : null, p, q, width: columns };
  try {
    const mapped = mapEntry(graph.algebra, network, entry, options);
    return { nngp: wantNngp ? (short.nngp ?? mapped.c) : null, ntk: short.ntk ?? mapped.ntk };
  } catch (error) {
    if (error instanceof TooLong) return undefined;
    throw error;
  }
}

type GraphAlgebra = Graph["algebra"];

/** What is a function of the angle that is computed faster than the recursion; NaN beyond the variances where that holds. */
function shortOutputs(
  algebra: GraphAlgebra,
  network: Layer,
  options: CompileOptions,
  { c, p, q, sine }: Readonly<Record<"c" | "p" | "q" | "sine", Node>>,
): Outputs {
  const kernels = angularKernels(network, options);
  const found = [kernels?.nngp, kernels?.ntk].filter((f) => f !== undefined);
  if (!kernels || found.length === 0) return { nngp: null, ntk: null };
  const { and, constant, div, equal, lessOrEqual, mul, or, select, sqrt } = algebra;
  const isZero = (value: Node): Node => equal(value, constant(0));
  const root = (variance: Node): Node => {
    const inRange = and(
      lessOrEqual(constant(kernels.smallest), variance),
      lessOrEqual(variance, constant(kernels.largest)),
    );
    return sqrt(select(or(inRange, isZero(variance)), variance, constant(Number.NaN)));
  };
  const inverse = (value: Node): Node => div(constant(1), select(isZero(value), constant(1), value));
  const [rootP, rootQ] = [root(p), root(q)];
  const pair = { c, sine, r: mul(rootP, rootQ), scale: mul(inverse(rootP), inverse(rootQ)) };
  const values = angularValues(algebra, found, pair);
  return { nngp: kernels.nngp ? values[0]! : null, ntk: kernels.ntk ? values.at(-1)! : null };
}

/** r − |c|, from memory where the rows are nearly parallel, and √(pq − c²) = √((r − |c|)(r + |c|)). */
function inputAngle(
  { constant, abs, add, less, mul, select, sqrt, sub }: GraphAlgebra,
  c: Node,
  p: Node,
  q: Node,
  known: Node,
): { readonly below: Node; readonly sine: Node } {
  const [r, size] = [mul(sqrt(p), sqrt(q)), abs(c)];
  const below = select(less(mul(constant(NEARLY_PARALLEL), r), size), known, sub(r, size));
  return { below, sine: sqrt(mul(below, add(r, size))) };
}
