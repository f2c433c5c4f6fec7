import { readFileSync } from "node:fs";
import { parseHTML } from "linkedom";
import {
  apply,
  dense,
  erf,
  init,
  kernelFn,
  maxLearningRate,
  networkFile,
  serial,
  softmaxCrossEntropy,
  train,
  trainingData,
} from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpyMatrix } from "../../src/io/npy.ts";
import { readTable } from "../../src/io/table-file.ts";
import { csv, type Finished, floats, npyBytes, ntkit, smoothRows } from "../command-line.ts";
import { Folder } from "../io/files.ts";
import { refusedIn } from "../refused.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
const rows = smoothRows(30);
const networkOf = (outputs: number, width = 3) => serial(dense({ width, bStd: 0.5 }), erf(), dense({ width: outputs }));
const kindOf = (a: number) => (a < -0.3 ? "low" : a < 0.3 ? "middle" : "top");

beforeAll(() => {
  for (const outputs of [1, 2, 3]) folder.file(`net${outputs}.json`, JSON.stringify(networkFile(networkOf(outputs))));
  const table = (name: string, columns: string, of: (a: number, b: number, y: number) => readonly unknown[]) =>
    folder.file(
      name,
      csv(
        columns,
        rows.map(([a, b, y]) => of(a!, b!, y!) as (string | number)[]),
      ),
    );
  table("three.csv", "a,b,kind", (a, b) => [a, b, kindOf(a)]);
  table("two.csv", "a,b,kind", (a, b) => [a, b, a < 0 ? "even" : "odd"]);
  table("codes.csv", "a,b,code", (a, b) => [a, b, a < -0.3 ? 10 : a < 0.3 ? 2 : 7]);
  table("amounts.csv", "a,b,y", (a, b, y) => [a, b, y]);
  table("one-feature.csv", "a,kind", (a) => [a, kindOf(a)]);
});
afterAll(() => folder.remove());

function run(table: string, network: string, ...more: readonly string[]): Promise<Finished> {
  const target = table.startsWith("codes") ? "code" : "kind";
  const base = ["train", at(table), "--target", target, "--network", at(network), "--engine", "js"];
  return ntkit(...base, "--steps", "30", ...more);
}

