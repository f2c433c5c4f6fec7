import { describe, expect, it } from "vitest";
import { empiricalNtk } from "../../src/empirical/empirical-kernel.ts";
import { hessianNorm } from "../../src/empirical/hessian-norm.ts";
import { kernelDrift, laziness } from "../../src/empirical/laziness.ts";
import { kernelMatrix } from "../../src/empirical/output-axes.ts";
import { ShapeError } from "../../src/errors.ts";
import { tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { serial } from "../../src/layers/serial.ts";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { fromRows, matrix } from "../../src/matrix/matrix.ts";
import { apply, init } from "../../src/network/network.ts";

/**
 * f = c A B x, c = 1.5 · 0.8/√(width d): of f_k in A and B the second derivative pairs A_kj with B_jl by c xₗ, so that its norm is c |x|,
 * whatever the weights.
 */
const [width, d] = [5, 3];
const bilinear = serial(dense({ width, wStd: 1.5 }), dense({ width: 2, wStd: 0.8 }));
const x = fromRows([
  [3, 0, 4],
  [1, -2, 2],
]);
const params = init(bilinear, d, { seed: 1 });
const c = (1.5 * 0.8) / Math.sqrt(width * d);

describe("hessianNorm", () => {
  it("of two linear layers is that of the product, for each row and output", async () => {
    const { rows, cols, data } = await hessianNorm(bilinear, params, x);
    expect([rows, cols]).toEqual([2, 2]);
    expect([...data]).toEqual([5, 5, 3, 3].map((length) => expect.closeTo(c * length, 10)));
  });

  it("is 0 where the outputs are linear in the weights that train", async () => {
    for (const trainable of ["first", "last"] as const)
      expect((await hessianNorm(bilinear, params, x, { trainable })).data.every((norm) => norm < 1e-12)).toBe(true);
  });

  it("of one output does not feel the others", async () => {
    const network = serial(dense({ width: 6 }), tanh(), dense({ width: 2 }));
    const own = init(network, d, { seed: 2 });
    const [first, , last] = own as readonly [unknown, unknown, { readonly w: { readonly data: Float64Array } }];
    const both = await hessianNorm(network, own, x);
    for (const k of [0, 1]) {
      const w = { ...last.w, cols: 1, data: last.w.data.filter((_, at) => at % 2 === k) };
      const single = serial(dense({ width: 6 }), tanh(), dense({ width: 1 }));
      const alone = await hessianNorm(single, [first, null, { ...last, w }] as typeof own, x);
      alone.data.forEach((norm, i) => {
        expect(norm / both.data[2 * i + k]!).toBeCloseTo(1, 8);
      });
    }
  });

  it("stops when told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(hessianNorm(bilinear, params, x, { signal })).rejects.toThrow("enough");
  });
});

describe("laziness", () => {
  const y = fromRows([
    [1, 0],
    [0, -2],
  ]);

  it("is the norms of Hessian and residual over that of the kernel", async () => {
    const found = await laziness(bilinear, params, x, y);
    const fx = apply(bilinear, params, x);
    const whole = kernelMatrix(await empiricalNtk(bilinear, params, x, null, { traceAxes: [] }));
    const largest = (await jsEngine.eigh(whole)).values.at(-1)!;
    const residual = Math.hypot(...fx.data.map((f, at) => f - y.data[at]!));
    expect(found.hessian).toBeCloseTo(c * Math.sqrt(2 * 25 + 2 * 9), 9);
    expect(found.residual).toBeCloseTo(residual, 12);
    expect(found.jacobianSquared / largest).toBeCloseTo(1, 12);
    expect(found.kappa).toBeCloseTo((c * Math.sqrt(68) * residual) / largest, 9);
  });

  it("wants targets of the shape of the outputs", async () => {
    for (const [rows, cols] of [
      [3, 2],
      [2, 1],
    ] as const) {
      const failing = laziness(bilinear, params, x, matrix(rows, cols));
      await expect(failing).rejects.toThrow(ShapeError);
      await expect(failing).rejects.toThrow(`y must be 2 x 2 like the outputs, got ${rows} x ${cols}`);
    }
  });
});

describe("kernelDrift", () => {
  it("is the Frobenius norm of the change over that of the start", () => {
    const start = fromRows([
      [2, 1],
      [1, 2],
    ]);
    const end = fromRows([
      [2, 4],
      [1, -2],
    ]);
    expect(kernelDrift(start, end)).toBeCloseTo(5 / Math.sqrt(10), 14);
    expect(kernelDrift(start, start)).toBe(0);
  });

  it("wants kernels of one shape", () => {
    expect(() => kernelDrift(matrix(2, 3), matrix(2, 2))).toThrow("got 2 x 3 and 2 x 2");
    expect(() => kernelDrift(matrix(2, 2), matrix(3, 2))).toThrow("got 2 x 2 and 3 x 2");
  });
});
