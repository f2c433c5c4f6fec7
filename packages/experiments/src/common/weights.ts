import { apply, flattenParams, type Layer, type Matrix, type Params, unflattenParams } from "ntkit";
import { columnOf } from "./data-sets.ts";
import { norm, subtract } from "./vectors.ts";

/** The weights with the last `count` of them, those of a last layer without bias, times `factor`. */
export function scaleLast(params: Params, count: number, factor: number): Params {
  const flat = flattenParams(params);
  const from = flat.length - count;
  return unflattenParams(
    params,
    flat.map((weight, at) => (at < from ? weight : factor * weight)),
  );
}

/** ‖v − w‖ over all weights. */
export function weightDistance(v: Params, w: Params): number {
  return norm(subtract(flattenParams(v), flattenParams(w)));
}

/** The targets y + f(w₀): training f against them is training f − f(w₀), which is 0 at the start, against y. */
export function fromZero(network: Layer, params: Params, x: Matrix, y: Matrix): { fxTrain0: Matrix; targets: Matrix } {
  const fxTrain0 = apply(network, params, x);
  return { fxTrain0, targets: columnOf(y.data.map((value, i) => value + fxTrain0.data[i]!)) };
}
