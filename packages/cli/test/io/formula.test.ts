import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readTable } from "../../src/io/table-file.ts";
import { tableText, writeTable } from "../../src/io/write-table.ts";
import { Folder } from "./files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const first = (text: string) => tableText([{ name: "c", values: [text] }]).split("\n")[1];

describe("a text that a spreadsheet would run as a formula", () => {
  it.each([
    ["=1+1", "'=1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"],
    ["-2+3", "'-2+3"],
    ["＝1", "'＝1"],
    ["'=1", "''=1"],
    ["'quoted'", "'quoted'"],
    ["plain = text", "plain = text"],
    ["-1.5e-3", "-1.5e-3"],
    ["+7", "+7"],
  ])("%s is written as %s", (text, field) => expect(first(text)).toBe(field));

  it("stands behind an apostrophe also in quotes, and in names of columns", () => {
    expect(tableText([{ name: "=a", values: ['=HYPERLINK("x",1)', "\t=1", "\r=1"] }])).toBe(
      `'=a\n"'=HYPERLINK(""x"",1)"\n'\t=1\n"'\r=1"\n`,
    );
  });

  it("numbers are written as numbers", () => {
    expect(tableText([{ name: "c", values: Float64Array.of(-1.5, -0, -1e-300) }])).toBe("c\n-1.5\n-0\n-1e-300\n");
  });

  it("every text is read back as it is", async () => {
    const start = fc.constantFrom("", "=", "+", "-", "@", "'", "'=", "''=", "'-", "＝", "'x");
    const cell = fc.tuple(start, fc.string()).map(([sign, rest]) => `${sign}${rest}`.trim());
    // Missing values and numbers are other kinds of cells.
    const text = cell.filter(
      (value) => !/^(|NA|N\/A|NaN|nan|null|NULL|\?)$/.test(value) && !/^[+-]?[\d.]/.test(value) && !/inf/i.test(value),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1 }), fc.constantFrom("csv", "tsv"), async (values, ending) => {
        const names = ["=name", "'@other"];
        const path = folder.at(`t.${ending}`);
        const columns = [
          { name: names[0]!, values: ["text", ...values] },
          { name: names[1]!, values: ["text", ...values].reverse() },
        ];
        await writeTable(path, columns);
        const back = await readTable(path, { delimiter: ending === "csv" ? "," : "\t" });
        expect(back.names).toEqual(names);
        expect(back.columns.map((column) => [...column.values])).toEqual(columns.map((column) => column.values));
      }),
      { numRuns: 300 },
    );
  });
});
