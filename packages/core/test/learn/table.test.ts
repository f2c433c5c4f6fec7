import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { checkDecimalComma, columnOf, inferColumn, takeTableRows } from "../../src/learn/table.ts";
import { numeric, tableOf } from "./tables.ts";

const infer = (...cells: (string | null)[]) => inferColumn("c", cells);

describe("inferColumn", () => {
  it("reads decimal numbers of every spelling", () => {
    const cells = ["1", "-2", "+3", "1.5", ".5", "5.", "1e3", "-1.5E-3", "007", " 8 ", "-0"];
    const values = Float64Array.of(1, -2, 3, 1.5, 0.5, 5, 1000, -0.0015, 7, 8, -0);
    expect(infer(...cells)).toEqual({ kind: "numeric", values });
  });

  it("knows the markers of missing values, and that - is none", () => {
    const missing = ["", " ", "NA", "N/A", "NaN", "nan", "null", "NULL", "?", null];
    expect(infer("1", ...missing)).toEqual({ kind: "numeric", values: Float64Array.of(1, ...missing.map(() => NaN)) });
    expect(infer("x", ...missing)).toEqual({ kind: "text", values: ["x", ...missing.map(() => null)] });
    expect(infer("1", "-")).toEqual({ kind: "text", values: ["1", "-"] });
  });

  it.each(["0x10", "0b1", "1_000", "1,5", "1 2", "--1", "e5", ".", "true"])("takes %s for text", (cell) => {
    expect(infer(cell)).toMatchObject({ kind: "text", values: [cell] });
  });

  it("suspects a text among at least 90 % numbers, and names where it stands", () => {
    const nine = Array.from({ length: 9 }, (_, i) => `${i}`);
    expect(infer(...nine, "abc")).toMatchObject({ suspect: { row: 9, place: "data row 10", value: "abc" } });
    expect(inferColumn("c", ["", "abc", ...nine], (row) => `line ${row + 2}`)).toMatchObject({
      suspect: { row: 1, place: "line 3", value: "abc" },
    });
    expect(infer(...nine.slice(1), "abc")).not.toHaveProperty("suspect");
  });

  it("refuses infinite values among numbers, and keeps them among texts", () => {
    for (const cell of ["Inf", "-inf", "Infinity", "+Infinity", "1e999", "-1e309"])
      expect(() => infer("1", cell, cell)).toThrow(DataError);
    expect(() => infer("Inf", "1")).toThrow('holds "Inf" in data row 1');
    expect(() => infer("1", "Inf")).toThrow('column "c" holds "Inf" in data row 2: values must be finite');
    expect(infer("Inf", "Lou", "Kay")).toEqual({ kind: "text", values: ["Inf", "Lou", "Kay"] });
  });

  it("takes a column without values for numbers", () => {
    expect(infer("", null)).toEqual({ kind: "numeric", values: Float64Array.of(NaN, NaN) });
    expect(infer()).toEqual({ kind: "numeric", values: new Float64Array(0) });
  });
});

describe("decimal commas", () => {
  const check = (...values: (string | null)[]) => checkDecimalComma("t.csv", "price", { kind: "text", values });
  const prices = Array.from({ length: 11 }, (_, i) => `${i},5`);

  it("are told by the first of them, where all texts are numbers", () => {
    expect(() => check(null, "7", ...prices)).toThrow('t.csv: column "price" holds "0,5" in data row 3');
    expect(() => check("-1.5", ...prices.map((price) => `-${price}`))).toThrow(DataError);
  });

  it("may be classes: ten different ones, or texts beside them", () => {
    expect(() => check(...prices.slice(0, 10), ...prices.slice(0, 10))).not.toThrow();
    expect(() => check(...prices, "a")).not.toThrow();
    expect(() => check(...prices, "1,5 kg")).not.toThrow();
  });

  it("are nine tenths of the values at least", () => {
    const many = Array.from({ length: 18 }, (_, i) => `${i},5`);
    expect(() => check(...many, "1", "2")).toThrow(DataError);
    expect(() => check(...many, "1", "2", null, null, null)).toThrow(DataError);
    expect(() => check(...many, "1", "2", "3")).not.toThrow();
  });
});

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