describe("train on three classes", () => {
  it("minimizes softmax cross-entropy, and says how many rows are right, and what theory leaves open", async () => {
    const { exitCode, stdout, stderr } = await run("three.csv", "net3.json", "--width", "4,8,inf");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const part of [
      "30 steps of gradientDescent on the sum of softmax cross-entropies",
      "around any outputs the infinite network is stable below",
      '3 classes with an output each: "low", "middle", "top"',
      "softmax has no rate for each eigenvalue",
      "loss: cross-entropy of a row, in nats",
    ])
      expect(stdout).toContain(part);
    const lines = stdout.split("\n");
    const header = lines.findIndex((line) => line.startsWith("width"));
    expect(lines[header]).toMatch(/^width +train loss +test loss +train acc +test acc +to linear +to limit/);
    for (const line of lines.slice(header + 1, header + 4)) expect(line).toMatch(/ \d+\.\d %/);
  });

  it("--json holds what the library computes by hand", async () => {
    const { exitCode, stdout } = await run(
      "three.csv",
      "net3.json",
      "--width",
      "5,inf",
      "--test-fraction",
      "0",
      "--json",
    );
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout);
    const { x, y, scale } = trainingData(await readTable(at("three.csv")), "kind");
    expect(result).toMatchObject({
      loss: "softmax",
      targetScale: scale,
      theory: { doesNotHold: ["convergenceRates", "minimumNorm"] },
    });
    const largest = await maxLearningRate(await kernelFn(networkOf(3))(x, null, "ntk"));
    expect(result.maxLearningRate / (2 * largest)).toBeCloseTo(1, 8);
    expect(result.learningRate).toBe(result.maxLearningRate / 2);
    const net = networkOf(3, 5);
    const loss = softmaxCrossEntropy("sum");
    const trained = await train(net, init(net, 2, { seed: 0 }), x, y, {
      ...{ steps: 30, learningRate: result.learningRate, loss },
    });
    const fx = apply(net, trained.params, x);
    const [finite, infinite] = result.widths;
    expect(finite.trainCrossEntropy).toBeCloseTo(loss.value(fx, y) / 30, 12);
    const largestOf = (values: readonly number[]) => values.indexOf(Math.max(...values));
    const right = Array.from({ length: 30 }, (_, i) => {
      const part = (data: Float64Array) => [...data.subarray(3 * i, 3 * i + 3)];
      return largestOf(part(fx.data)) === largestOf(part(y.data));
    });
    expect(finite.trainAccuracy).toBeCloseTo(right.filter(Boolean).length / 30, 14);
    expect(finite).toMatchObject({ trainMse: null, testMse: null, testCrossEntropy: null, testAccuracy: null });
    expect(infinite.records[0].loss).toBeCloseTo(30 * Math.log(3), 10);
    expect(infinite.trainAccuracy).toBeGreaterThan(0.8);
  });

  it("--loss squared learns 1 in the rows of a class and 0 in others", async () => {
    const { exitCode, stdout } = await run("three.csv", "net3.json", "--width", "4", "--loss", "squared");
    expect(exitCode).toBe(0);
    for (const part of ["half the sum of squared errors", "the target is 1 for the row's own class and 0 for others"])
      expect(stdout).toContain(part);
    expect(stdout).not.toContain("softmax");
    const json = await run(
      "three.csv",
      "net3.json",
      "--width",
      "inf",
      "--loss",
      "squared",
      "--test-fraction",
      "0",
      "--json",
    );
    const result = JSON.parse(json.stdout);
    expect(result.widths[0].records[0]).toEqual({
      step: 0,
      loss: expect.closeTo(15, 9),
      trainMse: expect.closeTo(1 / 3, 9),
    });
    expect(result.theory).toMatchObject({ doesNotHold: [], caveat: null });
  });

  it.each([
    ["--optimizer", "nesterov"],
    ["--batch-size", "4"],
    ["--trainable", "last"],
  ])("%s %s", async (...more) => {
    const { exitCode, stdout } = await run("three.csv", "net3.json", "--width", "512,inf", "--json", ...more);
    expect(exitCode).toBe(0);
    const [finite] = JSON.parse(stdout).widths;
    expect(finite.fromLinearization.test).toBeLessThan(0.2);
    if (more.includes("last")) expect([finite.kernelDrift, finite.fromLinearization.train < 1e-9]).toEqual([0, true]);
  });

  it("writes records, and weights that ntkit empirical reads", async () => {
    const files = ["--out", at("r.csv"), "--save-params", at("p.safetensors"), "--save-network", at("n.json")];
    const { exitCode, stdout } = await run(
      "three.csv",
      "net3.json",
      "--width",
      "7",
      "--test-fraction",
      "0",
      "--json",
      ...files,
    );
    expect(exitCode).toBe(0);
    const lines = readFileSync(at("r.csv"), "utf8").trimEnd().split("\n");
    expect(lines[0]).toBe("width,step,loss,trainCrossEntropy,movement");
    expect(lines.at(-1)).toMatch(/^7,30,[\d.]+,[\d.]+,[\d.]+$/);
    const { x, y, scale } = trainingData(await readTable(at("three.csv")), "kind");
    expect(readFileSync(at("p.safetensors"), "latin1")).toContain(JSON.stringify(JSON.stringify(scale)));
    folder.file("x.npy", npyBytes("(30, 2)", floats(...x.data)));
    const read = await ntkit(
      ...["empirical", "--network", at("n.json"), "--params", at("p.safetensors"), "--x1", at("x.npy")],
      ...["--get", "outputs", "--out", at("f.npy"), "--engine", "js"],
    );
    expect(read.exitCode).toBe(0);
    const loss = softmaxCrossEntropy("mean").value(await readNpyMatrix(at("f.npy")), y);
    expect(loss).toBeCloseTo(JSON.parse(stdout).widths[0].trainCrossEntropy, 12);
  });
});

describe("as many outputs as classes", () => {
  it.each([
    ["two.csv", "net2.json", ["even", "odd"]],
    ["codes.csv", "net3.json", ["2", "7", "10"]],
  ])("of %s and %s are softmax, or one-hot targets of a squared loss", async (table, network, classes) => {
    for (const loss of ["softmax", "squared"]) {
      const more = loss === "softmax" ? [] : ["--loss", loss];
      const { exitCode, stdout } = await run(table, network, "--width", "4", "--json", ...more);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ loss, targetScale: { kind: "one-hot", classes } });
    }
  });

  it("and one output of two classes, or of numbers, is of a squared loss", async () => {
    const { stdout } = await run("two.csv", "net1.json", "--width", "4", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ loss: "squared", targetScale: { kind: "classes" } });
    const numbers = JSON.parse((await run("codes.csv", "net1.json", "--width", "4", "--json")).stdout);
    expect(numbers).toMatchObject({ loss: "squared", targetScale: { kind: "numeric" } });
  });
});

