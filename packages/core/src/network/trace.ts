import { ShapeError } from "../errors.ts";
import { type Allocate, type Jet, jetOf, termOf } from "../layers/jet.ts";
import { childPath, childPlace } from "../layers/network-file.ts";
import { ruleOf } from "../layers/registry.ts";
import {
  type Complete,
  isBranches,
  type Params,
  type Trace,
  type Value,
  type WeightSink,
  type Weights,
} from "../layers/rule.ts";
import { type Activations, scopeAt } from "../layers/scope.ts";
import type { Layer } from "../layers/spec.ts";
import { type Blas, jsBlas } from "../linalg/blas.ts";
import type { Engine } from "../linalg/engine.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { child, type Key } from "../random/key.ts";

/** What everything that evaluates a finite network takes. */
export interface NetworkOptions {
  /** The user's own activations, by name. */
  readonly activations?: Activations | undefined;
  /** Its products on the calling thread are used. Default: plain TypeScript. */
  readonly engine?: Engine | undefined;
}

export interface TraceOptions extends NetworkOptions {
  /** Draws the masks of dropout; without it dropout does nothing, as after training. */
  readonly dropoutKey?: Key | undefined;
  /** Where the line params + ε tangent leads; terms up to ε^order are kept. */
  readonly tangent?: Params | undefined;
  readonly order?: number;
  /** Positions of layers whose weights get cotangents; null when nothing will be pulled back. */
  readonly trains?: ReadonlySet<string> | null;
  readonly allocate?: Allocate;
  /** Sees what each layer gives, layers inside a layer first; `place` is where it stands in the description. */
  readonly after?: (layer: Layer, place: string, output: Value) => void;
}

/** A network evaluated at params on inputs x. */
export interface NetworkTrace {
  readonly output: Jet;
  /** Tells `sink` where the cotangent of the outputs meets the weights that train. */
  pullback(cotangent: Jet, sink: WeightSink): void;
}

const fresh: Allocate = (length) => new Float64Array(length);

/** Evaluates a parsed network, keeping what differentiation needs. */
export function traceNetwork(network: Layer, params: Params, x: Matrix, options: TraceOptions = {}): NetworkTrace {
  const { activations = {}, engine, tangent = null, order = 0, trains = null, allocate = fresh } = options;
  const blas: Blas = engine?.blas ?? jsBlas;
  const visit = (layer: Layer, at: Position, weights: Weights, input: Value, key: Key | null): Trace => {
    const trace = ruleOf(layer).forward(layer as Complete<Layer>, weights, input, {
      ...scopeAt(layer, at.place, activations),
      ...{ path: at.path, blas, allocate, dropoutKey: key },
      differentiates: trains !== null,
      trains: trains?.has(at.path) ?? false,
      descend: (inner, segment, own, value) =>
        visit(inner, inside(layer, at, segment), own, value, key && child(key, segment + 1)),
    });
    options.after?.(layer, at.place, trace.output);
    return trace;
  };
  const trace = visit(
    network,
    { path: "", place: "" },
    { params, tangent },
    jetOf(x, order),
    options.dropoutKey ?? null,
  );
  const { output } = trace;
  if (isBranches(output))
    throw new ShapeError(`apply: the network ends in ${output.length} branches, put a fanIn after them`);
  return {
    output,
    pullback(cotangent, sink) {
      if (trace.trains) trace.pullback(cotangent, sink, false);
    },
  };
}

/** Where a layer is: among the weights, and in the description. */
interface Position {
  readonly path: string;
  readonly place: string;
}

function inside({ type }: Layer, { path, place }: Position, segment: number): Position {
  return { path: childPath(path, segment), place: childPlace(type, place, segment) };
}

/** Term k of the outputs, zeros where it is zero. */
export function outputTerm({ output }: NetworkTrace, k = 0): Matrix {
  return (
    termOf(output, k) ?? { rows: output.rows, cols: output.cols, data: new Float64Array(output.rows * output.cols) }
  );
}
