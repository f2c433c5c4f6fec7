import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { NetworkError, NumericalError, ShapeError, ValueError } from "../../src/errors.ts";
import type { KernelName } from "../../src/kernel/gram-engine.ts";
import { kernelDiagonal, kernelFn } from "../../src/kernel/kernel-fn.ts";
import { erf, relu, tanh } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { serial } from "../../src/layers/serial.ts";
import { diagonal, fromRows, type Matrix, matrix, transpose } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";

const network = serial(dense({ width: 8, wStd: 1.4, bStd: 0.2 }), relu(), dense({ width: 1 }));
const kernel = kernelFn(network);

function inputs(n: number, d: number, seed = 1): Matrix {
  return matrix(n, d, normal(key(seed), n * d));
}

/** What a promise rejects with. */
const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "did not reject",
    (reason: unknown) => reason,
  );

describe("what is asked for is what comes back", () => {
  it("in types", () => {
    const x = inputs(2, 2);
    expectTypeOf(kernel(x, null, "ntk")).resolves.toEqualTypeOf<Matrix>();
    expectTypeOf(kernel(x, null, ["ntk"])).resolves.toEqualTypeOf<{ readonly ntk: Matrix }>();
    expectTypeOf(kernel(x, null, ["nngp", "ntk"])).resolves.toEqualTypeOf<{
      readonly nngp: Matrix;
      readonly ntk: Matrix;
    }>();
    const some: readonly KernelName[] = ["ntk"];
    expectTypeOf(kernel(x, null, some)).resolves.toEqualTypeOf<{ readonly nngp: Matrix; readonly ntk: Matrix }>();
    const only = async () => {
      // @ts-expect-error only the tangent kernel was asked for
      (await kernel(x, null, ["ntk"])).nngp;
      // @ts-expect-error there is no such kernel
      await kernel(x, null, "ntkk");
      // @ts-expect-error x2 must be said, if only null
      await kernel(x, "ntk");
    };
    expectTypeOf(only).toBeFunction();
  });

  it("in values, bit for bit the same alone and together", async () => {
    const [x, z] = [inputs(5, 3), inputs(4, 3, 2)];
    const both = await kernel(x, z, ["nngp", "ntk"]);
    expect(Object.keys(both)).toEqual(["nngp", "ntk"]);
    expect(Object.keys(await kernel(x, z, ["ntk"]))).toEqual(["ntk"]);
    expect(await kernel(x, z, "ntk")).toEqual(both.ntk);
    expect(await kernel(x, z, "nngp")).toEqual(both.nngp);
  });

  it.each([["ntkk"], [[]], [["ntk", "x"]], [null], [3], [["__proto__"]]])("%o is refused", async (get) => {
    const error = await reasonOf(Promise.resolve().then(() => kernel(inputs(2, 2), null, get as "ntk")));
    expect(error === "did not reject" ? error : (error as Error).message).toMatch(/get must be (one of nngp|"nngp")/);
  });
});

