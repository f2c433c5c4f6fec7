import { describe, expect, it } from "vitest";
import { numericalActivation } from "../../src/activations/numerical.ts";
import { NetworkError } from "../../src/errors.ts";
import { describeNetwork } from "../../src/kernel/describe-network.ts";
import { kernelDiagonal, kernelFn } from "../../src/kernel/kernel-fn.ts";
import { erf, relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { dropout } from "../../src/layers/dropout.ts";
import { elementwise } from "../../src/layers/elementwise.ts";
import { fanInConcat } from "../../src/layers/fan-in-concat.ts";
import { fanInProd } from "../../src/layers/fan-in-prod.ts";
import { fanInSum } from "../../src/layers/fan-in-sum.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { identity } from "../../src/layers/identity.ts";
import { layerNorm } from "../../src/layers/layer-norm.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { repeat } from "../../src/layers/repeat.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { fromRows, matrix } from "../../src/matrix/matrix.ts";
import { outputWidth } from "../../src/network/network.ts";
import { checkFiniteNetworks } from "../../src/testing/finite-network-laws.ts";
import { broken } from "../../src/testing/laws.ts";

const wide = (wStd = 1.3) => dense({ width: 64, wStd, bStd: 0.1 });
const x = fromRows([
  [1, 2],
  [0, 3],
]);
const kernel = (network: Layer) => kernelFn(network)(x, null, "ntk");

describe("networks without such a limit are refused where the trouble is", () => {
  it.each([
    ["layers[0]", "needs Gaussian pre-activations: put a dense layer before it", serial(relu(), wide())],
    ["layers[2]", "needs Gaussian pre-activations: put a dense layer before it", serial(wide(), relu(), erf(), wide())],
    ["layers[0].layer.layers[2]", "needs Gaussian", serial(repeat(serial(wide(), relu(), relu()), 1), wide())],
    ["layer", "needs Gaussian", repeat(relu(), 2)],
    ["layers[2]", "needs Gaussian", serial(wide(), dropout({ keep: 0.5 }), relu())],
    ["layers[2]", "needs Gaussian pre-activations, whose mean", serial(wide(), relu(), layerNorm())],
    ["layers[0]", "cannot stand on the input layer", serial(dropout({ keep: 0.5 }), wide())],
    ["layers[1]", "cannot stand on the input layer", serial(identity(), dropout({ keep: 0.5 }), wide())],
    ["layers[1]", "takes one input, got 2 branches: put a fanIn layer before it", serial(fanOut(2), wide())],
    ["layers[1]", "has 3 branches but gets 2", serial(fanOut(2), parallel(wide(), wide(), wide()), fanInSum())],
    ["layers[0]", "takes several branches, got one input: put fanOut or parallel before it", serial(fanInSum())],
    ["layers[0]", "takes several branches", serial(parallel(wide(), wide()))],
    ["", "the network ends in 2 branches: put a fanIn layer after them", serial(wide(), fanOut(2))],
    ["layers[2]", "made by the same weights", serial(wide(), fanOut(2), fanInSum())],
    ["layers[3]", "made by the same weights", serial(wide(), fanOut(2), parallel(relu(), identity()), fanInSum())],
    ["layers[3]", "made by the same weights", serial(wide(), fanOut(2), parallel(relu(), identity()), fanInProd())],
    [
      "layers[2]",
      "sums two branches that end in an activation",
      serial(fanOut(2), parallel(serial(wide(), relu()), serial(wide(), relu())), fanInSum()),
    ],
    ["layers[2]", "axis must be -1 (or 1), got 0", serial(fanOut(2), parallel(wide(), wide()), fanInConcat(0))],
    ["layers[1]", "axis must be -1 (or 1), got 2", serial(wide(), layerNorm({ axis: 2 }))],
  ] as const)("%s: %s", async (path, message, network) => {
    const error: unknown = await kernel(network).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NetworkError);
    expect((error as NetworkError).path).toBe(path);
    expect((error as NetworkError).message).toContain(message);
  });
});

describe("concatenated branches", () => {
  const joined = (first: Layer, second: Layer, ...after: Layer[]) =>
    serial(fanOut(2), parallel(first, second), fanInConcat(), ...after);

  it("of different kernels are a mixture of Gaussians, which no activation may follow directly", async () => {
    await expect(kernel(joined(wide(0.3), wide(4), erf(), wide()))).rejects.toThrow("layers[3]: erf needs Gaussian");
    await expect(kernel(joined(wide(0.3), wide(4), layerNorm(), wide()))).rejects.toThrow("needs Gaussian");
  });

  it("of equal kernels are Gaussian", async () => {
    const network = joined(wide(), wide(), erf(), wide());
    const alone = await kernel(serial(wide(), erf(), wide()));
    const gram = await kernel(network);
    gram.data.forEach((value, at) => {
      expect(value).toBeCloseTo(alone.data[at]!, 12);
    });
  });

  it("are refused whatever the rows, and however one asks", async () => {
    const network = joined(wide(1), wide(2), relu(), wide());
    const rows = [
      [0, 0],
      [1, 0],
      [0.3, 0.4],
    ];
    for (const x of [fromRows(rows), fromRows(rows.toReversed()), fromRows([[0, 0]]), matrix(0, 2)]) {
      await expect(kernelFn(network)(x, null, "nngp")).rejects.toThrow("layers[3]: relu needs Gaussian");
      await expect(kernelFn(network)(x, x, ["nngp", "ntk"])).rejects.toThrow("layers[3]: relu needs Gaussian");
      expect(() => kernelDiagonal(network, x, "ntk")).toThrow("layers[3]: relu needs Gaussian");
    }
    expect(() => describeNetwork(network)).toThrow("layers[3]: relu needs Gaussian");
    expect(outputWidth(network, 2)).toBe(64); // as a finite network it is fine
  });

  it("finite networks agree where the activation stands inside, or after a dense layer", async () => {
    for (const network of [
      joined(serial(wide(0.3), erf()), serial(wide(4), erf()), wide()),
      joined(wide(0.3), wide(4), wide(), erf(), wide()),
    ])
      expect(broken(await checkFiniteNetworks(network))).toBe("");
  });
});

describe("elementwise names", () => {
  const soft = numericalActivation({ name: "soft", phi: (v) => Math.tanh(v) });
  const network = (name: string) => serial(wide(), elementwise(name), wide());

  it("mean what the caller says", async () => {
    for (const name of ["soft", "constructor", "__proto__", "toString"]) {
      const activations = JSON.parse(`{ "${name}": null }`);
      Object.defineProperty(activations, name, { value: soft, enumerable: true });
      const gram = await kernelFn(network(name), { activations })(x, null, "ntk");
      expect(gram).toEqual(await kernelFn(network("soft"), { activations: { soft } })(x, null, "ntk"));
    }
  });

  it.each(["sofd", "constructor", "__proto__", "toString"])("are refused when not given: %s", async (name) => {
    const failing = kernelFn(network(name), { activations: { soft } })(x, null, "ntk");
    await expect(failing).rejects.toThrow(`layers[1]: elementwise names the activation "${name}", which was not given`);
    if (name === "sofd") await expect(failing).rejects.toThrow('(did you mean "soft"?)');
  });
});
