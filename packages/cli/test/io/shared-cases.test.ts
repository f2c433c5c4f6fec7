import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Table } from "ntkit";
import { describe, expect, it } from "vitest";
import { type ReadTableOptions, readTable } from "../../src/io/table-file.ts";

/** Where tables that once were read wrongly lie beside a checkout that has them. */
const folder =
  process.env["NTKIT_CASES"] ?? fileURLToPath(new URL("../../../../../shared/cases/tables", import.meta.url));

const read = (name: string, options?: ReadTableOptions) => readTable(join(folder, name), options);
const columnsOf = ({ names, columns }: Table) => new Map(names.map((name, j) => [name, columns[j]!]));
const valuesOf = (table: Table, name: string) => [...columnsOf(table).get(name)!.values];
const missingIn = (values: readonly (number | string | null)[]) =>
  values.filter((value) => value === null || Number.isNaN(value)).length;

/** The first rows as they stand in the file, seen by eye. */
interface Expected {
  readonly rows: number;
  readonly understood: string;
  readonly first: Readonly<Record<string, readonly unknown[]>>;
  readonly options?: ReadTableOptions;
}

const MISSING = ["NA", "cnan", "dash", "excel", "lower", "none", "pdna", "sas"].map((code): [string, Expected] => [
  `missing-${code}.csv`,
  {
    rows: 80,
    understood: ", separated, utf-8",
    first: { a: [6.251, 8.972, 7.757, NaN, 3.002], b: [1.524, -0.428], y: [1.505, -3.457] },
  },
]);

const CASES: readonly (readonly [string, Expected])[] = [
  ...MISSING,
  [
    "adult.data",
    {
      rows: 200,
      understood: ", separated, utf-8",
      first: { x0: [42, 60], x1: ["Self-emp-inc", "Private", "State-gov"], x4: ["<=50K", ">50K", "<=50K"] },
      options: { header: false },
    },
  ],
  [
    "adult.test",
    {
      rows: 60,
      understood: ", separated, utf-8, 1 comment line left out",
      first: { x0: [61, 41], x1: ["Private", "State-gov", "Self-emp-inc", "State-gov", null], x4: ["<=50K."] },
      options: { header: false },
    },
  ],
  [
    "air-trimmed.csv",
    {
      rows: 80,
      understood: "; separated, decimal comma, utf-8",
      first: {
        Date: ["10/03/2004"],
        Time: ["18.00.00", "19.00.00"],
        "CO(GT)": [2.9, 3.7, 3.3, 1.7, 1.9, -200, 1],
        "C6H6(GT)": [6.505, 1.543, 2.714, 8.201],
      },
    },
  ],
  [
    "german-money.csv",
    {
      rows: 80,
      understood: "; separated, decimal comma, utf-8",
      first: { flaeche: [155.019, 209.443], miete: [1062.59, 1307.49], preis: [337880.45, 419991.65, 382594.1] },
    },
  ],
  [
    "no-header.csv",
    {
      rows: 81,
      understood: "; separated, decimal comma, utf-8",
      first: { x0: [1.5, 6.251, 8.972], x1: [2.5, 1.524, -0.428], x2: [3.5, 1.505] },
      options: { header: false },
    },
  ],
  [
    "single-space.data",
    {
      rows: 80,
      understood: "separated by blanks, utf-8",
      first: { x0: [1.524, -0.428], x1: [6.251, 8.972], x2: [1.5, -3.46] },
      options: { header: false },
    },
  ],
  ...(["cells.csv", "first-cell.csv"] as const).map((name): [string, Expected] => [
    name,
    {
      rows: 80,
      understood: "; separated, utf-8",
      first: {
        remark:
          name === "cells.csv"
            ? ["line one\nline 0", "line one\nline 1"]
            : ["one\n0; two", "one\n1; two", "one\n2; two"],
        b: [1.524, -0.428],
        y: [1.505],
      },
    },
  ]),
  [
    "thousands.csv",
    { rows: 80, understood: ", separated, utf-8", first: { enrolled: [2775, 3591], b: [1.524], y: [1.505] } },
  ],
  [
    "thousands-target.csv",
    { rows: 80, understood: ", separated, utf-8", first: { a: [6.251], b: [1.524], pop: [2775, 3591, 3227] } },
  ],
  [
    "zipmerge.csv",
    { rows: 80, understood: ", separated, utf-8", first: { a: [6.251], code: ["01", "10", "10", "1", "1"] } },
  ],
  [
    "train-missing.csv",
    { rows: 200, understood: ", separated, utf-8", first: { a: [9.4306, NaN, 9.7624, NaN, NaN, 3.7649] } },
  ],
];

