import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { csv, ntkit } from "../command-line.ts";
import { Folder } from "../io/files.ts";
import { circle, REFERENCE_HEADER, referenceRow, type Sample, sectors, splits, writeBenchmark } from "./folder.ts";

const RING = circle("ring", 40);
const SECTORS = sectors("three-sectors", 45);

let data: Folder;
const others = new Folder();
beforeEach(() => {
  data = new Folder();
  writeBenchmark(data, [RING, SECTORS]);
});
afterEach(() => data.remove());
afterAll(() => others.remove());

const benchmark = (...more: readonly string[]) => ntkit("benchmark", "uci", "--data", data.path, ...more);

async function json(...more: readonly string[]) {
  const { exitCode, stdout, stderr } = await benchmark("--json", ...more);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("benchmark uci", () => {
  it("prints each data set beside the reference, then the means", async () => {
    const { exitCode, stdout, stderr } = await benchmark();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^data set +n +d +classes +depth +frozen +ridge +accuracy +reference +difference$/);
    expect(lines[1]).toMatch(/^ring +40 +3 +2 +\d +\d +\S+ +\d+\.\d\d +75\.00 +[+-]?\d+\.\d\d$/);
    expect(lines[2]).toMatch(/^three-sectors +45 +2 +3 /);
    expect(stdout).toMatch(/mean accuracy \d+\.\d\d %, mean of the reference 75\.00 % \(2 data sets\)/);
    expect(stdout).toMatch(/\d of 2 data sets at or above the reference\n[\d.]+ seconds with \w+\nengine: /);
  });

  it("--json has the numbers of the table; no line separates the ring, a network does", async () => {
    const all = await json();
    expect(all).toMatchObject({ suite: "uci", depths: [1, 2, 3, 4, 5], datasets: 2, meanReference: 0.75, out: null });
    const [ring, three] = all.results;
    expect(ring).toMatchObject({ name: "ring", n: 40, d: 3, classes: 2 });
    expect(all.meanAccuracy).toBeCloseTo((ring.accuracy + three.accuracy) / 2, 12);
    const [linear] = (await json("--depths", "1", "--only", "ring")).results;
    expect(linear).toMatchObject({ depth: 1, frozen: 0 });
    expect(ring.depth).toBeGreaterThan(1);
    expect(ring.validationAccuracy).toBeGreaterThan(linear.validationAccuracy + 0.1);
  });

  it("--only takes the data sets it names, and says which name is none", async () => {
    const { results } = await json("--only", "three-sectors", "--depths", "1,2-3");
    expect(results.map(({ name }: { name: string }) => name)).toEqual(["three-sectors"]);
    expect(results[0].depths).toBe("1,2,3");
    await fails(/no data set "rin" \(did you mean "ring"\?\)/, "--only", "rin");
  });

  it("--out keeps results, and goes on where they end", async () => {
    const out = data.at("results.csv");
    await json("--only", "ring", "--out", out, "--depths", "2");
    const kept = readFileSync(out, "utf8");
    expect(kept.split("\n")).toHaveLength(3);
    // A value that no computation gives shows where the result comes from.
    writeFileSync(out, kept.replace(/^ring,40,3,2,2,.*/m, 'ring,40,3,2,2,0,1,0.5,0.123,0.75,9,js,"2"'));
    const { results, seconds } = await json("--out", out, "--depths", "2", "-q");
    expect(results[0]).toMatchObject({ name: "ring", accuracy: 0.123 });
    expect(results[1].accuracy).toBeGreaterThan(0.5);
    expect(seconds).toBeGreaterThan(9);
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => line.split(",")[0])).toEqual(["name", "ring", "three-sectors"]);
    const noted = await benchmark("--out", out, "--depths", "2");
    expect(noted.stderr).toBe(`2 of 2 data sets are in ${out} already\n`);
    expect(readdirSync(data.path).filter((name) => name.startsWith("."))).toEqual([]);
    await fails(/holds results of depths 2, not of 1: name another file/, "--out", out, "--depths", "1");
  });
});

async function fails(sentence: RegExp, ...more: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await benchmark(...more);
  expect(stderr).toMatch(/^ntkit: [^\n]+[^.\n]\n$/);
  expect(stderr).toMatch(sentence);
  expect({ exitCode, stdout: stdout.replace(/^data set .*\n/, "") }).toEqual({ exitCode: 2, stdout: "" });
}

