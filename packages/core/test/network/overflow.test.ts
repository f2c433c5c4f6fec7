import { describe, expect, it } from "vitest";
import { train } from "../../src/dynamics/train.ts";
import { empiricalNngp, empiricalNtk } from "../../src/empirical/empirical-kernel.ts";
import { linearize, taylorExpand } from "../../src/empirical/linearize.ts";
import { NumericalError, ValueError } from "../../src/errors.ts";
import { erf, exp, relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { fanInSum } from "../../src/layers/fan-in-sum.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { repeat } from "../../src/layers/repeat.ts";
import type { Params } from "../../src/layers/rule.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { squaredLoss } from "../../src/loss/squared-loss.ts";
import { matrix } from "../../src/matrix/matrix.ts";
import { gradient, hvp, jacobian, jvp, vjp } from "../../src/network/derivatives.ts";
import { apply, init } from "../../src/network/network.ts";
import { flattenParams, unflattenParams } from "../../src/network/params.ts";

const x = matrix(2, 1, Float64Array.of(1e100, 2e100));
const y = matrix(2, 1);
const steep = dense({ width: 3, wStd: 1e150 });
const wide = dense({ width: 3 });
const one = dense({ width: 1 });
const weights = (network: Layer): Params => init(network, 1, { seed: 1 });
/** Overflows at layers[2]. */
const network = serial(steep, relu(), steep, relu(), one);

describe("outputs that leave the range of float64 are an error at their layer", () => {
  it.each<[string, Layer, number?]>([
    ["layers[2] (dense)", network],
    ["layers[1] (exp)", serial(steep, exp(), one)],
    ["layers[0].layer (dense)", serial(repeat(steep, 3), one)],
    [
      "layers[1].branches[1].layers[1] (dense)",
      serial(fanOut(2), parallel(wide, serial(steep, steep)), fanInSum(), one),
    ],
    ["dense", dense({ width: 1, wStd: 1e150 }), 1e200],
  ])("%s", (place, overflowing, value = 1e100) => {
    const big = matrix(1, 1, Float64Array.of(value));
    expect(() => apply(overflowing, weights(overflowing), big)).toThrow(NumericalError);
    expect(() => apply(overflowing, weights(overflowing), big)).toThrow(
      `apply: the outputs of ${place} leave the range of float64: use smaller inputs or weights`,
    );
  });

  it("a bounded activation after it may save the outputs", () => {
    const saved = serial(steep, steep, erf(), one);
    const ones = matrix(2, 1, Float64Array.of(1, 1));
    expect(apply(saved, weights(saved), ones).data.every(Number.isFinite)).toBe(true);
  });

  const at = "of layers[2] (dense) leave the range of float64";
  const params = weights(network);
  it.each<[string, () => unknown]>([
    ["jvp", () => jvp(network, params, x, params)],
    ["vjp", () => vjp(network, params, x)],
    ["vjp", () => gradient(network, params, x, y, squaredLoss())],
    ["hvp", () => hvp(network, params, x, y, squaredLoss(), params)],
    ["jacobian", () => jacobian(network, params, x)],
    ["taylorExpand", () => linearize(network, params)(params, x)],
    ["taylorExpand", () => taylorExpand(network, params, 2)(params, x)],
    ["apply", () => empiricalNngp(network, params, x, null)],
    ["empiricalNtk", () => empiricalNtk(network, params, x, null, { algorithm: "structured" })],
    ["jacobian", () => empiricalNtk(network, params, x, null, { algorithm: "jacobian" })],
    ["vjp", () => empiricalNtk(network, params, x, null, { algorithm: "vectorProducts" })],
  ])("%s", async (where, run) => {
    const failing = Promise.resolve().then(run);
    await expect(failing).rejects.toThrow(NumericalError);
    await expect(failing).rejects.toThrow(where);
    await expect(failing).rejects.toThrow(at);
  });

  it("train says that it is not the learning rate", async () => {
    const { status, message } = await train(network, params, x, y, { steps: 3, learningRate: 0.1 });
    expect({ status, message }).toEqual({
      status: "diverged",
      message: `train: the outputs ${at}: use smaller inputs or weights`,
    });
    const tame = serial(wide, one);
    const later = await train(tame, weights(tame), x, matrix(2, 1, Float64Array.of(3, -4)), {
      steps: 900,
      learningRate: 1e3,
    });
    expect(later.status).toBe("diverged");
    expect(later.message).toContain("with learning rate 1000: lower it");
  });
});

describe("results that leave the range after finite outputs", () => {
  const product = serial(dense({ width: 1, wStd: 1e150 }), one);
  it("are errors that say what they are", async () => {
    const params = unflattenParams(weights(product), Float64Array.of(1, 1));
    const large = matrix(1, 1, Float64Array.of(1e10));
    expect(apply(product, params, large).data[0]).toBe(1e160);
    await expect(empiricalNtk(product, params, large, null)).rejects.toThrow(
      "empiricalNtk: an entry of the kernel leaves the range of float64",
    );
    await expect(empiricalNngp(product, params, large, null)).rejects.toThrow("empiricalNngp: an entry of the kernel");
    expect(() => vjp(product, params, large).pullback(matrix(1, 1, Float64Array.of(1e200)))).toThrow(
      "vjp: the gradient leaves the range of float64",
    );
  });
});

describe("inputs and weights that are not finite are named themselves", () => {
  const tame = serial(wide, relu(), one);
  it("x", () => {
    const bad = matrix(2, 1, Float64Array.of(1, Number.NaN));
    expect(() => apply(tame, weights(tame), bad)).toThrow("apply: x: every value must be finite, got NaN at row 1");
  });

  it("weights", () => {
    const flat = flattenParams(weights(tame));
    flat[4] = Number.POSITIVE_INFINITY;
    const bad = unflattenParams(weights(tame), flat);
    expect(() => apply(tame, bad, x)).toThrow(ValueError);
    expect(() => apply(tame, bad, x)).toThrow('got Infinity in array "2.w" [3, 1] of layers[2]');
  });
});
