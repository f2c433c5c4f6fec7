import { bestEngine, wasmEngine } from "@ntkit/engine";
import { type Engine, type GramEngine, kernelFn } from "ntkit";
import { broken, checkEngine } from "ntkit/testing";
import { type Calculations, calculate, inputs, RELU } from "./calculations.ts";

export interface WasmReport {
  readonly isolated: boolean;
  readonly threads: number;
  readonly description: string;
  /** Name of the engine that is chosen without asking for one. */
  readonly best: string;
  readonly calculations: Calculations;
  readonly brokenLaws: string;
  readonly responsiveness: { readonly ms: number; readonly ticks: number };
  readonly abort: { readonly reason: string; readonly sameAfterwards: boolean };
}

async function trial(): Promise<WasmReport> {
  const wasm = await wasmEngine({ threads: 2 });
  if ("unavailable" in wasm) throw new Error(wasm.unavailable);
  const { engine, pool } = wasm;
  const calculations = await calculate(engine);
  const after = async (): Promise<boolean> => {
    const again = await calculate(engine);
    return JSON.stringify(again.prints) === JSON.stringify(calculations.prints);
  };
  return {
    isolated: (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true,
    threads: pool.threads,
    description: engine.description,
    best: (await bestEngine()).engine.name,
    calculations,
    brokenLaws: broken(await checkEngine(engine, { n: 40 })),
    responsiveness: await responsiveness(engine),
    abort: { reason: await abortedGram(engine), sameAfterwards: await after() },
  };
}

/** How often a timer fires while a large Gram matrix is computed. */
async function responsiveness(engine: Engine & GramEngine): Promise<{ ms: number; ticks: number }> {
  const x = inputs(4000, 20);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const start = performance.now();
  await kernelFn(RELU)(x, null, "ntk", { engine });
  const ms = performance.now() - start;
  clearInterval(timer);
  return { ms, ticks };
}

/** What a Gram matrix rejects with that is stopped when it reports progress. */
async function abortedGram(engine: Engine & GramEngine): Promise<string> {
  const controller = new AbortController();
  const { signal } = controller;
  const onProgress = (fraction: number): void => {
    if (fraction < 1) controller.abort("enough");
  };
  try {
    await kernelFn(RELU)(inputs(4000, 20), null, "ntk", { engine, signal, onProgress });
    return "";
  } catch (reason) {
    return String(reason);
  }
}

Object.assign(globalThis, { trial });
