import { describe, expect, it } from "vitest";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { evaluateRegression } from "../../src/learn/evaluate.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { withSharedScale } from "../../src/learn/preprocess.ts";
import type { Table } from "../../src/learn/table.ts";
import { numeric, tableOf } from "./tables.ts";

/** A table of that many inputs, and how often one of its names was looked at. */
function watched(inputs: number): { readonly table: Table; readonly looks: () => number } {
  const values = (j: number) => numeric(Array.from({ length: 8 }, (_, i) => Math.sin(1.3 * i * (j + 1) + j)));
  const table = tableOf([
    ...Array.from({ length: inputs }, (_, j) => [`x${j}`, values(j)] as const),
    ["y", numeric([1, 2, 3, 5, 8, 13, 21, 34])],
  ]);
  let looks = 0;
  const names = new Proxy(table.names, {
    get(own, key, receiver) {
      if (/^\d+$/.test(String(key))) looks++;
      return Reflect.get(own, key, receiver);
    },
  });
  return { table: { ...table, names }, looks: () => looks };
}

describe("wide tables", () => {
  it("a fit, its score and its predictions look at each name a few times, however many there are", async () => {
    const counts: number[] = [];
    for (const inputs of [100, 400]) {
      const { table, looks } = watched(inputs);
      const candidates = [
        { name: "relu", network: fullyConnected({ depth: 1, activation: "relu", bStd: 0.1 }), kernel: "ntk" },
      ] as const;
      const model = await fitRegression(table, { target: "y", candidates, exclude: ["x1", "x3"] });
      await evaluateRegression(model, table, table);
      await predictRegression(model, table);
      counts.push(looks() / inputs);
    }
    expect(counts[0]).toBeLessThan(60);
    expect(counts[1]! / counts[0]!).toBeLessThan(1.1);
  });

  it("one scale is found for more numbers than a call takes as arguments", () => {
    const feature = { kind: "numeric", name: "x", mean: 0, std: 2, missing: null } as const;
    const shared = withSharedScale({ features: new Array(300_000).fill(feature), dropped: [] });
    expect(shared!.features[299_999]).toEqual(feature);
  });
});
