import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { type Column, isNtkError, type Table } from "ntkit";
import { afterAll, describe, expect, it } from "vitest";
import { readParquet } from "../../src/io/read-parquet.ts";
import { readTable } from "../../src/io/table-file.ts";
import { writeTable } from "../../src/io/write-table.ts";
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

  it("decimals are the nearest numbers, and whole ones keep their digits", async () => {
    const decimal = { converted_type: "DECIMAL", repetition_type: "OPTIONAL", precision: 38 } as const;
    const buffer = parquetWriteBuffer({
      schema: [
        { name: "root", num_children: 5 },
        { name: "int32", type: "INT32", scale: 2, ...decimal, precision: 9 },
        { name: "int64", type: "INT64", scale: 1, ...decimal, precision: 18 },
        { name: "fixed", type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, scale: 2, ...decimal },
        { name: "bytes", type: "BYTE_ARRAY", scale: 2, ...decimal },
        { name: "id", type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, scale: 0, ...decimal },
      ],
      columnData: [
        { name: "int32", data: [664n, -1n, null] },
        { name: "int64", data: [3n, null, -66n] },
        { name: "fixed", data: [357n, -357n, null] },
        { name: "bytes", data: [115n, null, -962n] },
        { name: "id", data: [2n ** 80n + 1n, null, -5n] },
      ],
    });
    const { columns } = await readTable(folder.file("decimals.parquet", new Uint8Array(buffer)));
    expect(columns.map(plain)).toEqual([
      [6.64, -0.01, NaN],
      [0.3, NaN, -6.6],
      [3.57, -3.57, NaN],
      [1.15, NaN, -9.62],
      ["1208925819614629174706177", null, "-5"],
    ]);
  });

  it("without rows", async () => {
    expect(await readTable(fixture("no-rows.parquet"))).toMatchObject({ names: ["a", "b"], rows: 0 });
  });

  it("gzipped, under any name", async () => {
    const path = folder.file("table.bin", gzipSync(readFileSync(fixture("mixed-zstd.parquet"))));
    expect((await readTable(path)).rows).toBe(4);
  });

  it("with whole numbers that float64 cannot hold keeps their digits as texts", async () => {
    const { columns } = await readTable(fixture("beyond-2-53.parquet"));
    expect(columns[0]).toMatchObject({ kind: "text" });
    expect(plain(columns[0]!)).toContain("9007199254740993");
  });

  it("with an index, lists and structs sets them aside by name", async () => {
    const { names, columns } = await readTable(fixture("pandas-index.parquet"));
    const nested = "holds lists or structures, not one value a row";
    expect(names.map((name, j) => [name, columns[j]!.aside])).toEqual([
      ["a", undefined],
      ["list", nested],
      ["struct", nested],
      ["__index_level_0__", "is the index of the rows, as pandas says in the file"],
    ]);
  });

  it("where --missing names numbers that are none", async () => {
    const { columns } = await readTable(fixture("pandas-index.parquet"), { missing: ["2.5"] });
    expect(plain(columns[0]!)).toEqual([1.5, NaN]);
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

  it("with a page that has no end", async () => {
    const bytes = readFileSync(fixture("endless-page.parquet"));
    expect(await messageOf("format", readParquet(bytes, "e.parquet", { patience: 400 }))).toBe(
      "e.parquet is a damaged Parquet file: a page did not end in 0.4 s; copy or write it again",
    );
    const controller = new AbortController();
    const reading = readParquet(bytes, "e.parquet", { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("stopped")), 300);
    await expect(reading).rejects.toThrow("stopped");
  });

  it("with fewer values in a column than rows", async () => {
    await writeTable(folder.at("short.parquet"), [{ name: "a", values: Array.from({ length: 40 }, (_, i) => i) }]);
    const bytes = readFileSync(folder.at("short.parquet"));
    bytes[bytes.indexOf(Buffer.of(0x16, 80)) + 1] = 84; // the file's num_rows, which Thrift writes as twice the number
    expect(await messageOf("format", readParquet(bytes, "s.parquet"))).toContain("s.parquet is a damaged, truncated");
  });

  it("larger than the limit once unpacked", async () => {
    const limit = { bytes: 200, why: "the limit of this test", advice: "give less" };
    const bytes = readFileSync(fixture("mixed-zstd.parquet"));
    expect(await messageOf("data", readParquet(bytes, "m.parquet", { limit }))).toBe(
      "m.parquet, unpacked, is larger than 200 bytes, the limit of this test: give less",
    );
  });

  it("with one byte changed anywhere: refused by name, or a table of as many rows", async () => {
    const bytes = readFileSync(fixture("mixed-snappy.parquet"));
    const places = Array.from({ length: 24 }, (_, i) => 4 + Math.floor(((bytes.length - 8) * i) / 24));
    for (const at of places) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x55;
      const read = await readParquet(changed, "c.parquet", { patience: 1500 }).catch((error: unknown) => error);
      if (isNtkError(read)) expect(read.message).toContain("c.parquet");
      else
        expect((read as Table).columns.map(({ values }) => values.length)).toEqual(
          new Array(7).fill((read as Table).rows),
        );
    }
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
  });

  it("the one array of an archive, packed or not", async () => {
    const stored = await readTable(fixture("archive.npz"));
    expect(stored.columns.map(plain)).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    const compressed = await readTable(fixture("compressed.npz"));
    expect(compressed.columns.map(plain)).toEqual([
      [0.5, 2],
      [1, 2.5],
      [1.5, 3],
    ]);
    expect(await messageOf("format", readTable(fixture("two-arrays.npz")))).toContain(
      "holds x, y: save the one array of the table with numpy.save",
    );
  });

  it("a damaged archive is refused wherever it is cut or changed", async () => {
    const bytes = readFileSync(fixture("compressed.npz"));
    for (const length of [4, 50, bytes.length - 30, bytes.length - 1])
      expect(await messageOf("format", readTable(folder.file("cut.npz", bytes.subarray(0, length))))).toContain(
        "archive",
      );
    const changed = Buffer.from(bytes);
    changed[changed.indexOf("PK\x01\x02", 0, "latin1") - 9]! ^= 0x55; // within what is packed
    expect(await messageOf("format", readTable(folder.file("changed.npz", changed)))).toContain("damaged archive");
  });
});
