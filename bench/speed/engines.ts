import { nativeEngine, wasmEngine } from "@ntkit/engine";
import type { Engine, GramEngine } from "ntkit";

export type BenchEngine = Engine & Partial<GramEngine>;
export type EngineName = "wasm" | "wasm, fast" | "native";

export const ENGINES: readonly EngineName[] = ["wasm", "wasm, fast", "native"];

export interface Candidate {
  readonly name: EngineName;
  readonly engine: BenchEngine | null;
  /** Why it is not there. */
  readonly unavailable: string;
}

/** One engine with a number of threads. The native library reads its number of threads once, when it is loaded. */
export async function loadEngine(name: EngineName, threads: number): Promise<Candidate> {
  process.env["OPENBLAS_NUM_THREADS"] = String(threads);
  const fast = name === "wasm, fast";
  const found = await (name === "native" ? nativeEngine() : wasmEngine({ threads, fast }));
  if ("unavailable" in found) return { name, engine: null, unavailable: found.unavailable };
  if (fast && "fast" in found && !found.fast)
    return { name, engine: null, unavailable: "this host has no relaxed SIMD" };
  return { name, engine: found.engine, unavailable: "" };
}
