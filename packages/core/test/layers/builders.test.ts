import { describe, expect, it } from "vitest";
import * as activations from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { dropout } from "../../src/layers/dropout.ts";
import { elementwise } from "../../src/layers/elementwise.ts";
import { fanInConcat } from "../../src/layers/fan-in-concat.ts";
import { fanInProd } from "../../src/layers/fan-in-prod.ts";
import { fanInSum } from "../../src/layers/fan-in-sum.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { identity } from "../../src/layers/identity.ts";
import { layerNorm } from "../../src/layers/layer-norm.ts";
import { parseNetwork } from "../../src/layers/network-file.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { LAYER_TYPES } from "../../src/layers/registry.ts";
import { repeat } from "../../src/layers/repeat.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";

const {
  relu,
  leakyRelu,
  abRelu,
  abs,
  erf,
  sin,
  cos,
  sigmoidLike,
  gelu,
  sign,
  gabor,
  rbf,
  gaussian,
  exp,
  expNormalized,
  monomial,
  rectifiedMonomial,
  hermite,
  polynomial,
  tanh,
  sigmoid,
  softplus,
  silu,
  elu,
} = activations;

const wave = { a: 1, b: 1, c: 0 };

/** What each builder gives, and what it becomes once defaults are filled in: the table of the network file. */
const TABLE: readonly (readonly [built: Layer, plain: object, complete: object])[] = [
  [serial(relu()), { type: "serial", layers: [{ type: "relu" }] }, {}],
  [parallel(relu(), abs()), { type: "parallel", branches: [{ type: "relu" }, { type: "abs" }] }, {}],
  [repeat(relu(), 3), { type: "repeat", layer: { type: "relu" }, times: 3 }, {}],
  [identity(), { type: "identity" }, {}],
  [fanOut(2), { type: "fanOut", copies: 2 }, {}],
  [fanInSum(), { type: "fanInSum" }, {}],
  [fanInProd(), { type: "fanInProd" }, {}],
  [fanInConcat(), { type: "fanInConcat", axis: -1 }, {}],
  [dense({ width: 5 }), { type: "dense", width: 5 }, { wStd: 1, bStd: 0, parameterization: "ntk" }],
  [
    dense({ width: 5, wStd: 2, bStd: 0.5, parameterization: "standard" }),
    { type: "dense", width: 5, wStd: 2, bStd: 0.5, parameterization: "standard" },
    {},
  ],
  [layerNorm(), { type: "layerNorm" }, { axis: -1, eps: 1e-12 }],
  [dropout({ keep: 0.5 }), { type: "dropout", keep: 0.5 }, {}],
  [elementwise("mish"), { type: "elementwise", name: "mish" }, {}],
  [relu(), { type: "relu" }, {}],
  [leakyRelu({ alpha: 0.1 }), { type: "leakyRelu", alpha: 0.1 }, {}],
  [abRelu({ a: 1, b: 2 }), { type: "abRelu", a: 1, b: 2 }, {}],
  [abs(), { type: "abs" }, {}],
  [erf(), { type: "erf" }, wave],
  [sin({ b: 2 }), { type: "sin", b: 2 }, { a: 1, c: 0 }],
  [cos(), { type: "cos" }, wave],
  [sigmoidLike(), { type: "sigmoidLike" }, {}],
  [gelu(), { type: "gelu" }, {}],
  [sign(), { type: "sign" }, {}],
  [gabor(), { type: "gabor" }, {}],
  [rbf(), { type: "rbf" }, { gamma: 1 }],
  [gaussian(), { type: "gaussian" }, { a: 1, b: -1 }],
  [exp(), { type: "exp" }, { a: 1, b: 1 }],
  [expNormalized(), { type: "expNormalized" }, { gamma: 1, shift: -1 }],
  [monomial({ degree: 2 }), { type: "monomial", degree: 2 }, {}],
  [rectifiedMonomial({ degree: 2 }), { type: "rectifiedMonomial", degree: 2 }, {}],
  [hermite({ degree: 2 }), { type: "hermite", degree: 2 }, {}],
  [polynomial({ coef: [1, 2] }), { type: "polynomial", coef: [1, 2] }, {}],
  [tanh(), { type: "tanh" }, {}],
  [sigmoid(), { type: "sigmoid" }, {}],
  [softplus(), { type: "softplus" }, {}],
  [silu(), { type: "silu" }, {}],
  [elu(), { type: "elu" }, {}],
];

describe("builders give what stands in the file, parsing fills in the defaults", () => {
  it.each(TABLE.map(([built, plain, defaults]) => [JSON.stringify(plain), built, plain, defaults] as const))(
    "%s",
    (_, built, plain, defaults) => {
      expect(built).toEqual(plain);
      expect(parseNetwork(built)).toEqual({ ...plain, ...defaults });
    },
  );

  it("every layer type is in the table, and every builder of activations", () => {
    const types = new Set(TABLE.map(([built]) => built.type));
    expect(LAYER_TYPES.filter((type) => !types.has(type))).toEqual([]);
    expect(Object.keys(activations).filter((name) => !types.has(name as Layer["type"]))).toEqual([]);
  });
});
