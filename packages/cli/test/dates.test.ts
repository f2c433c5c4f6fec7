import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readTable } from "../src/io/table-file.ts";
import { csv, ntkit } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

/** Every second day of three months at one of three hours, written day first, as in Europe. */
const rows = Array.from({ length: 45 }, (_, i) => {
  const date = new Date(Date.UTC(2024, 2, 1 + 2 * i, 6 * (i % 3) + 6));
  const [year, month, day, hour] = date.toISOString().split(/[-T:]/);
  return { iso: `${year}-${month}-${day}`, day: `${day}/${month}/${year}`, hour: `${hour}.00.00`, y: i / 9 + (i % 3) };
});
const table = (day: "iso" | "day") =>
  csv(
    "Date;Time;y",
    rows.map((row) => [row[day], row.hour, row.y.toFixed(3).replace(".", ",")]),
    ";",
  );

async function succeed(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ntkit(...argv);
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

const model = folder.at("model.ntkit");
let report: string;
beforeAll(async () => {
  report = await succeed("fit", folder.file("air.csv", table("day")), "--target", "y", "--out", model);
});

it("the report says what dates and times became, and so does describe", async () => {
  const lines = [
    'column "Date": dates, the day before the month, learned as trend, weekday',
    'column "Time": times of day, learned as hour',
  ];
  expect(report).toContain(`columns: Date, Time\n${lines.join("\n")}\n`);
  expect(report).toContain('column "Time": "06.00.00" is read as a time of day\n');
  const described = await succeed("describe", model);
  expect(described).toContain("from 45 rows and 2 columns, 10 inputs: Date, Time\n");
  for (const line of lines) expect(described).toContain(`${line}\n`);
  const { features } = JSON.parse(await succeed("describe", model, "--json"));
  expect(features).toMatchObject([
    { kind: "date", name: "Date", writing: "dmy", parts: [{ kind: "trend" }, { kind: "weekday" }] },
    { kind: "date", name: "Time", writing: "clock", parts: [{ kind: "hour" }] },
  ]);
});

it("another table may write them with the year first, and of the rest the order of training counts", async () => {
  const predict = (name: string, text: string) => ntkit("predict", model, folder.file(name, text));
  const own = await predict("own.csv", table("day"));
  expect(own.exitCode).toBe(0);
  expect((await predict("iso.csv", table("iso"))).stdout).toBe(own.stdout);
  const few = await predict("few.csv", "Date;Time\n01/03/2024;06:00\n");
  expect(few.stdout.split("\n").slice(0, 2)).toEqual(own.stdout.split("\n").slice(0, 2));
  const { exitCode, stderr } = await predict("bad.csv", "Date;Time\n01/03/2024;06:00\n03/13/2024;06:00\n");
  expect(exitCode).toBe(2);
  expect(stderr).toContain('the day first, in training but data row 2 holds "03/13/2024"');
});

it("Parquet and JSON have dates and times too", async () => {
  const schema = [
    { name: "root", num_children: 4 },
    { name: "day", type: "INT32", converted_type: "DATE", repetition_type: "OPTIONAL" },
    { name: "when", type: "INT64", converted_type: "TIMESTAMP_MILLIS", repetition_type: "REQUIRED" },
    { name: "ms", type: "INT32", converted_type: "TIME_MILLIS", repetition_type: "OPTIONAL" },
    {
      name: "ns",
      type: "INT64",
      logical_type: { type: "TIME", isAdjustedToUTC: false, unit: "NANOS" },
      repetition_type: "REQUIRED",
    },
  ] as const;
  const buffer = parquetWriteBuffer({
    schema: schema.map((element) => ({ ...element })),
    columnData: [
      { name: "day", data: [new Date("2012-02-29"), null] },
      { name: "when", data: [new Date("2012-02-29T14:05:00.250Z"), new Date("1969-07-20T20:17:40Z")] },
      { name: "ms", data: [50_700_000, null] },
      { name: "ns", data: [50_700_250_000_000n, 0n] },
    ],
  });
  const { columns } = await readTable(folder.file("times.parquet", new Uint8Array(buffer)));
  expect(columns).toMatchObject([
    { values: ["2012-02-29T00:00:00.000Z", null], dates: "ymd" },
    { values: ["2012-02-29T14:05:00.250Z", "1969-07-20T20:17:40.000Z"], dates: "ymd" },
    { values: ["14:05:00.000", null], dates: "clock" },
    { values: ["14:05:00.250", "00:00:00.000"], dates: "clock" },
  ]);
  const json = await readTable(folder.file("times.json", '[{"when": "2012-02-29T14:05:00Z"}, {"when": null}]'));
  expect(json.columns).toMatchObject([{ dates: "ymd" }]);
});
