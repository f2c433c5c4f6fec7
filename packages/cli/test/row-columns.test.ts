import { readFileSync } from "node:fs";
import { decodeModel } from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csv, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
const rows = smoothRows(40);

/** A table made of the rows. */
function file(name: string, names: string, cells: (row: number[], i: number) => readonly unknown[]): void {
  folder.file(name, csv(names, rows.map(cells)));
}

beforeAll(() => {
  file("weighed.csv", "a,b,w,y", ([a, b, y], i) => [a, b, i % 4 === 0 ? 0 : 2, y]);
  file("negative.csv", "a,b,w,y", ([a, b, y], i) => [a, b, i === 6 ? -1 : 2, y]);
  file("patients.csv", "a,b,patient,y", ([a, b, y], i) => [a, b, i === 3 ? "" : `p${i % 10}`, y]);
  file("pair.csv", "a,patient,y", ([a, , y], i) => [a, i % 2 === 0 ? "p" : "q", y]);
  const day = (i: number) => `2012-0${1 + Math.floor(i / 28)}-${`${1 + (i % 28)}`.padStart(2, "0")}`;
  const dated = rows.map(([a, b, y], i) => [a, b, day(39 - i), y]);
  folder.file("dated.csv", csv("a,b,day,y", dated));
  folder.file("last.csv", csv("a,b,day,y", dated.slice(0, 8)));
  folder.file("first.csv", csv("a,b,day,y", dated.slice(8)));
  const kept = rows.filter((_, i) => i % 4 !== 0);
  folder.file("kept.csv", csv("a,b,y", kept));
});
afterAll(() => folder.remove());

async function learn(table: string, ...more: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ntkit("fit", at(table), "--target", "y", ...more);
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

async function refused(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ntkit("fit", ...argv);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  return stderr;
}

describe("--weight", () => {
  it("counts rows by a column that is no input, says so, and leaves rows of weight 0 out", async () => {
    const options = ["--weight", "w", "--test-fraction", "0"];
    const report = await learn("weighed.csv", ...options, "--out", at("weighed.ntkit"));
    expect(report).toContain('left out: column "w" weighs the rows\n');
    expect(report).toContain('weights: rows count by column "w", in scores too; 10 rows of weight 0 left out\n');
    const own = JSON.parse(await learn("weighed.csv", ...options, "--json"));
    const kept = JSON.parse(await learn("kept.csv", "--test-fraction", "0", "--json"));
    expect(own).toMatchObject({ rowColumns: { weight: "w" }, weightless: 10, columns: ["a", "b"] });
    own.leaveOneOut.forEach(({ score }: { score: number }, i: number) => {
      expect(score / kept.leaveOneOut[i].score).toBeCloseTo(1, 10);
    });
    const model = decodeModel(readFileSync(at("weighed.ntkit")), "");
    expect(model).toMatchObject({ rows: 30, weightless: 10, rowColumns: { weight: "w" } });
    const { stdout } = await ntkit("describe", at("weighed.ntkit"));
    expect(stdout).toContain("learned from 30 rows");
    expect(stdout).toContain("weights: rows count by column");
    expect((await ntkit("predict", at("weighed.ntkit"), at("kept.csv"))).exitCode).toBe(0);
  });

  it("scores held-out rows by weight", async () => {
    const { rows: counted, weightless, test } = JSON.parse(await learn("weighed.csv", "--weight", "w", "--json"));
    expect({ counted, weightless }).toEqual({
      counted: { all: 40, withoutTarget: 0, train: 24, test: 6 },
      weightless: 10,
    });
    expect(test.r2).toBeGreaterThan(0.5);
  });

  it("of a row that is negative, or a column that is not there, is refused", async () => {
    expect(await refused(at("negative.csv"), "--target", "y", "--weight", "w")).toMatch(
      /the weight "w" is -1 in data row 7: weights must be finite numbers of at least 0, where 0 leaves a row out\n$/,
    );
    expect(await refused(at("weighed.csv"), "--target", "y", "--weight", "W")).toContain(
      'no weight column is named "W" (did you mean "w"?)',
    );
  });
});

describe("--group", () => {
  it("judges and holds out whole groups of a column that is no input, and says so", async () => {
    const report = await learn("patients.csv", "--group", "patient", "--out", at("patients.ntkit"));
    expect(report).toContain('left out: column "patient" groups the rows\n');
    expect(report).toMatch(/groups: [89] by column "patient", each held out and judged as a whole\n/);
    const all = JSON.parse(await learn("patients.csv", "--group", "patient", "--test-fraction", "0", "--json"));
    const plain = JSON.parse(await learn("patients.csv", "--exclude", "patient", "--test-fraction", "0", "--json"));
    expect(all).toMatchObject({ rowColumns: { group: "patient" }, columns: ["a", "b"] });
    expect(all.leaveOneOut[0].score).not.toBe(plain.leaveOneOut[0].score);
    // Ten patients, and one row without.
    expect(decodeModel(readFileSync(at("patients.ntkit")), "").leftOut).toBe(11);
    const { stdout } = await ntkit("describe", at("patients.ntkit"));
    expect(stdout).toContain('groups: 11 by column "patient"');
  });

  it("is refused where training would be one group", async () => {
    expect(await refused(at("pair.csv"), "--target", "y", "--group", "patient")).toContain(
      '"patient" puts all 20 rows to learn from into one group, so that no other rows can judge them: learn without groups, or hold fewer rows out',
    );
  });
});

describe("--time", () => {
  it("holds the last rows out, judges rows by earlier ones, and says so", async () => {
    const options = ["--time", "day", "--out", at("dated.ntkit")];
    expect(await learn("dated.csv", ...options)).toContain(
      'time: rows are held out and judged by column "day", the past before the future\n',
    );
    // Rows run backwards: the last eight days are the first eight rows.
    const own = JSON.parse(await learn("dated.csv", "--time", "day", "--json"));
    const split = ["--time", "day", "--test", at("last.csv"), "--json"];
    const apart = JSON.parse(await learn("first.csv", ...split));
    expect([own.rowColumns, own.rows.test]).toEqual([{ time: "day" }, 8]);
    expect([own.test, own.leaveOneOut]).toEqual([apart.test, apart.leaveOneOut]);
    const { stdout } = await ntkit("describe", at("dated.ntkit"));
    expect(stdout).toContain("earlier rows, the chosen one first");
    expect(await learn("dated.csv", "--time", "day", "--test-fraction", "0")).toContain("judged by earlier rows: RMSE");
  });

  it("is refused beside --group", async () => {
    expect(await refused(at("dated.csv"), "--target", "y", "--time", "day", "--group", "a")).toContain(
      'rows are judged by groups ("a") or by time ("day"), not by both: leave one of them out',
    );
  });
});
