import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { residualsChosenAgain } from "../../src/learn/choose-again.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import type { LeftOut } from "../../src/learn/leave-inputs-out.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { rowsByInput } from "../../src/learn/rows-by-input.ts";
import { selectCandidate } from "../../src/learn/select.ts";
import { columnOf, takeTableRows } from "../../src/learn/table.ts";
import { addToDiagonal, takeRows } from "../../src/matrix/matrix.ts";
import { gauss, randomMatrix, times } from "../predict/brute.ts";
import { smoothTable } from "./tables.ts";

const candidates = (["relu", "erf"] as const).flatMap((activation) =>
  (["ntk", "nngp"] as const).map((kernel) => ({
    name: `${activation} ${kernel}`,
    network: fullyConnected({ depth: 1, activation, bStd: 0.5 }),
    kernel,
  })),
);

const criterion = ({ residuals }: LeftOut): number => residuals.data.reduce((sum, r) => sum + r * r, 0);
const options = { criterion, seed: 0 };

describe("residuals of models chosen again", () => {
  it("are those of a choice and a fit without the rows of an input", async () => {
    const [x, y] = [takeRows(randomMatrix(1, 10, 2), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 7]), randomMatrix(2, 12, 1)];
    const residuals = await residualsChosenAgain(rowsByInput(x, y), candidates, options);
    const inputs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 7];
    for (const i of inputs.keys()) {
      const rest = [...inputs.keys()].filter((j) => inputs[j] !== inputs[i]);
      const [seen, targets] = [takeRows(x, rest), takeRows(y, rest)];
      const { candidate, diagReg } = await selectCandidate(seen, targets, candidates, options);
      const kernel = kernelFn(candidate.network);
      const inner = addToDiagonal(await kernel(seen, null, candidate.kernel), diagReg);
      const cross = await kernel(takeRows(x, [i]), seen, candidate.kernel);
      const mean = times(cross, gauss(inner, targets).solution).data[0]!;
      expect(residuals[i]).toBeCloseTo(y.data[i]! - mean, 7);
    }
  });

  it("make intervals of twenty rows hold what they promise", async () => {
    let [held, count] = [0, 0];
    for (let seed = 0; seed < 30; seed++) {
      const all = smoothTable(120, 500 + seed, 0.3);
      const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
      const model = await fitRegression(takeTableRows(all, rows(0, 20)), { target: "y" });
      const fresh = takeTableRows(all, rows(20, 120));
      const { lower, upper } = await predictRegression(model, fresh);
      const y = columnOf(fresh, "y")!.values as Float64Array;
      held += y.filter((value, i) => value >= lower[i]! && value <= upper[i]!).length;
      count += y.length;
    }
    expect(held / count).toBeGreaterThan(0.93);
    expect(held / count).toBeLessThan(0.98);
  }, 60_000);
});
