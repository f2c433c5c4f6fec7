import { describe, expect, it } from "vitest";
import { fitPreprocessor } from "../../src/learn/preprocess.ts";
import { numeric, tableOf, text } from "./tables.ts";

describe("columns that are left out", () => {
  it("with the reason", () => {
    const n = 30;
    const indices = Array.from({ length: n }, (_, i) => i);
    const { features, dropped } = fitPreprocessor(
      tableOf([
        ["a", numeric(indices)],
        ["constant", numeric(indices.map(() => 0.1))],
        ["empty", numeric(indices.map(() => Number.NaN))],
        ["word", text(indices.map(() => "same"))],
        ["blank", text(indices.map(() => null))],
        ["name", text(indices.map((i) => `id-${i}`))],
        ["day", text(indices.map((i) => (i === 0 ? null : "2012-01-31")))],
        ["week", text(indices.map((i) => `2012-${i + 23}-${i + 1}`))],
        ["hour", text(indices.map(() => "14:05"))],
        [
          "mixed",
          text(indices.map((i) => (i % 2 ? `13/${(i % 12) + 1}/20${i + 10}` : `${(i % 12) + 1}/13/20${i + 10}`))),
        ],
        ["review", text(indices.map((i) => `it was the ${i}th time`))],
        ["street", text(indices.map((i) => `street ${i - (i % 8 === 1 ? 1 : 0)}`))],
        ["y", numeric(indices)],
      ]),
      "y",
    );
    expect(features.map(({ name }) => name)).toEqual(["a", "day"]);
    expect(dropped.map(({ name, reason }) => `${name} ${reason}`)).toEqual([
      "constant is constant",
      "empty is empty",
      "word is constant",
      "blank is empty",
      "name differs in every row, like an identifier (30 different in 30 rows)",
      'week holds dates or times like "2012-23-1" that are not read in one and the same way, 30 different in 30 rows: write them all like 2012-01-31 14:05',
      "hour is constant",
      'mixed holds dates or times like "1/13/2010" that are not read in one and the same way, 30 different in 30 rows: write them all like 2012-01-31 14:05',
      "review holds free text, 30 different in 30 rows",
      "street has too many different texts to be categories, 26 different in 30 rows",
    ]);
  });

  it.each([
    [20, 20, true],
    [21, 42, true],
    [21, 41, false],
    [30, 90, true],
  ])("%d different texts in %d rows are kept: %s", (levels, rows, kept) => {
    const table = tableOf([
      ["a", numeric(Array.from({ length: rows }, (_, i) => i))],
      ["name", text(Array.from({ length: rows }, (_, i) => `id-${i % levels}`))],
    ]);
    expect(fitPreprocessor(table, "y").features.map(({ name }) => name)).toEqual(kept ? ["a", "name"] : ["a"]);
  });

  it("when they are excluded, whatever they hold", () => {
    const suspect = {
      kind: "text",
      values: ["1", "2", "x"],
      suspect: { row: 2, place: "line 4", value: "x" },
    } as const;
    const table = tableOf([
      ["id", suspect],
      ["a", numeric([1, 2, 3])],
      ["y", numeric([1, 2, 4])],
    ]);
    const { features, dropped } = fitPreprocessor(table, "y", { exclude: ["id"] });
    expect(features.map(({ name }) => name)).toEqual(["a"]);
    expect(dropped).toEqual([{ name: "id", reason: "is excluded" }]);
    expect(() => fitPreprocessor(table, "y", { exclude: ["ids"] })).toThrow(
      'no column to exclude is named "ids" (did you mean "id"?); the columns are id, a, y',
    );
    expect(() => fitPreprocessor(table, "y", { exclude: ["y"] })).toThrow('"y" is the target and cannot be excluded');
    expect(() => fitPreprocessor(table, "y", { exclude: ["id", "a"] })).toThrow(
      'no column is left to learn from: "id" is excluded, "a" is excluded',
    );
  });

  it("nothing left is an error that says why", () => {
    const table = tableOf([
      ["a", numeric([1, 1])],
      ["y", numeric([1, 2])],
    ]);
    expect(() => fitPreprocessor(table, "y")).toThrow('no column is left to learn from: "a" is constant');
    expect(() => fitPreprocessor(tableOf([["y", numeric([1, 2])]]), "y")).toThrow("the target is the only one");
  });
});
