import { describe, expect, it } from "vitest";
import { asNumeric, asTexts, columnOf, takeTableRows } from "../../src/learn/table.ts";
import { numeric, tableOf, text } from "./tables.ts";

describe("rows and columns of a table", () => {
  const suspect = { row: 0, place: "line 2", value: "x" };
  const table = tableOf([
    ["a", numeric([1, 2, 3])],
    ["b", { kind: "text", values: ["x", "1", "2"], suspect }],
  ]);

  it("rows are taken in the order that is asked for", () => {
    const taken = takeTableRows(table, Uint32Array.of(2, 0, 2));
    expect(taken.rows).toBe(3);
    expect(taken.columns).toEqual([numeric([3, 1, 3]), { kind: "text", values: ["2", "x", "2"], suspect }]);
  });

  it("a column has its name", () => {
    expect(columnOf(table, "b")).toBe(table.columns[1]);
    expect(columnOf(table, "c")).toBeUndefined();
  });
});

describe("one column in two files", () => {
  it("true and false are 1 and 0, and codes are their numbers", () => {
    expect(asNumeric(text(["true", null, "False"]))).toEqual(numeric([1, NaN, 0]));
    expect(asNumeric(text(["01", "10", null]))).toEqual(numeric([1, 10, NaN]));
    expect(asNumeric(text(["01", "x"]))).toBeNull();
  });

  it("1 and 0 are true and false where those are known, and the other way round", () => {
    expect(asTexts(numeric([1, 0, NaN, 2]), ["false", "true"])).toEqual(["true", "false", null, "2"]);
    expect(asTexts(numeric([1, 0]), ["0", "1"])).toEqual(["1", "0"]);
    expect(asTexts(text(["True", "false", null, "x"]), ["0", "1"])).toEqual(["1", "0", null, "x"]);
    expect(asTexts(text(["True"]), ["a"])).toEqual(["True"]);
  });
});
