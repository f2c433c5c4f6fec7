import { NumericalError, ValueError } from "../errors.ts";
import { placeOf } from "../layers/network-file.ts";
import { isBranches, type Params, type Value } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import { allFinite, checkFinite } from "../matrix/check.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { paramEntries } from "./params.ts";
import { type NetworkTrace, type TraceOptions, traceNetwork } from "./trace.ts";

/** A trace whose outputs are all finite; throws where they are not, naming the first layer that they fail at. */
export function finiteTrace(
  where: string,
  network: Layer,
  params: Params,
  x: Matrix,
  options: TraceOptions = {},
): NetworkTrace {
  const trace = traceNetwork(network, params, x, options);
  if (!allTermsFinite(trace.output)) throw overflowOf(where, network, params, x, options);
  return trace;
}

/** Why outputs are not finite: inputs or weights that are not either, or the first layer that leaves the range of float64. */
export function overflowOf(
  where: string,
  network: Layer,
  params: Params,
  x: Matrix,
  { allocate, ...options }: TraceOptions,
): Error {
  checkFinite(`${where}: x`, x);
  for (const { name, path, shape, data } of paramEntries(params)) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at >= 0)
      return new ValueError(
        `${where}: every weight must be finite, got ${data[at]} in array "${name}" [${shape.join(", ")}] of ${placeOf(network, path) || "the network"}`,
      );
  }
  let first: string | undefined;
  const after = (layer: Layer, place: string, output: Value) => {
    if (first === undefined && !allTermsFinite(output)) first = place === "" ? layer.type : `${place} (${layer.type})`;
  };
  traceNetwork(network, params, x, { ...options, after });
  const what = options.order ? "outputs and their derivatives" : "outputs";
  return new NumericalError(
    `${where}: the ${what} of ${first ?? "the network"} leave the range of float64: use smaller inputs or weights`,
  );
}

/** Throws unless what was computed at the end is finite as well. */
export function checkResult(where: string, what: string, values: Float64Array): void {
  if (allFinite(values)) return;
  throw new NumericalError(`${where}: ${what} leaves the range of float64: use smaller inputs or weights`);
}

function allTermsFinite(value: Value): boolean {
  return isBranches(value) ? value.every(allTermsFinite) : termsOf(value).every(allFinite);
}

function termsOf(value: Exclude<Value, readonly Value[]>): readonly Float64Array[] {
  return value.terms.filter((term) => term !== null);
}
