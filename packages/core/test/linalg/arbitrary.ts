import fc from "fast-check";
import { addToDiagonal, type Matrix, matrix, transpose } from "../../src/matrix/matrix.ts";
import { naiveProduct } from "../../src/testing/engine-examples.ts";

const entry = fc.double({ min: -1, max: 1, noNaN: true });

export function rectangular(rows: fc.Arbitrary<number>, cols: fc.Arbitrary<number>): fc.Arbitrary<Matrix> {
  return fc
    .tuple(rows, cols)
    .chain(([m, n]) =>
      fc.array(entry, { minLength: m * n, maxLength: m * n }).map((values) => matrix(m, n, Float64Array.from(values))),
    );
}

/** Entries may be equal, zero, or differ by hundreds of orders of magnitude. */
export function symmetric(largest: number): fc.Arbitrary<Matrix> {
  return fc
    .integer({ min: 0, max: largest })
    .chain((n) => rectangular(fc.constant(n), fc.constant(n)))
    .map((a) => {
      const result = matrix(a.rows, a.rows);
      for (let i = 0; i < a.rows; i++) {
        for (let j = 0; j < a.rows; j++)
          result.data[i * a.rows + j] = a.data[Math.max(i, j) * a.rows + Math.min(i, j)]!;
      }
      return result;
    });
}

/** X Xᵀ + I / 10. */
export function positiveDefinite(largest: number): fc.Arbitrary<Matrix> {
  return rectangular(fc.integer({ min: 1, max: largest }), fc.integer({ min: 1, max: largest })).map((x) =>
    addToDiagonal(naiveProduct(x, transpose(x)), 0.1),
  );
}
