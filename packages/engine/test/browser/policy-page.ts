import { bestEngine } from "@ntkit/engine";
import { kernelFn } from "ntkit";
import { inputs, RELU } from "./calculations.ts";

export interface PolicyReport {
  readonly engine: string;
  readonly note: string;
  readonly gram: readonly number[];
}

/** The engine that is found whatever the page's Content Security Policy, at work. */
async function trial(): Promise<PolicyReport> {
  const { engine, fallback } = await bestEngine();
  const gram = await kernelFn(RELU)(inputs(12, 5), null, "ntk", { engine });
  return { engine: engine.name, note: fallback ?? "", gram: [...gram.data] };
}

Object.assign(globalThis, { trial });
