import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { Column, Table } from "ntkit";
import { afterAll, describe, expect, it } from "vitest";
import { RecordScanner } from "../../src/io/scan-records.ts";
import { type ReadTableOptions, readTable } from "../../src/io/table-file.ts";
import { Folder, messageOf } from "./files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const read = (name: string, content: string | Uint8Array, options?: ReadTableOptions) =>
  readTable(folder.file(name, content), options);
const plain = (column: Column) => [...column.values];
const cells = ({ names, columns }: Table) => Object.fromEntries(names.map((name, j) => [name, plain(columns[j]!)]));

describe("a dialect is found", () => {
  it.each<[string, string, Record<string, unknown[]>, string]>([
    [
      "blanks",
      "a  b   c\n1 2.5   x\n10   3 y\n",
      { a: [1, 10], b: [2.5, 3], c: ["x", "y"] },
      "separated by blanks, utf-8",
    ],
    ["blanks at ends", "  a b\n  1 2\n 10 3  \n", { a: [1, 10], b: [2, 3] }, "separated by blanks, utf-8"],
    [
      "blanks and quotes",
      '"a" "b c"\n1 "x y"\n2 "z"\n',
      { a: [1, 2], "b c": ["x y", "z"] },
      "separated by blanks, utf-8",
    ],
    [
      "sentences",
      "remark\nall is well\nnothing else here\n",
      { remark: ["all is well", "nothing else here"] },
      "one column, utf-8",
    ],
    [
      "blanks, all in quotes, with nothing",
      '"a" "b"\n"1" ""\n"2" "3"\n"" "4"\n"5" ""\n',
      { a: [1, 2, NaN, 5], b: [NaN, 3, 4, NaN] },
      "separated by blanks, utf-8",
    ],
    [
      "blanks, all in quotes, with next to nothing",
      '"a" "b"\n"zebra" "1"\n"" ""\n"w" ""\n',
      { a: ["zebra", null, "w"], b: [1, NaN, NaN] },
      "separated by blanks, utf-8",
    ],
    [
      "blanks and quotes, below names with other marks",
      'when a;b c\n"2012-05-31 23:05" 1 2\n"2012-06-01 10:00" 3 4\n',
      { when: ["2012-05-31 23:05", "2012-06-01 10:00"], "a;b": [1, 3], c: [2, 4] },
      "separated by blanks, utf-8",
    ],
    [
      "blanks and decimal commas, below names with commas",
      "a b,c d\n1 2,5 3,25\n2 3,5 4,25\n3 -4,5 0,5\n",
      { a: [1, 2, 3], "b,c": [2.5, 3.5, -4.5], d: [3.25, 4.25, 0.5] },
      "separated by blanks, decimal comma, utf-8",
    ],
    [
      "thousands parted by blanks",
      "my income,your income\n1 234,5 678\n2 345,6 789\n",
      { "my income": [1234, 2345], "your income": [5678, 6789] },
      ", separated, utf-8",
    ],
    [
      "NA in quotes among codes, and among true and false",
      '"a","b"\n"01","True"\n"NA","NA"\n"10","False"\n',
      { a: ["01", null, "10"], b: ["true", null, "false"] },
      ", separated, utf-8",
    ],
    ["sep", "sep=;\na;b\n1,5;x\n2;y,z\n", { a: [1.5, 2], b: ["x", "y,z"] }, "; separated, decimal comma, utf-8"],
    ["sep of one kind, quoted", '"sep=|"\r\na|b\r\n1|2\r\n', { a: [1], b: [2] }, "| separated, utf-8"],
    [
      "decimal commas",
      "a;b\n1,500;2,25\n6,251;1.234,5\n",
      { a: [1.5, 6.251], b: [2.25, 1234.5] },
      "; separated, decimal comma, utf-8",
    ],
    [
      "decimal commas of three digits",
      "a;b;c\n1,500;2,500;3,500\n6,251;1,524;1,505\n",
      { a: [1.5, 6.251], b: [2.5, 1.524], c: [3.5, 1.505] },
      "; separated, decimal comma, utf-8",
    ],
    ["thousands in quotes", 'a,b\n"2,775",1\n"13,591",2.5\n', { a: [2775, 13591], b: [1, 2.5] }, ", separated, utf-8"],
    [
      "quote in a field",
      'bit,n\n3/4" bit,1\n"1"" bit",2\n',
      { bit: ['3/4" bit', '1" bit'], n: [1, 2] },
      ", separated, utf-8",
    ],
    [
      "names over two lines",
      '"first\nname";"a;b"\nx;1\ny;2\n',
      { "first\nname": ["x", "y"], "a;b": [1, 2] },
      "; separated, utf-8",
    ],
    [
      "comments",
      "# made by hand\n# a,b\na,b\n1,2\n# so far\n3,4\n",
      { a: [1, 3], b: [2, 4] },
      ", separated, utf-8, 3 comment lines left out",
    ],
    [
      "names in a comment, as NumPy writes them",
      "# a b\n1.5 2\n3 4\n",
      { a: [1.5, 3], b: [2, 4] },
      "separated by blanks, utf-8",
    ],
    ["a name with the sign of a comment", "#id,b\nx,y\nz,u\n", { id: ["x", "z"], b: ["y", "u"] }, ", separated, utf-8"],
    ["a name that is the sign of a comment", "#,b\n5,y\n7,u\n", { "#": [5, 7], b: ["y", "u"] }, ", separated, utf-8"],
    [
      "a remark of C4.5",
      "|1x3 Cross validator\na, b\n1, 2\n",
      { a: [1], b: [2] },
      ", separated, utf-8, 1 comment line left out",
    ],
    [
      "no comments",
      "colour,b\n#ff0000,1\n#N/A,2\n#00ff00,3\n",
      { colour: ["#ff0000", null, "#00ff00"], b: [1, 2, 3] },
      ", separated, utf-8",
    ],
    ["separators at ends", "a;b;\n1;2;\n3;;\n", { a: [1, 3], b: [2, NaN] }, "; separated, utf-8"],
    ["separators at ends of rows only", "a,b\n1,2,\n3,4,\n", { a: [1, 3], b: [2, 4] }, ", separated, utf-8"],
    ["separator at the end of the names only", "a,b,\n1,2\n3,4\n", { a: [1, 3], b: [2, 4] }, ", separated, utf-8"],
  ])("%s", async (name, text, expected, understood) => {
    const table = await read(`${name}.csv`, text);
    expect(cells(table)).toEqual(expected);
    expect(table.understood).toBe(understood);
    const windows = await read(`${name}-windows.csv`, `\ufeff${text.replace(/\r?\n/g, "\r\n")}`);
    expect(cells({ ...windows, names: table.names })).toEqual(expected);
  });

  it("and is that of training where the columns it names are there", async () => {
    const text = "a;b,c;d\n1;x,y;4\n";
    expect((await read("as.csv", text)).names).toEqual(["a;b", "c;d"]);
    expect((await read("as.csv", text, { expected: ["a", "d"] })).names).toEqual(["a", "b,c", "d"]);
  });

  it("without a header too", async () => {
    const table = await read("bare.data", "1.524 6.251 1.50\n-0.428 8.972 -3.46\n", { header: false });
    expect(cells(table)).toEqual({ x0: [1.524, -0.428], x1: [6.251, 8.972], x2: [1.5, -3.46] });
  });
});

