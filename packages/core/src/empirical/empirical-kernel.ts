import { ShapeError } from "../errors.ts";
import { parseNetwork } from "../layers/network-file.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { partOf, startWork, type Work } from "../linalg/work.ts";
import { checkFinite } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkChoice, checkOptions, DERIVATIVE_NAMES, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import { type DerivativeOptions, jacobian } from "../network/derivatives.ts";
import { apply, outputWidth } from "../network/network.ts";
import { checkResult } from "../network/overflow.ts";
import { countParams, paramEntries } from "../network/params.ts";
import { trainablePaths } from "../network/trainable.ts";
import { traceBatch } from "./collect-factors.ts";
import { ntkVectorProduct } from "./ntk-vector-product.ts";
import {
  type KernelArray,
  type KernelBuilder,
  kernelBuilder,
  type OutputAxes,
  type OutputMode,
  outputMode,
  outputPairs,
} from "./output-axes.ts";
import { addStructured } from "./structured.ts";

/**
 * How Θ̂ = J Jᵀ is computed; all give the same to rounding:
 *
 *   "structured"        layer by layer from inputs and cotangents, see `addStructured`
 *   "jacobian"          from the explicit Jacobian: O(n o weights) memory
 *   "vectorProducts"    column by column, J (Jᵀ e): no memory to speak of, O(n² o) evaluations
 */
export type NtkAlgorithm = "structured" | "jacobian" | "vectorProducts";

export interface EmpiricalOptions extends DerivativeOptions, OutputAxes, WorkOptions {
  /** Default: the one with the fewest multiplications. */
  readonly algorithm?: NtkAlgorithm | "auto" | undefined;
}

/** Options that leave the outputs in the result. */
type WithOutputs = EmpiricalOptions &
  ({ readonly traceAxes: readonly [] } | { readonly diagonalAxes: readonly [number] });

const NAMES = optionNames<EmpiricalOptions>({
  ...DERIVATIVE_NAMES,
  ...WORK_NAMES,
  traceAxes: true,
  diagonalAxes: true,
  algorithm: true,
});

/**
 * The NNGP of one finite network: f(xᵢ)ₐ f(x'ⱼ)ᵦ, as `OutputAxes` says; x2 = null means x1. By default [n1, n2], the mean over
 * the outputs a = b.
 */
export async function empiricalNngp(
  network: Layer,
  params: Params,
  x1: Matrix,
  x2: Matrix | null,
  options: WithOutputs,
): Promise<KernelArray>;
export async function empiricalNngp(
  network: Layer,
  params: Params,
  x1: Matrix,
  x2: Matrix | null,
  options?: EmpiricalOptions,
): Promise<Matrix>;
export async function empiricalNngp(
  network: Layer,
  params: Params,
  x1: Matrix,
  x2: Matrix | null,
  options: EmpiricalOptions = {},
): Promise<Matrix | KernelArray> {
  checkOptions("empiricalNngp", options, NAMES);
  const mode = outputMode("empiricalNngp", options);
  startWork(options);
  checkInputs("empiricalNngp", x1, x2);
  const fx1 = apply(network, params, x1, options);
  const fx2 = x2 ? apply(network, params, x2, options) : fx1;
  const outputs = fx1.cols;
  const builder = kernelBuilder(mode, fx1.rows, fx2.rows, outputs);
  for (const [a, b] of outputPairs(mode, outputs)) {
    for (let i = 0; i < fx1.rows; i++) {
      for (let j = 0; j < fx2.rows; j++)
        builder.add(a, b, i, j, fx1.data[i * outputs + a]! * fx2.data[j * outputs + b]!);
    }
  }
  return finished("empiricalNngp", mode, builder);
}

/**
 * The tangent kernel of one finite network, Θ̂(x, x')ₐᵦ = ⟨∂f(x)ₐ/∂w, ∂f(x')ᵦ/∂w⟩ over the weights that train, as `OutputAxes`
 * says; x2 = null means x1. By default [n1, n2], the mean over the outputs a = b. It tends to the infinite network's `ntk` as the
 * width grows. Jacot, Gabriel, Hongler (2018), section 4.
 */
export async function empiricalNtk(
  network: Layer,
  params: Params,
  x1: Matrix,
  x2: Matrix | null,
  options: WithOutputs,
): Promise<KernelArray>;
export async function empiricalNtk(
  network: Layer,
  params: Params,
  x1: Matrix,
  x2: Matrix | null,
  options?: EmpiricalOptions,
): Promise<Matrix>;
export async function empiricalNtk(
  network: Layer,
  params: Params,
  x1: Matrix,
  x2: Matrix | null,
  options: EmpiricalOptions = {},
): Promise<Matrix | KernelArray> {
  checkOptions("empiricalNtk", options, NAMES);
  const mode = outputMode("empiricalNtk", options);
  const work = startWork(options);
  checkInputs("empiricalNtk", x1, x2);
  const parsed = parseNetwork(network);
  const outputs = outputsOf(parsed, x1.cols, options);
  const builder = kernelBuilder(mode, x1.rows, (x2 ?? x1).rows, outputs);
  const { algorithm = "auto" } = options;
  checkChoice("empiricalNtk", "algorithm", algorithm, ["auto", ...Object.keys(ADD)]);
  const chosen =
    algorithm === "auto" ? cheapest(params, mode, { n1: x1.rows, n2: (x2 ?? x1).rows, outputs }) : algorithm;
  await ADD[chosen](builder, { network: parsed, params, x1, x2, mode, outputs, options, work });
  return finished("empiricalNtk", mode, builder);
}

