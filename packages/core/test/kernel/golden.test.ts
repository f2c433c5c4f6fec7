import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelDiagonal, kernelFn } from "../../src/kernel/kernel-fn.ts";
import { parseNetwork } from "../../src/layers/network-file.ts";
import { LAYER_TYPES } from "../../src/layers/registry.ts";
import { fromRows } from "../../src/matrix/matrix.ts";
import { TOLERANCE } from "../../src/testing/laws.ts";

interface Case {
  readonly name: string;
  /** What the other implementation itself guarantees; above 1e-12 where its √(pq − c²) loses digits. */
  readonly accuracy?: number;
  readonly network: unknown;
  readonly x1: number[][];
  readonly x2: number[][] | null;
  readonly nngp: number[][];
  readonly ntk: number[][];
}

/** The cases whose layers exist here; the file also holds images and graphs. */
function load(file: string): Case[] {
  const { cases } = JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), "utf8"));
  return cases.filter((c: Case) => typesIn(c.network).every((type) => (LAYER_TYPES as string[]).includes(type)));
}

function typesIn(network: unknown): string[] {
  return [...JSON.stringify(network).matchAll(/"type":"(\w+)"/g)].map((match) => match[1]!);
}

/** Rounding of a few terms of the size of the self terms: all that is left where a kernel entry is exactly 0. */
const ROUNDING = 8 * Number.EPSILON;

async function compare(c: Case): Promise<void> {
  const network = parseNetwork(c.network);
  const [x1, x2] = [fromRows(c.x1), fromRows(c.x2 ?? c.x1)];
  const grams = await kernelFn(network)(x1, c.x2 && x2, ["nngp", "ntk"]);
  for (const name of ["nngp", "ntk"] as const) {
    const [self1, self2] = [kernelDiagonal(network, x1, name), kernelDiagonal(network, x2, name)];
    const gold = fromRows(c[name]).data;
    grams[name].data.forEach((value, at) => {
      const scale = Math.sqrt(self1[Math.floor(at / x2.rows)]! * self2[at % x2.rows]!);
      const allowed = (c.accuracy ?? TOLERANCE.closedForm) * Math.abs(gold[at]!) + ROUNDING * scale;
      expect(Math.abs(value - gold[at]!), `${name}, entry ${at}`).toBeLessThanOrEqual(allowed);
    });
  }
}

describe.each(["mpmath-kernels.json", "mpmath-special-rows.json", "neural-tangents.json"])("%s", (file) => {
  it.each(load(file).map((c) => [c.name, c] as const))("%s", (_, c) => compare(c));
});
