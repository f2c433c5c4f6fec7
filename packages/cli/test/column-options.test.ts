import { readFileSync } from "node:fs";
import { decodeModel } from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpyMatrix } from "../src/io/npy.ts";
import { csv, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
const rows = smoothRows(30);
const ids = rows.map((_, i) => `00${i + 1}`);
const withIds = csv(
  '"id,no",day,a,b,y',
  rows.map(([a, b, y], i) => [ids[i], 2 * i + (i % 7), a, b, y]),
);

beforeAll(async () => {
  folder.file("numbers.csv", csv("a,b,y", rows));
  folder.file("ids.csv", withIds);
  await learn("numbers.csv", "y", "--out", at("numbers.ntkit"));
});
afterAll(() => folder.remove());

async function succeed(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ntkit(...argv);
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

function learn(table: string, target: string, ...more: readonly string[]): Promise<string> {
  return succeed("fit", at(table), "--target", target, ...more);
}

describe("options that name columns", () => {
  it("--exclude: columns are neither learned from nor needed to predict, and the model says so", async () => {
    const exclude = ["--exclude", "day", "--exclude", "id,no", "--out", at("without.ntkit")];
    const report = await learn("ids.csv", "y", ...exclude);
    expect(report).toMatch(
      /2 columns to learn "y" from \(regression\)\nread as: , separated, utf-8\ncolumns: a, b\nleft out: /,
    );
    expect(report).toContain('left out: column "id,no" is excluded\nleft out: column "day" is excluded\n');
    const plain = JSON.parse(await learn("numbers.csv", "y", "--json"));
    const without = JSON.parse(await learn("ids.csv", "y", "--json", ...exclude));
    expect(without).toMatchObject({ columns: ["a", "b"], test: plain.test, leaveOneOut: plain.leaveOneOut });
    expect(decodeModel(readFileSync(at("without.ntkit")), "").preprocessor.dropped.map(({ name }) => name)).toEqual([
      "id,no",
      "day",
    ]);
    const [one, other] = await Promise.resolve(["ids.csv", "numbers.csv"]).then(async (tables) => {
      const out: string[] = [];
      for (const table of tables) out.push((await ntkit("predict", at("without.ntkit"), at(table))).stdout);
      return out;
    });
    expect(one).toBe(other);
  });

  it("--exclude of train and certify", async () => {
    const layers = [{ type: "dense", width: 8 }, { type: "relu" }, { type: "dense", width: 1 }];
    folder.file("net.json", JSON.stringify({ type: "serial", layers }));
    const options = ["--target", "y", "--network", at("net.json"), "--exclude", "id,no", "--exclude", "day"];
    const line = 'left out: column "id,no" is excluded\nleft out: column "day" is excluded\n';
    expect(await succeed("train", at("ids.csv"), ...options, "--width", "8", "--steps", "2")).toContain(line);
    expect(await succeed("certify", at("ids.csv"), ...options, "--quick", "--quiet")).toContain(line);
    const { stderr } = await ntkit("train", at("ids.csv"), ...options, "--exclude", "B");
    expect(stderr).toMatch(/has no column named "B" \(did you mean "b"\?\); its columns are id,no, day, a, b, y\n$/);
  });

  it("--keep: predict writes columns beside the predictions, as they stand in the file, inputs too", async () => {
    const predict = ["predict", at("numbers.ntkit"), at("ids.csv")];
    const keep = ["--keep", "id,no", "--keep", "a, day"];
    await succeed(...predict, ...keep, "--out", at("kept.csv"));
    await succeed(...predict, "--out", at("plain.csv"));
    const lines = (name: string) => readFileSync(at(name), "utf8").split("\n");
    const [plain, kept] = [lines("plain.csv"), lines("kept.csv")];
    expect(kept[0]).toBe(`"id,no",a,day,${plain[0]}`);
    rows.forEach(([a], i) => {
      expect(kept[i + 1]).toBe(`${ids[i]},${a},${2 * i + (i % 7)},${plain[i + 1]}`);
    });
    const { columns } = JSON.parse((await ntkit(...predict, ...keep, "--json")).stdout);
    expect(columns["id,no"]).toEqual(ids);
    await succeed(...predict, "--keep", "day", "--out", at("kept.npy"));
    expect(await readNpyMatrix(at("kept.npy"))).toMatchObject({ rows: 30, cols: 4 });
  });
});
