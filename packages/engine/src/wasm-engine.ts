import type { GramEngine } from "ntkit";
import { checkOptions, type Engine, eigh, optionNames, svd, tridiagonalForm } from "ntkit/engine-kit";
import { wasmBlas } from "./wasm/blas.ts";
import { cholesky } from "./wasm/cholesky.ts";
import { eigenKernels } from "./wasm/eigen-kernels.ts";
import { gramMaker } from "./wasm/gram.ts";
import { matmul } from "./wasm/multiply.ts";
import { createPool, type Pool } from "./wasm/pool.ts";
import { KERNELS } from "./wasm/tile-product.ts";
import { solveTriangular } from "./wasm/triangular.ts";
import { type WasmModule, webAssembly } from "./wasm/web-assembly.ts";

export interface WasmEngineOptions {
  /** How many threads compute; as many as the hardware runs at once, up to 16, unless given. */
  readonly threads?: number | undefined;
  /**
   * Fuse multiplications and additions where the machine can. Up to twice as fast; the last bits then depend on the
   * machine.
   */
  readonly fast?: boolean | undefined;
  /** The threads to use instead of new ones. */
  readonly pool?: Pool | undefined;
}

const NAMES = optionNames<WasmEngineOptions>({ threads: true, fast: true, pool: true });

export type WasmEngine =
  | { readonly engine: Engine & GramEngine; readonly pool: Pool; readonly fast: boolean }
  | { readonly unavailable: string };

/** The engine that is as fast as WebAssembly allows, in Node and in browsers, or why there is none here. */
export async function wasmEngine(options: WasmEngineOptions = {}): Promise<WasmEngine> {
  checkOptions("wasmEngine", options, NAMES);
  if (!webAssembly) return { unavailable: "this host has no WebAssembly" };
  const { kernelBytes } = await import("./wasm/kernel-module.ts");
  const plain = kernelBytes(false);
  if (!webAssembly.validate(plain)) return { unavailable: "this host's WebAssembly has no SIMD" };
  const relaxed = options.fast ? kernelBytes(true) : undefined;
  const fast = relaxed !== undefined && hasRelaxedSimd(relaxed);
  const module = await compiled(fast ? relaxed : plain);
  if (typeof module === "string") return { unavailable: module };
  const pool = options.pool ?? createPool({ threads: options.threads });
  pool.broadcast(KERNELS, module);
  return { engine: { ...engineOn(pool, fast), blas: wasmBlas(module) }, pool, fast };
}

/** The code, or why the host will not have it. */
async function compiled(bytes: Uint8Array): Promise<WasmModule | string> {
  try {
    return await webAssembly!.compile(bytes); // the caller has looked whether there is any
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return /content security policy/i.test(reason)
      ? "the page's Content Security Policy forbids WebAssembly: let its script-src hold 'wasm-unsafe-eval'"
      : `this host compiles no WebAssembly (${reason})`;
  }
}

/** Whether code with fused operations runs here; Node 20 must be told to allow it. */
function hasRelaxedSimd(bytes: Uint8Array): boolean {
  if (webAssembly?.validate(bytes)) return true;
  try {
    globalThis.process?.getBuiltinModule?.("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
  } catch {
    return false; // a host that does not let itself be told
  }
  return webAssembly?.validate(bytes) ?? false;
}

function engineOn(pool: Pool, fast: boolean): Engine & GramEngine {
  const threads = `${pool.threads} ${pool.threads === 1 ? "thread" : "threads"}`;
  return {
    name: "wasm",
    description: `WebAssembly SIMD${fast ? " with fused multiply-add" : ""}, ${threads}`,
    allocate: (length) => (pool.threads > 1 ? pool.sharedArray(length) : new Float64Array(length)),
    matmul: (a, b, options) => matmul(pool, a, b, options),
    cholesky: (a, options) => cholesky(pool, a, options),
    solveTriangular: (lower, b, options) => solveTriangular(pool, lower, b, options),
    eigh: (a, options) => eigh(a, options, eigenKernels(pool, a.rows)),
    tridiagonalForm: (a, options) => tridiagonalForm(a, options, eigenKernels(pool, a.rows)),
    gram: gramMaker(pool, fast),
    svd: (a, options) => svd(a, options, eigenKernels(pool, Math.max(a.rows, a.cols))),
  };
}
