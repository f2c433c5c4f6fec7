import { multiplyAdd, type Product } from "./multiply-add.ts";
import { applyReflectors, type Tridiagonal, tridiagonalize } from "./tridiagonalize.ts";
import type { Work } from "./work.ts";

/** The steps of the decompositions that take nearly all of the time. An engine brings its own. */
export interface LinalgKernels {
  /** Zeros, in the kind of memory that the other kernels work in. */
  allocate(length: number): Float64Array;
  /** C ← C ± A B, in place. */
  multiplyAdd(product: Product, work: Work): Promise<void>;
  /** See `tridiagonalize`. */
  tridiagonalize(a: Float64Array, n: number, work: Work): Promise<Tridiagonal>;
  /** See `applyReflectors`. */
  applyReflectors(t: Tridiagonal, rows: Float64Array, work: Work): Promise<void>;
}

/** Plain TypeScript. */
export const jsKernels: LinalgKernels = {
  allocate: (length) => new Float64Array(length),
  multiplyAdd,
  tridiagonalize,
  applyReflectors,
};
