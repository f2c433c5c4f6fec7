import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Column } from "ntkit";
import { afterAll, describe, expect, it } from "vitest";
import { readTable } from "../../src/io/table-file.ts";
import { Folder, fixture, messageOf } from "./files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const plain = (column: Column) => (column.kind === "numeric" ? Array.from(column.values) : [...column.values]);

describe("Parquet, written by pyarrow", () => {
  it.each(["none", "snappy", "zstd", "gzip", "brotli", "lz4"])("compressed by %s", async (codec) => {
    const { names, rows, columns } = await readTable(fixture(`mixed-${codec}.parquet`));
    expect(names).toEqual(["price", "rooms", "small", "sold", "town", "built", "seen"]);
    expect(rows).toBe(4);
    expect(columns.map(plain)).toEqual([
      [1.5, NaN, NaN, -0],
      [3, 4, NaN, 2 ** 53],
      [1, 2, 3, 4],
      ["true", "false", null, "true"],
      ["Köln", null, "a,b", null],
      ["1999-01-02T00:00:00.000Z", null, null, null],
      ["2024-01-02T03:04:05.000Z", null, null, null],
    ]);
  });

  it("without rows", async () => {
    expect(await readTable(fixture("no-rows.parquet"))).toMatchObject({ names: ["a", "b"], rows: 0 });
  });

  it("gzipped, under any name", async () => {
    const path = folder.file("table.bin", gzipSync(readFileSync(fixture("mixed-zstd.parquet"))));
    expect((await readTable(path)).rows).toBe(4);
  });

  it("with whole numbers that float64 cannot hold", async () => {
    expect(await messageOf("data", readTable(fixture("beyond-2-53.parquet")))).toContain(
      'column "id" holds 9007199254740993 in data row 2, which float64 cannot hold exactly',
    );
  });

  it("with an infinite value, or one name twice", async () => {
    expect(await messageOf("data", readTable(fixture("infinite.parquet")))).toContain(
      'column "a" holds Infinity in data row 2: values must be finite',
    );
    expect(await messageOf("data", readTable(fixture("twice.parquet")))).toContain(
      'columns 1 and 2 have the same name "a"',
    );
  });

  it("cut anywhere, or with damaged pages", async () => {
    const bytes = readFileSync(fixture("mixed-snappy.parquet"));
    for (const length of [4, 8, 100, bytes.length - 1]) {
      const path = folder.file("cut.parquet", bytes.subarray(0, length));
      expect(await messageOf("format", readTable(path))).toContain("is a damaged, truncated or encrypted Parquet file");
    }
    const path = folder.file("pages.parquet", Buffer.from(bytes).fill(0xff, 4, 200));
    expect(await messageOf("format", readTable(path))).toContain("copy or write it again");
  });
});

describe(".npy as a table", () => {
  it("a matrix, and a vector as one column", async () => {
    const matrix = await readTable(fixture("fortran.npy"));
    expect(matrix.names).toEqual(["x0", "x1", "x2"]);
    expect(matrix.columns.map(plain)).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    const vector = await readTable(fixture("vector.npy"));
    expect(vector).toMatchObject({ names: ["x0"], rows: 3 });
    expect(vector.columns.map(plain)).toEqual([[0.5, 1.5, 2.5]]);
  });

  it("an array of other dimensions, or an archive of them", async () => {
    expect(await messageOf("format", readTable(fixture("fortran-3d.npy")))).toContain(
      "got shape (2, 3, 4): reshape it",
    );
    expect(await messageOf("format", readTable(fixture("scalar.npy")))).toContain("got shape (): reshape it");
    expect(await messageOf("format", readTable(fixture("archive.npz")))).toContain("is an archive of arrays");
  });
});
