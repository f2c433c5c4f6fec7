import { describe, expect, it } from "vitest";
import { NetworkError, ShapeError } from "../../src/errors.ts";
import { relu, tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { elementwise } from "../../src/layers/elementwise.ts";
import { serial } from "../../src/layers/serial.ts";
import { squaredLoss } from "../../src/loss/squared-loss.ts";
import { matrix } from "../../src/matrix/matrix.ts";
import { gradient, hvp, jacobian, jvp, vjp } from "../../src/network/derivatives.ts";
import { apply, init } from "../../src/network/network.ts";
import { flattenParams, paramEntries, unflattenParams } from "../../src/network/params.ts";
import { key, normal } from "../../src/random/key.ts";
import { checkDerivatives } from "../../src/testing/derivative-laws.ts";
import { broken } from "../../src/testing/laws.ts";
import { LAYER_EXAMPLES } from "../../src/testing/layer-examples.ts";
import { mish, narrow } from "./narrow.ts";

const x = matrix(4, 3, normal(key(5), 12));

describe("laws of derivatives", () => {
  const cases = LAYER_EXAMPLES.filter(([type]) => type !== "expNormalized" && type !== "elementwise");
  it.each(cases.map(([type, network], i) => [`${i} ${type}`, narrow(network)] as const))("%s", (_, network) => {
    expect(broken(checkDerivatives(network))).toBe("");
  });
});

describe("a dense layer", () => {
  const network = dense({ width: 2, wStd: 1.5, bStd: 0.5 });
  const params = init(network, 3, { seed: 1 });

  it("has the inputs as its Jacobian", () => {
    const j = jacobian(network, params, x);
    expect([j.rows, j.cols]).toEqual([8, 8]);
    // f₁ of row 2: w [3, 2] in rows, then b [2]
    const scale = 1.5 / Math.sqrt(3);
    const [a, b, c] = x.data.subarray(6, 9).map((value) => scale * value);
    expect(Array.from(j.data.subarray(5 * 8, 6 * 8), (v) => v + 0)).toEqual([0, a, 0, b, 0, c, 0, 0.5]);
  });

  it("has the normal equations as gradient of the squared loss", () => {
    const y = matrix(4, 2, normal(key(3), 8));
    const { loss, gradient: g, fx } = gradient(network, params, x, y, squaredLoss("half-sum"));
    expect(loss).toBeCloseTo(fx.data.reduce((sum, f, i) => sum + (f - y.data[i]!) ** 2, 0) / 2, 13);
    const bias = paramEntries(g)[1]!.data;
    const residualSum = fx.data.reduce((sum, f, i) => (i % 2 === 1 ? sum + f - y.data[i]! : sum), 0);
    expect(bias[1]).toBeCloseTo(0.5 * residualSum, 12);
  });
});

describe("layers that do not train", () => {
  const network = serial(dense({ width: 4, bStd: 0.2 }), tanh(), dense({ width: 4 }), tanh(), dense({ width: 2 }));
  const params = init(network, 3, { seed: 2 });
  const zeroPaths = (g: typeof params) => [
    ...new Set(paramEntries(g).flatMap(({ path, data }) => (data.every((v) => v === 0) ? [path] : []))),
  ];

  it.each([
    ["last", ["0", "2"]],
    ["first", ["2", "4"]],
    [["2"], ["0", "4"]],
    ["all", []],
  ] as const)("%j", (trainable, still) => {
    const { pullback } = vjp(network, params, x, { trainable });
    expect(zeroPaths(pullback(matrix(4, 2, normal(key(1), 8))))).toEqual(still);
    const v = unflattenParams(params, normal(key(4), flattenParams(params).length));
    const y = matrix(4, 2);
    expect(zeroPaths(hvp(network, params, x, y, squaredLoss(), v, { trainable }))).toEqual(still);
    // jvp along v moves only what trains
    const whole = jvp(network, params, x, v).derivative;
    const part = jvp(network, params, x, v, { trainable }).derivative;
    if (trainable === "all") expect(part).toEqual(whole);
    else expect(part).not.toEqual(whole);
  });
});

describe("refusals", () => {
  const network = serial(dense({ width: 4 }), relu(), dense({ width: 2 }));
  const params = init(network, 3, { seed: 1 });
  it.each([
    [
      () => jvp(network, params, x, init(dense({ width: 2 }), 3, { seed: 1 })),
      ShapeError,
      "expected 0.w [3, 4], got w [3, 2]",
    ],
    [() => vjp(network, params, x).pullback(matrix(4, 1)), ShapeError, "must be 4 x 2 like the outputs, got 4 x 1"],
    [() => gradient(network, params, x, matrix(4, 3), squaredLoss()), ShapeError, "got 4 x 3"],
    [() => unflattenParams(params, new Float64Array(3)), ShapeError, "has 20 weights, got 3"],
    [
      () => {
        const own = serial(dense({ width: 4 }), elementwise("mish"));
        const weights = init(own, 3, { seed: 1, activations: { mish } });
        return hvp(own, weights, x, matrix(4, 4), squaredLoss(), weights, { activations: { mish } });
      },
      NetworkError,
      "layers[1]: elementwise needs derivatives of order 2, and mish gives only phi and dphi",
    ],
  ])("%s", (act, kind, message) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });
});

describe("laws of initial weights", () => {
  const network = serial(
    dense({ width: 8, bStd: 0.3 }),
    tanh(),
    dense({ width: 6, bStd: 0.2 }),
    relu(),
    dense({ width: 2, bStd: 0.5 }),
  );

  it("antisymmetric pairs: f = 0", () => {
    const params = init(network, 3, { seed: 1, pairs: "antisymmetric" });
    for (const f of apply(network, params, x).data) expect(Math.abs(f)).toBeLessThan(1e-15);
    expect(apply(network, init(network, 3, { seed: 1 }), x).data.some((f) => Math.abs(f) > 0.1)).toBe(true);
  });

  it("symmetric pairs: the network of half the width, times √2 but for the bias", () => {
    const params = init(network, 3, { seed: 1, pairs: "symmetric" });
    const entries = paramEntries(params);
    const hidden = entries.find(({ name }) => name === "2.w")!;
    for (let i = 0; i < 8; i++)
      expect([...hidden.data.subarray(6 * i, 6 * i + 3)]).toEqual([...hidden.data.subarray(6 * i + 3, 6 * i + 6)]);
    const out = entries.find(({ name }) => name === "4.w")!.data;
    expect([...out.subarray(0, 6)]).toEqual([...out.subarray(6)]);
  });

  it("signs: output weights are ±1, the others stay", () => {
    const [gaussian, signs] = [
      init(network, 3, { seed: 1 }),
      init(network, 3, { seed: 1, outputWeights: "signs" }),
    ].map(paramEntries);
    expect(new Set(signs!.find(({ name }) => name === "4.w")!.data)).toEqual(new Set([1, -1]));
    expect(signs!.find(({ name }) => name === "2.w")).toEqual(gaussian!.find(({ name }) => name === "2.w"));
  });

  it.each([
    [
      () => init(serial(dense({ width: 3 }), relu(), dense({ width: 1 })), 3, { seed: 1, pairs: "symmetric" }),
      "even width, got 3",
    ],
    [() => init(serial(dense({ width: 4 }), relu()), 3, { seed: 1, outputWeights: "signs" }), "got relu"],
    [() => init(dense({ width: 1 }), 3, { seed: 1, pairs: "antisymmetric" }), "need two dense layers in a row"],
  ])("%s", (act, message) => {
    expect(act).toThrow(message);
  });
});
