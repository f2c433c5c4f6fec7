/**
 * @ntkit/jax: empirical kernels of your own functions, written with jax-js.
 *
 *     npm install ntkit @ntkit/jax @jax-js/jax@0.1.25
 *
 * With `empiricalNtkOf` and `jaxArray` of this package and `numpy as np` of jax-js:
 *
 *   type Weights = { w: np.Array; v: np.Array };                    // a type, not an interface: jax-js asks for it
 *   const f = ({ w, v }: Weights, x: np.Array) => np.matmul(np.tanh(np.matmul(x, w)), v);
 *   const params = { w: jaxArray(w, [d, width]), v: jaxArray(v, [width, outputs]) };
 *   const ntk = await empiricalNtkOf(f, params, x1, x2);            // Matrix [n1, n2], the mean over outputs
 *   const all = await empiricalNtkOf(f, params, x1, x2, { traceAxes: [], diagonalAxes: [] });   // [n1, n2, o, o]
 *
 * For networks that ntkit can describe, `empiricalNtk` of ntkit needs none of this, is faster and exact in float64.
 *
 * Precision. The kernel is only as good as f. jax-js computes float64 where the weights are float64 (`jaxArray`), but its tanh, exp,
 * sin, log, erf are good to float32 even then (errors of 1e-8 to 5e-7); sums, products, powers and roots are float64. With float32
 * weights, its default, everything is float32. Jacobians are multiplied in float64.
 *
 * What f must obey. It maps weights and inputs [n, d] to outputs [n, o], row by row: no batch statistics. It uses up its arguments,
 * as all functions of jax-js: `.ref` where one is used twice. Weights that are passed here stay yours.
 *
 * jax-js 0.1.25 in Node 20: `np.array(…, { dtype: np.float64 })` needs Float16Array (Node 24), `np.einsum` iterator helpers (Node 22);
 * `jaxArray` does without. Its `jacrev` and `jacfwd` take one vector only, the one fails where outputs and inputs differ in number, the
 * other gives the transpose: here Jacobians come from `jit(vmap(vjp))`.
 */
export { type EmpiricalOfOptions, empiricalNngpOf, empiricalNtkOf } from "./empirical-kernel.ts";
export { jaxArray } from "./jax-array.ts";
export type { JaxFunction } from "./jax-function.ts";
