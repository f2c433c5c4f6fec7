import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumericalError, ShapeError, ValueError } from "../../src/errors.ts";
import {
  ballIndicatorKernel,
  gammaExponentialKernel,
  gaussianKernel,
  homogeneous,
  laplaceKernel,
  linearKernel,
  polynomialKernel,
} from "../../src/kernel/classical-kernels.ts";
import { checkPositiveSemidefinite } from "../../src/kernel/positive-semidefinite.ts";
import { twoLayerReluKernel } from "../../src/kernel/two-layer-relu.ts";
import { gram, type VectorKernel } from "../../src/kernel/vector-kernel.ts";
import { fromRows, type Matrix, matrix, row, transpose } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";
import { TOLERANCE } from "../../src/testing/laws.ts";
import { times } from "../predict/brute.ts";

function inputs(n: number, d: number, seed = 1): Matrix {
  return matrix(n, d, normal(key(seed), n * d));
}

const dot = (x: Float64Array, z: Float64Array): number => x.reduce((sum, value, i) => sum + value * z[i]!, 0);
const distance = (x: Float64Array, z: Float64Array): number => Math.sqrt(dot(x, x) + dot(z, z) - 2 * dot(x, z));

/** Each kernel beside its formula as it stands in the literature. */
const FORMULAS: readonly (readonly [VectorKernel, string, (x: Float64Array, z: Float64Array) => number])[] = [
  [linearKernel, "⟨x,z⟩", dot],
  [gaussianKernel({ inverseBandwidth: 0.7 }), "exp(−L d²)", (x, z) => Math.exp(-0.7 * distance(x, z) ** 2)],
  [gaussianKernel({ bandwidth: 1.7 }), "exp(−d²/r²)", (x, z) => Math.exp(-(distance(x, z) ** 2) / 1.7 ** 2)],
  [laplaceKernel({ inverseBandwidth: 0.7 }), "exp(−L d)", (x, z) => Math.exp(-0.7 * distance(x, z))],
  [laplaceKernel({ bandwidth: 10 }), "exp(−d/r)", (x, z) => Math.exp(-distance(x, z) / 10)],
  [
    gammaExponentialKernel({ gamma: 1.3, bandwidth: 2 }),
    "exp(−(d/r)^γ)",
    (x, z) => Math.exp(-((distance(x, z) / 2) ** 1.3)),
  ],
  [
    gammaExponentialKernel({ gamma: 0.6, inverseBandwidth: 2 }),
    "exp(−(L d)^γ)",
    (x, z) => Math.exp(-((distance(x, z) * 2) ** 0.6)),
  ],
  [polynomialKernel({ degree: 3 }), "(⟨x,z⟩ + 1)³", (x, z) => (dot(x, z) + 1) ** 3],
  [polynomialKernel({ degree: 2, offset: 0.5, scale: 0.25 }), "(⟨x,z⟩/4 + ½)²", (x, z) => (dot(x, z) / 4 + 0.5) ** 2],
];

describe("literal formulas", () => {
  it.each(FORMULAS.map(([kernel, text, formula]) => [`${kernel.name}: ${text}`, kernel, formula] as const))(
    "%s",
    async (_, kernel, formula) => {
      const [x, z] = [inputs(5, 3), inputs(4, 3, 2)];
      const values = await gram(kernel, x, z);
      values.data.forEach((value, at) => {
        const expected = formula(row(x, Math.floor(at / 4)), row(z, at % 4));
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(TOLERANCE.closedForm * Math.max(1, Math.abs(expected)));
      });
    },
  );

  it("the two conventions are each other's inverse, squared for the Gaussian", async () => {
    const x = inputs(6, 2);
    const expectNear = (a: Matrix, b: Matrix) =>
      a.data.forEach((value, at) => {
        expect(Math.abs(value - b.data[at]!)).toBeLessThanOrEqual(TOLERANCE.closedForm);
      });
    expectNear(
      await gram(laplaceKernel({ bandwidth: 4 }), x),
      await gram(laplaceKernel({ inverseBandwidth: 0.25 }), x),
    );
    expectNear(
      await gram(gaussianKernel({ bandwidth: 4 }), x),
      await gram(gaussianKernel({ inverseBandwidth: 1 / 16 }), x),
    );
    expectNear(
      await gram(gammaExponentialKernel({ gamma: 1, bandwidth: 3 }), x),
      await gram(laplaceKernel({ bandwidth: 3 }), x),
    );
    expectNear(
      await gram(gammaExponentialKernel({ gamma: 2, bandwidth: 3 }), x),
      await gram(gaussianKernel({ bandwidth: 3 }), x),
    );
  });

  it("a radial kernel is 1 at x = z, however narrow", async () => {
    const x = fromRows([
      [1, 2],
      [3, 4],
    ]);
    for (const bandwidth of [1e-320, 1e-160, 1, 1e160, 1e300])
      for (const kernel of [
        gaussianKernel({ bandwidth }),
        laplaceKernel({ bandwidth }),
        gammaExponentialKernel({ gamma: 0.5, bandwidth }),
      ]) {
        const { data } = await gram(kernel, x);
        expect([data[0], data[3]]).toEqual([1, 1]);
        expect(data[1]).toBeGreaterThanOrEqual(0);
        expect(data[1]).toBeLessThanOrEqual(1);
      }
  });
});

