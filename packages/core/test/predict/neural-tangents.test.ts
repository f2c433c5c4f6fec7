import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { fromRows } from "../../src/matrix/matrix.ts";
import { type GpKind, gpInference } from "../../src/predict/gp-inference.ts";
import { gap, succeed } from "./brute.ts";

interface Gaussian {
  readonly mean: number[][];
  readonly covariance: number[][];
}

type Case = Readonly<Record<GpKind, Gaussian>> & {
  readonly name: string;
  readonly network: Layer;
  readonly xTrain: number[][];
  readonly yTrain: number[][];
  readonly xTest: number[][];
  readonly diagReg: number;
};

/** Answers of neural-tangents; the file's header says how they were made. */
const golden = new URL("../golden/neural-tangents-predict.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, "utf8")) as { readonly cases: readonly Case[] };

describe("gpInference agrees with neural-tangents", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    const [xTrain, xTest] = [fromRows(one.xTrain), fromRows(one.xTest)];
    const kernel = kernelFn(one.network);
    const names = ["nngp", "ntk"] as const;
    const kernels = {
      kTrainTrain: await kernel(xTrain, null, names),
      kTestTrain: await kernel(xTest, xTrain, names),
      kTestTest: await kernel(xTest, null, names),
    };
    for (const get of ["nngp", "ntk", "ntkgp"] as const) {
      const posterior = succeed(await gpInference(kernels, fromRows(one.yTrain), { get, diagReg: one.diagReg }));
      expect(gap(posterior.mean.data, one[get].mean.flat())).toBeLessThan(1e-10);
      expect(gap(posterior.covariance!.data, one[get].covariance.flat())).toBeLessThan(1e-10);
    }
  });
});
