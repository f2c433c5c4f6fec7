import { beforeAll, describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { weighGram } from "../../src/learn/leave-inputs-out.ts";
import { noiseProfile, scalesAt } from "../../src/learn/noise-profile.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { type RowsByInput, rowsByInput } from "../../src/learn/rows-by-input.ts";
import { columnOf, takeTableRows } from "../../src/learn/table.ts";
import { matrix, takeBlock } from "../../src/matrix/matrix.ts";
import { key, normal, split, uniform } from "../../src/random/key.ts";
import { gauss, times } from "../predict/brute.ts";
import { unevenTable } from "./tables.ts";

const network = fullyConnected({ depth: 1, activation: "erf", bStd: 0.5 });

/** Inputs in [0, 1], of which `repeats` come twice, and scores of size exp(2x), or of size 1. */
async function problem(n: number, seed: number, even = false, repeats = 0) {
  const [kx, ks] = split(key(seed), 2);
  const own = uniform(kx!, n);
  const x = matrix(
    n,
    1,
    own.map((value, i) => (i < repeats ? own[n - 1 - i]! : value)),
  );
  const scores = normal(ks!, n).map((z, i) => Math.abs(z) * (even ? 1 : Math.exp(2 * x.data[i]!)));
  const data = rowsByInput(x, matrix(n, 1));
  const plain = await kernelFn(network)(data.x, null, "nngp");
  const gram = weighGram(matrix(plain.rows, plain.cols, plain.data.slice()), data.counts);
  return { data, plain, gram, scores };
}

const correlation = (a: Float64Array, b: Float64Array): number => {
  const centre = (v: Float64Array) => v.map((value) => value - v.reduce((sum, one) => sum + one, 0) / v.length);
  const [p, q] = [centre(a), centre(b)];
  const dot = (u: Float64Array, v: Float64Array) => u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
};

describe("a noise profile", () => {
  it.each([200, 800])("finds how sizes of %d scores grow with the inputs", async (n) => {
    const { data, gram, plain, scores } = await problem(n, 1);
    const found = (await noiseProfile(data, gram, scores, { seed: 0 }))!;
    const logs = found.scales.map(Math.log);
    expect(correlation(logs, data.x.data)).toBeGreaterThan(0.95);
    const [low, high] = [0.1, 0.9].map((at) => logs[nearest(data, at)]!);
    expect(high! - low!).toBeGreaterThan(0.5); // 1.6 in truth, and less by the floor and the ridge
    const fitted = await scalesAt(found.profile, plain, {});
    expect(correlation(fitted.map(Math.log), logs)).toBeGreaterThan(0.99);
  });

  it("says of an input what it says when solved again without its rows", async () => {
    const { data, gram, plain, scores } = await problem(120, 2, false, 10);
    const { profile, scales } = (await noiseProfile(data, gram, scores, { seed: 0 }))!;
    const squares = new Float64Array(data.counts.length);
    data.inputOf.forEach((input, i) => {
      squares[input]! += scores[i]! ** 2 / data.counts[input]!;
    });
    const level = squares.reduce((sum, value) => sum + value, 0) / squares.length;
    const logs = squares.map((value) => Math.log(value / level) + 1.2703628454614782);
    for (const out of [0, 3, 50, data.counts.length - 1]) {
      const rest = [...data.counts.keys()].filter((input) => input !== out);
      const inner = takeBlock(plain, rest, rest);
      rest.forEach((input, at) => {
        inner.data[at * rest.length + at]! += profile.diagReg / data.counts[input]!;
      });
      const targets = matrix(
        rest.length,
        1,
        Float64Array.from(rest, (input) => logs[input]! - profile.offset),
      );
      const said = times(takeBlock(plain, [out], rest), gauss(inner, targets).solution).data[0]!;
      const { floor } = profile;
      expect(scales[out]).toBeCloseTo(Math.sqrt(floor + (1 - floor) * Math.exp(profile.offset + said)), 9);
    }
  });

  it("is not claimed of even noise, but in one table of forty at most", async () => {
    let claimed = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { data, gram, scores } = await problem(100, 100 + seed, true);
      if ((await noiseProfile(data, gram, scores, { seed: 0 })) !== null) claimed++;
    }
    expect(claimed).toBeLessThanOrEqual(1);
  });

  it("is none where all scores are zero", async () => {
    const { data, gram } = await problem(100, 5);
    expect(await noiseProfile(data, gram, new Float64Array(100), { seed: 0 })).toBeNull();
  });
});

function nearest(data: RowsByInput, at: number): number {
  return data.x.data.reduce(
    (best, value, i) => (Math.abs(value - at) < Math.abs(data.x.data[best]! - at) ? i : best),
    0,
  );
}

describe("intervals follow the noise", () => {
  let held: (from: number, to: number) => number;
  let widths: Float64Array;
  let x: Float64Array;

  beforeAll(async () => {
    const all = unevenTable(1300, 8);
    const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
    const [train, fresh] = [takeTableRows(all, rows(0, 300)), takeTableRows(all, rows(300, 1300))];
    const candidates = [{ name: "erf", network, kernel: "nngp" }] as const;
    const { lower, upper } = await predictRegression(await fitRegression(train, { target: "y", candidates }), fresh);
    const values = (name: string) => columnOf(fresh, name)!.values as Float64Array;
    const y = values("y");
    x = values("x");
    widths = upper.map((value, i) => value - lower[i]!);
    held = (from, to) => {
      const some = rows(0, 1000).filter((i) => x[i]! >= from && x[i]! <= to);
      return some.filter((i) => y[i]! >= lower[i]! && y[i]! <= upper[i]!).length / some.length;
    };
  });

  it("and hold what they promise in its quiet and in its noisy part", () => {
    expect(held(0, 1)).toBeGreaterThan(0.93);
    expect(held(0, 1)).toBeLessThan(0.97);
    expect(held(0.75, 1)).toBeGreaterThan(0.88);
    expect(held(0, 0.25)).toBeGreaterThan(0.88);
  });

  it("wide where it is large", () => {
    const mean = (from: number, to: number) => {
      const some = widths.filter((_, i) => x[i]! >= from && x[i]! <= to);
      return some.reduce((sum, width) => sum + width, 0) / some.length;
    };
    expect(mean(0.8, 1) / mean(0, 0.2)).toBeGreaterThan(2);
  });
});
