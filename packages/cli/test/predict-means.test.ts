import { afterAll, beforeAll, expect, it } from "vitest";
import { csv, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
const rows = smoothRows(30);

beforeAll(async () => {
  folder.file("numbers.csv", csv("a,b,y", rows));
  folder.file(
    "kinds.csv",
    csv(
      "a,b,y",
      rows.map(([a, b]) => [a, b, a! > 0 ? "up" : "down"]),
    ),
  );
  for (const name of ["numbers", "kinds"])
    await ntkit("fit", folder.at(`${name}.csv`), "--target", "y", "--out", folder.at(`${name}.ntkit`));
});
afterAll(() => folder.remove());

/** Lines of fields. */
async function predicted(name: string, ...more: readonly string[]): Promise<string[][]> {
  const { exitCode, stdout } = await ntkit("predict", folder.at(`${name}.ntkit`), folder.at(`${name}.csv`), ...more);
  expect(exitCode).toBe(0);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
}

it("predict --no-intervals writes the predictions alone", async () => {
  const all = await predicted("numbers");
  expect(all[0]).toEqual(["prediction", "lower", "upper"]);
  expect(await predicted("numbers", "--no-intervals")).toEqual(all.map(([prediction]) => [prediction]));
  expect(await predicted("kinds", "--no-intervals")).toEqual(await predicted("kinds"));
});
