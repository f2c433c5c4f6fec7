import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { dataLike, trainingData } from "../../src/learn/training-data.ts";
import { numeric, tableOf, text } from "./tables.ts";

const a = [1, 2, 3, 4, 5, 9];

describe("training data", () => {
  it("has targets of mean 0 and variance 1, and leaves rows without one out", () => {
    const table = tableOf([
      ["a", numeric(a)],
      ["y", numeric([10, Number.NaN, 20, 30, 40, 50])],
    ]);
    const learned = trainingData(table, "y");
    expect(learned.scale).toEqual({ kind: "numeric", name: "y", mean: 30, std: Math.sqrt(200) });
    expect([...learned.y.data].map((value) => 30 + Math.sqrt(200) * value)).toEqual([10, 20, 30, 40, 50]);
    expect(learned.x.rows).toBe(5);
    expect(learned.x.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
  });

  it("excluded columns are not learned from", () => {
    const table = tableOf([
      ["id", numeric([5, 4, 1, 2, 3, 9])],
      ["a", numeric(a)],
      ["y", numeric([1, 2, 3, 4, 5, 6])],
    ]);
    const { x, preprocessor } = trainingData(table, "y", { exclude: ["id"] });
    expect(preprocessor.dropped).toEqual([{ name: "id", reason: "is excluded" }]);
    expect(x.cols).toBe(1);
    expect(() => trainingData(table, "y", { exclude: ["di"] })).toThrow(
      'no column to exclude is named "di" (did you mean "id"?)',
    );
    const misspelt = { exclud: ["id"] } as { exclude?: string[] }; // as JavaScript may
    expect(() => trainingData(table, "y", misspelt)).toThrow('(did you mean "exclude"?)');
  });

  it("other rows do not change what was learned", () => {
    const learned = trainingData(
      tableOf([
        ["a", numeric(a)],
        ["y", numeric([1, 2, 3, 4, 5, 6])],
      ]),
      "y",
    );
    const other = dataLike(
      learned,
      tableOf([
        ["y", numeric([3.5, 1e6])],
        ["a", numeric([4, -1e6])],
      ]),
    );
    expect(other.y.data[0]).toBe(0);
    expect(other.x.data[0]).toBe(0);
    expect(other.y.data[1]).toBeGreaterThan(1e5);
  });

  it("two classes are −1 and 1 in the order of their names", () => {
    const kinds = ["b", "a", "b", "b", null, "a"];
    const learned = trainingData(
      tableOf([
        ["x", numeric(a)],
        ["kind", text(kinds)],
      ]),
      "kind",
    );
    expect(learned.scale).toEqual({ kind: "classes", name: "kind", classes: ["a", "b"] });
    expect([...learned.y.data]).toEqual([1, -1, 1, 1, -1]);
    const unknown = tableOf([
      ["x", numeric([1])],
      ["kind", text(["c"])],
    ]);
    expect(() => dataLike(learned, unknown)).toThrow('the class "c", which no training row has');
  });

  it("three classes are an output each, 1 in their own rows", () => {
    const learned = trainingData(
      tableOf([
        ["x", numeric([...a, 7])],
        ["kind", text(["b", "c", "b", "a", null, "a", "c"])],
      ]),
      "kind",
    );
    expect(learned.scale).toEqual({ kind: "one-hot", name: "kind", classes: ["a", "b", "c"] });
    expect([learned.y.rows, learned.y.cols]).toEqual([6, 3]);
    expect([...learned.y.data]).toEqual([0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1]);
    const other = tableOf([
      ["x", numeric([1, 2])],
      ["kind", text(["c", null])],
    ]);
    expect(dataLike(learned, other).y).toEqual({ rows: 1, cols: 3, data: Float64Array.of(0, 0, 1) });
  });

  it("oneHot makes an output of each of two classes, and of whole numbers in their order", () => {
    const of = (column: Parameters<typeof tableOf>[0][0][1]) =>
      tableOf([
        ["x", numeric(a)],
        ["kind", column],
      ]);
    const two = trainingData(of(text(["b", "a", "b", "b", null, "a"])), "kind", { oneHot: true });
    expect([...two.y.data]).toEqual([0, 1, 1, 0, 0, 1, 0, 1, 1, 0]);
    const codes = numeric([10, 2, 10, 2, 9, 9]);
    expect(trainingData(of(codes), "kind").scale.kind).toBe("numeric");
    const { scale, y } = trainingData(of(codes), "kind", { oneHot: true });
    expect(scale).toEqual({ kind: "one-hot", name: "kind", classes: ["2", "9", "10"] });
    expect([...y.data.subarray(0, 6)]).toEqual([0, 0, 1, 1, 0, 0]);
    expect(() => trainingData(of(numeric([1, 2, 1, 2.5, 1, 2])), "kind", { oneHot: true })).toThrow(
      'target "kind" holds 2.5, which is no class: classes are texts or whole numbers',
    );
    expect(() => trainingData(of(numeric([3, 3, 3, 3, 3, 3])), "kind", { oneHot: true })).toThrow("is 3 in every row");
  });

  it.each([
    ["constant numbers", numeric([2, 2, 2, 2, 2, 2]), "is 2 in every row, so there is nothing to learn"],
    ["one class", text(["a", "a", "a", "a", "a", "a"]), 'is "a" in every row'],
    ["as many classes as rows", text(["a", "b", "c", "a", "b", "d"]), "has 4 classes in 6 rows, too many to learn"],
  ])("refuses %s", (_, column, message) => {
    const table = tableOf([
      ["x", numeric(a)],
      ["y", column],
    ]);
    expect(() => trainingData(table, "y")).toThrow(DataError);
    expect(() => trainingData(table, "y")).toThrow(message);
  });
});
