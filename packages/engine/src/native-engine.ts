import { env } from "node:process";
import type { Engine } from "ntkit/engine-kit";
import { type Library, loadLibrary } from "./library.ts";
import { nativeCholesky, nativeMatmul, nativeSolveTriangular } from "./native-blas.ts";
import { nativeEigh, nativeSvd } from "./native-eigen.ts";

export type NativeEngine = { readonly engine: Engine } | { readonly unavailable: string };

/**
 * The system's own BLAS and LAPACK, or why there is none to use: OpenBLAS, MKL or Accelerate where their usual names
 * lead, or the library whose path the environment variable NTKIT_BLAS holds. Long calls run on their own threads.
 *
 * A library is used only after it has multiplied and factorized a small matrix correctly.
 */
export async function nativeEngine(): Promise<NativeEngine> {
  const koffi = await import("koffi").catch((error: unknown) => String(error));
  if (typeof koffi === "string") return { unavailable: `the optional package koffi did not load (${koffi})` };
  const library = loadLibrary(koffi, env["NTKIT_BLAS"] || undefined);
  if ("unavailable" in library) return library;
  const engine = engineOf(library);
  const complaint = await selfTest(engine).catch((error: unknown) => String(error));
  return complaint === undefined ? { engine } : { unavailable: `${library.title} failed its self-test: ${complaint}` };
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
    svd: (a, options) => nativeSvd(library, a, options),
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
