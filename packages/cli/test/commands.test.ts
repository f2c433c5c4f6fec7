import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { decodeModel, fromRows, kernelFn, predictRegression } from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpyMatrix } from "../src/io/npy.ts";
import { readTable } from "../src/io/table-file.ts";
import { csv, floats, npyBytes, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
const rows = smoothRows(30);
const at = (name: string) => folder.at(name);

async function succeed(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ntkit(...argv);
  expect({ exitCode, stderr: stderr.includes("ntkit:") ? stderr : "" }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

const learn = (table: string, target: string, ...more: readonly string[]) =>
  succeed("fit", at(table), "--target", target, ...more);

/** Lines of fields of a file of predictions. */
const fields = (text: string, delimiter = ",") =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(delimiter));

beforeAll(async () => {
  folder.file("numbers.csv", csv("a,b,y", rows));
  const kinds = rows.map(([a, b]) => [a, b, a! > 0 ? '"up, ""high"""' : "down"]);
  folder.file("kinds.csv", csv("a,b,kind", kinds));
  await learn("numbers.csv", "y", "--out", at("numbers.ntkit"));
  await learn("kinds.csv", "kind", "--out", at("kinds.ntkit"));
});
afterAll(() => folder.remove());

describe("fit", () => {
  it("reports on rows it has not seen, and saves a model and a picture", async () => {
    const report = await learn("numbers.csv", "y", "--out", at("again.ntkit"), "--plot", at("again.svg"));
    for (const part of ["30 rows", "fitted on 24 rows, tested on 6", "RMSE", "infinite network", "mean of target"])
      expect(report).toContain(part);
    expect(readFileSync(at("again.svg"), "utf8")).toMatch(/^<\?xml[\s\S]*<svg [\s\S]*<\/svg>/);
    expect(readFileSync(at("again.ntkit"))).toEqual(readFileSync(at("numbers.ntkit")));
  });

  it("--json prints one object and nothing else", async () => {
    const { exitCode, stdout, stderr } = await ntkit("fit", at("kinds.csv"), "--target", "kind", "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      task: "classification",
      target: "kind",
      rows: { all: 30, train: 24, test: 6 },
      columns: ["a", "b"],
      test: { classes: ["down", 'up, "high"'] },
    });
  });

  it("keeps stdout for the model when it goes there", async () => {
    const { stdout, stderr } = await ntkit("fit", at("numbers.csv"), "--target", "y", "--out", "-");
    expect(stdout).toContain('{"__metadata__":{"format":"ntkit-model"');
    expect(stdout).not.toContain("30 rows");
    expect(stderr).toContain("30 rows");
  });

  it("the seed decides which rows are held out, and nothing else does", async () => {
    const scores = await Promise.resolve(["1", "2", "1"]).then(async (seeds) => {
      const results: unknown[] = [];
      for (const seed of seeds)
        results.push(JSON.parse(await learn("numbers.csv", "y", "--json", "--seed", seed)).test);
      return results;
    });
    expect(scores[2]).toEqual(scores[0]);
    expect(scores[1]).not.toEqual(scores[0]);
  });

  it("takes a network and a test table", async () => {
    const layers = [{ type: "dense", width: 8 }, { type: "erf" }, { type: "dense", width: 1 }];
    folder.file("erf.json", JSON.stringify({ type: "serial", layers }));
    const options = ["--network", at("erf.json"), "--test", at("numbers.csv"), "--json"];
    const { model, rows: counts } = JSON.parse(await learn("numbers.csv", "y", ...options));
    expect(model.architecture).toMatch(/of the network given$/);
    expect(counts).toEqual({ all: 30, withoutTarget: 0, train: 30, test: 30 });
  });

  it("--test-fraction 0 holds nothing out", async () => {
    expect(await learn("numbers.csv", "y", "--test-fraction", "0")).toContain("leave-one-out RMSE");
    expect(await learn("kinds.csv", "kind", "--test-fraction", "0")).toContain("leave-one-out log loss");
  });
});

describe("predict", () => {
  it("a value and its interval for each row, the same bits as the library", async () => {
    await succeed("predict", at("numbers.ntkit"), at("numbers.csv"), "--out", at("out.csv"));
    const table = await readTable(at("out.csv"));
    expect(table.names).toEqual(["prediction", "lower", "upper"]);
    const model = decodeModel(readFileSync(at("numbers.ntkit")), "numbers.ntkit");
    if (model.task !== "regression") throw new Error("a regression model was saved");
    const expected = await predictRegression(model, await readTable(at("numbers.csv")));
    const columns = table.columns.map(({ values }) => values);
    expect(columns[0]).toHaveLength(30);
    for (const [j, values] of [expected.prediction, expected.lower, expected.upper].entries())
      values.forEach((value, i) => {
        expect(columns[j]![i]).toBeCloseTo(value, 8);
      });
    rows.forEach(([, , y], i) => {
      expect(Math.abs(expected.prediction[i]! - y!)).toBeLessThan(0.05);
    });
  });

  it("to standard output by default, for a table without the target and in another order", async () => {
    folder.file(
      "swapped.csv",
      csv(
        "b,other,a",
        rows.map(([a, b], i) => [b, `text ${i}`, a]),
      ),
    );
    const [all, swapped] = [
      await succeed("predict", at("numbers.ntkit"), at("numbers.csv")),
      await succeed("predict", at("numbers.ntkit"), at("swapped.csv")),
    ];
    expect(swapped).toBe(all);
    expect(fields(all)).toHaveLength(31);
    expect(await succeed("predict", at("numbers.ntkit"), at("numbers.csv"), "--out", "-")).toBe(all);
  });

  it("a class and its probabilities", async () => {
    await succeed("predict", at("kinds.ntkit"), at("kinds.csv"), "--out", at("kinds-out.csv"));
    const { names, columns } = await readTable(at("kinds-out.csv"));
    expect(names).toEqual(["prediction", "p_down", 'p_up, "high"']);
    expect([...columns[0]!.values]).toEqual(rows.map(([a]) => (a! > 0 ? 'up, "high"' : "down")));
    for (let i = 0; i < 30; i++)
      expect(Number(columns[1]!.values[i]) + Number(columns[2]!.values[i])).toBeCloseTo(1, 12);
  });

  it("as .tsv, gzipped, .npy and Parquet", async () => {
    const plain = fields(await succeed("predict", at("numbers.ntkit"), at("numbers.csv")));
    await succeed("predict", at("numbers.ntkit"), at("numbers.csv"), "--out", at("out.tsv.gz"));
    expect(fields(gunzipSync(readFileSync(at("out.tsv.gz"))).toString(), "\t")).toEqual(plain);
    for (const name of ["out.npy", "out.parquet"]) {
      await succeed("predict", at("numbers.ntkit"), at("numbers.csv"), "--out", at(name));
      const { columns } = await readTable(at(name));
      expect([...columns[0]!.values]).toEqual(plain.slice(1).map(([value]) => Number(value)));
    }
  });

  it("--json holds the columns, or says where they went", async () => {
    const here = JSON.parse(await succeed("predict", at("numbers.ntkit"), at("numbers.csv"), "--json"));
    expect(here).toMatchObject({ target: "y", rows: 30, out: null });
    expect(Object.keys(here.columns)).toEqual(["prediction", "lower", "upper"]);
    const options = ["--json", "--out", at("out.csv")];
    const there = JSON.parse(await succeed("predict", at("numbers.ntkit"), at("numbers.csv"), ...options));
    expect(there).toMatchObject({ rows: 30, out: at("out.csv") });
    expect(there.columns).toBeUndefined();
  });

  it("a wider interval for a higher level", async () => {
    const width = async (level: string) => {
      const [, first] = fields(await succeed("predict", at("numbers.ntkit"), at("numbers.csv"), "--level", level));
      return Number(first![2]) - Number(first![1]);
    };
    expect(await width("0.99")).toBeGreaterThan(await width("0.5"));
  });

  it("rows with missing values, also where training had none, and none at all", async () => {
    folder.file("gaps.csv", "a,b\n,\n0.5,\n,0.5\n0.5,0.5\n");
    const [, ...lines] = fields(await succeed("predict", at("numbers.ntkit"), at("gaps.csv")));
    expect(lines).toHaveLength(4);
    expect(lines.flat().every((field) => field !== "" && Number.isFinite(Number(field)))).toBe(true);
    folder.file("none.csv", "a,b\n");
    expect(await succeed("predict", at("numbers.ntkit"), at("none.csv"))).toBe("prediction,lower,upper\n");
  });
});

describe("unusual tables", () => {
  const predicted = async (name: string, content: string, target: string, ...more: readonly string[]) => {
    folder.file(`${name}.csv`, content);
    await learn(`${name}.csv`, target, "--out", at(`${name}.ntkit`), ...more);
    return fields(await succeed("predict", at(`${name}.ntkit`), at(`${name}.csv`)));
  };
  const finite = (lines: string[][]) => lines.slice(1).every((line) => line.every((f) => Number.isFinite(Number(f))));

  it("columns and classes named like members of every object", async () => {
    const names = "constructor,__proto__,toString";
    expect(finite(await predicted("members", csv(names, rows), "toString"))).toBe(true);
    const kinds = rows.map(([a, b]) => [a, b! > 0 ? "valueOf" : "__proto__", a! > 0 ? "__proto__" : "constructor"]);
    const [header] = await predicted("members", csv("a,__proto__,hasOwnProperty", kinds), "hasOwnProperty");
    expect(header).toEqual(["prediction", "p___proto__", "p_constructor"]);
  });

  it.each<[string, string, (row: number[], i: number) => unknown[]]>([
    ["target with spaces", "a,b,my target", (row) => row],
    ["two columns", "a,my target", ([a, b]) => [a, a! + b! * b!]],
    ["duplicate rows", "a,b,my target", (_, i) => (i % 2 ? [1, 2, 3.5] : [2, 3, 4.5])],
    ["large features", "a,b,my target", ([a, b, y]) => [a! * 1e300, b, y]],
    ["small features", "a,b,my target", ([a, b, y]) => [a! * 1e-300, b, y]],
    ["large targets", "a,b,my target", ([a, b, y]) => [a, b, y! * 1e300]],
    ["small targets", "a,b,my target", ([a, b, y]) => [a, b, y! * 1e-300]],
    ["an outlier", "a,b,my target", ([a, b, y], i) => [i === 3 ? 1e300 : a, b, y]],
    ["a constant column", "a,b,my target", ([a, , y]) => [a, 7, y]],
    ["an empty column", "a,b,my target", ([a, , y]) => [a, "", y]],
    ["numbers as categories", "a,b,my target", ([a, , y], i) => [a, i % 3 ? `0${i % 3}` : "none", y]],
  ])("%s", async (name, names, row) => {
    expect(finite(await predicted(name.replaceAll(" ", "-"), csv(names, rows.map(row)), "my target"))).toBe(true);
  });

  it("scores of large and small targets are those of plain ones, scaled", async () => {
    const scores: { rmse: number; r2: number; baselines: { linear: { rmse: number } } }[] = [];
    for (const scale of [1, 2 ** 1000, 2 ** -900]) {
      folder.file(
        "scaled.csv",
        csv(
          "a,b,y",
          rows.map(([a, b, y]) => [a, b, y! * scale]),
        ),
      );
      const { test } = JSON.parse(await learn("scaled.csv", "y", "--json"));
      scores.push({
        ...test,
        rmse: test.rmse / scale,
        baselines: { linear: { rmse: test.baselines.linear.rmse / scale } },
      });
    }
    for (const { rmse, r2, baselines } of scores) {
      expect(rmse).toBeCloseTo(scores[0]!.rmse, 9);
      expect(r2).toBeCloseTo(scores[0]!.r2, 9);
      expect(baselines.linear.rmse).toBeCloseTo(scores[0]!.baselines.linear.rmse, 9);
    }
  });

  it("rows without a target are left out of training and predicted all the same", async () => {
    const gaps = rows.map(([a, b, y], i) => [a, b, i % 3 ? y : ""]);
    const lines = await predicted("gaps-in-target", csv("a,b,y", gaps), "y");
    expect(lines).toHaveLength(31);
    expect(finite(lines)).toBe(true);
  });

  it("a class of one row is learned, not held out", async () => {
    const kinds = rows.map(([a, b], i) => [a, b, i === 4 ? "rare" : i % 2 ? "odd" : "even"]);
    folder.file("rare.csv", csv("a,b,kind", kinds));
    for (const seed of ["0", "1", "2"]) {
      const { test } = JSON.parse(await learn("rare.csv", "kind", "--json", "--seed", seed));
      expect(test.classes).toEqual(["even", "odd", "rare"]);
    }
  });

  it("without a header", async () => {
    folder.file("bare.csv", rows.map((row) => row.join(";")).join("\n"));
    expect(await learn("bare.csv", "x2", "--no-header", "--delimiter", ";")).toContain('to learn "x2" from');
  });
});

describe("kernel", () => {
  const network = {
    type: "serial",
    layers: [{ type: "dense", width: 8, bStd: 0.5 }, { type: "relu" }, { type: "dense", width: 1 }],
  } as const;
  const x1 = [1, 2, 3, 4, 5, 6];
  const x2 = [0.5, -1];
  beforeAll(() => {
    folder.file("net.json", JSON.stringify({ format: "ntkit-network", version: 1, network }));
    folder.file("x1.npy", npyBytes("(3, 2)", floats(...x1)));
    folder.file("x2.npy", npyBytes("(1, 2)", floats(...x2)));
  });

  it.each(["ntk", "nngp"] as const)("writes the %s the library computes", async (get) => {
    const [a, b] = [fromRows([x1.slice(0, 2), x1.slice(2, 4), x1.slice(4)]), fromRows([x2])];
    const options = [
      "--engine",
      "js",
      "--network",
      at("net.json"),
      "--x1",
      at("x1.npy"),
      "--get",
      get,
      "--out",
      at("k.npy"),
    ];
    await succeed("kernel", ...options);
    expect(await readNpyMatrix(at("k.npy"))).toEqual(await kernelFn(network)(a, null, get));
    const { stdout } = await ntkit("kernel", ...options, "--x2", at("x2.npy"), "--json");
    expect(JSON.parse(stdout)).toEqual({ get, shape: [3, 1], out: at("k.npy") });
    expect(await readNpyMatrix(at("k.npy"))).toEqual(await kernelFn(network)(a, b, get));
  });

  it("what leaves the range of float64 is a failed run", async () => {
    folder.file(
      "steep.json",
      JSON.stringify({ type: "repeat", times: 2, layer: { type: "dense", width: 1, wStd: 1e150 } }),
    );
    const options = ["--network", at("steep.json"), "--x1", at("x1.npy"), "--out", at("steep.npy")];
    const kernel = await ntkit("kernel", ...options);
    expect(kernel).toMatchObject({ exitCode: 1, stdout: "" });
    expect(kernel.stderr).toContain("overflows float64 at layer (dense)");
    const described = await ntkit("describe", at("steep.json"));
    expect(described).toMatchObject({ exitCode: 1, stdout: "" });
    expect(readdirSync(folder.path)).not.toContain("steep.npy");
  });

  it("describe shows each layer", async () => {
    const report = await succeed("describe", at("net.json"));
    expect(report).toContain("2 layers with weights, 3 in all");
    expect(JSON.parse(await succeed("describe", at("net.json"), "--json"))).toMatchObject({
      parametricLayers: 2,
      layers: [{ type: "dense", path: "layers[0]" }, { type: "relu" }, { type: "dense" }],
    });
  });
});

describe("figures that are not defined", () => {
  it.each([
    ["one row", [3], "one test row does not vary"],
    ["equal targets", [3, 3, 3], "equal test targets do not vary"],
  ])("R² of %s is no number, in text and in JSON", async (_, targets, reason) => {
    const test = folder.file(
      "few.csv",
      csv(
        "a,b,y",
        targets.map((y, i) => [i / 9, 0.5, y]),
      ),
    );
    const line = ["numbers.csv", "y", "--test", test] as const;
    const report = await learn(...line);
    expect(report).toMatch(/infinite network +[\d.]+ +[\d.]+ +not defined\n/);
    expect(report).toContain(`R² is not defined: ${reason}`);
    expect(report).toMatch(new RegExp(`\\(\\d of ${targets.length}\\)`));
    const { test: scores } = JSON.parse(await learn(...line, "--json"));
    expect(scores.r2).toBeNull();
    for (const { r2, rmse } of Object.values<{ r2: null; rmse: number }>(scores.baselines))
      expect([r2, Number.isFinite(rmse)]).toEqual([null, true]);
  });
});

describe("describe a model", () => {
  it("says what it learned, from what, and how well", async () => {
    await succeed("fit", at("numbers.csv"), "--target", "y", "--out", at("described.ntkit"));
    const report = await succeed("describe", at("described.ntkit"));
    const model = JSON.parse(await succeed("describe", at("described.ntkit"), "--json"));
    expect(report).toContain('described.ntkit: regression model of "y" (ntkit-model, version 1)');
    expect(report).toContain(`learned from ${model.rows} rows and 2 columns, 2 inputs: `);
    expect(report).toContain(`architecture: ${model.architecture} (${model.kernel.toUpperCase()}), ridge `);
    expect(report).toMatch(/mean of target +[\d.]+\n/);
    expect(report).toContain("layers[0]");
    expect(model).toMatchObject({ format: "ntkit-model", version: 1, task: "regression", target: "y", leftOut: [] });
    const { candidates, meanOfTarget } = model.leaveOneOut;
    const chosen = candidates.find(({ name }: { name: string }) => name === model.architecture);
    expect(chosen.score).toBeLessThan(meanOfTarget);
    const fitted = JSON.parse(
      await succeed("fit", at("numbers.csv"), "--target", "y", "--test-fraction", "0", "--json"),
    );
    expect(fitted.model.architecture).toBe(model.architecture);
    expect(model.layers).toHaveLength(model.network.layers.length);
  });

  it("of classes", async () => {
    await succeed("fit", at("kinds.csv"), "--target", "kind", "--out", at("kinds.ntkit"));
    expect(await succeed("describe", at("kinds.ntkit"))).toMatch(/\d+ classes: .*; temperature [\d.]+\n/);
    expect(JSON.parse(await succeed("describe", at("kinds.ntkit"), "--json")).leaveOneOut.measure).toBe("log loss");
  });

  it("the mean of the other rows is the baseline", async () => {
    const y = [3, 1, 4, 1.5, 9, 2.6, 5];
    const table = folder.file(
      "seven.csv",
      csv(
        "a,y",
        y.map((value, i) => [i * i, value]),
      ),
    );
    await succeed("fit", table, "--target", "y", "--test-fraction", "0", "--out", at("seven.ntkit"));
    const { leaveOneOut } = JSON.parse(await succeed("describe", at("seven.ntkit"), "--json"));
    const sum = y.reduce((total, value) => total + value, 0);
    const squares = y.map((value) => (value - (sum - value) / 6) ** 2).reduce((total, value) => total + value, 0);
    expect(leaveOneOut.meanOfTarget).toBeCloseTo(Math.sqrt(squares / 7), 12);
  });
});

describe("help", () => {
  it.each(["fit", "predict", "kernel", "describe"])("%s --help starts with an example", async (command) => {
    const { exitCode, stdout } = await ntkit(command, "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Examples?:\n  ntkit ${command} `));
    expect(stdout).toContain(`Usage: ntkit ${command} `);
  });

  it("lists the commands, and the version", async () => {
    const { exitCode, stdout } = await ntkit("--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Examples:\n {2}ntkit fit /);
    for (const command of ["fit", "predict", "kernel", "empirical", "train", "describe"])
      expect(stdout).toContain(`\n  ${command} `);
    expect((await ntkit("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
