import { kernelFn } from "ntkit";
import { inputs, RELU } from "./calculations.ts";

/** A small Gram matrix in plain TypeScript. */
async function trial(): Promise<number[]> {
  return [...(await kernelFn(RELU)(inputs(12, 5), null, "ntk")).data];
}

Object.assign(globalThis, { trial });
