import { type DType, type Array as JaxArray, type JsTree, jit, numpy, tree, vjp, vmap } from "@jax-js/jax";
import { type Matrix, matrix, NumericalError, ShapeError, ValueError } from "ntkit";
import { allFinite } from "ntkit/engine-kit";
import { arrayOf, readArray } from "./jax-array.ts";

/**
 * A function of your own, from a tree of weights and inputs [n, d] to outputs [n, o], written with jax-js. As every function there it
 * uses up its arguments (`.ref` where one is used twice). Row i of the outputs may depend on row i of the inputs only.
 */
export type JaxFunction<P extends JsTree<JaxArray>> = (params: P, x: JaxArray) => JaxArray;

/** A function at fixed weights. Call `dispose` when done. */
export interface FunctionAt {
  /** Number of weights. */
  readonly weights: number;
  outputs(x: Matrix): Promise<Matrix>;
  /** Rows ∂f(xᵢ)ₐ/∂w at i * outputs + a: [n * outputs, weights]. */
  jacobian(x: Matrix, outputs: number): Promise<Matrix>;
  dispose(): void;
}

/** Borrows `params`: they stay as they are. `where` names the caller in messages. */
export function functionAt<P extends JsTree<JaxArray>>(where: string, f: JaxFunction<P>, params: P): FunctionAt {
  const [leaves, structure] = tree.flatten<JaxArray>(params);
  const dtype = commonType(where, leaves);
  const sizes = leaves.map(({ size }) => size);
  const weights = sizes.reduce((sum, size) => sum + size, 0);
  // The leaves are put back where they came from, so that this is a P again.
  const onLeaves = (own: JaxArray[], x: JaxArray) => f(tree.unflatten(structure, own) as P, x);

  /** Gradient of one output of one row. */
  const gradient = (own: JaxArray[], x: JaxArray, unit: JaxArray): JaxArray[] => {
    const [fx, back] = vjp((w: JaxArray[]) => onLeaves(w, x), [own]);
    fx.dispose();
    return back(unit)[0];
  };
  const everyOutput = vmap(gradient, [null, null, 0]);
  const everyRow = jit(vmap(everyOutput, [null, 0, null]));

  return {
    weights,

    async outputs(x) {
      const fx = onLeaves(tree.ref(leaves), arrayOf(x.data, [x.rows, x.cols], dtype));
      const { shape } = fx;
      const values = await readArray(fx);
      if (shape.length !== 2 || shape[0] !== x.rows)
        throw new ShapeError(
          `${where}: f must map inputs [n, d] to outputs [n, o], but maps [${x.rows}, ${x.cols}] to [${shape.join(", ")}]`,
        );
      return checked(`${where}: the outputs`, matrix(x.rows, shape[1]!, values));
    },

    async jacobian(x, outputs) {
      const rows = arrayOf(x.data, [x.rows, 1, x.cols], dtype);
      const units = arrayOf(identity(outputs), [outputs, 1, outputs], dtype);
      const gradients = await Promise.all(everyRow(tree.ref(leaves), rows, units).map(readArray));
      const result = matrix(x.rows * outputs, weights);
      let start = 0;
      for (const [leaf, size] of sizes.entries()) {
        for (let row = 0; row < result.rows; row++)
          result.data.set(gradients[leaf]!.subarray(row * size, (row + 1) * size), row * weights + start);
        start += size;
      }
      return checked(`${where}: the derivatives`, result);
    },

    dispose: () => everyRow.dispose(),
  };
}

/** float64 if any of the weights is, else float32. */
function commonType(where: string, leaves: readonly JaxArray[]): DType {
  if (leaves.length === 0) throw new ValueError(`${where}: the tree of weights is empty`);
  for (const { dtype } of leaves) {
    if (dtype !== numpy.float64 && dtype !== numpy.float32)
      throw new ValueError(`${where}: weights must be float64 or float32, got ${dtype}`);
  }
  return leaves.some(({ dtype }) => dtype === numpy.float64) ? numpy.float64 : numpy.float32;
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0));
}

function checked(what: string, values: Matrix): Matrix {
  if (!allFinite(values.data)) throw new NumericalError(`${what} of f are not finite`);
  return values;
}
