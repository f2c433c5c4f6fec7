import { describe, expect, it } from "vitest";
import { traceBatch } from "../../src/empirical/collect-factors.ts";
import {
  cheapest,
  empiricalNngp,
  empiricalNtk,
  multiplications,
  type NtkAlgorithm,
} from "../../src/empirical/empirical-kernel.ts";
import { monteCarloKernel } from "../../src/empirical/monte-carlo-kernel.ts";
import { kernelBuilder, kernelMatrix } from "../../src/empirical/output-axes.ts";
import { addStructured } from "../../src/empirical/structured.ts";
import { tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { parseNetwork } from "../../src/layers/network-file.ts";
import { serial } from "../../src/layers/serial.ts";
import { jsBlas } from "../../src/linalg/blas.ts";
import type { Engine } from "../../src/linalg/engine.ts";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { startWork, type Work } from "../../src/linalg/work.ts";
import { type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { init } from "../../src/network/network.ts";
import { trainablePaths } from "../../src/network/trainable.ts";
import { child, key, normal } from "../../src/random/key.ts";

const [x1, x2] = [matrix(5, 3, normal(key(1), 15)), matrix(4, 3, normal(key(2), 12))];
const network = serial(dense({ width: 6, bStd: 0.3 }), tanh(), dense({ width: 3, bStd: 0.1 }));
const params = init(network, 3, { seed: 1 });

function expectNear(actual: Float64Array, expected: Float64Array): void {
  const size = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, at) => {
    expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-12 * size);
  });
}

describe("the cheapest algorithm", () => {
  const wide = init(serial(dense({ width: 100 }), tanh(), dense({ width: 1 })), 50, { seed: 1 });
  const flat = init(dense({ width: 40 }), 2, { seed: 1 });
  const thin = init(serial(dense({ width: 1 }), dense({ width: 1 }), dense({ width: 1 })), 1, { seed: 1 });

  it("depends on the shape of the network and of the question", () => {
    expect(cheapest(wide, "trace", { n1: 50, n2: 50, outputs: 1 })).toBe("structured");
    expect(cheapest(flat, "full", { n1: 1, n2: 1, outputs: 40 })).toBe("vectorProducts");
    expect(cheapest(thin, "trace", { n1: 50, n2: 50, outputs: 1 })).toBe("jacobian");
  });

  it("has the fewest multiplications, as they are counted by hand", () => {
    // 3 inputs, 6 units, 3 outputs with biases: 45 weights, in arrays whose sides add up to 3 + 6 + 6 + 6 + 3 + 3 = 27.
    const [n1, n2, outputs] = [5, 4, 3];
    for (const [mode, pairs] of [
      ["trace", 3],
      ["diagonal", 3],
      ["full", 9],
    ] as const)
      expect(multiplications(params, mode, { n1, n2, outputs })).toEqual({
        structured: 9 * 4 * 45 + 20 * pairs * 27, // outputs and three pullbacks of nine rows; products of inputs and cotangents
        jacobian: 9 * 7 * 45 + 20 * pairs * 45, // a pullback into weights is twice one into inputs
        vectorProducts: 4 * 3 * (3 + 3 * 5) * 45, // of twelve columns: a pullback of one row and a tangent of five
      });
  });

  it("is taken unless another is asked for", async () => {
    const auto = await empiricalNtk(network, params, x1, x2);
    for (const algorithm of ["auto", cheapest(params, "trace", { n1: 5, n2: 4, outputs: 3 })] as const)
      expect((await empiricalNtk(network, params, x1, x2, { algorithm })).data).toEqual(auto.data);
    // The structured one takes many products of an engine, the Jacobian one for each output, the vector products none.
    const asked: number[] = [];
    for (const algorithm of ["structured", "jacobian", "vectorProducts"] as const) {
      let count = 0;
      const matmul: Engine["matmul"] = (a, b, options) => {
        count++;
        return jsEngine.matmul(a, b, options);
      };
      await empiricalNtk(network, params, x1, x2, { algorithm, engine: { ...jsEngine, matmul } });
      asked.push(count);
    }
    expect(asked).toEqual([2 * (1 + 3), 3, 0]);
    // Of one row and forty outputs vector products are the cheapest.
    const engine: Engine = { ...jsEngine, matmul: () => Promise.reject(new Error("no product was to be asked for")) };
    const row = matrix(1, 2, Float64Array.of(3, 4));
    const { data } = await empiricalNtk(dense({ width: 40 }), flat, row, null, { traceAxes: [], engine });
    expectNear(
      data,
      Float64Array.from({ length: 1600 }, (_, at) => (at % 41 === 0 ? 12.5 : 0)),
    );
  });
});

