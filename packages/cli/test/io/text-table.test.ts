import { gzipSync } from "node:zlib";
import type { Column } from "ntkit";
import { afterAll, describe, expect, it } from "vitest";
import { type ReadTableOptions, readTable } from "../../src/io/table-file.ts";
import { Folder, messageOf } from "./files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const read = (name: string, content: string | Uint8Array, options?: ReadTableOptions) =>
  readTable(folder.file(name, content), options);
const plain = (column: Column | undefined) =>
  column?.kind === "numeric" ? Array.from(column.values) : column && [...column.values];

describe("separated text", () => {
  it.each([
    ["comma.csv", "a,b\n1,x\n2,y\n"],
    ["tab.tsv", "a\tb\n1\tx\n2\ty\n"],
    ["tab.tab", "a\tb\n1\tx\n2\ty\n"],
    ["semicolon.csv", "a;b\n1;x\n2;y\n"],
    ["pipe.txt", "a|b\n1|x\n2|y\n"],
    ["comma.txt", "a,b\n1,x\n2,y\n"],
    ["windows.csv", "a,b\r\n1,x\r\n2,y\r\n"],
    ["old-mac.csv", "a,b\r1,x\r2,y\r"],
    ["mixed-ends.csv", 'a,b\n1,"x"\r\n2,y\r\n'],
    ["bom.csv", "\ufeffa,b\n1,x\n2,y\n"],
    ["no-last-end.csv", "a,b\n1,x\n2,y"],
    ["blank-lines.csv", "\n\na,b\n1,x\n\n2,y\n\n"],
    ["spaces.csv", 'a, b\n1, "x"\n 2 ,y \n'],
    ["no-ending", "a,b\n1,x\n2,y\n"],
  ])("%s", async (name, text) => {
    const expected = { names: ["a", "b"], rows: 2 };
    const table = await read(name, text);
    expect(table).toMatchObject(expected);
    expect(table.columns.map(plain)).toEqual([
      [1, 2],
      ["x", "y"],
    ]);
    const zipped = await read(`${name}.gz`, gzipSync(text));
    expect(zipped.columns).toEqual(table.columns);
    const unnamed = await read(`${name}-zipped`, gzipSync(text));
    expect(unnamed).toMatchObject(expected);
  });

  it("takes the file's usual separator when others are in the names too", async () => {
    expect((await read("a.tsv", "name, first\tage, years\nx\t1\n")).names).toEqual(["name, first", "age, years"]);
    expect((await read("b.csv", "length, cm;weight, kg\n1;2\n")).names).toEqual(["length, cm", "weight, kg"]);
    expect((await read("c.csv", '"a;b;c",d\n1,2\n')).names).toEqual(["a;b;c", "d"]);
  });

  it("keeps empty fields of tabs at both ends of a line", async () => {
    const table = await read("ends.tsv", "a\tb\tc\n\t2\t\n1\t\t3\n");
    expect(table.columns.map(plain)).toEqual([
      [NaN, 1],
      [2, NaN],
      [NaN, 3],
    ]);
  });

  it("reads quoted separators, quotes and line ends", async () => {
    const table = await read("quotes.csv", 'a,b\n"x, ""y""","two\nlines"\n');
    expect(table.columns.map(plain)).toEqual([['x, "y"'], ["two\nlines"]]);
  });

  it("takes a separator that is asked for", async () => {
    expect((await read("colon.txt", "a::b\n1::2\n", { delimiter: "::" })).names).toEqual(["a", "b"]);
  });

  it("names columns x0, x1, … without a header", async () => {
    const table = await read("bare.csv", "1,2\n3,4\n", { header: false });
    expect(table).toMatchObject({ names: ["x0", "x1"], rows: 2 });
  });

  it("accepts one row, and none", async () => {
    expect(await read("one.csv", "a\n1\n")).toMatchObject({ rows: 1 });
    expect(await read("none.csv", "a,b\n")).toMatchObject({ names: ["a", "b"], rows: 0 });
  });

  it("says the line of a suspicious text, counting blank lines and line ends in quotes", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i},"two\nlines"`);
    const { columns } = await read("suspect.csv", `age,note\n\n${rows.join("\n")}\nabc,x\n`);
    expect(columns[0]).toMatchObject({ kind: "text", suspect: { row: 20, place: "line 43", value: "abc" } });
  });
});

describe("what is wrong with a text table", () => {
  const numbers = Array.from({ length: 12 }, (_, i) => `${i}\n`).join("");
  it.each<[string, string | Uint8Array, string, ReadTableOptions?]>([
    ["empty.csv", "", "is empty"],
    ["blank.csv", "\n\n", "is empty"],
    ["ragged.csv", "a,b\n1,2\n3,4,5\n", "ragged.csv, line 3: every row must have 2 fields like the first line, got 3"],
    [
      "short.csv",
      'a,b\n"1\n1",2\n\n"3\n3"\n',
      "short.csv, line 5: every row must have 2 fields like the first line, got 1",
    ],
    ["twice.csv", "a,b,a\n1,2,3\n", 'columns 1 and 3 have the same name "a"'],
    ["unnamed.csv", "a,,c\n1,2,3\n", "column 2 has no name"],
    [
      "numbers.csv",
      "1,2,3,4\n5,6,7,8\n",
      "only numbers (1,2,3…) where column names are expected: add names, or pass --no-header",
    ],
    ["numbers-missing.csv", "1,,1\n5,6,7\n", "pass --no-header"],
    ["open.csv", 'a,b\n1,2\n3,"4\n5,6\n7,8\n', "open.csv, line 3: a quote is opened in this row and never closed"],
    ["after.csv", 'a,b\n1,2\n3,"4"x\n', "line 3: text follows the closing quote"],
    [
      "inf.csv",
      `a\n${numbers}-Inf\n`,
      'column "a" holds "-Inf" in line 14: values must be finite; correct it, or leave',
    ],
    ["huge.csv", `a\n${numbers}1e999\n`, 'column "a" holds "1e999" in line 14'],
    [
      "comma.csv",
      "a,b\n1,2\n",
      'splitting at ";" gives one column, but the first line holds ",": pass --delimiter ","',
      { delimiter: ";" },
    ],
    ["tab.tsv", "a\tb\n1\t2\n", "holds tab: pass --delimiter tab", { delimiter: ";" }],
    ["nothing.csv", "a,b\n", "--delimiter must be text", { delimiter: "" }],
  ])("%s", async (name, content, message, options) => {
    expect(await messageOf(/quote/.test(message) ? "format" : "data", read(name, content, options))).toContain(message);
  });

  it.each<[string, Uint8Array, string]>([
    ["cut.csv", Buffer.from("ä,b\nöü").subarray(0, 8), "is UTF-8 text with bytes that are not (the first is byte 7)"],
    ["picture.csv", Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), "is not text: byte 6 is a control character (26)"],
    ["zeros.csv", Buffer.from("a,b\n1,\0\n"), "is not text: byte 6 is 0, as in no text"],
    ["book.xlsx", Buffer.from("PK\x03\x04"), "is a spreadsheet or an archive, not text: export the sheet as CSV"],
    ["book.xls", Buffer.from("d0cf11e0a1b11ae1", "hex"), "export the sheet as CSV"],
    ["cut.csv.gz", gzipSync("a,b\n1,2\n").subarray(0, 20), "is damaged: its gzip data end early or are corrupt"],
    ["bad.csv.gz", gzipSync("a,b\n1,2\n").fill(7, 12, 16), "is damaged: its gzip data end early or are corrupt"],
    ["plain.csv.gz", Buffer.from("a,b\n1,2\n"), "is not gzipped although its name ends in .gz"],
    ["text.parquet", Buffer.from("a,b\n1,2\n"), "is not a Parquet file although its name says so"],
    ["text.npy", Buffer.from("a,b\n1,2\n"), "is not a .npy file although its name says so"],
  ])("%s", async (name, content, message) => {
    expect(await messageOf("format", read(name, content))).toContain(message);
  });
});

describe("a large text table", () => {
  it("is refused by name before its fields fill the memory of Node", async () => {
    const path = folder.file("long.csv", `a,b\n${"1,2\n".repeat(10)}`);
    expect(await messageOf("data", readTable(path, { heap: 1 }))).toContain(
      `${path} holds more text than Node has memory for (1.00e-9 GB): keep only the rows and columns that are needed`,
    );
  });

  it("is left when a signal comes", async () => {
    const controller = new AbortController();
    const path = folder.file("stopped.csv", `a,b\n${"1,2\n".repeat(400_000)}`);
    const reading = readTable(path, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("stopped")), 30);
    await expect(reading).rejects.toThrow("stopped");
  });

  it("reads characters and quotes that pieces of it cut in two", async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `"ö,${i}",${i}`);
    const { columns, rows: count } = await read("pieces.csv", `t,n\n${rows.join("\n")}\n`);
    expect(count).toBe(60_000);
    expect(columns[0]!.values.every((value, i) => value === `ö,${i}`)).toBe(true);
    expect(columns[1]!.values.every((value, i) => value === i)).toBe(true);
  });

  it.each([1, 2, 3, 4])("counts lines whose ends are cut in two, after a name of %d letters", async (length) => {
    const rows = `${"n".repeat(length)}\r\n${"ab\r\n".repeat(200_000)}`;
    const { columns } = await read("ends.csv", rows);
    expect(columns[0]!.values).toHaveLength(200_000);
    expect(await messageOf("data", read("ends.csv", `${rows}1,2\r\n`))).toContain("line 200002: every row must have 1");
  });

  it("has names compared in no time, however many columns it has", async () => {
    const names = Array.from({ length: 200_000 }, (_, j) => `c${j}`);
    const started = performance.now();
    expect((await read("wide.csv", `${names.join()}\n`)).names).toHaveLength(200_000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("paths", () => {
  it("a missing file, with the nearest name in its folder", async () => {
    folder.file("houses.csv", "a\n1\n");
    const message = await messageOf("data", readTable(folder.at("house.csv")));
    expect(message).toBe(`${folder.at("house.csv")} does not exist (did you mean "houses.csv"?)`);
  });

  it("a missing folder", async () => {
    const path = folder.at("missing/a.csv");
    expect(await messageOf("data", readTable(path))).toBe(
      `${path} does not exist: there is no folder ${folder.at("missing")}`,
    );
  });

  it("a directory, and a file taken for one", async () => {
    expect(await messageOf("data", readTable(folder.path))).toContain("is a directory: name a file in it");
    const path = `${folder.file("file.csv", "a\n1\n")}/inside.csv`;
    expect(await messageOf("data", readTable(path))).toContain("part of its path is a file");
  });

  it.runIf(process.getuid?.() !== 0)("a file that may not be read", async () => {
    const { chmodSync } = await import("node:fs");
    const path = folder.file("secret.csv", "a\n1\n");
    chmodSync(path, 0);
    expect(await messageOf("data", readTable(path))).toContain("may not be read: check its permissions");
  });

  it("a name longer than the system takes", async () => {
    expect(await messageOf("data", readTable(folder.at("a".repeat(300))))).toContain("cannot be read");
  });
});
