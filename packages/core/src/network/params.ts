import { ShapeError } from "../errors.ts";
import { childPath } from "../layers/network-file.ts";
import type { DenseParams, Params } from "../layers/rule.ts";
import { matrix } from "../matrix/matrix.ts";

/** One array of weights, by the name it has in a parameter file: the dotted position of its layer, then `w` or `b`. */
export interface ParamEntry {
  readonly name: string;
  /** Dotted position of the layer. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** All arrays of weights, in the order of the network: "0.w" [fan-in, width], "0.b" [width], "2.w", "3.1.0.w", … (views). */
export function paramEntries(params: Params): readonly ParamEntry[] {
  const entries: ParamEntry[] = [];
  visitDense(params, "", ({ w, b }, path) => {
    entries.push({ name: childName(path, "w"), path, shape: [w.rows, w.cols], data: w.data });
    if (b) entries.push({ name: childName(path, "b"), path, shape: [b.length], data: b });
  });
  return entries;
}

/** Number of weights and biases. */
export function countParams(params: Params): number {
  return paramEntries(params).reduce((sum, { data }) => sum + data.length, 0);
}

/** All weights as one vector, in the order of `paramEntries` (a copy). */
export function flattenParams(params: Params): Float64Array {
  const flat = new Float64Array(countParams(params));
  let at = 0;
  for (const { data } of paramEntries(params)) {
    flat.set(data, at);
    at += data.length;
  }
  return flat;
}

/** The vector as weights of the shapes of `like` (views: writing to one writes to the other). */
export function unflattenParams(like: Params, flat: Float64Array): Params {
  const expected = countParams(like);
  if (flat.length !== expected)
    throw new ShapeError(`unflattenParams: the network has ${expected} weights, got ${flat.length} numbers`);
  let at = 0;
  const take = (length: number): Float64Array => {
    at += length;
    return flat.subarray(at - length, at);
  };
  return mapDense(like, ({ w, b }) => ({
    w: matrix(w.rows, w.cols, take(w.data.length)),
    b: b && take(b.length),
  }));
}

/** The same structure with other weights. */
export function mapDense(params: Params, map: (dense: DenseParams, path: string) => DenseParams, path = ""): Params {
  if (params === null) return null;
  if (isDense(params)) return map(params, path);
  return params.map((child, i) => mapDense(child, map, childPath(path, i)));
}

function visitDense(params: Params, path: string, visit: (dense: DenseParams, path: string) => void): void {
  mapDense(
    params,
    (dense, at) => {
      visit(dense, at);
      return dense;
    },
    path,
  );
}

function isDense(params: Params): params is DenseParams {
  return params !== null && !Array.isArray(params);
}

function childName(path: string, name: "w" | "b"): string {
  return path === "" ? name : `${path}.${name}`;
}
