import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binaryCrossEntropy, softmaxCrossEntropy } from "../../src/loss/cross-entropy.ts";
import type { TwiceDifferentiableLoss } from "../../src/loss/loss.ts";
import { squaredLoss } from "../../src/loss/squared-loss.ts";
import { fromRows, type Matrix, matrix, row } from "../../src/matrix/matrix.ts";
import { gap, randomMatrix } from "../predict/brute.ts";

const probabilities = (seed: number, n: number, classes: number): Matrix => {
  const y = matrix(n, classes, randomMatrix(seed, n, classes).data.map(Math.exp));
  for (let i = 0; i < n; i++) {
    const target = row(y, i);
    const total = target.reduce((sum, value) => sum + value, 0);
    target.forEach((value, j) => {
      target[j] = value / total;
    });
  }
  return y;
};

const losses: readonly TwiceDifferentiableLoss[] = [
  squaredLoss("sum"),
  squaredLoss("half-sum"),
  squaredLoss("half-mean"),
  binaryCrossEntropy("sum"),
  binaryCrossEntropy("mean"),
  softmaxCrossEntropy("sum"),
  softmaxCrossEntropy("mean"),
];

const along = (f: Matrix, v: Matrix, h: number): Matrix =>
  matrix(
    f.rows,
    f.cols,
    f.data.map((value, at) => value + h * v.data[at]!),
  );

describe.each(losses.map((loss) => [loss.name, loss] as const))("%s", (_, loss) => {
  it("has the gradient and the Hessian of its value, by central differences", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (seed, n, outputs) => {
        const [f, v] = [randomMatrix(seed, n, outputs), randomMatrix(seed + 1, n, outputs)];
        const y = probabilities(seed + 2, n, outputs);
        const [gradient, ahead, behind, product] = [1, 2, 3, 4].map(() => matrix(n, outputs));
        const h = 1e-5;
        loss.gradient(f, y, gradient!);
        const slope = gradient!.data.reduce((sum, value, at) => sum + value * v.data[at]!, 0);
        const difference = (loss.value(along(f, v, h), y) - loss.value(along(f, v, -h), y)) / (2 * h);
        expect(Math.abs(slope - difference)).toBeLessThan(1e-7 * (1 + Math.abs(slope)));
        loss.gradient(along(f, v, h), y, ahead!);
        loss.gradient(along(f, v, -h), y, behind!);
        loss.hessianVectorProduct(f, y, v, product!);
        product!.data.forEach((value, at) => {
          expect(Math.abs(value - (ahead!.data[at]! - behind!.data[at]!) / (2 * h))).toBeLessThan(1e-7);
        });
        loss.hessianVectorProduct(f, y, v, v);
        expect(v.data).toEqual(product!.data);
      }),
    );
  });

  it("refuses shapes that differ", () => {
    expect(() => loss.value(matrix(2, 1), matrix(3, 1))).toThrow("one shape, got 2 x 1 and 3 x 1");
    expect(() => loss.gradient(matrix(2, 1), matrix(2, 1), matrix(1, 2))).toThrow("one shape");
  });
});

describe("scales", () => {
  const [f, y] = [randomMatrix(1, 3, 2), probabilities(2, 3, 2)];
  it("a mean is the sum over what it counts", () => {
    expect(squaredLoss("half-mean").value(f, y)).toBeCloseTo(squaredLoss("half-sum").value(f, y) / 6, 14);
    expect(squaredLoss("sum").value(f, y)).toBeCloseTo(squaredLoss("half-sum").value(f, y) * 2, 14);
    expect(binaryCrossEntropy("mean").value(f, y)).toBeCloseTo(binaryCrossEntropy("sum").value(f, y) / 6, 14);
    expect(softmaxCrossEntropy("mean").value(f, y)).toBeCloseTo(softmaxCrossEntropy("sum").value(f, y) / 3, 14);
  });

  it("softmax of two classes is binary of their difference", () => {
    const logits = fromRows([[f.data[0]! - f.data[1]!]]);
    const first = { ...matrix(1, 2), data: f.data.slice(0, 2) };
    const target = matrix(1, 2, y.data.slice(0, 2));
    const two = softmaxCrossEntropy("sum").value(first, target);
    expect(two).toBeCloseTo(binaryCrossEntropy("sum").value(logits, fromRows([[target.data[0]!]])), 13);
  });
});

describe("far logits", () => {
  it("give finite values, and errors of their own size", () => {
    for (const size of [40, 800, 1e300]) {
      const out = matrix(1, 2);
      const [f, right, wrong] = [fromRows([[size, -size]]), fromRows([[1, 0]]), fromRows([[0, 1]])];
      expect(binaryCrossEntropy("sum").value(f, right)).toBeCloseTo(2 * Math.exp(-size), 30);
      expect(softmaxCrossEntropy().value(f, wrong)).toBe(size * 2);
      softmaxCrossEntropy().gradient(f, right, out);
      expect(gap(out.data, [-Math.exp(-2 * size), Math.exp(-2 * size)])).toBeLessThan(1e-15);
      binaryCrossEntropy("sum").gradient(f, right, out);
      expect(gap(out.data, [-Math.exp(-size), Math.exp(-size)])).toBeLessThan(1e-15);
      binaryCrossEntropy("sum").gradient(f, wrong, out);
      expect(gap(out.data, [1, -1])).toBeLessThan(1e-15);
    }
  });
});

describe("targets", () => {
  it("are checked by the loss that needs them so", () => {
    expect(() => binaryCrossEntropy().checkTargets!("here", fromRows([[1.5]]))).toThrow("here: targets of binary");
    expect(() => softmaxCrossEntropy().checkTargets!("here", fromRows([[0.5, 0.2]]))).toThrow("row 0 sums to 0.7");
    expect(() => softmaxCrossEntropy().checkTargets!("here", probabilities(3, 4, 3))).not.toThrow();
  });
});
