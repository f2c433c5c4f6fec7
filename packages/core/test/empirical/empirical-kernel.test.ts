import { describe, expect, it } from "vitest";
import { empiricalNngp, empiricalNtk, type NtkAlgorithm } from "../../src/empirical/empirical-kernel.ts";
import { linearize, taylorExpand } from "../../src/empirical/linearize.ts";
import { linearizedWeights } from "../../src/empirical/linearized-weights.ts";
import { monteCarloKernel } from "../../src/empirical/monte-carlo-kernel.ts";
import { ntkVectorProduct } from "../../src/empirical/ntk-vector-product.ts";
import { kernelMatrix } from "../../src/empirical/output-axes.ts";
import { ShapeError, ValueError } from "../../src/errors.ts";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { erf, relu, tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { jacobian, jvp } from "../../src/network/derivatives.ts";
import { apply, init } from "../../src/network/network.ts";
import { flattenParams, unflattenParams } from "../../src/network/params.ts";
import { key, normal } from "../../src/random/key.ts";
import { LAYER_EXAMPLES } from "../../src/testing/layer-examples.ts";
import { mish, narrow } from "../network/narrow.ts";

const x1 = matrix(5, 3, normal(key(1), 15));
const x2 = matrix(4, 3, normal(key(2), 12));
const activations = { mish };

function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let [gap, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    gap = Math.max(gap, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
  }
  return gap / (size || 1);
}

/** J Jᵀ from the explicit Jacobian: [n1, n2, o, o]. */
function bruteForce(network: Layer, params: Parameters<typeof jacobian>[1], a: Matrix, b: Matrix): Float64Array {
  const [ja, jb] = [jacobian(network, params, a, { activations }), jacobian(network, params, b, { activations })];
  const o = ja.rows / a.rows;
  const out = new Float64Array(a.rows * b.rows * o * o);
  for (let i = 0, at = 0; i < a.rows; i++)
    for (let j = 0; j < b.rows; j++)
      for (let k = 0; k < o; k++)
        for (let l = 0; l < o; l++, at++)
          for (let p = 0; p < ja.cols; p++)
            out[at]! += ja.data[(i * o + k) * ja.cols + p]! * jb.data[(j * o + l) * ja.cols + p]!;
  return out;
}

const CASES = LAYER_EXAMPLES.filter(([type]) => type !== "expNormalized").map(
  ([type, network], i) => [`${i} ${type}`, narrow(network)] as const,
);

describe("the three algorithms give J Jᵀ", () => {
  it.each(CASES)("%s", async (_, network) => {
    const params = init(network, 3, { seed: 3, activations });
    const expected = bruteForce(network, params, x1, x2);
    for (const algorithm of ["structured", "jacobian", "vectorProducts"] satisfies NtkAlgorithm[]) {
      const full = await empiricalNtk(network, params, x1, x2, { algorithm, traceAxes: [], activations });
      expect(largestGap(full.data, expected)).toBeLessThan(1e-10);
    }
  });
});

describe("output axes", () => {
  const network = serial(dense({ width: 6, bStd: 0.3 }), erf(), dense({ width: 3, bStd: 0.1 }));
  const params = init(network, 3, { seed: 1 });

  it("trace is the mean of the diagonal, which the diagonal of the full kernel is", async () => {
    const full = await empiricalNtk(network, params, x1, x2, { traceAxes: [] });
    expect(full.shape).toEqual([5, 4, 3, 3]);
    const diagonal = await empiricalNtk(network, params, x1, x2, { traceAxes: [], diagonalAxes: [-1] });
    expect(diagonal.shape).toEqual([5, 4, 3]);
    expect(
      largestGap(
        diagonal.data,
        full.data.filter((_, at) => at % 9 === 0 || at % 9 === 4 || at % 9 === 8),
      ),
    ).toBeLessThan(1e-13);
    const trace = await empiricalNtk(network, params, x1, x2);
    const mean = trace.data.map(
      (_, at) => (diagonal.data[3 * at]! + diagonal.data[3 * at + 1]! + diagonal.data[3 * at + 2]!) / 3,
    );
    expect(largestGap(trace.data, mean)).toBeLessThan(1e-13);
  });

  it("the axis of the outputs is the last, −1 or 1", async () => {
    const [trace, last] = [await empiricalNtk(network, params, x1, x2), { traceAxes: [1] }];
    expect(await empiricalNtk(network, params, x1, x2, last)).toEqual(trace);
    const [before, after] = [{ diagonalAxes: [-1] as const }, { diagonalAxes: [1] as const }];
    expect(await empiricalNtk(network, params, x1, x2, after)).toEqual(
      await empiricalNtk(network, params, x1, x2, before),
    );
  });

  it("x2 = null is x1, and symmetric", async () => {
    const [own, twice] = [await empiricalNtk(network, params, x1, null), await empiricalNtk(network, params, x1, x1)];
    expect(largestGap(own.data, twice.data)).toBeLessThan(1e-14);
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 5; j++) expect(own.data[i * 5 + j]).toBeCloseTo(own.data[j * 5 + i]!, 13);
  });

  it("the full kernel is the matrix that ntkVectorProduct multiplies with", async () => {
    const whole = kernelMatrix(await empiricalNtk(network, params, x1, x2, { traceAxes: [] }));
    const v = matrix(4, 3, normal(key(9), 12));
    const product = ntkVectorProduct(network, params, x1, x2)(v);
    const expected = product.data.map((_, i) =>
      v.data.reduce((sum, value, j) => sum + whole.data[i * 12 + j]! * value, 0),
    );
    expect(largestGap(product.data, expected)).toBeLessThan(1e-12);
  });

  it("nngp is f fᵀ", async () => {
    const [f1, f2] = [apply(network, params, x1), apply(network, params, x2)];
    const full = await empiricalNngp(network, params, x1, x2, { traceAxes: [] });
    expect(full.data[((2 * 4 + 3) * 3 + 1) * 3 + 2]).toBeCloseTo(f1.data[2 * 3 + 1]! * f2.data[3 * 3 + 2]!, 14);
    const mean = await empiricalNngp(network, params, x1, x2);
    expect(mean.data[7]).toBeCloseTo(
      (f1.data[3]! * f2.data[9]! + f1.data[4]! * f2.data[10]! + f1.data[5]! * f2.data[11]!) / 3,
      13,
    );
  });

  it.each([
    [{ traceAxes: [0] }, "traceAxes may hold the axis of the outputs, -1, or nothing, got [0]"],
    [{ traceAxes: [-1, 1] }, "traceAxes may hold the axis of the outputs, -1, or nothing, got [-1, 1]"],
    [{ traceAxes: [-1], diagonalAxes: [-1] }, "cannot be both in traceAxes and in diagonalAxes"],
  ])("%j", async (options, message) => {
    await expect(empiricalNtk(network, params, x1, null, options)).rejects.toThrow(ValueError);
    await expect(empiricalNtk(network, params, x1, null, options)).rejects.toThrow(message);
  });
});

