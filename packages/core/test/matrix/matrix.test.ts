import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/errors.ts";
import { checkFinite, checkRange, checkSameCols, checkSameRows, checkSquare } from "../../src/matrix/check.ts";
import {
  addToDiagonal,
  column,
  columnVector,
  diagonal,
  fromRows,
  type Matrix,
  matrix,
  row,
  takeBlock,
  takeRows,
  toRows,
  transpose,
} from "../../src/matrix/matrix.ts";
import { rectangular } from "../linalg/arbitrary.ts";

const size = fc.integer({ min: 0, max: 6 });
const anyMatrix = rectangular(size, size);
const filled = rectangular(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }));

function withIndices(count: (a: Matrix) => number): fc.Arbitrary<[Matrix, number[]]> {
  return filled.chain((a) => fc.tuple(fc.constant(a), fc.array(fc.integer({ min: 0, max: count(a) - 1 }))));
}

describe("laws", () => {
  it("fromRows ∘ toRows is the identity, where there are rows", () => {
    fc.assert(fc.property(filled, (a) => void expect(fromRows(toRows(a))).toEqual(a)));
  });

  it("transposing twice is the identity, and rows become columns", () => {
    fc.assert(
      fc.property(anyMatrix, (a) => {
        expect(transpose(transpose(a))).toEqual(a);
        for (let i = 0; i < a.rows; i++) expect(column(transpose(a), i)).toEqual(row(a, i).slice());
      }),
    );
  });

  it("taking rows composes", () => {
    fc.assert(
      fc.property(
        withIndices((a) => a.rows),
        ([a, rows]) => {
          const taken = takeRows(a, rows);
          expect(toRows(taken)).toEqual(rows.map((i) => toRows(a)[i]));
          const backwards = rows.map((_, i) => rows.length - 1 - i);
          expect(takeRows(taken, backwards)).toEqual(takeRows(a, [...rows].reverse()));
        },
      ),
    );
  });

  it("a block is rows, then columns", () => {
    fc.assert(
      fc.property(
        withIndices((a) => Math.min(a.rows, a.cols)),
        ([a, indices]) => {
          const backwards = [...indices].reverse();
          const twoSteps = transpose(takeRows(transpose(takeRows(a, indices)), backwards));
          expect(takeBlock(a, indices, backwards)).toEqual(twoSteps);
        },
      ),
    );
  });

  it("adding to the diagonal adds to the diagonal alone, on a copy", () => {
    fc.assert(
      fc.property(filled, fc.double({ min: -1, max: 1, noNaN: true }), (a, value) => {
        const square = takeBlock(a, [0, 0], [0, 0]);
        const sum = addToDiagonal(square, value);
        const entry = a.data[0]!;
        expect(toRows(sum)).toEqual([
          [entry + value, entry],
          [entry, entry + value],
        ]);
        expect(toRows(square)).toEqual([
          [entry, entry],
          [entry, entry],
        ]);
      }),
    );
  });
});

describe("views and copies", () => {
  it("row and columnVector are views, column and diagonal copies", () => {
    const a = fromRows([
      [1, 2],
      [3, 4],
    ]);
    row(a, 1)[0] = 30;
    expect(a.data[2]).toBe(30);
    column(a, 0)[0] = 99;
    diagonal(a)[0] = 99;
    expect(a.data[0]).toBe(1);
    const values = Float64Array.of(1, 2);
    expect(columnVector(values).data).toBe(values);
  });

  it("the diagonal of a rectangle is the shorter side long", () => {
    expect(diagonal(matrix(2, 3)).length).toBe(2);
    expect(diagonal(matrix(3, 2)).length).toBe(2);
  });
});

describe("refusals name what is wrong", () => {
  const a = fromRows([
    [1, 2],
    [3, 4],
  ]);
  it.each([
    [() => matrix(2, 2, new Float64Array(3)), "2 x 2 needs 4 values, got 3"],
    [() => matrix(-1, 2), "got -1 x 2"],
    [() => matrix(1.5, 2), "got 1.5 x 2"],
    [() => matrix(2, Number.NaN), "got 2 x NaN"],
    [() => fromRows([[1, 2], [3]]), "row 1 has 1 values, row 0 has 2"],
    [() => takeRows(a, [0, 2]), "from 0 to 1, got 2"],
    [() => takeRows(a, [-1]), "got -1"],
    [() => takeBlock(a, [0], [5]), "got 5"],
    [() => checkSquare("f", matrix(2, 3)), "f: the matrix must be square, got 2 x 3"],
    [() => checkSameCols("f", matrix(1, 2), matrix(1, 3)), "got 2 and 3"],
    [() => checkSameRows("f", matrix(1, 2), matrix(2, 2)), "got 1 and 2"],
  ])("%s", (act, message) => {
    expect(act).toThrow(ShapeError);
    expect(act).toThrow(message);
  });

  it.each([
    [() => checkFinite("f", matrix(2, 2, Float64Array.of(1, 2, Number.NaN, 4))), "got NaN at row 1, column 0"],
    [() => checkFinite("f", matrix(1, 2, Float64Array.of(1, -Infinity))), "got -Infinity at row 0, column 1"],
    [() => checkRange("f", "x", Number.NaN, 0), "f: x must be at least 0, got NaN"],
    [() => checkRange("f", "x", Infinity, 0), "got Infinity"],
    [() => checkRange("f", "x", 2, 0, 1), "x must be between 0 and 1, got 2"],
  ])("%s", (act, message) => {
    expect(act).toThrow(ValueError);
    expect(act).toThrow(message);
  });
});
