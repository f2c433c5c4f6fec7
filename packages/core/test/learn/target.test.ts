import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { checkTable } from "../../src/learn/check-table.ts";
import { classTarget, inferTask, numericTarget, targetColumn } from "../../src/learn/target.ts";
import { trainingData } from "../../src/learn/training-data.ts";
import { numeric, tableOf, text } from "./tables.ts";

const targets = (column: Parameters<typeof tableOf>[0][number][1]) => tableOf([["y", column]], "t.csv");
const suspected = { kind: "text", values: ["1", "x"], suspect: { row: 1, place: "line 3", value: "x" } } as const;

describe("targets", () => {
  const gaps = targets(numeric([3, Number.NaN, 1, 2, Number.NaN, 5, 4]));

  it("of numbers are those of the rows that have one", () => {
    expect(numericTarget(gaps, "y")).toEqual({ rows: [0, 2, 3, 5, 6], values: Float64Array.of(3, 1, 2, 5, 4) });
  });

  it("of classes too, as texts", () => {
    const five = ["3", "1", "2", "5", "4"];
    expect(classTarget(gaps, "y")).toEqual({ rows: [0, 2, 3, 5, 6], values: five, numeric: true });
    const texts = targets(text(["b", null, "a", "b", "a", "a"]));
    expect(classTarget(texts, "y")).toEqual({
      rows: [0, 2, 3, 4, 5],
      values: ["b", "a", "b", "a", "a"],
      numeric: false,
    });
  });

  it.each([
    [numeric([1, 2, 3, 4]), /^t.csv: at least 5 rows with a target are needed to learn, got 4$/],
    [numeric([1, 2, Number.NaN, 4]), /got 3 of 4$/],
    [numeric([Number.NaN]), 'target "y" is missing in every row'],
    [numeric([]), "t.csv has column names but no rows: it needs a line per row below them"],
    [text([null, "1", "two", "3", "x"]), 'target "y" holds "two" in data row 3'],
    [text(["1", "1,5"]), 'target "y" holds "1,5" in data row 2'],
    [suspected, 'target "y" is numeric but line 3 holds "x"'],
  ])("of numbers are refused where they are not: %#", (column, message) => {
    expect(() => numericTarget(targets(column), "y")).toThrow(DataError);
    expect(() => numericTarget(targets(column), "y")).toThrow(message);
  });

  it("of codes are their numbers when numbers are asked for", () => {
    const codes = text(["01", "10", null, "02", "07", "11"]);
    expect(numericTarget(targets(codes), "y")).toEqual({
      rows: [0, 1, 3, 4, 5],
      values: Float64Array.of(1, 10, 2, 7, 11),
    });
    expect(inferTask(targets(codes), "y")).toBe("classification");
  });

  it("of 0 and 1 are those of true and false where those are the classes", () => {
    expect(classTarget(targets(numeric([1, 0])), "y", 1, ["false", "true"]).values).toEqual(["true", "false"]);
    expect(classTarget(targets(text(["TRUE", "0"])), "y", 1, ["0", "1"]).values).toEqual(["1", "0"]);
  });

  it("of too few rows are taken where fewer will do", () => {
    expect(numericTarget(targets(numeric([7])), "y", 1).rows).toEqual([0]);
    expect(() => classTarget(targets(text(["a", "b", "a", "b"])), "y")).toThrow("at least 5 rows");
    expect(classTarget(targets(text(["a"])), "y", 1).values).toEqual(["a"]);
  });

  it("that are not there are answered with what is", () => {
    const many = (count: number) => tableOf(Array.from({ length: count }, (_, j) => [`c${j}`, numeric([1])] as const));
    expect(() => targetColumn(many(2), "z")).toThrow(/the columns are c0, c1$/);
    expect(() => targetColumn(many(20), "z")).toThrow(/c18, c19$/);
    expect(() => targetColumn(many(22), "z")).toThrow(/c18, c19 and 2 more$/);
    expect(targetColumn(many(2), "c1")).toEqual(numeric([1]));
  });
});

describe("the task", () => {
  const cycle = (length: number, distinct: number) => numeric(Array.from({ length }, (_, i) => i % distinct));
  it.each([
    ["five rows for each of three classes", cycle(15, 3), "classification"],
    ["one row too few for that", cycle(14, 3), "regression"],
    ["ten classes", cycle(60, 10), "classification"],
    ["eleven", cycle(60, 11), "regression"],
    ["whole numbers beside fractions", numeric(Array.from({ length: 60 }, (_, i) => (i % 3) / 2)), "regression"],
  ] as const)("%s", (_, column, task) => {
    expect(inferTask(targets(column), "y")).toBe(task);
  });

  it("is none where texts should be numbers", () => {
    expect(() => inferTask(targets(suspected), "y")).toThrow('line 3 holds "x"');
    expect(() => trainingData(targets(suspected), "y")).toThrow('line 3 holds "x"');
  });
});

describe("tables", () => {
  const a = numeric([1, 2]);
  it.each([
    [{ source: "t", names: ["a"], rows: 2, columns: [a, a] }, "t: 2 columns need as many names, got 1"],
    [{ source: "t", names: ["a", "a"], rows: 2, columns: [a, a] }, 't: two columns are named "a": rename one of them'],
    [{ source: "t", names: ["a"], rows: 3, columns: [a] }, 't: column "a" has 2 values in a table of 3 rows'],
    [
      tableOf([["a", numeric([1, -1.1e305])]], "t"),
      't: column "a" holds -1.1e+305 in data row 2: values must lie within ±1e+305',
    ],
    [
      tableOf([["a", numeric([Infinity])]], "t"),
      't: column "a" holds Infinity in data row 1: values must be finite, or NaN',
    ],
  ])("that are none are refused: %#", (table, message) => {
    expect(() => checkTable(table)).toThrow(message);
  });

  it("may hold values up to the limit, gaps and any text", () => {
    const table = tableOf([
      ["a", numeric([1e305, -1e305, Number.NaN])],
      ["b", text(["1e306", null, "Infinity"])],
    ]);
    expect(() => checkTable(table)).not.toThrow();
  });
});
