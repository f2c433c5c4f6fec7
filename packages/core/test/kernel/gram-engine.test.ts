import { describe, expect, it } from "vitest";
import { makeActivation } from "../../src/activations/registry.ts";
import type { GramEngine, GramRequest, KernelName } from "../../src/kernel/gram-engine.ts";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { abs, relu, tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { elementwise } from "../../src/layers/elementwise.ts";
import { fanInSum } from "../../src/layers/fan-in-sum.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";
import type { Engine } from "../../src/linalg/engine.ts";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";

const [x, z] = [matrix(5, 3, normal(key(1), 15)), matrix(4, 3, normal(key(2), 12))];
const network = serial(dense({ width: 8, wStd: 1.4, bStd: 0.2 }), relu(), dense({ width: 1, wStd: 0.9 }));
const kernel = kernelFn(network);

/** An engine with a kernel program of its own. */
function engineOf(gram: GramEngine["gram"]): Engine & GramEngine {
  return { ...jsEngine, gram };
}

/** What the blocks of a request say, in a matrix for each name. */
async function fromBlocks({ a, b, names, block }: GramRequest): Promise<Record<KernelName, Matrix>> {
  const grams = { nngp: matrix(a.x.rows, b.x.rows), ntk: matrix(a.x.rows, b.x.rows) };
  await block({ row: 0, rows: a.x.rows, col: 0, cols: b.x.rows }, async ({ row, rows, col, cols }, values) => {
    for (const name of names)
      for (let i = 0; i < rows; i++)
        grams[name].data.set(values[name]!.slice(i * cols, (i + 1) * cols), (row + i) * b.x.rows + col);
  });
  return grams;
}

describe("an engine with kernel programs", () => {
  it("is asked for what is wanted, and its matrices are taken", async () => {
    const requests: GramRequest[] = [];
    const own = { nngp: matrix(5, 4, normal(key(3), 20)), ntk: matrix(5, 4, normal(key(4), 20)) };
    const engine = engineOf(async (request) => {
      requests.push(request);
      return own;
    });
    expect(await kernel(x, z, "ntk", { engine, tile: 2 })).toBe(own.ntk);
    expect(await kernelFn(network, { frozen: 1 })(x, null, ["nngp", "ntk"], { engine })).toBe(own);
    const [first, second] = requests;
    expect(first).toMatchObject({ frozen: 0, names: ["ntk"], tile: 2, preciseSine: true });
    expect([first!.a.x, first!.b.x, first!.network.type]).toEqual([x, z, "serial"]);
    expect(second).toMatchObject({ frozen: 1, names: ["nngp", "ntk"], tile: undefined });
    expect(second!.a).toBe(second!.b);
    expect(second!.variances1).toBe(second!.variances2);
  });

  it("is told whether an activation has kinks, by itself, in a branch or by name", async () => {
    const told = async (layer: Layer, smoothness?: "smooth" | "kinked") => {
      let precise: boolean | null = null;
      const engine = engineOf(async ({ preciseSine }) => {
        precise = preciseSine;
        return undefined;
      });
      const activations = smoothness && { named: { ...makeActivation(tanh()), smoothness } };
      await kernelFn(serial(dense({ width: 8 }), layer), activations && { activations })(x, z, "nngp", { engine });
      return precise;
    };
    const branches = (layer: Layer) => serial(fanOut(2), parallel(dense({ width: 8 }), layer), fanInSum());
    for (const layer of [relu(), abs(), branches(relu())]) expect(await told(layer), layer.type).toBe(true);
    for (const layer of [tanh(), dense({ width: 8 }), branches(tanh())]) expect(await told(layer)).toBe(false);
    expect(await told(elementwise("named"), "kinked")).toBe(true);
    expect(await told(elementwise("named"), "smooth")).toBe(false);
  });

  it("may have blocks mapped by the layers' rules", async () => {
    for (const other of [null, z]) {
      const found = await kernel(x, other, ["nngp", "ntk"], { engine: engineOf(fromBlocks) });
      const plain = await kernel(x, other, ["nngp", "ntk"]);
      expect([...found.nngp.data]).toEqual([...plain.nngp.data]);
      expect([...found.ntk.data]).toEqual([...plain.ntk.data]);
    }
  });

  it("may have no program for a network", async () => {
    const engine = engineOf(async () => undefined);
    expect(await kernel(x, z, "nngp", { engine })).toEqual(await kernel(x, z, "nngp"));
  });

  it("is not asked where there are no pairs, nor after the signal", async () => {
    let asked = 0;
    const engine = engineOf(async () => {
      asked++;
      return undefined;
    });
    expect(await kernel(x, matrix(0, 3), "ntk", { engine })).toEqual(matrix(5, 0));
    expect(await kernel(matrix(0, 3), z, "ntk", { engine })).toEqual(matrix(0, 4));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(kernel(x, z, "ntk", { engine, signal })).rejects.toThrow("enough");
    expect(asked).toBe(0);
  });
});

describe("layers that do not train", () => {
  const affine = ({ data }: Matrix, w: number, b = 0) => data.map((value) => w * w * value + b * b);
  const near = (values: Float64Array) => Array.from(values, (value) => expect.closeTo(value, 12));
  const input = dense({ width: 8, wStd: 1.4, bStd: 0.2 });

  it("add nothing to Θ: of two, the last adds its K, and none at all is 0", async () => {
    const both = serial(input, dense({ width: 1, wStd: 0.9, bStd: 0.3 }));
    const first = await kernelFn(input)(x, z, "nngp");
    const k = affine(first, 0.9, 0.3);
    const get = (frozen: number) => kernelFn(both, { frozen })(x, z, "ntk");
    expect([...(await get(1)).data]).toEqual(near(k));
    expect([...(await get(2)).data]).toEqual(near(new Float64Array(20)));
    expect([...(await get(0)).data]).toEqual(near(k.map((value, at) => value + 0.81 * first.data[at]!)));
    expect(await kernelFn(both, { frozen: 1 })(x, z, "nngp")).toEqual(await kernelFn(both)(x, z, "nngp"));
  });

  it("are counted in the order of computation, through branches", async () => {
    const branches = serial(fanOut(2), parallel(input, dense({ width: 8, wStd: 0.7 })), fanInSum());
    const [first, second] = [
      await kernelFn(input)(x, z, "ntk"),
      await kernelFn(dense({ width: 8, wStd: 0.7 }))(x, z, "ntk"),
    ];
    const get = (frozen: number) => kernelFn(branches, { frozen })(x, z, "ntk");
    expect([...(await get(1)).data]).toEqual(near(second.data));
    expect([...(await get(2)).data]).toEqual(near(new Float64Array(20)));
    expect([...(await get(0)).data]).toEqual(near(first.data.map((value, at) => value + second.data[at]!)));
  });
});
