import { describe, expect, it } from "vitest";
import { type Candidate, fullyConnected } from "../../src/learn/candidates.ts";
import { evaluateClassification, evaluateRegression } from "../../src/learn/evaluate.ts";
import { fitClassification, predictClassification } from "../../src/learn/fit-classification.ts";
import { type CrossBlock, crossBlocks } from "../../src/learn/fit-kernel.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { takeTableRows } from "../../src/learn/table.ts";
import type { PredictOptions } from "../../src/predict/options.ts";
import { watched } from "../predict/watched.ts";
import { numeric, ringTable, smoothTable, tableOf } from "./tables.ts";

const candidates: readonly Candidate[] = [
  { name: "relu", network: fullyConnected({ depth: 1, activation: "relu", bStd: 0.5 }), kernel: "ntk" },
];
const [train, test, ring] = [smoothTable(10, 1), smoothTable(7, 2), ringTable(20, 3)];
const [regression, classification] = await Promise.all([
  fitRegression(train, { target: "y", candidates }),
  fitClassification(ring, { target: "where", candidates }),
]);

async function blocksOf(table: typeof test, entries?: number, options: PredictOptions = {}): Promise<CrossBlock[]> {
  const blocks: CrossBlock[] = [];
  for await (const block of crossBlocks(regression, table, options, entries)) blocks.push(block);
  return blocks;
}

describe("kernels of the rows of a table", () => {
  it.each([
    [1, [0, 1, 2, 3, 4, 5, 6]],
    [29, [0, 2, 4, 6]],
    [30, [0, 3, 6]],
    [70, [0]],
  ])("%d entries at a time have the bits of all at once", async (entries, starts) => {
    const [whole] = await blocksOf(test);
    const fractions: number[] = [];
    const blocks = await blocksOf(test, entries, { onProgress: (fraction) => fractions.push(fraction) });
    expect(blocks.map(({ start }) => start)).toEqual(starts);
    expect(blocks.flatMap(({ x }) => [...x.data])).toEqual([...whole!.x.data]);
    expect(blocks.flatMap(({ cross }) => [...cross.data])).toEqual([...whole!.cross.data]);
    const ends = [...starts.slice(1), 7];
    // Nine tenths of a block's progress are its kernel's.
    const steps = ends.flatMap((end, k) => [(0.1 * starts[k]! + 0.9 * end) / 7, end / 7]);
    // On a slow machine there are reports between these.
    const isStep = (fraction: number) => steps.some((step) => Math.abs(step - fraction) < 1e-15);
    expect(fractions.filter(isStep)).toEqual(steps.map((fraction) => expect.closeTo(fraction, 15)));
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });

  it("no rows are one block without rows", async () => {
    const [block, ...others] = await blocksOf(takeTableRows(test, []));
    expect([block!.x.rows, block!.cross.rows, block!.cross.cols, others.length]).toEqual([0, 0, 10, 0]);
  });
});

it("more rows than three kernel matrices of them have memory for are refused", async () => {
  const many = Array.from({ length: 23_001 }, (_, i) => i);
  const table = tableOf([
    ["a", numeric(many)],
    ["y", numeric(many)],
  ]);
  await expect(fitRegression(table, { target: "y", candidates })).rejects.toThrow(
    "test: 23001 training rows need kernel matrices of 4 GB each: sample at most 23000 of them",
  );
});

const WORK: readonly (readonly [string, (options: PredictOptions) => Promise<unknown>])[] = [
  ["fitRegression", (options) => fitRegression(train, { ...options, target: "y", candidates })],
  ["fitClassification", (options) => fitClassification(ring, { ...options, target: "where", candidates })],
  ["predictRegression", (options) => predictRegression(regression, test, options)],
  ["predictClassification", (options) => predictClassification(classification, ring, options)],
  ["evaluateRegression", (options) => evaluateRegression(regression, train, test, options)],
  ["evaluateClassification", (options) => evaluateClassification(classification, ring, ring, options)],
];

it.each(WORK)("%s asks the engine it was given, and may be stopped in all that it asks", async (_, work) => {
  const { engine, signal, asked, deaf } = watched();
  await work({ engine, signal });
  expect(asked).toContain("gram");
  expect(asked).toContain("matmul");
  expect(deaf).toEqual([]);
  const reason = new Error("enough");
  await expect(work({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
