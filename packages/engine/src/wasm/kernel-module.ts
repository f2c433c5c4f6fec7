import { importMemory, Module } from "wasmati";
import { factorFunction, finiteFunction, multiplyFunction, solveFunction } from "./strip-kernels.ts";
import { dotFunction, multiplySymmetricFunction, subtractFunction } from "./vector-kernels.ts";

/** The bytes of the module with all kernels; `fast` fuses multiplications and additions. */
export function kernelBytes(fast: boolean): Uint8Array {
  const solve = solveFunction(fast);
  const exports = {
    multiply: multiplyFunction(fast),
    solve,
    factor: factorFunction(solve, fast),
    finite: finiteFunction(),
    dot: dotFunction(),
    subtract: subtractFunction(),
    multiplySymmetric: multiplySymmetricFunction(),
  };
  return Module({ exports, memory: importMemory({ min: 1 }) }).toBytes();
}
