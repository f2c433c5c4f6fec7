import { ShapeError, ValueError } from "../errors.ts";
import { childPath, parseNetwork } from "../layers/network-file.ts";
import { ruleOf } from "../layers/registry.ts";
import type { Complete, InitScope, Params, Shape, Value } from "../layers/rule.ts";
import { isBranches } from "../layers/rule.ts";
import { type Activations, scopeAt } from "../layers/scope.ts";
import type { Layer } from "../layers/spec.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { type Key, split } from "../random/key.ts";

/** Weights of a network for inputs with `inputWidth` columns, drawn from an explicit key. */
export function init(network: Layer, key: Key, inputWidth: number, activations: Activations = {}): Params {
  const visit = (layer: Layer, path: string, own: Key, input: Shape): Params => {
    const scope: InitScope = {
      ...scopeAt(layer, path, activations),
      descend: (child, segment, shape) => outputShape(child, childPath(path, segment), shape, activations),
      initChild: (child, segment, childKey, shape) => visit(child, childPath(path, segment), childKey, shape),
    };
    return ruleOf(layer).init(layer as Complete<Layer>, own, input, scope);
  };
  return visit(parseNetwork(network), "", key, checkedWidth("init", inputWidth));
}

function checkedWidth(where: string, inputWidth: number): number {
  if (Number.isInteger(inputWidth) && inputWidth > 0) return inputWidth;
  throw new ValueError(`${where}: inputWidth must be a positive integer, got ${inputWidth}`);
}

export interface ApplyOptions {
  readonly activations?: Activations;
  /** Draws the masks of dropout; without it dropout does nothing, as after training. */
  readonly dropoutKey?: Key;
}

/** Outputs [n, width] of the finite network on inputs [n, d]. */
export function apply(
  network: Layer,
  params: Params,
  x: Matrix,
  { activations = {}, dropoutKey }: ApplyOptions = {},
): Matrix {
  const visit = (layer: Layer, path: string, own: Params, input: Value, key: Key | null): Value =>
    ruleOf(layer).apply(layer as Complete<Layer>, own, input, {
      ...scopeAt(layer, path, activations),
      dropoutKey: key,
      descend: (child, segment, childParams, value) =>
        visit(child, childPath(path, segment), childParams, value, key && split(key, segment + 2)[segment + 1]!),
    });
  const value = visit(parseNetwork(network), "", params, x, dropoutKey ?? null);
  if (isBranches(value))
    throw new ShapeError(`apply: the network ends in ${value.length} branches, put a fanIn after them`);
  return value as Matrix; // not branches, so one matrix
}

/** Number of output units for inputs with `inputWidth` columns, or one number per branch. */
export function outputWidth(network: Layer, inputWidth: number, activations: Activations = {}): Shape {
  return outputShape(parseNetwork(network), "", checkedWidth("outputWidth", inputWidth), activations);
}

function outputShape(layer: Layer, path: string, input: Shape, activations: Activations): Shape {
  return ruleOf(layer).shape(layer as Complete<Layer>, input, {
    ...scopeAt(layer, path, activations),
    descend: (child, segment, shape) => outputShape(child, childPath(path, segment), shape, activations),
  });
}