describe("benchmark uci says in one sentence what is wrong with", () => {
  const table = ({ rows, labels }: Sample) => rows.map((row, i) => [...row, labels[i]!]);
  const reference = (...lines: readonly string[]) =>
    data.file("reference.csv", [REFERENCE_HEADER, ...lines, ""].join("\n"));
  const folds = (change: object) =>
    data.file("ring.folds.json.gz", gzipSync(JSON.stringify({ ...splits(40), ...change })));
  const examples = (names: string, rows: readonly (readonly unknown[])[]) =>
    data.file("ring.csv.gz", gzipSync(csv(names, rows)));

  it("the folder", async () => {
    const { exitCode, stderr } = await ntkit("benchmark", "uci", "--data", others.at("none"));
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("does not exist") });
    rmSync(data.at("ring.folds.json.gz"));
    await fails(/ring\.folds\.json\.gz does not exist, but reference\.csv lists ring/);
    rmSync(data.at("reference.csv"));
    await fails(/reference\.csv does not exist/);
  });

  it("the reference", async () => {
    reference();
    await fails(/lists no data sets/);
    reference(referenceRow(RING, 0.5).replace("ring", "../ring"));
    await fails(/"\.\.\/ring" in data row 1 is no name of a data set/);
    reference("ring,40,3,2,0.5,?");
    await fails(/column "ntk_krr_cv4" must hold a number/);
    reference("ring,41,3,2,0.5,0.5");
    await fails(/ring\.csv\.gz holds 40 rows, but reference\.csv says 41/);
    data.file("reference.csv", "name,n\nring,40\n");
    await fails(/has no column "dataset"/);
  });

  it("the examples", async () => {
    examples("x1,x2,x3,class", [...table(RING).slice(1), [1, "", 2, 0]]);
    await fails(/ring\.csv\.gz: data row 40 holds no number/);
    examples("x1,x2,x3,class", [...table(RING).slice(1), [1, 1, 2, 0.5]]);
    await fails(/column "class" must hold whole numbers from 0/);
    examples("x1,x2,x3,kind", table(RING));
    await fails(/has no column "class"/);
    examples("x1,x2,x3,class", [[1, 2, 3]]);
    await fails(/line 2: every row must have 4 fields/);
    data.file("ring.csv.gz", "not packed");
    await fails(/is not gzipped/);
  });

  it("the splits", async () => {
    data.file("ring.folds.json.gz", gzipSync("{"));
    await fails(/ring\.folds\.json\.gz does not hold JSON text/);
    data.file("ring.folds.json.gz", gzipSync("null"));
    await fails(/"cv" must be a list of one split or more/);
    for (const train of [undefined, [], [40], [-1], [0.5], ["0"], [1, 1]]) {
      folds({ validation: { train, test: [0] } });
      await fails(/"validation" must have "train" and "test", lists of row numbers from 0 to 39/);
    }
    folds({ cv: [splits(40).cv[0], { train: [1, 2], test: [2, 3] }] });
    await fails(/cv 2 trains and tests on row 2/);
  });

  it("the options", async () => {
    for (const depths of ["0", "3-1", "1,,2", "x", "1-99"])
      await fails(/whole numbers from 1 to 20/, "--depths", depths);
    await fails(/names with commas/, "--only", "ring,");
    await fails(/give --out the name of one/, "--out", "-");
    await fails(/\.npy cannot/, "--out", data.at("results.npy"));
    await fails(/holds no results of this benchmark/, "--out", data.file("other.csv", "a,b\n1,2\n"));
    await fails(/does not exist; create it/, "--out", data.at("none/results.csv"));
  });
});

describe("Ctrl-C", () => {
  const source = new URL("../../src/main.ts", import.meta.url).href;
  const program = `const { main } = await import("${source}"); process.exitCode = await main(process.argv.slice(1));`;

  it("exits 130 with what is finished in the file, and the same command goes on", async () => {
    const out = others.at("stopped.csv");
    writeBenchmark(data, [RING, sectors("large", 1500)]);
    const child = spawn(process.execPath, [
      ...["--conditions=source", "--import", "tsx", "--input-type=module", "-e", program, "--"],
      ...["benchmark", "uci", "--data", data.path, "--out", out],
    ]);
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const watch = setInterval(() => {
      if (existsSync(out) && child.kill("SIGINT")) clearInterval(watch);
    }, 20);
    const exitCode = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(watch);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 130,
      stderr: `ntkit: stopped after 1 of 2 data sets; they are in ${out}: the same command goes on from there\n`,
    });
    expect(readFileSync(out, "utf8").trimEnd().split("\n")).toHaveLength(2);
    expect((await json("--only", "ring", "--out", out, "-q")).results).toHaveLength(1);
  });
});