describe("letters", () => {
  const text = "Straße;größe\nKöln – „Süd“;1,5\nAçaí;2\n";
  const expected = { Straße: ["Köln – „Süd“", "Açaí"], größe: [1.5, 2] };
  // Written out by hand: – is 0x96, „ 0x84 and “ 0x93 in cp1252.
  const cp1252 = Buffer.from(text.replace("–", "\x96").replace("„", "\x84").replace("“", "\x93"), "latin1");
  const utf16 = Buffer.from(text, "utf16le");
  it.each<[string, Uint8Array, string]>([
    ["utf-8", Buffer.from(text), "utf-8"],
    ["utf-8 with a mark", Buffer.from(`\ufeff${text}`), "utf-8"],
    ["cp1252", cp1252, "latin-1"],
    ["utf-16", Buffer.from(`\ufeff${text}`, "utf16le"), "utf-16"],
    ["utf-16 without a mark", utf16, "utf-16"],
    ["utf-16be", Buffer.from(`\ufeff${text}`, "utf16le").swap16(), "utf-16be"],
    ["utf-16be without a mark", Buffer.from(utf16).swap16(), "utf-16be"],
  ])("in %s are found", async (name, bytes, encoding) => {
    const table = await read(`${name}.csv`, bytes);
    expect(cells(table)).toEqual(expected);
    expect(table.understood).toBe(`; separated, decimal comma, ${encoding}`);
  });

  it("are read as asked for, or refused", async () => {
    const one = await read("ö.csv", Buffer.from("a,b\nö,1\n"), { encoding: "latin-1" });
    expect(plain(one.columns[0]!)).toEqual(["Ã¶"]);
    expect(await messageOf("data", read("k.csv", cp1252, { encoding: "utf-8" }))).toContain(
      "is not utf-8 text: pass another --encoding, or none",
    );
  });
});