describe("structured derivatives", () => {
  const blas: Engine = { ...jsEngine, blas: jsBlas };

  it.each(["trace", "diagonal", "full"] as const)("by products on the calling thread, %s", async (mode) => {
    const get = async (engine: Engine | undefined, algorithm: NtkAlgorithm): Promise<Float64Array> => {
      if (mode === "trace") return (await empiricalNtk(network, params, x1, x2, { engine, algorithm })).data;
      const axes = mode === "full" ? ({ traceAxes: [] } as const) : ({ diagonalAxes: [-1] } as const);
      return (await empiricalNtk(network, params, x1, x2, { ...axes, engine, algorithm })).data;
    };
    const expected = await get(undefined, "jacobian");
    expectNear(await get(blas, "structured"), expected);
    expectNear(await get(jsEngine, "structured"), expected);
  });

  it.each([
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [3, [3, 2]],
    [5, [5]],
  ])("blocks of at most %d rows change nothing", async (most, heights) => {
    const trains = trainablePaths(params);
    const blocksOf = (x: Matrix) => traceBatch(parseNetwork(network), params, x, trains, {}, startWork(), most);
    const first = await blocksOf(x1);
    expect(first.map(({ rows }) => rows)).toEqual(heights);
    for (const mode of ["trace", "full"] as const)
      for (const x of [null, x2]) {
        const builder = kernelBuilder(mode, 5, (x ?? x1).rows, 3);
        const second = x && (await blocksOf(x));
        await addStructured(builder, { mode, outputs: 3, first, second, engine: jsEngine }, startWork());
        const axes = mode === "full" ? { traceAxes: [] as const } : {};
        const expected = await empiricalNtk(network, params, x1, x, { ...axes, algorithm: "jacobian" });
        expectNear(builder.kernel.data, expected.data);
      }
  });

  it("outputs some at a time give what all at once give", async () => {
    // 400 rows: two of the three outputs are pulled back at once, then the third.
    const x = matrix(400, 3, normal(key(3), 1200));
    const few = [399, 0, 7].map((i) => matrix(1, 3, x.data.slice(3 * i, 3 * i + 3)));
    for (const diagonalAxes of [[], [-1]] as const) {
      const options = { algorithm: "structured", diagonalAxes } as const;
      const all = await empiricalNtk(network, params, x, few[0]!, options);
      const size = diagonalAxes.length > 0 ? 3 : 1;
      for (const [k, i] of [399, 0, 7].entries()) {
        const { data } = await empiricalNtk(network, params, few[k]!, few[0]!, { ...options, algorithm: "jacobian" });
        expectNear(all.data.slice(size * i, size * (i + 1)), data);
      }
    }
  });
});

