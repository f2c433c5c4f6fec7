import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValueError } from "../../src/errors.ts";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import {
  appendBias,
  sphereLift,
  type TwoLayerReluOptions,
  twoLayerReluKernel,
} from "../../src/kernel/two-layer-relu.ts";
import { gram } from "../../src/kernel/vector-kernel.ts";
import { relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { serial } from "../../src/layers/serial.ts";
import { fromRows, type Matrix, matrix, row } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";
import { TOLERANCE } from "../../src/testing/laws.ts";

const kappa0 = (xi: number): number => (Math.PI - Math.acos(xi)) / Math.PI;
const kappa1 = (xi: number): number => (xi * (Math.PI - Math.acos(xi)) + Math.sqrt(1 - xi * xi)) / Math.PI;

/** The lectures' kernels on the unit sphere. */
const ON_SPHERE: readonly (readonly [string, TwoLayerReluOptions, (xi: number) => number, atOne: number])[] = [
  ["B, first layer", { trained: "first", activationScale: 1 }, (xi) => (xi * kappa0(xi)) / 2, 1 / 2],
  [
    "D, ε = 0.3",
    { trained: "first", activationScale: 1, outputScale: 0.3 },
    (xi) => (0.09 * xi * kappa0(xi)) / 2,
    0.09 / 2,
  ],
  ["E, both layers", {}, (xi) => kappa1(xi) + xi * kappa0(xi), 2],
  ["E without √2", { activationScale: 1 }, (xi) => (kappa1(xi) + xi * kappa0(xi)) / 2, 1],
  ["the first layer of E", { trained: "first" }, (xi) => xi * kappa0(xi), 1],
  ["C, α = 3", { outputScale: 3 }, (xi) => 9 * (kappa1(xi) + xi * kappa0(xi)), 18],
];

const ANGLES = [0, 0.01, 0.5, 1, Math.PI / 2, 2, 3, Math.PI];
const CIRCLE = fromRows(ANGLES.map((t) => [Math.cos(t), Math.sin(t)]));
const ONE = fromRows([[1, 0]]);

function inputs(n: number, d: number, seed: number): Matrix {
  return matrix(n, d, normal(key(seed), n * d));
}

function expectNear(a: Matrix, b: Matrix, scale = 1): void {
  expect([a.rows, a.cols]).toEqual([b.rows, b.cols]);
  a.data.forEach((value, at) => {
    const allowed = TOLERANCE.closedForm * Math.max(1, Math.abs(b.data[at]!));
    expect(Math.abs(value - scale * b.data[at]!), `entry ${at}`).toBeLessThanOrEqual(allowed);
  });
}

describe("the scalings of the lectures, on the sphere", () => {
  it.each(ON_SPHERE)("%s", async (_, options, formula, atOne) => {
    const { data } = await gram(twoLayerReluKernel(options), CIRCLE, ONE);
    ANGLES.forEach((t, i) => {
      expect(data[i]).toBeCloseTo(formula(Math.max(-1, Math.min(1, Math.cos(t)))), 12);
    });
    expect(data[0]).toBeCloseTo(atOne, 14);
  });

  it("B is ½ξκ₀, D is ε²B, and the first layer of E is 2B, at any norm", async () => {
    const x = inputs(6, 3, 1);
    const b = await gram(twoLayerReluKernel({ trained: "first", activationScale: 1 }), x);
    expectNear(await gram(twoLayerReluKernel({ trained: "first", activationScale: 1, outputScale: 0.7 }), x), b, 0.49);
    expectNear(await gram(twoLayerReluKernel({ trained: "first" }), x), b, 2);
  });

  it.each([["activationScale"], ["outputScale"]])("%s must be above 0", (name) => {
    for (const value of [0, -1, Number.NaN, Infinity])
      expect(() => twoLayerReluKernel({ [name]: value })).toThrow(ValueError);
  });
});

describe("general norms: ‖x‖‖z‖ times the kernel of the cosine", () => {
  it.each(ON_SPHERE)("%s", async (_, options, formula) => {
    const [x, z] = [inputs(5, 4, 2), inputs(4, 4, 3)];
    const { data } = await gram(twoLayerReluKernel(options), x, z);
    data.forEach((value, at) => {
      const [u, v] = [row(x, Math.floor(at / 4)), row(z, at % 4)];
      const r = Math.hypot(...u) * Math.hypot(...v);
      const xi = u.reduce((sum, value, i) => sum + value * v[i]!, 0) / r;
      expect(Math.abs(value - r * formula(xi))).toBeLessThanOrEqual(TOLERANCE.closedForm * Math.max(1, r));
    });
  });

  it("antipodal rows and zero rows have kernel 0", async () => {
    const x = fromRows([
      [1, 2],
      [-3, -6],
      [0, 0],
    ]);
    for (const [, options] of ON_SPHERE) {
      const { data } = await gram(twoLayerReluKernel(options), x);
      expect([data[1], data[2], data[5], data[8]]).toEqual([0, 0, 0, 0].map(() => expect.closeTo(0, 14)));
    }
  });
});

/*
 * The conversion. `kernelFn` starts from ⟨x, z⟩/d and a dense layer multiplies by wStd²; a relu layer gives
 * ½‖x‖‖z‖κ₁ and slope ½κ₀. So with wStd = √d before and wStd = √2 after the relu,
 *
 *   K = 2 · ½‖x‖‖z‖κ₁        Θ = K + 2 · ½κ₀⟨x, z⟩ = ‖x‖‖z‖κ₁ + ⟨x, z⟩κ₀,
 *
 * the kernel of both layers trained with φ = √2·relu. Θ − K is what the first layer contributes, as kernels of the
 * weights of a layer add up. A factor s²ε²/2 for another φ = s·relu and output scale ε goes into the last wStd.
 */
describe("equal to the network's kernel", () => {
  const network = (d: number, { scale = 1, bias = 0 } = {}) =>
    serial(dense({ width: 1, wStd: Math.sqrt(d), bStd: bias }), relu(), dense({ width: 1, wStd: scale * Math.SQRT2 }));

  it("both layers, and the first alone", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.nat(999), async (d, seed) => {
        const [x, z] = [inputs(4, d, seed), inputs(3, d, seed + 1000)];
        const { nngp, ntk } = await kernelFn(network(d))(x, z, ["nngp", "ntk"]);
        expectNear(await gram(twoLayerReluKernel(), x, z), ntk);
        const first = matrix(
          4,
          3,
          ntk.data.map((value, at) => value - nngp.data[at]!),
        );
        expectNear(await gram(twoLayerReluKernel({ trained: "first" }), x, z), first);
      }),
      { numRuns: 40 },
    ));

  it("other scales", async () => {
    const [x, d] = [inputs(5, 3, 7), 3];
    const ntk = await kernelFn(network(d, { scale: 0.4 / Math.SQRT2 }))(x, null, "ntk");
    expectNear(await gram(twoLayerReluKernel({ activationScale: 1, outputScale: 0.4 }), x), ntk);
  });

  it("appendBias is a first layer with biases", async () => {
    const x = inputs(5, 3, 8);
    for (const bias of [0.3, 1, 2]) {
      const ntk = await kernelFn(network(3, { bias }))(x, null, "ntk");
      expectNear(await gram(twoLayerReluKernel(), appendBias(x, bias)), ntk);
    }
  });
});