interface NtkRequest {
  readonly network: Layer;
  readonly params: Params;
  readonly x1: Matrix;
  readonly x2: Matrix | null;
  readonly mode: OutputMode;
  readonly outputs: number;
  readonly options: EmpiricalOptions;
  readonly work: Work;
}

const ADD: Readonly<Record<NtkAlgorithm, (builder: KernelBuilder, request: NtkRequest) => Promise<void>>> = {
  async structured(builder, { network, params, x1, x2, mode, outputs, options, work }) {
    const trains = trainablePaths(params, options.trainable);
    const first = await traceBatch(network, params, x1, trains, options, partOf(work, 0, 0.2));
    const second = x2 && (await traceBatch(network, params, x2, trains, options, partOf(work, 0.2, 0.4)));
    for (const block of first) checkOutputs(block.outputs, outputs);
    const { engine = jsEngine, signal } = options;
    await addStructured(builder, { mode, outputs, first, second, engine, signal }, partOf(work, 0.4, 1));
  },

  async jacobian(builder, { network, params, x1, x2, mode, outputs, options, work }) {
    const left = jacobian(network, params, x1, options);
    if (x1.rows > 0) checkOutputs(left.rows / x1.rows, outputs);
    await work.breathe(0.4);
    const right = x2 ? jacobian(network, params, x2, options) : left;
    const rowsOf = (j: Matrix, a: number): Matrix => strideRows(j, a, outputs);
    const pairs = outputPairs(mode, outputs);
    for (const [i, [a, b]] of pairs.entries()) {
      const { engine = jsEngine, signal } = options;
      const gram = await engine.matmul(rowsOf(left, a), rowsOf(right, b), { transposeB: true, signal });
      for (const [at, value] of gram.data.entries())
        builder.add(a, b, Math.floor(at / gram.cols), at % gram.cols, value);
      await work.breathe(0.5 + (0.5 * (i + 1)) / pairs.length);
    }
  },

  async vectorProducts(builder, { network, params, x1, x2, mode, outputs, options, work }) {
    const n2 = (x2 ?? x1).rows;
    for (let j = 0; j < n2; j++) {
      const own = matrix(1, x1.cols, (x2 ?? x1).data.subarray(j * x1.cols, (j + 1) * x1.cols));
      const product = ntkVectorProduct(network, params, x1, own, options);
      for (let b = 0; b < outputs; b++) {
        const unit = matrix(1, outputs);
        unit.data[b] = 1;
        const column = product(unit);
        for (let i = 0; i < x1.rows; i++) {
          for (let a = 0; a < outputs; a++)
            if (mode === "full" || a === b) builder.add(a, b, i, j, column.data[i * outputs + a]!);
        }
        await work.breathe((j + (b + 1) / outputs) / n2);
      }
    }
  },
};

/** Rows first, first + step, … of a matrix. */
function strideRows(a: Matrix, first: number, step: number): Matrix {
  if (step === 1) return a;
  const out = matrix(a.rows / step, a.cols);
  for (let i = 0; i < out.rows; i++) {
    const from = (i * step + first) * a.cols;
    out.data.set(a.data.subarray(from, from + a.cols), i * a.cols);
  }
  return out;
}

interface Sizes {
  readonly n1: number;
  readonly n2: number;
  readonly outputs: number;
}

/** The algorithm with the fewest multiplications. */
export function cheapest(params: Params, mode: OutputMode, sizes: Sizes): NtkAlgorithm {
  const costs = multiplications(params, mode, sizes);
  const names = Object.keys(costs) as NtkAlgorithm[]; // of the record above
  return names.reduce((best, name) => (costs[name] < costs[best] ? name : best));
}

/** About how many multiplications each algorithm takes. */
export function multiplications(
  params: Params,
  mode: OutputMode,
  { n1, n2, outputs }: Sizes,
): Readonly<Record<NtkAlgorithm, number>> {
  const weights = countParams(params);
  const pairs = mode === "full" ? outputs * outputs : outputs;
  const sides = paramEntries(params).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a + b, 0), 0);
  return {
    structured: (n1 + n2) * (1 + outputs) * weights + n1 * n2 * pairs * sides,
    jacobian: (n1 + n2) * (1 + 2 * outputs) * weights + n1 * n2 * pairs * weights,
    vectorProducts: n2 * outputs * (3 + 3 * n1) * weights,
  };
}

function finished(where: string, mode: OutputMode, { kernel }: KernelBuilder): Matrix | KernelArray {
  checkResult(where, "an entry of the kernel", kernel.data);
  return mode === "trace" ? matrix(kernel.shape[0]!, kernel.shape[1]!, kernel.data) : kernel;
}

function outputsOf(network: Layer, inputs: number, { activations }: EmpiricalOptions): number {
  const shape = outputWidth(network, inputs, activations);
  if (typeof shape === "number") return shape;
  throw new ShapeError(`empiricalNtk: the network ends in ${shape.length} branches, put a fanIn after them`);
}

/** The network says how many outputs there are, but the weights may be of another. */
function checkOutputs(found: number, outputs: number): void {
  if (found !== outputs)
    throw new ShapeError(`empiricalNtk: the weights give ${found} outputs, and the network has ${outputs}`);
}

function checkInputs(where: string, x1: Matrix, x2: Matrix | null): void {
  checkFinite(`${where}: x1`, x1);
  if (x2) checkFinite(`${where}: x2`, x2);
}
