import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { markEvidence } from "../../src/learn/cell-number.ts";
import { type CellReading, inferColumn } from "../../src/learn/infer-column.ts";

const infer = (...cells: (string | null)[]) => inferColumn("c", cells);
const numbers = (cells: readonly string[], reading: CellReading = {}) => {
  const column = inferColumn("c", cells, reading);
  return column.kind === "numeric" ? Array.from(column.values) : column;
};

describe("inferColumn", () => {
  it("reads decimal numbers of every spelling", () => {
    const cells = ["1", "-2", "+3", "1.5", ".5", "5.", "1e3", "-1.5E-3", "007", " 8 ", "-0"];
    const values = Float64Array.of(1, -2, 3, 1.5, 0.5, 5, 1000, -0.0015, 7, 8, -0);
    expect(infer(...cells)).toEqual({ kind: "numeric", values });
  });

  it("knows the markers of missing values", () => {
    const missing = ["", " ", "NA", "N/A", "NaN", "nan", "null", "NULL", "?", null];
    expect(infer("1", ...missing)).toEqual({ kind: "numeric", values: Float64Array.of(1, ...missing.map(() => NaN)) });
    expect(infer("x", ...missing)).toEqual({ kind: "text", values: ["x", ...missing.map(() => null)] });
  });

  it.each([
    "0x10",
    "0b1",
    "1_000",
    "1 2",
    "--1",
    "e5",
    "1,2,3",
    "12,34.5",
    "0,123,456",
    "(1",
    "(-1)",
    "1%%",
    "$",
    "true",
    "1.2.3",
    "01.02.2012",
  ])("takes %s for text", (cell) => {
    expect(infer(cell)).toMatchObject({ kind: "text", values: [cell] });
  });

  it("suspects a text among at least 90 % numbers, and names where it stands", () => {
    const nine = Array.from({ length: 9 }, (_, i) => `${i}`);
    expect(infer(...nine, "abc")).toMatchObject({ suspect: { row: 9, place: "data row 10", value: "abc" } });
    expect(inferColumn("c", ["", "abc", ...nine], { place: (row) => `line ${row + 2}` })).toMatchObject({
      suspect: { row: 1, place: "line 3", value: "abc" },
    });
    expect(infer(...nine.slice(1), "abc")).not.toHaveProperty("suspect");
  });

  it("refuses infinite values among numbers, and keeps them among texts", () => {
    for (const cell of ["Inf", "-inf", "Infinity", "+Infinity", "1e999", "-1e309"])
      expect(() => infer("1", cell, cell)).toThrow(DataError);
    expect(() => infer("1", "Inf")).toThrow('column "c" holds "Inf" in data row 2: values must be finite');
    expect(infer("Inf", "Lou", "Kay")).toEqual({ kind: "text", values: ["Inf", "Lou", "Kay"] });
  });

  it("takes a column without values for numbers", () => {
    expect(infer("", null)).toEqual({ kind: "numeric", values: Float64Array.of(NaN, NaN) });
    expect(infer()).toEqual({ kind: "numeric", values: new Float64Array(0) });
  });
});

describe("numbers as people write them", () => {
  it.each<[string, string[], number[], CellReading?]>([
    ["decimal comma", ["1,5", "-2,25", "3"], [1.5, -2.25, 3]],
    ["decimal comma of few values", ["1,5", "1,5", "2,5"], [1.5, 1.5, 2.5]],
    ["points part thousands", ["1.234,56", "7,5", "1.234"], [1234.56, 7.5, 1234]],
    ["blanks part thousands", ["1 234,56", "12\u00a0345", "1\u202f000\u202f000,5"], [1234.56, 12345, 1000000.5]],
    ["apostrophes part thousands", ["1'234.50", "7"], [1234.5, 7]],
    ["commas part thousands", ["2,775", "1,234,567", "12"], [2775, 1234567, 12]],
    ["commas part thousands, with cents", ["1,234.50", "2,775"], [1234.5, 2775]],
    ["one comma in a table of decimal commas", ["2,775", "3,591"], [2.775, 3.591], { decimal: "," }],
    ["one point in a table of decimal commas", ["2.775", "3.591"], [2775, 3591], { decimal: "," }],
    ["points that are plainly decimal there", ["2.775", "3.5"], [2.775, 3.5], { decimal: "," }],
    ["money", ["$1,234.50", "-$3", "$-4", "$ 5", "6 €", "7 EUR", "USD 8"], [1234.5, -3, -4, 5, 6, 7, 8]],
    ["accounts", ["(3.10)", "($1,200)", "4"], [-3.1, -1200, 4]],
    ["percents", ["45%", "0", "12.5 %", "-3%"], [0.45, 0, 0.125, -0.03]],
    ["a true minus", ["−1.5", "2"], [-1.5, 2]],
  ])("%s", (_, cells, expected, reading) => {
    expect(numbers(cells, reading)).toEqual(expected);
  });

  it("says what was understood by its first unusual number", () => {
    expect(infer("1", "$1,234.50", "2,000")).toHaveProperty("note", '"$1,234.50" is read as 1234.5');
    expect(infer("1,5", "2,25")).not.toHaveProperty("note");
    expect(infer("1.5", "1e3")).not.toHaveProperty("note");
  });

  it("does not mix percents with numbers", () => {
    expect(infer("45%", "3")).toMatchObject({ kind: "text", values: ["45%", "3"] });
  });
});

