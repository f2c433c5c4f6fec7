import { afterAll, expect, it } from "vitest";
import { csv, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

/** Of forty rows, the first seven have no target. */
const rows = smoothRows(40);
const tables = {
  regression: csv(
    "a,b,y",
    rows.map(([a, b, y], i) => [a, b, i < 7 ? "" : y]),
  ),
  classification: csv(
    "a,b,y",
    rows.map(([a, b, y], i) => [a, b, i < 7 ? "NA" : y! > 0.5 ? "high" : "low"]),
  ),
};

it.each(["regression", "classification"] as const)("rows without a target are counted: %s", async (task) => {
  const path = folder.file(`${task}.csv`, tables[task]);
  const learn = (...more: readonly string[]) => ntkit("fit", path, "--target", "y", ...more);
  const { stdout } = await learn("--out", folder.at("m.ntkit"));
  expect(stdout).toContain("40 rows, 2 columns");
  expect(stdout).toContain("left out: 7 rows without a target\n");
  expect(stdout).toMatch(/fitted on 2\d rows, tested on \d rows/);
  expect(stdout).toContain("fitted again on all 33 rows\n");
  expect((await learn("--test-fraction", "0")).stdout).toContain("fitted on 33 rows, none held out");
  const { rows: counts } = JSON.parse((await learn("--json")).stdout);
  expect(counts).toMatchObject({ all: 40, withoutTarget: 7 });
  expect(counts.train + counts.test).toBe(33);
});

it("and nothing is said where all have one", async () => {
  const path = folder.file("all.csv", csv("a,b,y", rows));
  expect((await ntkit("fit", path, "--target", "y")).stdout).not.toContain("without a target");
});