describe("progress", () => {
  /** Notes every fraction, where real work reports some of them only. */
  function noted(): { work: Work; fractions: number[] } {
    const fractions: number[] = [];
    const breathe = async (fraction: number) => void fractions.push(fraction);
    return { work: { breathe }, fractions };
  }
  const rises = (fractions: readonly number[]) =>
    fractions.every((fraction, i) => fraction <= 1 && (i === 0 || fraction > fractions[i - 1]!));

  it("of blocks, chunks and pairs of blocks rises to 1", async () => {
    const trains = trainablePaths(params);
    const parsed = parseNetwork(network);
    const { work, fractions } = noted();
    const first = await traceBatch(parsed, params, x1, trains, {}, work, 2);
    expect(fractions).toEqual([2, 4, 5].map((rows) => expect.closeTo(rows / 5, 15)));
    const second = await traceBatch(parsed, params, x2, trains, {}, startWork(), 2);
    for (const [blocks, pairs] of [
      [null, 6],
      [second, 6],
    ] as const) {
      const own = noted();
      const builder = kernelBuilder("trace", 5, (blocks ? x2 : x1).rows, 3);
      await addStructured(builder, { mode: "trace", outputs: 3, first, second: blocks, engine: jsEngine }, own.work);
      expect(own.fractions.length).toBe(3 + (blocks ? 2 : 0) + pairs);
      expect(own.fractions.at(-1)).toBeCloseTo(1, 14);
      expect(rises(own.fractions)).toBe(true);
    }
  });

  it.each(["structured", "jacobian", "vectorProducts"] as const)("of %s ends at 1", async (algorithm) => {
    const fractions: number[] = [];
    await empiricalNtk(network, params, x1, x2, { algorithm, onProgress: (fraction) => void fractions.push(fraction) });
    expect(fractions.at(-1)).toBe(1);
    expect(fractions.filter((fraction) => fraction >= 1).length).toBe(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(empiricalNtk(network, params, x1, x2, { algorithm, signal })).rejects.toThrow("enough");
  });
});

describe("inputs", () => {
  const bad = matrix(2, 3, Float64Array.of(1, 2, 3, 4, Number.NaN, 6));
  it.each([
    ["empiricalNtk", empiricalNtk],
    ["empiricalNngp", empiricalNngp],
  ] as const)("of %s must be finite", async (name, kernel) => {
    await expect(kernel(network, params, bad, null)).rejects.toThrow(
      `${name}: x1: every value must be finite, got NaN`,
    );
    await expect(kernel(network, params, x1, bad)).rejects.toThrow(`${name}: x2: every value must be finite, got NaN`);
  });

  it("no rows give a kernel without entries", async () => {
    for (const algorithm of ["structured", "jacobian", "vectorProducts"] as const)
      for (const [a, b] of [
        [x1, matrix(0, 3)],
        [matrix(0, 3), x2],
      ] as const)
        expect(await empiricalNtk(network, params, a, b, { algorithm })).toEqual(matrix(a.rows, b.rows));
  });
});

describe("kernelMatrix", () => {
  it("has the entry of (i, a) and (j, b) at (i o + a, j o + b)", () => {
    const data = Float64Array.from({ length: 24 }, (_, at) => at);
    const { rows, cols, data: found } = kernelMatrix({ shape: [2, 3, 2, 2], data });
    expect([rows, cols]).toEqual([4, 6]);
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++)
        for (let a = 0; a < 2; a++)
          for (let b = 0; b < 2; b++) expect(found[(i * 2 + a) * 6 + j * 2 + b]).toBe(((i * 3 + j) * 2 + a) * 2 + b);
  });

  it.each([[[2, 3]], [[2, 3, 2]], [[2, 3, 2, 1]], [[2, 3, 1, 2]]])("refuses the shape %j", (shape) => {
    expect(() => kernelMatrix({ shape, data: new Float64Array(12) })).toThrow(
      `the kernel must have the shape [n1, n2, o, o], got [${shape.join(", ")}]`,
    );
  });
});

describe("Monte Carlo", () => {
  it.each(["nngp", "ntk"] as const)(
    "is mean and standard error of the %s of networks drawn one by one",
    async (get) => {
      const kernel = get === "ntk" ? empiricalNtk : empiricalNngp;
      const root = key(4);
      const own: Matrix[] = [];
      const fractions: number[] = [];
      const onProgress = (fraction: number) => void fractions.push(fraction);
      for await (const estimate of monteCarloKernel(network, x1, x2, get, { seed: root, samples: 4, onProgress })) {
        own.push(await kernel(network, init(network, 3, { seed: child(root, own.length) }), x1, x2));
        const count = own.length;
        expect(estimate.samples).toBe(count);
        for (let at = 0; at < 20; at++) {
          const values = own.map(({ data }) => data[at]!);
          const mean = values.reduce((sum, value) => sum + value, 0) / count;
          expect(estimate.mean.data[at]).toBeCloseTo(mean, 12);
          const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
          if (count > 1) expect(estimate.standardError.data[at]).toBeCloseTo(Math.sqrt(variance / count), 12);
        }
      }
      expect(fractions).toEqual([0.25, 0.5, 0.75, 1]);
    },
  );

  it.each([0, 1.5, -1])("%d samples are refused", async (samples) => {
    const estimates = monteCarloKernel(network, x1, null, "ntk", { seed: 1, samples });
    await expect(estimates.next()).rejects.toThrow(`samples must be a whole number from 1, got ${samples}`);
  });

  it("takes the law of the weights", async () => {
    const law = { outputWeights: "signs" } as const;
    for await (const { mean } of monteCarloKernel(network, x1, null, "ntk", { seed: 4, samples: 1, law })) {
      const drawn = init(network, 3, { seed: child(key(4), 0), ...law });
      expectNear(mean.data, (await empiricalNtk(network, drawn, x1, null)).data);
    }
  });
});
