import { describe, expect, it } from "vitest";
import { numericalActivation } from "../../src/activations/numerical.ts";
import { describeNetwork } from "../../src/kernel/describe-network.ts";
import { relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { elementwise } from "../../src/layers/elementwise.ts";
import { fanInSum } from "../../src/layers/fan-in-sum.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { identity } from "../../src/layers/identity.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { serial } from "../../src/layers/serial.ts";

describe("describeNetwork", () => {
  it("follows two unit inputs of correlation 1/2 by the formulas of each layer", () => {
    const network = serial(dense({ width: 8, wStd: 1.5, bStd: 0.5 }), relu(), dense({ width: 1, wStd: 2 }));
    const { parametricLayers, layers } = describeNetwork(network);
    expect(parametricLayers).toBe(2);
    expect(layers.map(({ path, type }) => [path, type])).toEqual([
      ["layers[0]", "dense"],
      ["layers[1]", "relu"],
      ["layers[2]", "dense"],
    ]);
    // K = σ_w² K + σ_b², Θ = K of the first layer; then Cho and Saul (2009): κ = r (sin θ + (π − θ) cos θ)/2π, κ̇ = (π − θ)/2π.
    const [self, cross] = [1.5 ** 2 + 0.25, 1.5 ** 2 / 2 + 0.25];
    const theta = Math.acos(cross / self);
    const kappa = (self * (Math.sin(theta) + (Math.PI - theta) * Math.cos(theta))) / (2 * Math.PI);
    const slope = (Math.PI - theta) / (2 * Math.PI);
    const expected = [
      [self, cross, self, cross],
      [self / 2, kappa, self / 2, slope * cross],
      [2 * self, 4 * kappa, 4 * self, 4 * (kappa + slope * cross)],
    ];
    layers.forEach(({ nngpSelf, nngpCross, ntkSelf, ntkCross }, k) => {
      expect([nngpSelf, nngpCross, ntkSelf, ntkCross]).toEqual(expected[k]!.map((v) => expect.closeTo(v, 13)));
    });
  });

  it("says each layer with its fields", () => {
    const [first, second] = describeNetwork(serial(dense({ width: 8, wStd: 1.5 }), relu())).layers;
    expect(first!.text).toMatch(/^dense .*width 8/);
    expect(first!.text).toContain("wStd 1.5");
    expect(second!.text).toBe("relu");
  });

  it("counts what stands inside others, by its place, and has no numbers for branches", () => {
    const network = serial(
      fanOut(2),
      parallel(dense({ width: 8 }), serial(dense({ width: 8 }), relu())),
      fanInSum(),
      identity(),
    );
    const { parametricLayers, layers } = describeNetwork(network);
    expect(parametricLayers).toBe(2);
    expect(layers.map(({ path, type, nngpSelf }) => [path, type, nngpSelf])).toEqual([
      ["layers[0]", "fanOut", null],
      ["layers[1].branches[0]", "dense", expect.closeTo(1, 14)],
      ["layers[1].branches[1].layers[0]", "dense", expect.closeTo(1, 14)],
      ["layers[1].branches[1].layers[1]", "relu", expect.closeTo(0.5, 14)],
      ["layers[2]", "fanInSum", expect.closeTo(1.5, 14)],
      ["layers[3]", "identity", expect.closeTo(1.5, 14)],
    ]);
    expect(layers[0]).toMatchObject({ nngpCross: null, ntkSelf: null, ntkCross: null });
  });

  it("refuses what has no infinite-width limit, and takes activations by name", () => {
    expect(() => describeNetwork(serial(relu(), dense({ width: 1 })))).toThrow("needs Gaussian pre-activations");
    const network = serial(dense({ width: 8 }), elementwise("soft"));
    expect(() => describeNetwork(network)).toThrow('the activation "soft"');
    const soft = numericalActivation({ name: "soft", phi: (v) => 2 * v });
    expect(describeNetwork(network, { soft }).layers[1]!.nngpSelf).toBeCloseTo(4, 10);
  });
});
