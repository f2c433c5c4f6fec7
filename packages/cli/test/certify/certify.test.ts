import { readFileSync } from "node:fs";
import { dense, erf, jsEngine, kernelFn, networkFile, relu, serial, trainingData } from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { announcement, forecast } from "../../src/certify/forecast.ts";
import { measureWidth } from "../../src/certify/scan.ts";
import { prepareData } from "../../src/commands/train-setup.ts";
import { readTable } from "../../src/io/table-file.ts";
import { csv, type Finished, ntkit, smoothRows } from "../command-line.ts";
import { Folder } from "../io/files.ts";
import { refusedIn } from "../refused.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
const network = serial(dense({ width: 3, bStd: 0.5 }), erf(), dense({ width: 1 }));

const plain = {
  ...({ loss: "squared", classes: false, optimizer: { type: "gradientDescent" } } as const),
  ...({ trainable: "all", seed: 0, engine: jsEngine } as const),
};

beforeAll(() => {
  const rows = smoothRows(12);
  folder.file("t.csv", csv("a,b,y", rows));
  folder.file("twins.csv", csv("a,b,y", [...rows, [rows[0]![0], rows[0]![1], 5]]));
  folder.file("one.csv", "a,y\n1,2\n");
  folder.file("net.json", JSON.stringify(networkFile(network)));
  folder.file("plain.json", JSON.stringify(networkFile(serial(dense({ width: 3 }), relu(), dense({ width: 1 })))));
});
afterAll(() => folder.remove());

function run(table: string, ...more: readonly string[]): Promise<Finished> {
  return runOn("net.json", table, ...more);
}

function runOn(networkName: string, table: string, ...more: readonly string[]): Promise<Finished> {
  const base = ["certify", at(table), "--target", "y", "--network", at(networkName), "--engine", "js"];
  return ntkit(...base, "--width", "8,64", "--draws", "2", "--steps", "20", ...more);
}

