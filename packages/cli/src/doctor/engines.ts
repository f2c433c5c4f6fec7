import { nativeEngine, threadsInEnvironment, wasmEngine } from "@ntkit/engine";
import { type Engine, jsEngine } from "ntkit";
import { measure, type Sizes, type Speeds } from "./measure.ts";

/** One engine of this machine. */
export interface EngineReport {
  readonly engine: "native" | "wasm" | "js";
  /** Whether last bits may depend on the machine. */
  readonly fast: boolean;
  readonly available: boolean;
  /** What it is, or why it is not there. */
  readonly description: string;
  readonly threads: number | null;
  /** Null when it is not there. */
  readonly speeds: Speeds | null;
}

interface Found {
  readonly engine: Engine;
  readonly threads: number | null;
  readonly close?: () => void;
}

interface Entry {
  readonly engine: EngineReport["engine"];
  readonly fast: boolean;
  readonly sizes: Sizes;
  readonly quickSizes: Sizes;
  readonly open: () => Promise<Found | { readonly unavailable: string }>;
}

const LARGE = { sizes: { product: 1024, cholesky: 1536 }, quickSizes: { product: 512, cholesky: 768 } } as const;

/** The fastest first. */
const ENTRIES: readonly Entry[] = [
  { engine: "native", fast: false, ...LARGE, open: openNative },
  { engine: "wasm", fast: true, ...LARGE, open: () => openWasm(true) },
  { engine: "wasm", fast: false, ...LARGE, open: () => openWasm(false) },
  {
    engine: "js",
    fast: false,
    sizes: { product: 320, cholesky: 480 },
    quickSizes: { product: 192, cholesky: 256 },
    open: async () => ({ engine: jsEngine, threads: 1 }),
  },
];

export interface ExamineOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

/** Opens and measures each engine, one after the other. */
export async function examineEngines({ quick, signal, onProgress }: ExamineOptions): Promise<EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const { engine, fast, sizes, quickSizes, open } of ENTRIES) {
    signal.throwIfAborted();
    const found = await open();
    if ("unavailable" in found) {
      reports.push({ engine, fast, available: false, description: found.unavailable, threads: null, speeds: null });
    } else {
      const speeds = await measure(found.engine, quick ? quickSizes : sizes, signal);
      found.close?.();
      const { description } = found.engine;
      reports.push({ engine, fast, available: true, description, threads: found.threads, speeds });
    }
    onProgress(reports.length / ENTRIES.length);
  }
  return reports;
}

async function openNative(): ReturnType<Entry["open"]> {
  const found = await nativeEngine();
  return "unavailable" in found ? found : { engine: found.engine, threads: found.threads ?? null };
}

async function openWasm(fast: boolean): ReturnType<Entry["open"]> {
  const found = await wasmEngine({ fast, threads: threadsInEnvironment() });
  if ("unavailable" in found) return found;
  const { engine, pool } = found;
  const close = () => pool.close();
  if (!fast || found.fast) return { engine, threads: pool.threads, close };
  close();
  return { unavailable: `Node ${process.version} has no relaxed SIMD` };
}
