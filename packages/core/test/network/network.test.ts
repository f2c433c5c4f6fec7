import { describe, expect, it } from "vitest";
import { makeActivation } from "../../src/activations/registry.ts";
import { NetworkError, ShapeError, ValueError } from "../../src/errors.ts";
import { relu, tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { dropout } from "../../src/layers/dropout.ts";
import { fanInConcat } from "../../src/layers/fan-in-concat.ts";
import { fanInProd } from "../../src/layers/fan-in-prod.ts";
import { fanInSum } from "../../src/layers/fan-in-sum.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { identity } from "../../src/layers/identity.ts";
import { layerNorm } from "../../src/layers/layer-norm.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { repeat } from "../../src/layers/repeat.ts";
import type { DenseParams, Params } from "../../src/layers/rule.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { fromRows, type Matrix, matrix, takeRows, toRows } from "../../src/matrix/matrix.ts";
import { apply, init, outputWidth } from "../../src/network/network.ts";
import { key, normal } from "../../src/random/key.ts";
import { ACTIVATION_EXAMPLES } from "../../src/testing/activation-examples.ts";
import { times } from "../predict/brute.ts";

const x = matrix(4, 3, normal(key(5), 12));
const run = (network: Layer, seed = 1): Matrix => apply(network, init(network, 3, { seed }), x);
const denseParams = (params: Params): DenseParams => params as DenseParams; // of a dense layer

describe("laws", () => {
  it("the same key gives the same network, another key another", () => {
    const network = serial(dense({ width: 6, bStd: 0.3 }), relu(), dense({ width: 2 }));
    expect(init(network, 3, { seed: 3 })).toEqual(init(network, 3, { seed: 3 }));
    expect(run(network, 3)).not.toEqual(run(network, 4));
  });

  it("rows do not see each other", () => {
    const network = serial(dense({ width: 6, bStd: 0.3 }), tanh(), layerNorm(), dense({ width: 2 }));
    const params = init(network, 3, { seed: 1 });
    const order = [2, 0, 3];
    expect(apply(network, params, takeRows(x, order))).toEqual(takeRows(apply(network, params, x), order));
  });

  it("repeat is serial of copies, weights included", () => {
    const block = serial(dense({ width: 3, bStd: 0.2 }), tanh());
    expect(run(repeat(block, 3))).toEqual(run(serial(block, block, block)));
  });

  it("identity and fanOut followed by one branch do nothing", () => {
    expect(run(identity())).toEqual(x);
    expect(run(serial(fanOut(1), parallel(identity()), fanInSum()))).toEqual(x);
  });

  it("the two parameterizations are the same function at the same draw", () => {
    const spec = { width: 5, wStd: 1.7, bStd: 0.4 };
    const [ntk, standard] = [run(dense(spec)), run(dense({ ...spec, parameterization: "standard" }))];
    ntk.data.forEach((value, at) => {
      expect(value).toBeCloseTo(standard.data[at]!, 13);
    });
  });
});

describe("each layer is its formula", () => {
  it("dense: wStd/√N x w + bStd b", () => {
    const network = dense({ width: 2, wStd: 1.5, bStd: 0.5 });
    const params = denseParams(init(network, 3, { seed: 1 }));
    const product = times(x, params.w);
    apply(network, params, x).data.forEach((value, at) => {
      expect(value).toBeCloseTo((1.5 / Math.sqrt(3)) * product.data[at]! + 0.5 * params.b![at % 2]!, 13);
    });
    expect(denseParams(init(dense({ width: 2 }), 3, { seed: 1 })).b).toBeNull();
  });

  it.each(
    ACTIVATION_EXAMPLES.filter(({ type }) => type !== "expNormalized").map((s) => [JSON.stringify(s), s] as const),
  )("%s", (_, spec) => {
    const { phi } = makeActivation(spec);
    expect(run(spec).data).toEqual(x.data.map((value) => phi(value)));
  });

  it("branches are summed, multiplied and joined", () => {
    const twice = (join: Layer) => run(serial(fanOut(2), parallel(identity(), identity()), join));
    expect(twice(fanInSum()).data).toEqual(x.data.map((value) => 2 * value));
    expect(twice(fanInProd()).data).toEqual(x.data.map((value) => value * value));
    expect(toRows(twice(fanInConcat()))).toEqual(toRows(x).map((values) => [...values, ...values]));
  });

  it("layerNorm gives mean 0 and variance 1; constant rows become 0", () => {
    for (const values of toRows(run(layerNorm()))) {
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 13);
      expect(values.reduce((sum, value) => sum + value * value, 0) / 3).toBeCloseTo(1, 10);
    }
    expect([...apply(layerNorm({ eps: 0 }), null, fromRows([[2, 2, 2]])).data]).toEqual([0, 0, 0]);
  });

  it("dropout does nothing without a key, and keeps the mean with one", () => {
    const network = dropout({ keep: 0.25 });
    expect(apply(network, null, x)).toEqual(x);
    const ones = matrix(1, 20_000, new Float64Array(20_000).fill(1));
    const dropped = apply(network, null, ones, { dropoutKey: key(1) }).data;
    expect(new Set(dropped)).toEqual(new Set([0, 4]));
    const mean = dropped.reduce((sum, value) => sum + value, 0) / dropped.length;
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(3 / 20_000));
    expect(apply(network, null, ones, { dropoutKey: key(1) }).data).toEqual(dropped);
    expect(apply(network, null, ones, { dropoutKey: key(2) }).data).not.toEqual(dropped);
  });
});

describe("shapes", () => {
  it("outputWidth is the number of columns of the output", () => {
    const network = serial(fanOut(2), parallel(dense({ width: 4 }), dense({ width: 7 })), fanInConcat());
    expect(outputWidth(network, 3)).toBe(11);
    expect(run(network).cols).toBe(11);
    expect(outputWidth(fanOut(2), 3)).toEqual([3, 3]);
  });

  it.each([
    [() => init(relu(), 0, { seed: 1 }), ValueError, "inputWidth must be a positive integer, got 0"],
    [() => outputWidth(relu(), 1.5), ValueError, "got 1.5"],
    [() => apply(dense({ width: 2 }), init(dense({ width: 2 }), 4, { seed: 1 }), x), NetworkError, "4 inputs, got 3"],
    [() => run(fanOut(2)), ShapeError, "the network ends in 2 branches"],
    [
      () => run(serial(fanOut(2), parallel(dense({ width: 2 }), dense({ width: 3 })), fanInSum())),
      NetworkError,
      "layers[2]: fanInSum takes branches of equal width, got widths 2, 3",
    ],
    [
      () =>
        run(serial(fanOut(2), parallel(dense({ width: 2 }), dense({ width: 3 })), fanInProd(), dense({ width: 1 }))),
      NetworkError,
      "takes branches of equal width",
    ],
    [() => run(serial(fanOut(2), parallel(identity()), fanInSum())), NetworkError, "has 1 branches but gets 2"],
  ])("%s", (act, kind, message) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });
});
