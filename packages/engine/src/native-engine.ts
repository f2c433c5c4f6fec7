import type { GramEngine } from "ntkit";
import { checkOptions, type Engine, optionNames, ValueError } from "ntkit/engine-kit";
import { threadsInEnvironment, variable } from "./environment.ts";
import { hugePageAdviser } from "./huge-pages.ts";
import { type Library, loadLibrary } from "./library.ts";
import { nativeBlas, nativeMatmul, nativeSolveTriangular } from "./native-blas.ts";
import { nativeCholesky } from "./native-cholesky.ts";
import { nativeEigh, nativeSvd, nativeTridiagonalForm } from "./native-eigen.ts";

export type NativeEngine =
  | {
      readonly engine: Engine & Partial<GramEngine>;
      /** Threads of the library, where it says how many. */
      readonly threads: number | undefined;
    }
  | { readonly unavailable: string };

export interface NativeEngineOptions {
  /**
   * Threads of the library, in all of this process: two engines share the number set last. NTKIT_THREADS when absent, else
   * what the library chose. Accelerate cannot be told.
   */
  readonly threads?: number | undefined;
  /** For Gram matrices: see `WasmEngineOptions`. */
  readonly fast?: boolean | undefined;
}

const NAMES = optionNames<NativeEngineOptions>({ threads: true, fast: true });

/**
 * The system's own BLAS and LAPACK, or why there is none to use: OpenBLAS, MKL or Accelerate where their usual names
 * lead, or the library whose path the environment variable NTKIT_BLAS holds. Long calls run on their own threads.
 *
 * A library is used only after it has multiplied and factorized a small matrix correctly.
 */
export async function nativeEngine(options: NativeEngineOptions = {}): Promise<NativeEngine> {
  checkOptions("nativeEngine", options, NAMES);
  const threads = options.threads ?? threadsInEnvironment();
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0))
    throw new ValueError(`nativeEngine: threads must be a whole number from 1, got ${threads}`);
  const koffi = await import("koffi").catch((error: unknown) => String(error));
  if (typeof koffi === "string") return { unavailable: `the optional package koffi did not load (${koffi})` };
  const library = loadLibrary(koffi, { path: variable("NTKIT_BLAS"), threads });
  if ("unavailable" in library) return library;
  const engine = engineOf(library);
  const complaint = await selfTest(engine).catch((error: unknown) => String(error));
  if (complaint !== undefined) return { unavailable: `${library.title} failed its self-test: ${complaint}` };
  // A BLAS has no kernels of networks: those are computed by WebAssembly, where there is any.
  const [{ wasmEngine }, { createPool }] = await Promise.all([import("./wasm-engine.ts"), import("./wasm/pool.ts")]);
  const pool = createPool({ threads, onFresh: hugePageAdviser(koffi) });
  const wasm = await wasmEngine({ pool, fast: options.fast });
  return {
    engine: "engine" in wasm ? { ...engine, gram: wasm.engine.gram } : engine,
    threads: library.threads,
  };
}

function engineOf(library: Library): Engine {
  const { title, threads } = library;
  return {
    name: "native",
    description: threads === undefined ? title : `${title}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    matmul: (a, b, options) => nativeMatmul(library, a, b, options),
    cholesky: (a, options) => nativeCholesky(library, a, options),
    solveTriangular: (lower, b, options) => nativeSolveTriangular(library, lower, b, options),
    eigh: (a, options) => nativeEigh(library, a, options),
    tridiagonalForm: (a, options) => nativeTridiagonalForm(library, a, options),
    svd: (a, options) => nativeSvd(library, a, options),
    blas: nativeBlas(library),
  };
}

/** L Lᵀ of L = (2 0; 1 3) and back: what came out wrong, or undefined. Small integers, so exact. */
async function selfTest(engine: Engine): Promise<string | undefined> {
  const lower = { rows: 2, cols: 2, data: Float64Array.of(2, 0, 1, 3) };
  const product = await engine.matmul(lower, lower, { transposeB: true });
  if (product.data.join() !== "4,2,2,10") return `the product is ${product.data.join()}`;
  const factor = await engine.cholesky(product);
  if (!factor.ok || factor.lower.data.join() !== "2,0,1,3") return "the Cholesky factor is wrong";
  return undefined;
}