describe("x2 = null", () => {
  it("has the bits of x2 = x1 off the diagonal, and an exact diagonal", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(99),
        async (n, d, seed) => {
          const x = inputs(n, d, seed);
          const half = await kernel(x, null, ["nngp", "ntk"]);
          const full = await kernel(x, x, ["nngp", "ntk"]);
          for (const name of ["nngp", "ntk"] as const) {
            expect(half[name]).toEqual(full[name]);
            expect(transpose(half[name])).toEqual(half[name]);
            expect(diagonal(half[name])).toEqual(kernelDiagonal(network, x, name));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("does half the work: half the tiles are reported", async () => {
    const x = inputs(8, 2);
    const count = async (x2: Matrix | null) => {
      let evaluations = 0;
      const activations = {
        counting: {
          name: "counting",
          smoothness: "smooth" as const,
          phi: (v: number) => v,
          dphi: () => 1,
          dual(c: number, sine: number, _p: number, _q: number, out: Float64Array) {
            evaluations++;
            out.set([c, 1, sine]);
          },
        },
      };
      const counted = serial(dense({ width: 1 }), { type: "elementwise", name: "counting" }, dense({ width: 1 }));
      await kernelFn(counted, { activations })(x, x2, "ntk", { tile: 1 });
      return evaluations;
    };
    // First the self terms of each batch; then a tile of one pair evaluates the pair and its two self terms: 36 tiles of the
    // lower triangle against 64.
    expect(await count(x)).toBe(8 + 8 + 64 * 3);
    expect(await count(null)).toBeLessThanOrEqual(8 + 36 * 3);
  });

  it("the diagonal of a duplicated row is the entry of the two copies", async () => {
    const x = inputs(3, 4);
    const twice = matrix(6, 4, Float64Array.of(...x.data, ...x.data));
    const gram = await kernel(twice, null, "ntk");
    for (let i = 0; i < 3; i++) expect(gram.data[i * 6 + i + 3]).toBe(gram.data[i * 6 + i]);
  });
});

describe("tiles, signals and progress", () => {
  it("no tile size changes a bit", async () => {
    const [x, z] = [inputs(11, 3), inputs(7, 3, 2)];
    for (const x2 of [null, z]) {
      const whole = await kernel(x, x2, ["nngp", "ntk"], { tile: 1000 });
      for (const tile of [1, 2, 5, 7, 11]) expect(await kernel(x, x2, ["nngp", "ntk"], { tile })).toEqual(whole);
    }
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])("tile %d is refused", async (tile) => {
    await expect(kernel(inputs(2, 2), null, "ntk", { tile })).rejects.toThrow(ValueError);
  });

  it("progress rises to 1", async () => {
    const seen: number[] = [];
    await kernelFn(serial(dense({ width: 1 }), tanh(), dense({ width: 1 })))(inputs(60, 3), null, "ntk", {
      tile: 5,
      onProgress: (fraction) => seen.push(fraction),
    });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toBe(1);
    expect(seen.filter((fraction) => fraction === 1).length).toBe(1);
    seen.forEach((fraction, i) => {
      expect(fraction).toBeGreaterThanOrEqual(i === 0 ? 0 : seen[i - 1]!);
      expect(fraction).toBeLessThanOrEqual(1);
    });
  });

  it("a signal aborted before stops at once, with its own reason", async () => {
    const reason = new Error("enough");
    let reported = 0;
    const options = { signal: AbortSignal.abort(reason), onProgress: () => reported++ };
    expect(await reasonOf(kernel(inputs(2, 2), null, "ntk", options))).toBe(reason);
    expect(reported).toBe(0);
  });

  it("a signal aborted in the middle stops before the end", async () => {
    const stop = new AbortController();
    const reason = new Error("changed my mind");
    const seen: number[] = [];
    const onProgress = (fraction: number) => {
      seen.push(fraction);
      stop.abort(reason);
    };
    const long = kernelFn(serial(dense({ width: 1, wStd: 3 }), tanh(), dense({ width: 1 })));
    const failing = long(inputs(400, 3), null, "ntk", { tile: 2, signal: stop.signal, onProgress });
    expect(await reasonOf(failing)).toBe(reason);
    expect(seen.length).toBe(1);
    expect(seen[0]).toBeLessThan(1);
  });
});

describe("entries that cost milliseconds each", () => {
  const spin = (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  };
  let calls = 0;
  const slow = {
    name: "slow",
    smoothness: "smooth" as const,
    phi: (v: number) => v,
    dphi: () => 1,
    dual(c: number, sine: number, _p: number, _q: number, out: Float64Array) {
      calls++;
      spin(4);
      out.set([c, 1, sine]);
    },
  };
  const costly = kernelFn(serial(dense({ width: 1 }), { type: "elementwise", name: "slow" }, dense({ width: 1 })), {
    activations: { slow },
  });

  it("stop within a few of them", async () => {
    const stop = new AbortController();
    calls = 0;
    setTimeout(() => stop.abort("enough"), 100);
    const stopped = costly(inputs(40, 3), null, "ntk", { signal: stop.signal });
    expect(await reasonOf(stopped)).toBe("enough");
    expect(calls).toBeLessThan(200);
  });

  it("report progress all the way", async () => {
    const seen: number[] = [];
    await costly(inputs(12, 3), null, "ntk", { onProgress: (fraction) => seen.push(fraction) });
    expect(seen.length).toBeGreaterThan(5);
    expect(Math.max(...seen.map((fraction, i) => fraction - (seen[i - 1] ?? 0)))).toBeLessThan(0.4);
  });
});

describe("sizes", () => {
  it("no rows give empty matrices", async () => {
    expect(await kernel(matrix(0, 3), null, "ntk")).toEqual(matrix(0, 0));
    expect(await kernel(matrix(0, 3), inputs(2, 3), "nngp")).toEqual(matrix(0, 2));
    expect(await kernel(inputs(2, 3), matrix(0, 3), "ntk")).toEqual(matrix(2, 0));
    expect(kernelDiagonal(network, matrix(0, 3), "ntk").length).toBe(0);
  });

  it("one column: ReLU sees the sign alone", async () => {
    const bare = kernelFn(serial(dense({ width: 1, wStd: Math.SQRT2 }), relu(), dense({ width: 1 })));
    const gram = await bare(fromRows([[2], [-3]]), fromRows([[5]]), ["nngp", "ntk"]);
    expect(gram.nngp.data[0]).toBeCloseTo(10, 13);
    expect(gram.ntk.data[0]).toBeCloseTo(20, 13);
    expect(gram.nngp.data[1]).toBe(0);
    expect(gram.ntk.data[1]).toBe(0);
  });

  it("what does not fit is refused by name", async () => {
    await expect(kernel(inputs(2, 2), inputs(2, 3), "ntk")).rejects.toThrow(ShapeError);
    await expect(kernel(matrix(2, 0), null, "ntk")).rejects.toThrow("kernelFn: x1 must have at least one column");
    await expect(kernel(fromRows([[1, Number.NaN]]), null, "ntk")).rejects.toThrow("row 0, column 1");
    await expect(kernel(inputs(1, 2), fromRows([[Infinity, 0]]), "ntk")).rejects.toThrow(/x2.*Infinity/);
    expect(() => kernelDiagonal(network, fromRows([[Number.NaN]]), "ntk")).toThrow(ValueError);
    expect(() => kernelDiagonal(network, inputs(2, 2), "x" as "ntk")).toThrow(
      "kernelDiagonal: get must be one of nngp, ntk",
    );
    expect(() => kernelFn({ type: "rela" } as unknown as typeof network)).toThrow(NetworkError);
  });

  it("more entries than an array holds are refused before the work", async () => {
    const many = matrix(2 ** 17, 1, new Float64Array(2 ** 17).fill(1));
    const gram = kernelFn(dense({ width: 1 }))(many, many, "nngp");
    await expect(gram).rejects.toThrow("a Gram matrix of 131072 x 131072 entries is more than an array holds");
    await expect(gram).rejects.toThrow(ShapeError);
  });

  it("inputs are left as they were", async () => {
    const x = inputs(4, 3);
    const before = x.data.slice();
    await kernel(x, null, ["nngp", "ntk"]);
    expect(x.data).toEqual(before);
  });
});

describe("values beyond float64", () => {
  const cubes = serial(dense({ width: 1 }), { type: "monomial", degree: 3 }, dense({ width: 1 }));
  const x = fromRows([[1], [1e120]]);

  it("are refused by the matrix and by the diagonal alike", async () => {
    await expect(kernelFn(cubes)(x, null, "nngp")).rejects.toThrow(NumericalError);
    await expect(kernelFn(cubes)(x, null, "nngp")).rejects.toThrow(
      "kernelFn: the variance of row 1 overflows float64 at layers[1] (monomial)",
    );
    expect(() => kernelDiagonal(cubes, x, "ntk")).toThrow(
      "kernelDiagonal: the variance of row 1 overflows float64 at layers[1] (monomial)",
    );
  });

  it("of Θ alone are refused by the rows they belong to, wherever the two stand", async () => {
    // K of a dense layer after erf is at most wStd²; Θ grows from layer to layer by wStd² times a slope, where two rows coincide.
    const layers = Array.from({ length: 3 }, () => dense({ width: 1, wStd: 1e100 })).flatMap((layer) => [layer, erf()]);
    const steep = kernelFn(serial(...layers.slice(0, -1)));
    const [x1, x2] = [inputs(40, 3), inputs(3, 3, 2)];
    x2.data.set(x1.data.subarray(39 * 3), 3);
    expect((await steep(x1, x2, "nngp")).data.every(Number.isFinite)).toBe(true);
    const error = await reasonOf(steep(x1, x2, "ntk"));
    expect(error).toBeInstanceOf(NumericalError);
    expect((error as Error).message).toMatch(/^kernelFn: ntk of rows 39 and 1 leaves the range of float64/);
  });

  it("do not disturb the rows that fit", async () => {
    const gram = await kernelFn(serial(dense({ width: 1 }), erf(), dense({ width: 1 })))(x, null, ["nngp", "ntk"]);
    expect([...gram.nngp.data, ...gram.ntk.data].every(Number.isFinite)).toBe(true);
  });
});