describe("softmax", () => {
  it("is of two classes when asked for, with an output each", async () => {
    const { exitCode, stdout } = await run("two.csv", "net2.json", "--width", "4", "--loss", "softmax");
    expect(exitCode).toBe(0);
    expect(stdout).toContain('2 classes with an output each: "even", "odd"');
  });

  it("takes whole numbers for classes, in their order", async () => {
    const { exitCode, stdout } = await run("codes.csv", "net3.json", "--width", "4", "--loss", "softmax", "--json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).targetScale).toEqual({ kind: "one-hot", name: "code", classes: ["2", "7", "10"] });
  });
});

describe("Adam", () => {
  it("has no forecast, which one line says, and what holds is measured", async () => {
    const { exitCode, stdout } = await run("three.csv", "net3.json", "--width", "4,8", "--optimizer", "adam");
    expect(exitCode).toBe(0);
    for (const part of [
      "30 steps of adam (beta1 0.9, beta2 0.999, epsilon 1e-8) on the sum of",
      "learning rate 0.001000, that of Adam's paper\n",
    ])
      expect(stdout).toContain(part);
    expect(stdout.match(/^.*Adam's path.*$/gm)).toEqual([
      "the kernel at the start says nothing of Adam's path, stable rates, speed or end, which is not the minimum-norm solution; kernel gap, drift and movement are measured, and hold",
    ]);
    expect(stdout).toMatch(
      /^width +train loss +test loss +train acc +test acc +movement +drift +kernel gap +seconds$/m,
    );
    for (const absent of ["to linear", "to limit", "largest stable", " inf "]) expect(stdout).not.toContain(absent);
  });

  it("without --width leaves the infinite network out, and trains numbers too", async () => {
    const base = ["train", at("amounts.csv"), "--target", "y", "--network", at("net1.json"), "--engine", "js"];
    const { exitCode, stdout } = await ntkit(
      ...base,
      "--steps",
      "5",
      "--optimizer",
      "adam",
      "--batch-size",
      "4",
      "--json",
    );
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.widths.map(({ width }: { width: number }) => width)).toEqual([64, 256, 1024]);
    expect(result).toMatchObject({
      optimizer: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      ...{ loss: "squared", learningRate: 0.001, maxLearningRate: null, theory: { holds: ["kernelAtStart"] } },
    });
    expect(result.widths[0]).toMatchObject({ maxLearningRate: null, fromLimit: null, fromLinearization: null });
  });
});

describe("the picture of classes", () => {
  it.each([
    ["three.csv", "test", "--width", "4,8,inf"],
    ["one-feature.csv", "training", "--width", "4,inf", "--test-fraction", "0"],
    ["three.csv", "test", "--width", "4,8", "--optimizer", "adam"],
  ])("%s: the %s rows of each class that are right; %s %s %s %s", async (table, which, ...more) => {
    const { exitCode } = await run(table, "net3.json", "--plot", at("p.svg"), ...more);
    expect(exitCode).toBe(0);
    const text = readFileSync(at("p.svg"), "utf8");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    const { document } = parseHTML(text.slice(text.indexOf("<svg")));
    expect(document.querySelectorAll("svg > g > svg")).toHaveLength(4);
    for (const part of [`Predicted right, of the ${which} rows of each class`, ">middle<", "sum of softmax"])
      expect(text).toContain(part);
    const adam = more.includes("adam");
    for (const part of ["infinite width", "1/√w"])
      expect(text.includes(part)).toBe(!adam && (part !== "1/√w" || more.includes("4,8,inf")));
  });
});

describe("refuses", () => {
  const expectRefused = refusedIn(folder);
  it.each([
    [
      "train @three.csv --target kind --network @net1.json",
      "the network must have 3 outputs, one for each class of the target, got 1: let it end in a dense layer of width 3",
    ],
    [
      "train @amounts.csv --target y --network @net3.json",
      "the network must have one output, for the target, got 3: let it end in a dense layer of width 1, or, where the numbers are classes, pass --loss softmax",
    ],
    [
      "train @amounts.csv --target y --network @net3.json --loss softmax",
      '--loss softmax needs classes, but target "y" holds',
    ],
    [
      "train @three.csv --target kind --network @net3.json --loss softmx",
      'it must be one of squared, softmax (did you mean "softmax"?)',
    ],
    [
      "train @three.csv --target kind --network @net3.json --optimizer adam --width 4,inf",
      "--width inf: how Adam trains an infinite network does not follow",
    ],
    [
      "train @three.csv --target kind --network @net3.json --optimizer adam --momentum 0.5",
      "--momentum needs --optimizer heavyBall or nesterov",
    ],
  ])("%s", (command, message) => expectRefused(command, message));
});
