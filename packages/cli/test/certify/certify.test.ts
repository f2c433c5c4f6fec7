import { readFileSync } from "node:fs";
import { dense, erf, jsEngine, kernelFn, networkFile, relu, serial, trainingData } from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTable } from "../../src/io/table-file.ts";
import { csv, type Finished, ntkit, smoothRows } from "../command-line.ts";
import { Folder } from "../io/files.ts";
import { refusedIn } from "../refused.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
const network = serial(dense({ width: 3, bStd: 0.5 }), erf(), dense({ width: 1 }));

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
  const base = ["certify", at(table), "--target", "y", "--network", at("net.json"), "--engine", "js"];
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
      JSON.parse((await run("t.csv", "--json", "--network", at("plain.json"), ...more)).stdout).width.assumes;
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
