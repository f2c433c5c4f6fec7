import { afterAll, describe, expect, it } from "vitest";
import { ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

it("a table from Excel is learned from, and one from pandas predicted, to the same numbers", async () => {
  const comma = (value: number) => value.toFixed(4).replace(".", ",");
  const rows = smoothRows(40).map(([a, b], i) => ({
    a: a!,
    b: b!,
    flag: i % 3 === 0,
    y: a! + b! * b! + (i % 3 === 0 ? 1 : 0),
  }));
  const excel = rows.map(
    ({ a, b, flag, y }) => `${comma(a)};${comma(b)};${flag ? "WAHR" : "x"};${flag ? "TRUE" : "FALSE"};${comma(y)}\r\n`,
  );
  const text = `sep=;\r\nGröße;b;Wort;flag;y\r\n${excel.join("")}unbekannt;0,5;x;TRUE;\r\n`;
  const path = folder.file("excel.csv", Buffer.from(text, "latin1"));
  const model = folder.at("model.ntkit");
  const options = [
    "--target",
    "y",
    "--test-fraction",
    "0",
    "--out",
    model,
    "--missing",
    "unbekannt",
    "--encoding",
    "cp1252",
  ];
  const fit = await ntkit("fit", path, ...options);
  expect(fit).toMatchObject({ exitCode: 0 });
  expect(fit.stdout).toContain("read as: ; separated, decimal comma, cp1252\n");

  const line = ({ a, b, flag }: (typeof rows)[number]) => [a.toFixed(4), b.toFixed(4), flag ? "WAHR" : "x"];
  const pandas = rows.map((row, i) => `${i},${line(row).join()},${row.flag ? 1 : 0}\n`).join("");
  const asPandas = folder.file("pandas.csv", `,Größe,b,Wort,flag\n${pandas}`);
  const predict = async (table: string, ...more: string[]) => {
    const { stdout, exitCode } = await ntkit("predict", model, table, "--json", ...more);
    expect(exitCode).toBe(0);
    return (JSON.parse(stdout) as { columns: { prediction: number[] } }).columns.prediction;
  };
  const own = await predict(path, "--missing", "unbekannt");
  expect(await predict(asPandas)).toEqual(own.slice(0, 40));
  const json = folder.file(
    "rows.json",
    JSON.stringify(
      rows.map((row) => ({ Größe: +row.a.toFixed(4), b: +row.b.toFixed(4), Wort: line(row)[2], flag: row.flag })),
    ),
  );
  expect(await predict(json)).toEqual(own.slice(0, 40));
});

it("what cannot be a missing value is refused", async () => {
  const path = folder.file("plain.csv", "a,y\n1,2\n");
  const { exitCode, stderr } = await ntkit("fit", path, "--target", "y", "--missing", "a,,b");
  expect(exitCode).toBe(2);
  expect(stderr).toContain("it must be texts with commas between them, none of them empty");
});

describe("a table to predict is read as that of training", () => {
  const values = [1.5, 2.775, 3.591, 1.25, 2.5, 1.813, 3.5, 2.25, 1.605, 3.25];

  /** The predictions of a model that learned y from a in a table of that text. */
  async function learn(name: string, text: string): Promise<(table: string, ...more: string[]) => Promise<number[]>> {
    const model = folder.at(`${name}.ntkit`);
    const options = ["--target", "y", "--test-fraction", "0", "--out", model];
    const { exitCode, stderr } = await ntkit("fit", folder.file(`${name}.csv`, text), ...options);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    return async (table, ...more) => {
      const path = folder.file(table.startsWith("[") ? "p.json" : "p.csv", table);
      const { stdout } = await ntkit("predict", model, path, "--json", ...more);
      return (JSON.parse(stdout) as { columns: { prediction: number[] } }).columns.prediction;
    };
  }

  it("decimal commas with three digits, and one column alone", async () => {
    const comma = (value: number) => `${value}`.replace(".", ",");
    const german = await learn("german", `a;y\n${values.map((a) => `${comma(a)};${comma(a * a)}\n`).join("")}`);
    const expected = await german('[{"a": 1.5}, {"a": 2.775}]');
    expect(await german("a;b\n1,500;x\n2,775;y\n")).toEqual(expected);
    expect(await german("a\n1,500\n2,775\n")).toEqual(expected);
    expect(await german("a\n1,5\n2,775\n")).toEqual(expected);
    expect(await german("a;b\n1,500;x\n2,775;y\n", "--keep", "a")).toEqual(expected);
    expect(await german("b,a\nx,1.500\ny,2.775\n")).toEqual(expected);
    expect(await german("a;b\n1.5;x\n2.775;y\n")).toEqual(expected);
  });

  it("commas that part thousands where fields are separated by something else", async () => {
    const british = await learn("british", `a;y\n${values.map((a) => `${1000 * a};${a * a}\n`).join("")}`);
    const expected = await british('[{"a": 1500}, {"a": 2775}]');
    expect(await british("a;b\n1,500;x\n2,775;y\n")).toEqual(expected);
    expect(await british("a|b\n1500|x\n2775|y\n")).toEqual(expected);
  });
});

describe("how a table was understood is said", () => {
  const rows = smoothRows(20).map(
    ([a, b, y], i) => `${1 + (i % 9)}/${2 + (i % 7)}/2012;$${(9 + a!).toFixed(2)};${b};${i ? y : ""}\n`,
  );
  const path = folder.file("understood.csv", `day;price;b;y\n${rows.join("")}`);
  const layers = [{ type: "dense", width: 8 }, { type: "relu" }, { type: "dense", width: 1 }];
  const network = folder.file("net.json", JSON.stringify({ type: "serial", layers }));
  const notes = [
    {
      column: "day",
      note: expect.stringContaining("the month before the day, which no row of the column decides") as string,
    },
    { column: "price", note: '"$9.84" is read as 9.84' },
  ];

  it.each([
    ["fit", []],
    ["train", ["--network", network, "--width", "8", "--steps", "1"]],
    ["certify", ["--network", network, "--quick", "--width", "8", "--draws", "1", "--steps", "1"]],
  ])("by %s", async (command, more) => {
    const argv = [command, path, "--target", "y", ...more];
    const { exitCode, stdout } = await ntkit(...argv);
    expect(exitCode).toBe(0);
    const lines = stdout.split("\n");
    expect(lines.slice(1, 8)).toEqual([
      "read as: ; separated, utf-8",
      expect.stringContaining('column "day": "1/2/2012" is read as 2012-01-02'),
      'column "price": "$9.84" is read as 9.84',
      "left out: 1 row without a target",
      "columns: day, price, b",
      'column "day": dates, the month before the day, learned as trend, weekday',
      expect.anything(),
    ]);
    expect(JSON.parse((await ntkit(...argv, "--json")).stdout)).toMatchObject({
      understood: "; separated, utf-8",
      notes,
    });
  });
});
