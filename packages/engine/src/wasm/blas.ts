import { type Blas, gemmSizes, jsBlas } from "ntkit/engine-kit";
import { makeContext } from "./context.ts";
import { pieces } from "./multiply.ts";
import { KERNELS, productTile, type RemoteWindow } from "./tile-product.ts";
import type { WasmModule } from "./web-assembly.ts";

/** Below this many operations, or with a side shorter than this, copying to WebAssembly memory costs more than it saves. */
const SMALL = 1e5;
const SHORT = 8;
/** Rows and columns of a tile of the result. */
const HIGH = 256;
const WIDE = 1024;

/** Products on the calling thread. */
export function wasmBlas(module: WasmModule): Blas {
  const context = makeContext();
  context.set(KERNELS, module);
  return {
    gemm(c, a, b, options = {}) {
      const { m, n, k } = gemmSizes(c, a, b, options);
      if (Math.min(m, n, k) < SHORT || 2 * m * n * k < SMALL) return jsBlas.gemm(c, a, b, options);
      if (!options.accumulate) c.data.fill(0);
      context.set("a", a.data);
      context.set("b", b.data);
      context.set("c", c.data);
      const left = windowOf("a", a.cols, options.transposeA ?? false);
      const right = windowOf("b", b.cols, options.transposeB ?? false);
      const target = windowOf("c", c.cols, false);
      for (const [col, cols] of pieces(n, WIDE)) {
        // What is kept of the second factor goes by its name, which stands for other numbers in the next product.
        context.machine("product").notes.delete("kept");
        for (const [row, rows] of pieces(m, HIGH)) {
          const [cAt, aAt, bAt] = [shifted(target, row, col), shifted(left, row, 0), shifted(right, 0, col)];
          productTile(context, { c: cAt, a: aAt, b: bAt, m: rows, n: cols, k, sign: 1, fresh: false });
        }
      }
      for (const id of ["a", "b", "c"]) context.drop(id);
    },
  };
}

function windowOf(id: string, cols: number, transposed: boolean): RemoteWindow {
  return { id, offset: 0, rowStep: transposed ? 1 : cols, colStep: transposed ? cols : 1 };
}

function shifted(window: RemoteWindow, row: number, col: number): RemoteWindow {
  return { ...window, offset: window.offset + row * window.rowStep + col * window.colStep };
}
