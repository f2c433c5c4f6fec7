import { readFileSync } from "node:fs";
import { decodeModel, decodeModels, encodeModel } from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csv, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
const rows = smoothRows(40);
/** The price is not known in four rows, the kind in every one. */
const cells = rows.map(([a, b, y], i) => [i + 0.5, a, b, i % 10 === 3 ? "" : y, y! > 0.6 ? "big" : "small"]);
const two = ["--target", "price", "--target", "kind"];

beforeAll(async () => {
  folder.file("both.csv", csv("id,a,b,price,kind", cells));
  await learn("both.csv", ...two, "--exclude", "id", "--out", at("both.ntkit"));
});
afterAll(() => folder.remove());

async function succeed(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ntkit(...argv);
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

const learn = (table: string, ...more: readonly string[]) => succeed("fit", at(table), ...more);

async function refused(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ntkit(...argv);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  return stderr;
}

describe("fit of several targets", () => {
  it("learns each as if it were alone, from the rows where it is known and never from the others", async () => {
    const { table, targets } = JSON.parse(await learn("both.csv", ...two, "--exclude", "id", "--json"));
    expect(table).toBe(at("both.csv"));
    for (const [k, target, other] of [
      [0, "price", "kind"],
      [1, "kind", "price"],
    ] as const) {
      const alone = await learn("both.csv", "--target", target, "--exclude", "id", "--exclude", other, "--json");
      const { leftOut, ...expected } = JSON.parse(alone);
      const { leftOut: own, ...found } = targets[k];
      expect(found).toEqual(expected);
      expect(own).toEqual([
        { name: "id", reason: "is excluded" },
        { name: other, reason: "is a target too" },
      ]);
      expect(leftOut).toHaveLength(2);
    }
    expect(targets.map(({ task }: { task: string }) => task)).toEqual(["regression", "classification"]);
  });

  it("has a report for each", async () => {
    const report = await learn("both.csv", "--target", "price, kind");
    expect(report).toContain('3 columns to learn "price" from (regression)');
    expect(report).toContain(`\n\n${at("both.csv")}: 40 rows, 3 columns to learn "kind" from (classification)`);
    expect(report).toContain('left out: column "kind" is a target too');
  });

  it("takes a column whose name has a comma, and reads the table of --test once", async () => {
    folder.file(
      "comma.csv",
      csv(
        'a,b,"y,z",y',
        rows.map(([a, b, y]) => [a, b, y, 2 * y!]),
      ),
    );
    const own = JSON.parse(await learn("comma.csv", "--target", "y,z", "--json"));
    expect(own.target).toBe("y,z");
    const both = JSON.parse(
      await learn("comma.csv", "--target", "y,z", "--target", "y", "--test", at("comma.csv"), "--json"),
    );
    expect(both.targets.map(({ target }: { target: string }) => target)).toEqual(["y,z", "y"]);
    expect(both.targets[0].test.rmse).toBeCloseTo(both.targets[1].test.rmse / 2, 10);
  });

  it("is refused with a plot, and where a target is no column", async () => {
    expect(await refused("fit", at("both.csv"), ...two, "--plot", at("p.svg"))).toContain(
      "--plot shows one target, and --target names 2: leave it out, or fit one",
    );
    expect(await refused("fit", at("both.csv"), "--target", "price,kin")).toContain(
      'no column is named "kin" (did you mean "kind"?)',
    );
    expect(await refused("fit", at("both.csv"), ...two, "--exclude", "kind")).toContain(
      '"kind" is the target and cannot be excluded',
    );
  });
});

describe("a model of several targets", () => {
  it("predicts columns that bear the names of the targets, those of each alone", async () => {
    folder.file(
      "new.csv",
      csv(
        "id,a,b",
        cells.slice(0, 5).map(([id, a, b]) => [id, a, b]),
      ),
    );
    const out = await succeed("predict", at("both.ntkit"), at("new.csv"), "--keep", "id");
    const [head, ...lines] = out.trim().split("\n");
    expect(head).toBe("id,prediction_price,lower_price,upper_price,prediction_kind,p_kind_big,p_kind_small");
    const models = decodeModels(readFileSync(at("both.ntkit")), "");
    const alone: string[][] = [];
    for (const [k, model] of models.entries()) {
      folder.file(`${k}.ntkit`, encodeModel(model));
      alone.push((await succeed("predict", at(`${k}.ntkit`), at("new.csv"))).trim().split("\n").slice(1));
    }
    expect(lines).toEqual(alone[0]!.map((line, i) => `${cells[i]![0]},${line},${alone[1]![i]}`));
    const means = await succeed("predict", at("both.ntkit"), at("new.csv"), "--no-intervals", "--json");
    expect(JSON.parse(means)).toMatchObject({ targets: ["price", "kind"] });
    expect(Object.keys(JSON.parse(means).columns)).toEqual([
      "prediction_price",
      "prediction_kind",
      "p_kind_big",
      "p_kind_small",
    ]);
  });

  it("says once of how many rows not all is known, to any of its models", async () => {
    // The first target does not learn from c, which is the same wherever that target is known.
    const some = cells.map(([, a, b, price, kind], i) => [a, b, price === "" ? i % 7 : 1, price, kind]);
    folder.file("some.csv", csv("a,b,c,price,kind", some));
    await learn("some.csv", ...two, "--out", at("some.ntkit"));
    const models = decodeModels(readFileSync(at("some.ntkit")), "");
    expect(models.map(({ preprocessor }) => preprocessor.features.length)).toEqual([2, 3]);
    folder.file(
      "gaps.csv",
      csv("a,b,c", [
        [1, 1, 1],
        ["", 1, 1],
        [1, 1, ""],
        ["", 1, ""],
      ]),
    );
    const { unknown } = JSON.parse(await succeed("predict", at("some.ntkit"), at("gaps.csv"), "--json"));
    expect(unknown).toEqual({
      rows: 3,
      columns: [
        { name: "a", missing: 2, unseen: 0 },
        { name: "c", missing: 2, unseen: 0 },
      ],
    });
  });

  it("is described target by target", async () => {
    const text = await succeed("describe", at("both.ntkit"));
    expect(text).toContain('regression model of "price"');
    expect(text).toContain('classification model of "kind"');
    const { targets } = JSON.parse(await succeed("describe", at("both.ntkit"), "--json"));
    expect(targets.map(({ rows: count }: { rows: number }) => count)).toEqual([36, 40]);
  });

  it("refuses to keep a column that it predicts, and names that meet", async () => {
    folder.file("kept.csv", csv("a,b,lower_price", rows));
    expect(await refused("predict", at("both.ntkit"), at("kept.csv"), "--keep", "lower_price")).toContain(
      '"lower_price" is the name of a column of predictions',
    );
    folder.file(
      "meet.csv",
      csv(
        "a,b,k,k_m",
        rows.map(([a, b, y]) => [a, b, y! > 0.6 ? "m_1" : "x", y! > 0.6 ? "1" : "z"]),
      ),
    );
    await learn("meet.csv", "--target", "k,k_m", "--out", at("meet.ntkit"), "--quiet");
    expect(await refused("predict", at("meet.ntkit"), at("kept.csv"))).toContain(
      'two columns of predictions would be named "p_k_m_1": fit these targets in files of their own',
    );
  });

  it("is no single model", () => {
    expect(() => decodeModel(readFileSync(at("both.ntkit")), "both.ntkit")).toThrow(
      "both.ntkit holds a model for each of several targets: read them with decodeModels",
    );
  });
});
