import type { Array as JaxArray, JsTree } from "@jax-js/jax";
import {
  type Engine,
  jsEngine,
  type KernelArray,
  type Matrix,
  matrix,
  type OutputAxes,
  ShapeError,
  ValueError,
  type WorkOptions,
} from "ntkit";
import { checkFinite } from "ntkit/engine-kit";
import { type FunctionAt, functionAt, type JaxFunction } from "./jax-function.ts";
import { outputMode } from "./output-mode.ts";
import { examples, type RowsOf, rowKernel } from "./row-kernel.ts";

export interface EmpiricalOfOptions extends OutputAxes, WorkOptions {
  /** Multiplies the Jacobians. Default `jsEngine`. */
  readonly engine?: Engine | undefined;
}

/** Options that leave the outputs in the result. */
type WithOutputs = EmpiricalOfOptions &
  ({ readonly traceAxes: readonly [] } | { readonly diagonalAxes: readonly [number] });

/** Numbers in a block of rows of a Jacobian: 32 MB. */
const BLOCK = 2 ** 22;

/** Differences between a row alone and the same row in a batch that are rounding, relative to the largest output. */
const ROUNDING = 1e-3;

/**
 * The tangent kernel ⟨∂f(x)ₐ/∂w, ∂f(x')ᵦ/∂w⟩ of a function of your own at `params`, which stay as they are; x2 = null means x1. By
 * default [n1, n2], the mean over the outputs a = b; `OutputAxes` says what else. Costs a pullback per row and output.
 */
export async function empiricalNtkOf<P extends JsTree<JaxArray>>(
  f: JaxFunction<P>,
  params: P,
  x1: Matrix,
  x2: Matrix | null,
  options: WithOutputs,
): Promise<KernelArray>;
export async function empiricalNtkOf<P extends JsTree<JaxArray>>(
  f: JaxFunction<P>,
  params: P,
  x1: Matrix,
  x2?: Matrix | null,
  options?: EmpiricalOfOptions,
): Promise<Matrix>;
export async function empiricalNtkOf<P extends JsTree<JaxArray>>(
  f: JaxFunction<P>,
  params: P,
  x1: Matrix,
  x2: Matrix | null = null,
  options: EmpiricalOfOptions = {},
): Promise<Matrix | KernelArray> {
  const where = "empiricalNtkOf";
  return withFunction(where, { f, params, x1, x2, options }, (at, outputs) => ({
    rowsOf: (x) => at.jacobian(x, outputs),
    width: at.weights,
  }));
}

/** The NNGP f(x)ₐ f(x')ᵦ of the same, with the same options. */
export async function empiricalNngpOf<P extends JsTree<JaxArray>>(
  f: JaxFunction<P>,
  params: P,
  x1: Matrix,
  x2: Matrix | null,
  options: WithOutputs,
): Promise<KernelArray>;
export async function empiricalNngpOf<P extends JsTree<JaxArray>>(
  f: JaxFunction<P>,
  params: P,
  x1: Matrix,
  x2?: Matrix | null,
  options?: EmpiricalOfOptions,
): Promise<Matrix>;
export async function empiricalNngpOf<P extends JsTree<JaxArray>>(
  f: JaxFunction<P>,
  params: P,
  x1: Matrix,
  x2: Matrix | null = null,
  options: EmpiricalOfOptions = {},
): Promise<Matrix | KernelArray> {
  const where = "empiricalNngpOf";
  return withFunction(where, { f, params, x1, x2, options }, (at) => ({
    async rowsOf(x) {
      const fx = await at.outputs(x);
      return matrix(fx.data.length, 1, fx.data);
    },
    width: 1,
  }));
}

interface Request<P extends JsTree<JaxArray>> {
  readonly f: JaxFunction<P>;
  readonly params: P;
  readonly x1: Matrix;
  readonly x2: Matrix | null;
  readonly options: EmpiricalOfOptions;
}

/** Checks the request, and multiplies the rows that `choose` names. */
async function withFunction<P extends JsTree<JaxArray>>(
  where: string,
  { f, params, x1, x2, options }: Request<P>,
  choose: (at: FunctionAt, outputs: number) => { readonly rowsOf: RowsOf; readonly width: number },
): Promise<Matrix | KernelArray> {
  const mode = outputMode(where, options);
  options.signal?.throwIfAborted();
  checkInputs(where, x1, x2);
  const at = functionAt(where, f, params);
  try {
    const outputs = await checkedOutputs(where, at, x1);
    const { rowsOf, width } = choose(at, outputs);
    const block = Math.max(1, Math.floor(BLOCK / (outputs * width)));
    const { engine = jsEngine } = options;
    const kernel = await rowKernel({ rowsOf, x1, x2, outputs, mode, block, engine }, options);
    return mode === "trace" ? matrix(kernel.shape[0]!, kernel.shape[1]!, kernel.data) : kernel;
  } finally {
    at.dispose();
  }
}

function checkInputs(where: string, x1: Matrix, x2: Matrix | null): void {
  for (const [name, x] of [["x1", x1] as const, ["x2", x2 ?? x1] as const]) {
    if (x.rows === 0) throw new ShapeError(`${where}: ${name} must have at least one row`);
    if (x.cols !== x1.cols)
      throw new ShapeError(`${where}: x1 and x2 must have as many columns, got ${x1.cols} and ${x.cols}`);
    checkFinite(`${where}: ${name}`, x);
  }
}

/** Number of outputs, once it is seen that the first row alone gives what it gives beside a second one. */
async function checkedOutputs(where: string, at: FunctionAt, x: Matrix): Promise<number> {
  const alone = await at.outputs(examples(x, 0, 1));
  const { data } = await at.outputs(examples(x, 0, 2));
  const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const gap = alone.data.reduce((most, value, a) => Math.max(most, Math.abs(value - data[a]!)), 0);
  if (gap > ROUNDING * scale)
    throw new ValueError(
      `${where}: each row of f's outputs must depend on its own row of inputs only, as row 0 does not`,
    );
  return alone.cols;
}