describe("missing values", () => {
  it.each(["NA", "N/A", "#N/A", "n/a", "None", "null", "NULL", "<NA>", "nan", "-nan", ".", "-", "?", "", "NaT"])(
    "%j is one among numbers",
    (code) => {
      expect(numbers([code, "1.5", code, code, "2"])).toEqual([NaN, 1.5, NaN, NaN, 2]);
      expect(numbers(["1,5", code])).toEqual([1.5, NaN]);
    },
  );

  it("some are words among words", () => {
    expect(infer("brick", "None", "-", "N/A")).toMatchObject({ values: ["brick", "None", "-", null] });
  });

  it("may have other names", () => {
    expect(numbers(["-999", "1", "unknown"], { missing: ["-999", "unknown"] })).toEqual([NaN, 1, NaN]);
    expect(inferColumn("c", ["x", "None", "y"], { missing: ["None"] })).toMatchObject({ values: ["x", null, "y"] });
  });
});

describe("texts among numbers", () => {
  const note = (...cells: (string | null)[]) => infer(...cells).note;

  it("that are too many to be mistakes are said to make all texts, and which may mean missing", () => {
    expect(note("1", "2", "n.a.", "3", "unknown", null, "n.a.")).toBe(
      'holds 3 numbers and 3 texts like "n.a." (2 different), so that all are texts; if they mean missing values, --missing "n.a.,unknown" makes it numbers',
    );
    expect(note("1", "2", "unknown")).toBe(
      'holds 2 numbers and 1 text like "unknown", so that all are texts; if they mean missing values, --missing "unknown" makes it numbers',
    );
    expect(note("1", "2", "2b")).toBe('holds 2 numbers and 1 text like "2b", so that all are texts');
    expect(note("1", "2", "3", "4", "a", "b", "c", "d")).toMatch(/like "a" \(4 different\), so that all are texts$/);
  });

  it("but not where numbers are few, and the advice is good", () => {
    expect(note("1", "a", "b")).toBeUndefined();
    expect(note("01", "10")).toBeUndefined();
    expect(numbers(["1", "2", "n.a.", "unknown"], { missing: ["n.a.", "unknown"] })).toEqual([1, 2, NaN, NaN]);
  });
});

describe("labels are texts", () => {
  it("codes keep their zeros, and ids their digits", () => {
    expect(infer("01", "10", "007", null)).toEqual({ kind: "text", values: ["01", "10", "007", null] });
    const ids = ["9007199254740993", "9007199254740992", "1"];
    expect(infer(...ids)).toEqual({ kind: "text", values: ids });
    expect(numbers(["9007199254740992", "100000000000000000000"])).toEqual([2 ** 53, 1e20]);
    expect(numbers(["0", "-0", "10"])).toEqual([0, -0, 10]);
  });

  it("NA is a class in quotes, and beside other codes, and says so", () => {
    const quoted = inferColumn("c", ["yes", "NA", "no", "NA", ""], { quoted: (row) => row === 1 });
    expect(quoted).toEqual({
      kind: "text",
      values: ["yes", "NA", "no", null, null],
      note: '"NA" is a text in 1 rows and a missing value in 1',
    });
    expect(infer("DE", "NA", "FR", "NA")).toEqual({
      kind: "text",
      values: ["DE", "NA", "FR", "NA"],
      note: '"NA" is a text in 2 rows, not a missing value',
    });
    expect(infer("yes", "NA", "no")).toEqual({ kind: "text", values: ["yes", null, "no"] });
    expect(inferColumn("c", ["1", "NA"], { quoted: () => true })).toMatchObject({ kind: "numeric" });
  });

  it("true and false are one spelling", () => {
    expect(infer("True", "FALSE", "", "true")).toEqual({ kind: "text", values: ["true", "false", null, "true"] });
    expect(infer("True", "maybe")).toEqual({ kind: "text", values: ["True", "maybe"] });
  });
});

describe("the mark of decimals", () => {
  it("shows in numbers that are none with the other one", () => {
    expect(markEvidence(["1,5", "x,y", null])).toEqual({ point: false, comma: true, either: false });
    expect(markEvidence(["1.5", "2", "1.2.3"])).toEqual({ point: true, comma: false, either: false });
    expect(markEvidence(["1,500", "01.02.2012"])).toEqual({ point: false, comma: false, either: true });
    expect(markEvidence(["1.500", "x,y"])).toEqual({ point: false, comma: false, either: false });
  });
});
