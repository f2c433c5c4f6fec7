import { readFileSync } from "node:fs";
import { type Engine, fromRows, type GramEngine, kernelDiagonal, kernelFn, parseNetwork } from "ntkit";
import { TOLERANCE } from "ntkit/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { wasmEngine } from "../src/wasm-engine.ts";

/** 50-digit values by mpmath, see bench/peers/golden_mpmath.py: those that plain TypeScript is held to. */
interface Case {
  readonly name: string;
  readonly network: unknown;
  readonly x1: number[][];
  readonly x2: number[][] | null;
  readonly nngp: number[][];
  readonly ntk: number[][];
}

const cases = ["mpmath-kernels.json", "mpmath-special-rows.json"].flatMap((name): readonly Case[] => {
  const file = new URL(`../../core/test/golden/${name}`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).cases;
});

const engines: Record<string, Engine & GramEngine> = {};
beforeAll(async () => {
  for (const fast of [false, true]) {
    const wasm = await wasmEngine({ threads: 1, fast });
    if ("unavailable" in wasm) throw new Error(wasm.unavailable);
    engines[fast ? "fast" : "plain"] = wasm.engine;
  }
});

/** Rounding of a few terms of the size of the self terms: all that is left where a kernel entry is exactly 0. */
const ROUNDING = 8 * Number.EPSILON;

describe.each(["plain", "fast"])("%s programs give the 50-digit values", (kind) => {
  it.each(cases.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const network = parseNetwork(c.network);
    const [x1, x2] = [fromRows(c.x1), fromRows(c.x2 ?? c.x1)];
    const grams = await kernelFn(network)(x1, c.x2 && x2, ["nngp", "ntk"], { engine: engines[kind]! });
    for (const name of ["nngp", "ntk"] as const) {
      const [self1, self2] = [kernelDiagonal(network, x1, name), kernelDiagonal(network, x2, name)];
      const gold = fromRows(c[name]).data;
      let worst = 0;
      grams[name].data.forEach((value, at) => {
        const scale = Math.sqrt(self1[Math.floor(at / x2.rows)]! * self2[at % x2.rows]!);
        const allowed = TOLERANCE.closedForm * Math.abs(gold[at]!) + ROUNDING * scale;
        if (!(Math.abs(value - gold[at]!) <= worst * allowed)) worst = Math.abs(value - gold[at]!) / allowed;
      });
      expect(worst, `error of ${name} in units of what is allowed`).toBeLessThanOrEqual(1);
    }
  });
});
