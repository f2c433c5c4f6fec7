import { afterAll, beforeAll, expect, it } from "vitest";
import { csv, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
const rows = smoothRows(30);

beforeAll(() => {
  folder.file("once.csv", csv("a,b,y", rows));
  folder.file("copied.csv", csv("a,b,y", [...rows, ...rows.slice(0, 10)]));
  const levels = Array.from({ length: 40 }, (_, i) => [i % 4, Math.sin(9 * i) + (i % 4)]);
  folder.file("levels.csv", csv("level,y", levels));
});
afterAll(() => folder.remove());

async function report(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await ntkit(...argv);
  expect(exitCode).toBe(0);
  return stdout;
}

const learn = (name: string, ...more: readonly string[]) =>
  report("fit", folder.at(name), "--target", "y", "--task", "regression", ...more);

it("a fit says how many rows repeat the inputs of others, and that they are judged together", async () => {
  expect(await learn("copied.csv", "--test-fraction", "0", "--out", folder.at("copied.ntkit"))).toContain(
    "repeated: 10 rows repeat the inputs of others; rows with equal inputs are judged together",
  );
  expect(await report("describe", folder.at("copied.ntkit"))).toContain(
    "learned from 40 rows, 10 of which repeat the inputs of others, and 2 columns",
  );
  expect(await learn("copied.csv")).toMatch(/repeated: \d+ rows? repeats? .* judged and held out together/);
  expect(JSON.parse(await learn("copied.csv", "--test-fraction", "0", "--json"))).toMatchObject({ repeatedRows: 10 });
  expect(await learn("once.csv")).not.toContain("repeated:");
});

it("a fit on the levels of a design says that its rows are judged one by one", async () => {
  expect(await learn("levels.csv")).toContain(
    "repeated: 28 rows repeat the inputs of others: inputs are the levels of a design, and rows are judged one by one",
  );
});