describe("columns that are no inputs", () => {
  const asides = ({ names, columns }: Table) => names.flatMap((name, j) => (columns[j]!.aside ? [name] : []));
  const rows = Array.from({ length: 12 }, (_, i) => [i, (i * 7) % 5, (i * 3) % 11]);
  const text = (names: string, from: number) =>
    `${names}\n${rows.map(([i, a, y]) => `${i! + from},${a},${y}\n`).join("")}`;

  it("an index without a name, as pandas and R write it", async () => {
    const pandas = await read("pandas.csv", ",a,y\n0,1.5,2\n7,2.5,3\n");
    expect(pandas.names).toEqual(["Unnamed: 0", "a", "y"]);
    expect(pandas.columns[0]).toMatchObject({ aside: "is the index of the rows: it has no name of its own" });
    const bars = await read("bars.csv", "|a|b|c\n0|w,|0071|0,25\n1|w,|0000|1,5\n");
    expect(cells(bars)).toEqual({ "Unnamed: 0": [0, 1], a: ["w,", "w,"], b: ["0071", "0000"], c: [0.25, 1.5] });
    const r = await read("r.txt", '"a" "y"\n"one" 1.5 2\n"two" 2.5 3\n');
    expect(cells(r)).toEqual({ "Unnamed: 0": ["one", "two"], a: [1.5, 2.5], y: [2, 3] });
    expect(asides(r)).toEqual(["Unnamed: 0"]);
  });

  it.each<[string, number, string[]]>([
    ["n,a,y", 0, ["n"]],
    ["n,a,y", 1, ["n"]],
    ["customer_id,a,y", 1000, ["customer_id"]],
    ["id,a,y", 1000, ["id"]],
    ["n,a,y", 1990, []],
    ["year,a,y", 0, []],
    ["t,a,y", 1, []],
  ])("one that numbers the rows, unless it is a time: %s from %d", async (names, from, expected) => {
    expect(asides(await read("counted.csv", text(names, from)))).toEqual(expected);
  });

  it("but not one of few rows, or all there is to learn from", async () => {
    expect(asides(await read("few.csv", "n,a,y\n1,5,6\n2,7,8\n"))).toEqual([]);
    const two = rows.map(([i, a]) => `${i},${a}\n`).join("");
    expect(asides(await read("two.csv", `n,y\n${two}`))).toEqual([]);
  });
});

describe("texts", () => {
  it("in quotes are no missing values, and others are those that are named", async () => {
    const table = await read("na.csv", 'a,b\n"NA",1\nNA,-999\nyes,3\nno,none\n', { missing: ["-999", "none"] });
    expect(cells(table)).toEqual({ a: ["NA", null, "yes", "no"], b: [1, NaN, 3, NaN] });
  });
});

describe("records", () => {
  const scan = (text: string, delimiter: string, size: number) => {
    const records: string[][] = [];
    const scanner = new RecordScanner({ delimiter }, ({ fields }) => records.push([...fields]));
    for (let at = 0; at < text.length; at += size) scanner.push(text.slice(at, at + size));
    scanner.end();
    expect(scanner.broken).toBeUndefined();
    return records;
  };

  it("are those that csv-parse finds, wherever pieces are cut", () => {
    const field = fc.string({
      unit: fc.constantFrom("a", "1", " ", '"', ",", ";", "\t", "\n", "\r", "ö"),
      maxLength: 6,
    });
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(",", ";", "|", "::"),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.integer({ min: 1, max: 9 }),
        (rows, delimiter, end, size) => {
          const bare = (text: string) => /^[a1ö ]+$/.test(text) && text.trim() !== "";
          const text = rows
            .map((row) => row.map((one) => (bare(one) ? one : quote(one))).join(delimiter) + end)
            .join("");
          const expected: string[][] = parse(text, { delimiter, trim: true, record_delimiter: ["\r\n", "\n", "\r"] });
          expect(scan(text, delimiter, size)).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