describe("which layers train", () => {
  const network = serial(dense({ width: 40, wStd: 1.4 }), relu(), dense({ width: 1, wStd: 1.2 }));
  const params = init(network, 3, { seed: 1 });

  it("first and last add up to all; last alone is the kernel of random features", async () => {
    const get = (trainable?: "first" | "last") => empiricalNtk(network, params, x1, x2, { trainable });
    const [all, first, last] = [await get(), await get("first"), await get("last")];
    expect(
      largestGap(
        all.data,
        first.data.map((value, at) => value + last.data[at]!),
      ),
    ).toBeLessThan(1e-13);
    const features = serial(...network.layers.slice(0, 2));
    const nngp = await empiricalNngp(features, (params as readonly []).slice(0, 2), x1, x2);
    expect(
      largestGap(
        last.data,
        nngp.data.map((value) => 1.2 ** 2 * value),
      ),
    ).toBeLessThan(1e-13);
  });

  it("frozen layers agree with the limit of kernelFn", async () => {
    const wide = serial(dense({ width: 20_000 }), relu(), dense({ width: 1 }));
    const limit = await kernelFn(wide, { frozen: 1 })(x1, x2, "ntk");
    const finite = await empiricalNtk(wide, init(wide, 3, { seed: 5 }), x1, x2, { trainable: "last" });
    expect(largestGap(finite.data, limit.data)).toBeLessThan(0.05);
  });

  it("a position that is not there is refused", async () => {
    await expect(empiricalNtk(network, params, x1, null, { trainable: ["1"] })).rejects.toThrow(
      'no layer with weights at "1"',
    );
  });
});

it("weights of a network with other outputs are refused, whatever the algorithm", async () => {
  const params = init(serial(dense({ width: 4 }), relu(), dense({ width: 3 })), 3, { seed: 1 });
  const network = serial(dense({ width: 4 }), relu(), dense({ width: 2 }));
  for (const algorithm of ["structured", "jacobian", "vectorProducts"] as const)
    await expect(empiricalNtk(network, params, x1, null, { algorithm })).rejects.toThrow(
      algorithm === "vectorProducts" ? ShapeError : "the weights give 3 outputs, and the network has 2",
    );
});

