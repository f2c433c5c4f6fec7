import { ValueError } from "../errors.ts";
import { childPlace, parseNetwork } from "../layers/network-file.ts";
import { inputSignature, networkReader, readNetwork } from "../layers/read-network.ts";
import { ruleOf } from "../layers/registry.ts";
import type { Complete, Params } from "../layers/rule.ts";
import type { Activations } from "../layers/scope.ts";
import { type Shape, type Signatures, shapeOf } from "../layers/signature.ts";
import type { Layer } from "../layers/spec.ts";
import type { Matrix } from "../matrix/matrix.ts";
import { checkOptions, NETWORK_NAMES, optionNames } from "../matrix/option-names.ts";
import { type Key, key } from "../random/key.ts";
import { applyWeightLaw, type WeightLaw } from "./initial-weights.ts";
import { finiteTrace } from "./overflow.ts";
import { type NetworkOptions, outputTerm } from "./trace.ts";

export interface InitOptions extends WeightLaw {
  /** A seed, or a key split from one: the same seed gives the same weights on every platform. */
  readonly seed: number | Key;
  readonly activations?: Activations | undefined;
}

const INIT_NAMES = optionNames<InitOptions>({ seed: true, activations: true, outputWeights: true, pairs: true });

const APPLY_NAMES = optionNames<ApplyOptions>({ ...NETWORK_NAMES, dropoutKey: true });

/** Random weights of a network for inputs with `inputWidth` columns. */
export function init(network: Layer, inputWidth: number, options: InitOptions): Params {
  checkOptions("init", options, INIT_NAMES);
  const { seed, activations = {} } = options;
  const reader = networkReader({ activations, needsLimit: false });
  const visit = (layer: Layer, place: string, own: Key, input: Signatures): Params =>
    ruleOf(layer).init(layer as Complete<Layer>, own, input, {
      ...reader(layer, place, input).scope,
      initChild: (child, segment, childKey, childInput) =>
        visit(child, childPlace(layer.type, place, segment), childKey, childInput),
    });
  const parsed = parseNetwork(network);
  const start = typeof seed === "number" ? key(seed) : seed;
  return applyWeightLaw(parsed, visit(parsed, "", start, inputSignature(checkedWidth("init", inputWidth))), options);
}

function checkedWidth(where: string, inputWidth: number): number {
  if (Number.isInteger(inputWidth) && inputWidth > 0) return inputWidth;
  throw new ValueError(`${where}: inputWidth must be a positive integer, got ${inputWidth}`);
}

export interface ApplyOptions extends NetworkOptions {
  /** Draws the masks of dropout; without it dropout does nothing, as after training. */
  readonly dropoutKey?: Key | undefined;
}

/** Outputs [n, width] of the finite network on inputs [n, d]. Throws NumericalError, naming the layer, where one leaves the range of float64. */
export function apply(network: Layer, params: Params, x: Matrix, options: ApplyOptions = {}): Matrix {
  checkOptions("apply", options, APPLY_NAMES);
  return outputTerm(finiteTrace("apply", parseNetwork(network), params, x, options));
}

/** Number of output units for inputs with `inputWidth` columns, or one number per branch. */
export function outputWidth(network: Layer, inputWidth: number, activations: Activations = {}): Shape {
  const columns = checkedWidth("outputWidth", inputWidth);
  return shapeOf(readNetwork(parseNetwork(network), columns, { activations, needsLimit: false }));
}
