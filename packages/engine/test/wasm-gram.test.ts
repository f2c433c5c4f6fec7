import fc from "fast-check";
import { type Engine, type GramEngine, kernelFn, key, type Layer, type Matrix, matrix, normal } from "ntkit";
import { broken, checkKernel, LAYER_EXAMPLES, TOLERANCE } from "ntkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasProgram } from "../src/program/recursion.ts";
import { type WasmMemory, webAssembly } from "../src/wasm/web-assembly.ts";
import { wasmEngine } from "../src/wasm-engine.ts";
import { networks } from "./random-networks.ts";

type Programs = Engine & GramEngine;

/** The memories that programs of this thread compute in, recorded as they are made. */
const memories: WasmMemory[] = [];
const { Memory } = webAssembly!;
Object.assign(webAssembly!, {
  Memory: class extends Memory {
    constructor(...descriptor: ConstructorParameters<typeof Memory>) {
      super(...descriptor);
      memories.push(this);
    }
  },
});

const engines: Programs[] = [];
const closers: (() => void)[] = [];
beforeAll(async () => {
  for (const threads of [1, 2, 4]) {
    const wasm = await wasmEngine({ threads });
    if ("unavailable" in wasm) throw new Error(wasm.unavailable);
    engines.push(wasm.engine);
    closers.push(() => wasm.pool.close());
  }
});
afterAll(() => {
  Object.assign(webAssembly!, { Memory });
  for (const close of closers) close();
});

const NAMES = ["nngp", "ntk"] as const;

