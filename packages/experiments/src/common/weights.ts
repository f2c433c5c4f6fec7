import { flattenParams, type Params, unflattenParams } from "ntkit";

/** The weights with the last `count` of them, those of a last layer without bias, times `factor`. */
export function scaleLast(params: Params, count: number, factor: number): Params {
  const flat = flattenParams(params);
  const from = flat.length - count;
  return unflattenParams(
    params,
    flat.map((weight, at) => (at < from ? weight : factor * weight)),
  );
}
