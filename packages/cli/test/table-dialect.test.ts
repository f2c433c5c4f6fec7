import { afterAll, expect, it } from "vitest";
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