describe("expansions in the weights", () => {
  const network = serial(
    dense({ width: 8, bStd: 0.2 }),
    tanh(),
    dense({ width: 7 }),
    erf(),
    dense({ width: 2, bStd: 0.4 }),
  );
  const params = init(network, 3, { seed: 1 });
  const point = flattenParams(params);
  const direction = normal(key(8), point.length);
  const at = (t: number) =>
    unflattenParams(
      params,
      point.map((w, i) => w + t * direction[i]!),
    );

  it("linearize is f + J (w − w₀)", () => {
    const { fx, derivative } = jvp(
      network,
      params,
      x1,
      unflattenParams(
        params,
        direction.map((v) => 0.3 * v),
      ),
    );
    const linear = linearize(network, params)(at(0.3), x1);
    expect(
      largestGap(
        linear.data,
        fx.data.map((f, i) => f + derivative.data[i]!),
      ),
    ).toBeLessThan(1e-13);
  });

  it.each([0, 1, 2, 3, 4])("degree %i misses what is of a higher order", (degree) => {
    const miss = (t: number) =>
      largestGap(taylorExpand(network, params, degree)(at(t), x1).data, apply(network, at(t), x1).data);
    const rate = Math.log2(miss(0.02) / miss(0.01));
    expect(rate).toBeGreaterThan(degree + 0.8);
    expect(rate).toBeLessThan(degree + 1.3);
  });

  it("a network that is linear in its weights is its own expansion", () => {
    const linear = dense({ width: 2, bStd: 1 });
    const w0 = init(linear, 3, { seed: 1 });
    const w = init(linear, 3, { seed: 2 });
    expect(largestGap(linearize(linear, w0)(w, x1).data, apply(linear, w, x1).data)).toBeLessThan(1e-14);
  });

  it("linearizedWeights change the linearized outputs by Θ α", async () => {
    const alpha = matrix(5, 2, normal(key(4), 10));
    const moved = linearize(network, params)(linearizedWeights(network, params, x1, alpha), x2);
    const change = ntkVectorProduct(network, params, x2, x1)(alpha);
    const fx = apply(network, params, x2);
    expect(
      largestGap(
        moved.data,
        fx.data.map((f, i) => f + change.data[i]!),
      ),
    ).toBeLessThan(1e-13);
  });

  it.each([-1, 0.5])("degree %f is refused", (degree) => {
    expect(() => taylorExpand(network, params, degree)).toThrow(ValueError);
  });

  it("weights of another network are refused", () => {
    expect(() => linearize(network, params)(init(dense({ width: 2 }), 3, { seed: 1 }), x1)).toThrow(ShapeError);
  });
});

describe("Monte Carlo", () => {
  const network = serial(dense({ width: 400, bStd: 0.3 }), relu(), dense({ width: 1, bStd: 0.1 }));

  it.each(["nngp", "ntk"] as const)("the mean %s of networks is the limit within four standard errors", async (get) => {
    const limit = await kernelFn(network)(x1, x2, get);
    let last: { mean: Matrix; standardError: Matrix; samples: number } | undefined;
    for await (const estimate of monteCarloKernel(network, x1, x2, get, { seed: 4, samples: 200 })) last = estimate;
    expect(last!.samples).toBe(200);
    last!.mean.data.forEach((value, at) => {
      expect(Math.abs(value - limit.data[at]!)).toBeLessThan(4 * last!.standardError.data[at]!);
    });
  });

  it("the running estimate is that of fewer samples", async () => {
    const estimates: Matrix[] = [];
    for await (const { mean } of monteCarloKernel(network, x1, null, "ntk", { seed: 4, samples: 3 }))
      estimates.push(mean);
    for await (const { mean, standardError } of monteCarloKernel(network, x1, null, "ntk", { seed: 4, samples: 1 })) {
      expect(mean).toEqual(estimates[0]);
      expect(standardError.data[0]).toBe(Number.POSITIVE_INFINITY);
    }
  });
});

it("every product of the layer by layer algorithm hears the signal", async () => {
  const { signal } = new AbortController();
  const heard: (AbortSignal | undefined)[] = [];
  const engine = {
    ...jsEngine,
    matmul: (a: Matrix, b: Matrix, options: Parameters<typeof jsEngine.matmul>[2] = {}) => {
      heard.push(options.signal);
      return jsEngine.matmul(a, b, options);
    },
  };
  const network = serial(dense({ width: 4 }), tanh(), dense({ width: 2 }));
  const params = init(network, 3, { seed: 0 });
  await empiricalNtk(network, params, x1, x2, { algorithm: "structured", engine, signal });
  await empiricalNtk(network, params, x1, x2, { algorithm: "structured", engine, signal, traceAxes: [] });
  expect(heard.length).toBeGreaterThan(0);
  expect(new Set(heard)).toEqual(new Set([signal]));
});