describe("the Gram matrix", () => {
  it("x2 = null is x2 = x1, exactly symmetric", async () => {
    const x = inputs(7, 3);
    for (const [kernel] of FORMULAS) {
      const half = await gram(kernel, x);
      expect(await gram(kernel, x, x)).toEqual(half);
      expect(transpose(half)).toEqual(half);
    }
  });

  it("stops, reports and refuses", async () => {
    const reason = new Error("enough");
    await expect(gram(linearKernel, inputs(2, 2), null, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const seen: number[] = [];
    await gram(linearKernel, inputs(3, 2), null, { onProgress: (fraction) => seen.push(fraction) });
    expect(seen.at(-1)).toBe(1);
    await expect(gram(linearKernel, inputs(2, 2), inputs(2, 3))).rejects.toThrow(ShapeError);
    await expect(gram(linearKernel, fromRows([[Number.NaN]]))).rejects.toThrow(ValueError);
    await expect(gram(linearKernel, fromRows([[1e200]]))).rejects.toThrow(NumericalError);
    await expect(gram(polynomialKernel({ degree: 9 }), fromRows([[1e100]]))).rejects.toThrow(
      "gram: polynomial of rows",
    );
  });

  it.each([
    [() => gaussianKernel({ bandwidth: 0 }), "bandwidth must be above 0, got 0"],
    [() => laplaceKernel({ inverseBandwidth: -1 }), "inverseBandwidth must be above 0, got -1"],
    [() => laplaceKernel({} as { bandwidth: number }), "give either bandwidth or inverseBandwidth"],
    [
      () => laplaceKernel({ bandwidth: 1, inverseBandwidth: 1 } as unknown as { bandwidth: number }),
      "give either bandwidth or inverseBandwidth",
    ],
    [() => gammaExponentialKernel({ gamma: 2.1, bandwidth: 1 }), "gamma must be above 0 and at most 2, got 2.1"],
    [() => gammaExponentialKernel({ gamma: 0, bandwidth: 1 }), "got 0"],
    [() => polynomialKernel({ degree: 1.5 }), "degree must be a whole number, got 1.5"],
    [() => polynomialKernel({ degree: 1, offset: -1 }), "offset must be at least 0, got -1"],
    [() => polynomialKernel({ degree: 1, scale: Infinity }), "scale must be above 0, got Infinity"],
    [() => ballIndicatorKernel({ radius: Number.NaN }), "radius must be above 0, got NaN"],
  ])("%s", (make, message) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(message);
  });
});

describe("homogeneous kernels", () => {
  const kernel = homogeneous(laplaceKernel({ bandwidth: 2 }));

  it("have degree 1 in each argument, degree 2 in both", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(999), fc.double({ min: 0.01, max: 100, noNaN: true }), async (seed, scale) => {
        const [x, z] = [inputs(1, 3, seed), inputs(1, 3, seed + 1000)];
        const scaled = (a: Matrix) =>
          matrix(
            1,
            3,
            a.data.map((value) => value * scale),
          );
        const plain = (await gram(kernel, x, z)).data[0]!;
        expect((await gram(kernel, scaled(x), z)).data[0]! / scale / plain).toBeCloseTo(1, 9);
        expect((await gram(kernel, scaled(x), scaled(z))).data[0]! / scale ** 2 / plain).toBeCloseTo(1, 9);
      }),
      { numRuns: 40 },
    ));

  it("are the kernel itself where that is homogeneous, zero rows included", async () => {
    const x = matrix(5, 3, Float64Array.of(...inputs(4, 3).data, 0, 0, 0));
    for (const plain of [linearKernel, twoLayerReluKernel(), twoLayerReluKernel({ trained: "first" })]) {
      const [own, expected] = [await gram(homogeneous(plain), x), await gram(plain, x)];
      own.data.forEach((value, at) => {
        expect(value).toBeCloseTo(expected.data[at]!, 13);
      });
    }
  });

  it("are the kernel itself on the sphere, and 0 on zero rows", async () => {
    const angles = [0, 1e-9, 0.3, 1, 2, 3, Math.PI];
    const circle = fromRows(angles.map((t) => [Math.cos(t), Math.sin(t)]));
    const [own, other] = [await gram(kernel, circle), await gram(laplaceKernel({ bandwidth: 2 }), circle)];
    own.data.forEach((value, at) => {
      expect(value).toBeCloseTo(other.data[at]!, 13);
    });
    expect([
      ...(
        await gram(
          kernel,
          fromRows([
            [0, 0],
            [1, 2],
          ]),
        )
      ).data.slice(0, 3),
    ]).toEqual([0, 0, 0]);
  });
});