/** max |A − B| in units of √(B_ii B_jj), by the diagonals of the symmetric Gram matrices. */
function distance(a: Matrix, b: Matrix): number {
  const size = (i: number): number => Math.sqrt(Math.abs(b.data[i * b.cols + i]!)) || 1;
  let worst = 0;
  for (let i = 0; i < b.rows; i++) {
    for (let j = 0; j < b.cols; j++) {
      const error = Math.abs(a.data[i * b.cols + j]! - b.data[i * b.cols + j]!) / (size(i) * size(j));
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

/** Random rows, and beside them what is hard: equal, opposite, nearly equal, nearly opposite, zero, long and short ones. */
function inputs(n: number, d: number, seed = 1): Matrix {
  const x = matrix(n, d, normal(key(seed), n * d));
  const set = (i: number, value: (first: number, k: number) => number): void => {
    if (i < n) for (let k = 0; k < d; k++) x.data[i * d + k] = value(x.data[k]!, k);
  };
  set(1, (first) => first);
  set(2, (first) => -first);
  set(3, (first, k) => first * (1 + 1e-7 * k));
  set(4, () => 0);
  set(5, (first, k) => -first * (1 + 1e-10 * k));
  set(6, (first) => 3 * first);
  set(7, (first, k) => first + (k === 0 ? 1e-3 : 0));
  return x;
}

function sameBits(a: Matrix, b: Matrix): boolean {
  return a.data.every((value, i) => Object.is(value, b.data[i]));
}

const withPrograms = LAYER_EXAMPLES.filter(([, network]) => !JSON.stringify(network).includes("elementwise")).map(
  ([type, network]) => [`${type}: ${JSON.stringify(network)}`, network] as const,
);

describe("Gram matrices by kernel programs", () => {
  it.each(withPrograms)("obey the laws of kernels: %s", async (_, network) => {
    expect(broken(await checkKernel(network, { engine: engines[0]! }))).toBe("");
  });

  it.each(withPrograms)("are those of plain TypeScript: %s", async (_, network) => {
    const x = inputs(21, 5);
    const expected = await kernelFn(network)(x, null, NAMES);
    const got = await kernelFn(network)(x, null, NAMES, { engine: engines[0]! });
    for (const name of NAMES) expect(distance(got[name], expected[name]), name).toBeLessThan(TOLERANCE.engine);
  });

  it("of random networks are those of plain TypeScript", async () => {
    await fc.assert(
      fc.asyncProperty(networks, fc.nat(), async (network, seed) => {
        const x = inputs(12, 4, seed);
        const expected = await kernelFn(network)(x, null, NAMES);
        const got = await kernelFn(network)(x, null, NAMES, { engine: engines[0]! });
        for (const name of NAMES) expect(distance(got[name], expected[name]), name).toBeLessThan(TOLERANCE.engine);
      }),
      { numRuns: 60 },
    );
  });
});

const RELU = withPrograms.find(([name]) => name.startsWith("repeat"))![1];

describe("the same bits", () => {
  it.each([
    [1, 1],
    [3, 2],
    [127, 7],
    [128, 300],
    [257, 64],
    [150, 50],
    [200, 50],
    [600, 33],
  ])("of %d rows of %d columns, however many threads and whatever tiles", async (n, d) => {
    const x = inputs(n, d);
    const [first, ...others] = await Promise.all(engines.map((engine) => kernelFn(RELU)(x, null, NAMES, { engine })));
    for (const other of others) for (const name of NAMES) expect(sameBits(other[name], first![name])).toBe(true);
    for (const tile of [5, 64, 1000]) {
      const tiled = await kernelFn(RELU)(x, null, NAMES, { engine: engines[1]!, tile });
      for (const name of NAMES) expect(sameBits(tiled[name], first![name]), `tile ${tile}`).toBe(true);
    }
  });

  it("as of the slice of a larger matrix", async () => {
    const [x, z] = [inputs(300, 40), inputs(170, 40, 2)];
    const both = matrix(470, 40, Float64Array.of(...x.data, ...z.data));
    const whole = await kernelFn(RELU)(both, null, "ntk", { engine: engines[1]! });
    const corner = await kernelFn(RELU)(x, z, "ntk", { engine: engines[2]! });
    const slice = corner.data.every((value, at) =>
      Object.is(value, whole.data[Math.floor(at / 170) * 470 + 300 + (at % 170)]),
    );
    expect(slice).toBe(true);
  });
});

describe("frozen layers", () => {
  it.each([0, 1, 2, 4, 9])("the first %d", async (frozen) => {
    const x = inputs(15, 3);
    const expected = await kernelFn(RELU, { frozen })(x, null, NAMES);
    const got = await kernelFn(RELU, { frozen })(x, null, NAMES, { engine: engines[0]! });
    for (const name of NAMES) expect(distance(got[name], expected[name])).toBeLessThan(TOLERANCE.engine);
  });
});

/** The engine, and whether its last Gram matrix was computed by a program. */
function watched(engine: Programs): { readonly engine: Programs; ranProgram(): boolean } {
  let ran = false;
  const gram: GramEngine["gram"] = async (request, options) => {
    const grams = await engine.gram(request, options);
    ran = grams !== undefined;
    return grams;
  };
  return { engine: { ...engine, gram }, ranProgram: () => ran };
}

function repeated(times: number, ...layers: readonly Layer[]): Layer {
  const body: Layer = { type: "repeat", times, layer: { type: "serial", layers } };
  return { type: "serial", layers: [{ type: "dense", width: 8 }, body, { type: "dense", width: 1 }] };
}

const DENSE: Layer = { type: "dense", width: 8, wStd: 1.4, bStd: 0.1 };
const RESIDUAL: readonly Layer[] = [
  { type: "fanOut", copies: 2 },
  {
    type: "parallel",
    branches: [{ type: "identity" }, { type: "serial", layers: [{ type: "relu" }, { ...DENSE, wStd: 0.5 }] }],
  },
  { type: "fanInSum" },
];
/** Every layer with weights of its own. */
const VARIED: Layer = {
  type: "serial",
  layers: Array.from({ length: 60 }, (_, k): Layer[] => [
    { type: "dense", width: 8 + k, wStd: 1.4 + k / 1000, bStd: k % 3 === 0 ? 0 : 0.1 },
    k % 5 === 4 ? { type: "erf" } : { type: "relu" },
  ]).flat(),
};
const SKIPPED: Layer = {
  type: "serial",
  layers: [
    DENSE,
    { type: "fanOut", copies: 2 },
    { type: "parallel", branches: [repeated(40, { type: "relu" }, DENSE), repeated(40, { type: "abs" }, DENSE)] },
    { type: "fanInSum" },
  ],
};

describe("networks too deep for one function", () => {
  it.each<[string, Layer]>([
    ["200 layers of ReLU", repeated(200, { type: "relu" }, { type: "dense", width: 8, wStd: Math.SQRT2 })],
    ["60 residual blocks", repeated(60, ...RESIDUAL)],
    ["30 layers of sin", repeated(30, { type: "sin" }, { type: "dense", width: 8, wStd: 1.4 })],
    ["100 layers of erf", repeated(100, { type: "erf" }, DENSE)],
    ["60 layers of layer normalization", repeated(60, { type: "leakyRelu", alpha: 0.1 }, DENSE, { type: "layerNorm" })],
    ["different layers", VARIED],
    ["two deep branches", SKIPPED],
  ])("%s: a program that gives what plain TypeScript does, however many threads", async (_, network) => {
    const x = inputs(60, 5);
    const expected = await kernelFn(network)(x, null, NAMES);
    const all = engines.map(watched);
    const results = await Promise.all(all.map(({ engine }) => kernelFn(network)(x, null, NAMES, { engine })));
    for (const { ranProgram } of all) expect(ranProgram()).toBe(true);
    for (const name of NAMES) {
      expect(distance(results[0]![name], expected[name]), name).toBeLessThan(TOLERANCE.engine);
      for (const other of results.slice(1)) expect(sameBits(other[name], results[0]![name]), name).toBe(true);
      const tiled = await kernelFn(network)(x, null, name, { engine: engines[1]!, tile: 30 });
      expect(sameBits(tiled, results[0]![name]), name).toBe(true);
    }
  });
});

describe("what programs leave to the layers' own rules", () => {
  it("activations by quadrature", async () => {
    const tanh: Layer = { type: "serial", layers: [{ type: "dense", width: 8 }, { type: "tanh" }] };
    expect(hasProgram(tanh)).toBe(false);
    const x = inputs(9, 3);
    const expected = await kernelFn(tanh)(x, null, "nngp");
    const got = await kernelFn(tanh)(x, null, "nngp", { engine: engines[1]! });
    expect(sameBits(got, expected)).toBe(true);
  });

  it("networks whose variances leave the range of their squares", async () => {
    // Each layer halves the variance: after 420 it is 2⁻⁴²⁰.
    const shrinking = repeated(420, { type: "relu" }, { type: "dense", width: 8 });
    const x = inputs(24, 3);
    const expected = await kernelFn(shrinking)(x, null, "ntk");
    for (const tile of [5, 128])
      expect(sameBits(await kernelFn(shrinking)(x, null, "ntk", { engine: engines[1]!, tile }), expected)).toBe(true);
  });

  it("entries beyond the range of its squares", async () => {
    const x = inputs(12, 3);
    const wild = matrix(
      12,
      3,
      x.data.map((value, at) => value * (at < 12 ? 1e140 : at < 24 ? 1e-140 : 1)),
    );
    const expected = await kernelFn(RELU)(wild, null, NAMES);
    const got = await kernelFn(RELU)(wild, null, NAMES, { engine: engines[1]! });
    for (const name of NAMES) expect(distance(got[name], expected[name])).toBeLessThan(TOLERANCE.engine);
  });

  it("rows beyond the range of its squares, with the bits that they have alone", async () => {
    const x = inputs(40, 3);
    const wild = matrix(
      40,
      3,
      x.data.map((value, at) => value * [1, 1e-100, 1, 1e100, 1][Math.floor(at / 3) % 5]!),
    );
    const network: Layer = {
      type: "serial",
      layers: [DENSE, { type: "gelu" }, DENSE, { type: "layerNorm", eps: 0 }, { type: "erf" }, DENSE],
    };
    const engine = engines[1]!;
    const expected = await kernelFn(network)(wild, null, NAMES);
    const whole = await kernelFn(network)(wild, null, NAMES, { engine });
    for (const name of NAMES) {
      expect(distance(whole[name], expected[name])).toBeLessThan(TOLERANCE.engine);
      for (const side of [1, 2, 7, 40]) {
        const corner = await kernelFn(network)(
          matrix(side, 3, wild.data.slice(0, 3 * side)),
          matrix(3, 3, wild.data.slice(-9)),
          name,
          { engine },
        );
        corner.data.forEach((value, at) => {
          expect(value).toBe(whole[name].data[Math.floor(at / 3) * 40 + 37 + (at % 3)]);
        });
      }
    }
  });

  it("the error of an entry that leaves the range of float64", async () => {
    const network: Layer = { type: "serial", layers: [{ type: "dense", width: 8 }, { type: "exp" }] };
    const x = matrix(3, 1, Float64Array.of(1, 60, 2));
    await expect(kernelFn(network)(x, null, "nngp", { engine: engines[1]! })).rejects.toThrow(
      "the variance of row 1 overflows float64 at layers[1] (exp)",
    );
  });
});

describe("rows of any size", () => {
  // Bias after bias, so that no formula is homogeneous and each looks at the angle of the inputs.
  const networks: readonly Layer[] = [
    { type: "serial", layers: [{ type: "dense", width: 1, bStd: 0.5 }, { type: "abs" }, { type: "dense", width: 1 }] },
    {
      type: "serial",
      layers: [
        { type: "dense", width: 1 },
        { type: "layerNorm", eps: 0 },
        { type: "erf" },
        { type: "dense", width: 1 },
      ],
    },
    { type: "serial", layers: [{ type: "dense", width: 1 }, { type: "sin" }, { type: "dense", width: 1 }] },
  ];

  it.each([2e-150, 1e-100, 1e-78, 1e-70, 1e-60, 1, 1e60, 1e76, 1e78, 1e100, 1e150])(
    "%d: right, whatever the memory held before",
    async (scale) => {
      const x = matrix(
        4,
        3,
        Float64Array.from({ length: 12 }, (_, i) => Math.sin(i * i + 1) * scale),
      );
      for (const network of networks) {
        const expected = await kernelFn(network)(x, null, NAMES);
        for (const engine of engines) {
          for (const poison of [Number.NaN, 1e30, 0]) {
            await kernelFn(RELU)(x, null, NAMES, { engine }); // a program that is not this network's: its constants go as well
            for (const memory of memories) new Float64Array(memory.buffer).fill(poison);
            const got = await kernelFn(network)(x, null, NAMES, { engine });
            for (const name of NAMES) expect(distance(got[name], expected[name])).toBeLessThan(TOLERANCE.engine);
          }
        }
      }
    },
  );
});

describe("long calls", () => {
  it("report progress and stop when asked; the engine stays usable", async () => {
    const x = inputs(1500, 200);
    const seen: number[] = [];
    const controller = new AbortController();
    const stopped = kernelFn(RELU)(x, null, "ntk", {
      engine: engines[1]!,
      signal: controller.signal,
      onProgress: (fraction) => {
        seen.push(fraction);
        controller.abort("enough");
      },
    });
    await expect(stopped).rejects.toBe("enough");
    expect(seen.length).toBeGreaterThan(0);
    const small = inputs(40, 3);
    const again = await kernelFn(RELU)(small, null, "ntk", { engine: engines[1]! });
    expect(distance(again, await kernelFn(RELU)(small, null, "ntk"))).toBeLessThan(TOLERANCE.engine);
  });
});
