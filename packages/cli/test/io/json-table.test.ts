import { afterAll, describe, expect, it } from "vitest";
import { readTable } from "../../src/io/table-file.ts";
import { Folder, messageOf } from "./files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const rows = [
  { a: 1.5, kind: "NA", id: 1, flag: true, list: [1] },
  { a: null, kind: "x", flag: false, list: [], späť: "01" },
];

describe("rows of objects", () => {
  it.each<[string, string]>([
    ["list.json", JSON.stringify(rows)],
    ["pretty.json", `\ufeff${JSON.stringify(rows, null, 2)}\n`],
    ["lines.ndjson", rows.map((row) => `${JSON.stringify(row)}\n`).join("\r\n")],
    ["no-ending", JSON.stringify(rows)],
  ])("%s", async (name, text) => {
    const { names, rows: count, columns } = await readTable(folder.file(name, text));
    expect(names).toEqual(["a", "kind", "id", "flag", "list", "späť"]);
    expect(count).toBe(2);
    expect(columns.map(({ values }) => [...values])).toEqual([
      [1.5, NaN],
      ["NA", "x"],
      [1, NaN],
      ["true", "false"],
      ["[1]", "[]"],
      [null, "01"],
    ]);
    expect(columns[4]).toMatchObject({ aside: "holds lists or structures, not one value a row" });
  });

  it("keep the digits of long ids", async () => {
    const text =
      '[{"id": 9007199254740993, "a": 0.12345678901234566, "t": "12345678901234567890"}, {"id": 5, "a": 1, "t": ""}]';
    const { columns } = await readTable(folder.file("ids.json", text));
    expect(columns.map(({ values }) => [...values])).toEqual([
      ["9007199254740993", "5"],
      [0.12345678901234566, 1],
      ["12345678901234567890", null],
    ]);
  });

  it.each<[string, string, string]>([
    ["broken.json", '[{"a": 1}, {"a": ]', "broken.json is not JSON: "],
    ["broken.ndjson", '{"a": 1}\n{"a": \n', "broken.ndjson, line 2: it must hold one JSON object: "],
    ["number.json", "5", "number.json is no list of objects, one a row"],
    ["numbers.json", "[{}, 2]", "numbers.json, row 2: it must be an object of names and values"],
    ["lines.jsonl", '{"a": 1}\n[1]\n', "lines.jsonl, line 2: it must be an object of names and values"],
  ])("%s is refused", async (name, text, message) => {
    expect(await messageOf("format", readTable(folder.file(name, text)))).toContain(message);
  });

  it("are no text that only begins alike", async () => {
    expect((await readTable(folder.file("brackets.csv", "[a],b\n1,2\n"))).names).toEqual(["[a]", "b"]);
  });
});