describe("positive semidefiniteness", () => {
  const psd: readonly VectorKernel[] = [
    ...FORMULAS.map(([kernel]) => kernel),
    homogeneous(laplaceKernel({ bandwidth: 2 })),
    homogeneous(gaussianKernel({ bandwidth: 1 })),
    twoLayerReluKernel(),
    twoLayerReluKernel({ trained: "first" }),
  ];

  it.each(psd.map((kernel) => [kernel.name, kernel] as const))("%s on random points", async (_, kernel) => {
    for (const [n, d, seed] of [
      [12, 1, 1],
      [12, 2, 2],
      [20, 5, 3],
    ] as const) {
      const report = await checkPositiveSemidefinite(await gram(kernel, inputs(n, d, seed)));
      expect(report.ok, `smallest eigenvalue ${report.smallestEigenvalue}`).toBe(true);
      expect(report.witness).toBeNull();
    }
  });

  it("ten inputs, a hundred times each: rounding of the eigensolver proves nothing", async () => {
    const ten = inputs(10, 3, 2);
    const entry = (i: number, j: number): number =>
      (1 + row(ten, i % 10).reduce((sum, value, k) => sum + value * row(ten, j % 10)[k]!, 0)) ** 2;
    const values = Float64Array.from({ length: 1e6 }, (_, at) => entry(Math.floor(at / 1000), at % 1000));
    expect(await checkPositiveSemidefinite(matrix(1000, 1000, values))).toMatchObject({ ok: true, witness: null });
  });

  it("the ball indicator fails on three points in a row, with coefficients that prove it", async () => {
    const radius = 2.5;
    const points = fromRows([[0], [0.8 * radius], [1.6 * radius]]);
    const values = await gram(ballIndicatorKernel({ radius }), points);
    expect([...values.data]).toEqual([1, 1, 0, 1, 1, 1, 0, 1, 1]);
    const { ok, smallestEigenvalue, witness } = await checkPositiveSemidefinite(values);
    expect(ok).toBe(false);
    expect(smallestEigenvalue).toBeCloseTo(1 - Math.SQRT2, 14);
    const v = matrix(3, 1, witness!);
    expect(times(transpose(v), times(values, v)).data[0]).toBeCloseTo(1 - Math.SQRT2, 14);
    expect(times(transpose(v), v).data[0]).toBeCloseTo(1, 14);
  });

  it("the boundary of the ball does not belong to it", async () => {
    const { data } = await gram(ballIndicatorKernel({ radius: 1 }), fromRows([[0], [1]]));
    expect([...data]).toEqual([1, 0, 0, 1]);
  });
});
