import { describe, expect, it } from "vitest";
import { gradientFlow } from "../../src/dynamics/gradient-flow.ts";
import { train } from "../../src/dynamics/train.ts";
import { empiricalNtk } from "../../src/empirical/empirical-kernel.ts";
import { linearizedWeights } from "../../src/empirical/linearized-weights.ts";
import { tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import type { Params } from "../../src/layers/rule.ts";
import { serial } from "../../src/layers/serial.ts";
import { matrix } from "../../src/matrix/matrix.ts";
import { apply, init } from "../../src/network/network.ts";
import { flattenParams } from "../../src/network/params.ts";
import { gradientDescentMse } from "../../src/predict/gradient-descent-mse.ts";
import { key, normal } from "../../src/random/key.ts";

const x = matrix(6, 3, normal(key(1), 18));
const y = matrix(6, 1, normal(key(2), 6));
const network = serial(dense({ width: 20, bStd: 0.3 }), tanh(), dense({ width: 1 }));
const params = init(network, 3, { seed: 1 });

const gap = (a: Params, b: Params): number =>
  Math.max(...flattenParams(a).map((w, i) => Math.abs(w - flattenParams(b)[i]!)));

async function flow(times: readonly number[], tolerance = 1e-10) {
  const result = await gradientFlow(network, params, x, y, times, { rtol: tolerance, atol: tolerance });
  if (!result.ok) throw new Error(result.message);
  return result.params;
}

describe("gradient flow", () => {
  it("of a network that is linear in its weights is the closed form", async () => {
    const linear = dense({ width: 1, bStd: 0.5 });
    const start = init(linear, 3, { seed: 3 });
    const ntk = await empiricalNtk(linear, start, x, null);
    const descent = await gradientDescentMse(ntk, y);
    if (!descent.ok) throw new Error(descent.message);
    const times = [3, 0.2, 0];
    const result = await gradientFlow(linear, start, x, y, times, { rtol: 1e-11, atol: 1e-12 });
    if (!result.ok) throw new Error(result.message);
    for (const [i, t] of times.entries()) {
      const { alpha } = await descent.at(t, { fxTrain0: apply(linear, start, x) });
      expect(gap(result.params[i]!, linearizedWeights(linear, start, x, alpha))).toBeLessThan(1e-9);
    }
  });

  it("is what descent with smaller and smaller steps does, with an error of order η", async () => {
    const [limit] = await flow([2]);
    const miss = async (learningRate: number) =>
      gap(
        (await train(network, params, x, y, { steps: Math.round(2 / learningRate), learningRate, recordAt: [] }))
          .params,
        limit!,
      );
    const rate = Math.log2((await miss(0.01)) / (await miss(0.005)));
    expect(rate).toBeGreaterThan(0.95);
    expect(rate).toBeLessThan(1.05);
  });

  it("does not depend on the order of times, and goes on from where it was", async () => {
    const [late, early] = await flow([2, 0.5]);
    const [alone] = await flow([0.5]);
    expect(gap(early!, alone!)).toBeLessThan(1e-8);
    const onward = await gradientFlow(network, early!, x, y, [1.5], { rtol: 1e-10, atol: 1e-10 });
    if (!onward.ok) throw new Error(onward.message);
    expect(gap(onward.params[0]!, late!)).toBeLessThan(1e-8);
  });

  it("lowers the loss all the way", async () => {
    const states = await flow([0, 0.5, 1, 2, 4, 8]);
    const losses = states.map((p) => apply(network, p, x).data.reduce((sum, f, i) => sum + (f - y.data[i]!) ** 2, 0));
    expect(losses.every((loss, i) => i === 0 || loss < losses[i - 1]!)).toBe(true);
  });
});
