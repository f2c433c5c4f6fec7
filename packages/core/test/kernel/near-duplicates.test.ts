import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelDiagonal, kernelFn } from "../../src/kernel/kernel-fn.ts";
import { parseNetwork } from "../../src/layers/network-file.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { TOLERANCE } from "../../src/testing/laws.ts";

const file = new URL("../golden/mpmath-near-duplicates.json", import.meta.url);
const cases: { name: string; network: unknown; x1: number[][]; x2: number[][]; nngp: number[][]; ntk: number[][] }[] =
  JSON.parse(readFileSync(file, "utf8")).cases;

/** The first columns are x + εt, for three directions t and eight ε; the last eight are −x + εt. */
const NEAR = 24;

/** Every `period`-th value moved by the rounding of its last two bits: all that the data themselves can promise. */
function nudged(x: Matrix, period: number): Matrix {
  return matrix(
    x.rows,
    x.cols,
    x.data.map((value, at) => (at % period === 0 ? value * (1 + 2 * Number.EPSILON) : value)),
  );
}

/** How much the kernel moves, at most, when the data move by their own rounding in one of a few ways. */
async function dataLoss(network: Layer, x1: Matrix, x2: Matrix, name: "nngp" | "ntk"): Promise<Float64Array> {
  const here = await kernelFn(network)(x1, x2, name);
  const lost = new Float64Array(here.data.length);
  for (const period of [1, 2, 3, 4]) {
    const there = await kernelFn(network)(x1, nudged(x2, period), name);
    there.data.forEach((value, at) => {
      lost[at] = Math.max(lost[at]!, Math.abs(value - here.data[at]!));
    });
  }
  return lost;
}

describe("inputs at distance 1e-1 to 1e-8 lose no more digits than the data lose", () => {
  it.each(cases.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const network = parseNetwork(c.network);
    const [x1, x2] = [fromRows(c.x1), fromRows(c.x2)];
    const grams = await kernelFn(network)(x1, x2, ["nngp", "ntk"]);
    for (const name of ["nngp", "ntk"] as const) {
      const self1 = kernelDiagonal(network, x1, name)[0]!;
      const self2 = kernelDiagonal(network, x2, name);
      const lost = await dataLoss(network, x1, x2, name);
      c[name][0]!.forEach((gold, j) => {
        // Nearly antipodal inputs can have a kernel near 0, where the data carry no relative digits.
        const scale = j < NEAR ? Math.abs(gold) : Math.sqrt(self1 * self2[j]!);
        const allowed = TOLERANCE.closedForm * scale + 4 * lost[j]!;
        expect(Math.abs(grams[name].data[j]! - gold), `${name}, column ${j}`).toBeLessThanOrEqual(allowed);
      });
    }
  });
});