describe.skipIf(!existsSync(folder))("tables that once were read wrongly, where they are there", () => {
  it.each(CASES)("%s", async (name, { rows, understood, first, options }) => {
    const table = await read(name, options);
    expect(table).toMatchObject({ rows, understood });
    for (const [column, values] of Object.entries(first))
      expect(valuesOf(table, column).slice(0, values.length)).toEqual(values);
  });

  it("missing values of every program are as many", async () => {
    for (const [name] of MISSING) expect(missingIn(valuesOf(await read(name), "a"))).toBe(6);
  });

  it("air-trimmed.csv has dates with the day first, and times of day", async () => {
    const columns = columnsOf(await read("air-trimmed.csv"));
    expect(columns.get("Date")).toMatchObject({ dates: "dmy" });
    expect(columns.get("Time")).toMatchObject({ dates: "clock" });
  });

  it("id-sorted.csv has an id that numbers its rows", async () => {
    expect(columnsOf(await read("id-sorted.csv")).get("id")).toMatchObject({
      aside: "numbers the rows, from 1000 to 1079",
    });
  });

  it("types.parquet: each type has the values of the double that all were made of", async () => {
    const table = await read("types.parquet");
    const u = valuesOf(table, "struct").map((text) => (JSON.parse(`${text}`) as { u: number }).u);
    expect(table).toMatchObject({ rows: 80 });
    expect(valuesOf(table, "f32")).toEqual(u.map(Math.fround));
    expect(valuesOf(table, "dec")).toEqual(u.map((value) => Number(value.toFixed(2))));
    valuesOf(table, "f16").forEach((value, i) => {
      expect(Math.abs(Number(value) - u[i]!)).toBeLessThanOrEqual(u[i]! * 2 ** -11);
    });
    // Durations in nanoseconds, of so many hours.
    valuesOf(table, "dur").forEach((value, i) => {
      expect(Number(value) / 3.6e12).toBeCloseTo(u[i]!, 9);
    });
    const days = u.map((_, i) => new Date(Date.UTC(2021, 0, 1 + i)).toISOString());
    expect(valuesOf(table, "day")).toEqual(days);
    expect(valuesOf(table, "when")).toEqual(days);
    expect(columnsOf(table).get("day")).toMatchObject({ dates: "ymd" });
    expect(valuesOf(table, "nullable").slice(0, 4)).toEqual([NaN, 1, 2, 3]);
    expect(missingIn(valuesOf(table, "nullable"))).toBe(12);
    expect(new Set(valuesOf(table, "flag"))).toEqual(new Set(["true", "false"]));
    expect(new Set(valuesOf(table, "cat"))).toEqual(new Set(["x", "y", "z"]));
    expect(valuesOf(table, "i8").slice(0, 3)).toEqual([-3, 3, -2]);
    expect(valuesOf(table, "u64").slice(0, 3)).toEqual([96, 27, 46]);
    for (const name of ["emb", "struct"])
      expect(columnsOf(table).get(name)).toMatchObject({ aside: "holds lists or structures, not one value a row" });
    expect(columnsOf(await read("embedding.parquet")).get("emb")).toHaveProperty("aside");
  });
});
