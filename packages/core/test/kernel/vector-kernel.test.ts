import { afterEach, describe, expect, it, vi } from "vitest";
import { ShapeError, ValueError } from "../../src/errors.ts";
import { linearKernel, polynomialKernel } from "../../src/kernel/classical-kernels.ts";
import { twoLayerReluKernel } from "../../src/kernel/two-layer-relu.ts";
import { gram, type VectorKernel } from "../../src/kernel/vector-kernel.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";

const inputs = (n: number, d: number, seed = 1): Matrix => matrix(n, d, normal(key(seed), n * d));

/** The linear kernel, which counts its pairs and takes so many milliseconds of a clock of its own for each. */
function counting(milliseconds = 0): { kernel: VectorKernel; pairs: () => number } {
  let pairs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => pairs * milliseconds);
  const kernel: VectorKernel = {
    name: "counting",
    evaluate: ({ dot }) => {
      pairs++;
      return dot;
    },
  };
  return { kernel, pairs: () => pairs };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a symmetric Gram matrix", () => {
  it("takes half the work: each pair is evaluated once", async () => {
    const { kernel, pairs } = counting();
    const x = inputs(9, 2);
    const half = await gram(kernel, x);
    expect(pairs()).toBe(45);
    expect(await gram(kernel, x, x)).toEqual(half);
    expect(pairs()).toBe(45 + 81);
  });
});

describe("progress is the share of the pairs that are done", () => {
  const progress = async (n1: number, n2: number) => {
    const seen: number[] = [];
    const { kernel } = counting(40);
    await gram(kernel, inputs(n1, 2), inputs(n2, 2, 2), { onProgress: (fraction) => seen.push(fraction) });
    return seen;
  };

  it("within a row and from row to row", async () => {
    expect(await progress(1, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(await progress(2, 2)).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it("of no pairs all are done", async () => {
    expect(await progress(3, 0)).toEqual([1]);
  });
});

describe("what does not fit is refused by name", () => {
  it("no columns, values that are not finite", async () => {
    await expect(gram(linearKernel, matrix(2, 0))).rejects.toThrow(ShapeError);
    await expect(gram(linearKernel, matrix(2, 0))).rejects.toThrow("gram: x1 must have at least one column");
    await expect(gram(linearKernel, inputs(1, 2), fromRows([[1, Infinity]]))).rejects.toThrow(ValueError);
    await expect(gram(linearKernel, inputs(1, 2), fromRows([[1, Infinity]]))).rejects.toThrow(/gram: x2.*column 1/);
  });

  it.each([
    ["both", "two-layer ReLU, both layers trained"],
    ["first", "two-layer ReLU, first layer trained"],
  ] as const)("an entry beyond float64 by its rows and its kernel, %s trained", async (trained, name) => {
    const x = fromRows([[1], [1e10]]);
    await expect(gram(twoLayerReluKernel({ trained, outputScale: 1e150 }), x)).rejects.toThrow(
      `gram: ${name} of rows 1 and 0 leaves the range of float64`,
    );
  });
});

describe("a polynomial kernel", () => {
  it("of degree 0 is 1, of degree 1 without offset the scaled linear kernel", async () => {
    const [x, z] = [inputs(4, 3), inputs(3, 3, 2)];
    expect([...(await gram(polynomialKernel({ degree: 0 }), x, z)).data]).toEqual(Array(12).fill(1));
    const linear = await gram(linearKernel, x, z);
    const scaled = await gram(polynomialKernel({ degree: 1, offset: 0, scale: 2 }), x, z);
    scaled.data.forEach((value, at) => {
      expect(value / linear.data[at]!).toBeCloseTo(2, 13);
    });
  });
});