describe("certify", () => {
  it("says what theory promises, what was measured, and whether the network is lazy", async () => {
    const { exitCode, stdout, stderr } = await run("t.csv", "--plot", at("certificate.svg"));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const part of [
      "12 rows, 2 inputs",
      "smallest eigenvalue",
      "largest stable",
      "steps to mse 0.01",
      "Lemma 2 asks for",
    ])
      expect(stdout).toContain(part);
    expect(stdout).toMatch(/width 64 is +(lazy|nearly lazy|not lazy): /);
    expect(readFileSync(at("certificate.svg"), "utf8")).toMatch(/<svg [\s\S]*<\/svg>/);
  });

  it("is about the kernel of the table's own rows", async () => {
    const found = JSON.parse((await run("t.csv", "--json", "--mse", "0.2")).stdout);
    const { x, y } = trainingData(await readTable(at("t.csv")), "y");
    const kernel = await kernelFn(network)(x, null, "ntk");
    const { values } = await jsEngine.eigh(kernel);
    expect(found.limit.eigenvalues.at(-1) / values.at(-1)!).toBeCloseTo(1, 12);
    expect(found.limit.smallest.measured / values[0]!).toBeCloseTo(1, 6);
    expect(found.limit.maxLearningRate * values.at(-1)!).toBeCloseTo(2, 6);
    // Steps are the first after which (I − ηΘ)ᵏ y is small enough.
    const mseAfter = async (steps: number) => {
      let residual = y;
      for (let k = 0; k < steps; k++) {
        const move = await jsEngine.matmul(kernel, residual);
        residual = {
          ...residual,
          data: residual.data.map((r, i) => r - found.limit.time.learningRate * move.data[i]!),
        };
      }
      return residual.data.reduce((sum, r) => sum + r * r, 0) / y.rows;
    };
    const { steps, bound } = found.limit.time;
    expect(await mseAfter(steps)).toBeLessThanOrEqual(0.2);
    expect(await mseAfter(steps - 1)).toBeGreaterThan(0.2);
    expect(bound.promises.value).toBeGreaterThanOrEqual(steps);
    for (const { concentration, distances } of found.widths)
      expect(concentration.slack).toBeCloseTo(concentration.promises.value / Math.max(...distances), 9);
    expect(found.width.extrapolated).toBeGreaterThan(64);
  });

  it("--quick measures fewer and narrower networks, and says so; what is asked for stays", async () => {
    const base = ["certify", at("t.csv"), "--target", "y", "--network", at("net.json"), "--quick", "--steps", "5"];
    const { exitCode, stdout } = await ntkit(...base);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("2 draws of each width, the first trained for 5 steps (--quick)\n");
    expect(stdout.match(/^ +\d+(?= {2,}\d)/gm)?.map(Number)).toEqual([64, 256]);
    const found = JSON.parse((await ntkit(...base, "--width", "8", "--json")).stdout);
    expect(found).toMatchObject({ quick: true, draws: 2, steps: 5, widths: [{ width: 8 }] });
    expect(found.widths[0].distances).toHaveLength(2);
  });

  it("says beforehand how long it will take, where that is long", async () => {
    const { train } = prepareData(await readTable(at("t.csv")), { target: "y", testFraction: 0, seed: 0 });
    const seconds = await forecast({ network, train, ...plain }, 64);
    const size = { widths: [8, 64], draws: 2, steps: 20 };
    const own = seconds(size);
    expect(own).toBeGreaterThan(0);
    const more = [2020, 4020].map((steps) => seconds({ ...size, steps }));
    expect((more[1]! - more[0]!) / (more[0]! - own)).toBeCloseTo(1, 6);
    expect(seconds({ ...size, widths: [8] }) + seconds({ ...size, widths: [64] })).toBeCloseTo(own, 12);
    expect(seconds({ ...size, widths: [8] })).toBeLessThan(own / 2);
  });

  it.each([
    [4.9, 1, null],
    [8.2, 7, "measuring networks of width 64, 256 takes about 8 seconds"],
    [43, 7, "measuring networks of width 64, 256 takes about 45 seconds; --quick takes about 7 seconds"],
    [100, 0.2, "measuring networks of width 64, 256 takes about 2 minutes; --quick takes about 1 second"],
    [9000, 4000, "measuring networks of width 64, 256 takes about 3 hours; --quick takes about 65 minutes"],
  ])("%d seconds, %d when quick", (seconds, quick, text) =>
    expect(announcement({ widths: [64, 256], draws: 3, steps: 500 }, seconds, quick)).toBe(text),
  );

  it("progress moves through draws, second derivatives and training", async () => {
    const { train } = prepareData(await readTable(at("t.csv")), { target: "y", testFraction: 0, seed: 0 });
    const deep = serial(dense({ width: 3 }), erf(), dense({ width: 3 }), erf(), dense({ width: 1 }));
    const problem = { network: deep, train, ...plain };
    const limit = await kernelFn(deep)(train.x, null, "ntk");
    const seen: number[] = [];
    const setting = { widths: [256], draws: 2, steps: 100, learningRate: 0.01, limit };
    await measureWidth(problem, setting, 256, {
      signal: new AbortController().signal,
      onProgress: (done) => seen.push(done),
    });
    expect(seen.some((done) => done > 0.15 && done < 0.45)).toBe(true);
    expect(seen.some((done) => done > 0.55 && done < 0.95)).toBe(true);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  it("is the same for the same seed", async () => {
    const withSeed = async (seed: string) => (await run("t.csv", "--json", "--seed", seed)).stdout;
    const [one, two, other] = [await withSeed("3"), await withSeed("3"), await withSeed("4")]; // one process, one stdout
    expect(one).toBe(two);
    expect(JSON.parse(other).widths[0].distances).not.toEqual(JSON.parse(one).widths[0].distances);
  });

  it("tells of rows that the kernel cannot tell apart", async () => {
    const { stdout } = await run("twins.csv", "--mse", "1e-6");
    expect(stdout).toContain("rank 12 of 13; rows 1 and 13 are parallel, or the same");
    expect(stdout).toMatch(/never: this kernel cannot fit below/);
    expect(stdout).toContain("no bound: the kernel is singular");
  });

  it("knows the network that Lemma 2 is proved for", async () => {
    const lemma = async (...more: readonly string[]) =>
      JSON.parse((await runOn("plain.json", "t.csv", "--json", ...more)).stdout).width.assumes;
    expect([await lemma("--trainable", "first"), await lemma()]).toEqual([true, false]);
  });

  it.each([
    ["certify @t.csv --target y --network @net.json --width 8,inf", "the infinite network is always certified"],
    ["certify @t.csv --target y --network @net.json --delta 2", "--delta is a probability, between 0 and 1, got 2"],
    ["certify @one.csv --target y --network @net.json", "at least 5 rows with a target are needed"],
    ["certify @t.csv --target z --network @net.json", 'no column is named "z"'],
    ["certify @t.csv --target y --network @net.json --plot x.png", "plots are written as .svg"],
  ])("%s", (command, message) => refusedIn(folder)(command, message));
});