describe("lifts", () => {
  it("sphereLift gives unit rows whose first columns are the input", () => {
    const x = fromRows([
      [0.3, -0.4],
      [0, 0],
      [1, 0],
      [0.6, 0.8],
    ]);
    const lifted = sphereLift(x);
    expect([lifted.rows, lifted.cols]).toEqual([4, 3]);
    for (let i = 0; i < 4; i++) {
      expect(Math.hypot(...row(lifted, i))).toBeCloseTo(1, 15);
      expect([...row(lifted, i)].slice(0, 2)).toEqual([...row(x, i)]);
      expect(row(lifted, i)[2]).toBeGreaterThanOrEqual(0);
    }
    expect(() =>
      sphereLift(
        fromRows([
          [0, 1],
          [3, 4],
        ]),
      ),
    ).toThrow("row 1 has 5: rescale");
  });

  it("sphereLift makes the points of an interval distinguishable, which without bias they are not", async () => {
    const x = fromRows([[0.2], [0.4], [0.8]]);
    const flat = await gram(twoLayerReluKernel(), x);
    const lifted = await gram(twoLayerReluKernel(), sphereLift(x));
    const determinant = ({ data: [a, b, , c, d] }: Matrix) => a! * d! - b! * c!;
    expect(determinant(flat)).toBeCloseTo(0, 15);
    expect(determinant(lifted)).toBeGreaterThan(1e-2);
  });

  it("appendBias appends one column, of ones unless told otherwise", () => {
    expect(appendBias(fromRows([[1, 2]]))).toEqual(fromRows([[1, 2, 1]]));
    expect(appendBias(fromRows([[1], [2]]), -3)).toEqual(
      fromRows([
        [1, -3],
        [2, -3],
      ]),
    );
  });
});
