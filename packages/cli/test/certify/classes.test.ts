import { readFileSync } from "node:fs";
import {
  child,
  dense,
  init,
  jsEngine,
  kernelFn,
  key,
  laziness,
  type Matrix,
  matrix,
  movementBounds,
  networkFile,
  relu,
  ridgePath,
  serial,
  softmaxCrossEntropy,
  train,
  trainingData,
} from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTable } from "../../src/io/table-file.ts";
import { csv, type Finished, ntkit, smoothRows } from "../command-line.ts";
import { Folder } from "../io/files.ts";
import { refusedIn } from "../refused.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
const networkOf = (width: number) => serial(dense({ width, bStd: 0.5 }), relu(), dense({ width: 3 }));
const plainNetwork = (outputs: number) => serial(dense({ width: 3 }), relu(), dense({ width: outputs }));

beforeAll(() => {
  const rows = smoothRows(15).map(([a, b]) => [a!, b!, a! < -0.3 ? "low" : a! < 0.3 ? "middle" : "top"]);
  folder.file("t.csv", csv("a,b,kind", rows));
  folder.file("net.json", JSON.stringify(networkFile(networkOf(3))));
  for (const outputs of [1, 3]) folder.file(`plain${outputs}.json`, JSON.stringify(networkFile(plainNetwork(outputs))));
});
afterAll(() => folder.remove());

function run(...more: readonly string[]): Promise<Finished> {
  const base = ["certify", at("t.csv"), "--target", "kind", "--network", at("net.json"), "--engine", "js"];
  return ntkit(...base, "--width", "8,64", "--draws", "2", "--steps", "20", ...more);
}

async function data(): Promise<{ readonly x: Matrix; readonly y: Matrix; readonly kernel: Matrix }> {
  const { x, y } = trainingData(await readTable(at("t.csv")), "kind");
  return { x, y, kernel: await kernelFn(networkOf(3))(x, null, "ntk") };
}

describe("certify on three classes", () => {
  it("--loss squared has all of theory, summed over the outputs", async () => {
    const { exitCode, stdout } = await run("--loss", "squared", "--plot", at("c.svg"), "--json", "--mse", "0.05");
    expect(exitCode).toBe(0);
    const found = JSON.parse(stdout);
    const { x, y, kernel } = await data();
    const mseAfter = async (steps: number) => {
      let residual = y;
      for (let k = 0; k < steps; k++) {
        const move = await jsEngine.matmul(kernel, residual);
        const { learningRate } = found.limit.time;
        residual = matrix(
          15,
          3,
          residual.data.map((r, i) => r - learningRate * move.data[i]!),
        );
      }
      return residual.data.reduce((sum, r) => sum + r * r, 0) / y.data.length;
    };
    const { steps, startMse } = found.limit.time;
    expect(startMse).toBeCloseTo(1 / 3, 12);
    expect([(await mseAfter(steps)) <= 0.05, (await mseAfter(steps - 1)) > 0.05]).toEqual([true, true]);
    const { sharp } = movementBounds(await ridgePath(kernel, y));
    expect(found.limit.movement.sharp.promises.value / sharp.promises.value).toBeCloseTo(1, 9);
    // The class whose targets are the hardest
    const inverse = await Promise.all(
      [0, 1, 2].map(async (k) => {
        const own = matrix(
          15,
          1,
          Float64Array.from({ length: 15 }, (_, i) => y.data[3 * i + k]!),
        );
        return movementBounds(await ridgePath(kernel, own)).sharp.promises.value;
      }),
    );
    expect(found.limit.labels.own.promises.value / (Math.max(...inverse) * Math.sqrt(2 / 15))).toBeCloseTo(1, 9);
    const net = networkOf(8);
    const params = init(net, 2, { seed: child(child(key(0), 8), 0) });
    expect(found.widths[0].kappa / (await laziness(net, params, x, y)).kappa).toBeCloseTo(1, 2);
    expect(found.theory).toMatchObject({ doesNotHold: [], caveat: null });
    expect(found.widths[0]).toMatchObject({
      crossEntropy: null,
      mse: expect.any(Number),
      accuracy: expect.any(Number),
    });
    expect(readFileSync(at("c.svg"), "utf8")).toMatch(/<svg [\s\S]*<\/svg>/);
  });

  it("softmax has a spectrum, a stable rate and widths; the rest is left out, as one line says", async () => {
    const { exitCode, stdout } = await run();
    expect(exitCode).toBe(0);
    for (const part of [
      "on the sum of softmax cross-entropies; 3 classes with an output each",
      "steps to an error, bounds on movement and on labels are of --loss squared\n",
      ", around any outputs\n",
      "Lemma 2 asks for",
      "H(0), and its drift, are those of the mean kernel of the outputs",
    ])
      expect(stdout).toContain(part);
    expect(stdout).toMatch(/^ +width .*drift +loss +acc$/m);
    for (const absent of ["steps to mse", "movement of the weights", "√(2 yᵀH⁻¹y/n)", "κ(w0)"])
      expect(stdout).not.toContain(absent);
    const found = JSON.parse((await run("--json")).stdout);
    const { x, y, kernel } = await data();
    const { values } = await jsEngine.eigh(kernel);
    expect(found.limit.maxLearningRate * values.at(-1)!).toBeCloseTo(4, 6);
    expect(found.limit).toMatchObject({ time: null, movement: null, labels: null });
    const net = networkOf(64);
    const trained = await train(net, init(net, 2, { seed: child(child(key(0), 64), 0) }), x, y, {
      ...{ steps: 20, learningRate: found.limit.maxLearningRate / 2, loss: softmaxCrossEntropy("sum") },
    });
    expect(found.widths[1]).toMatchObject({ kappa: null, mse: null });
    expect(found.widths[1].crossEntropy).toBeCloseTo(trained.records.at(-1)!.loss / 15, 12);
  });

  it.each([["softmax"], ["squared"]])("Adam on %s has a spectrum and widths, and no more", async (loss) => {
    const { exitCode, stdout } = await run("--optimizer", "adam", "--loss", loss);
    expect(exitCode).toBe(0);
    for (const part of ["all layers train by adam", "nothing of Adam's path", "largest eigenvalue", "Lemma 2 asks for"])
      expect(stdout).toContain(part);
    for (const absent of ["largest stable", "steps to mse", "movement of the weights", "√(2 yᵀH⁻¹y/n)", "κ(w0)"])
      expect(stdout).not.toContain(absent);
    const found = JSON.parse((await run("--optimizer", "adam", "--loss", loss, "--json")).stdout);
    expect(found).toMatchObject({
      limit: { maxLearningRate: null, time: null, movement: null, labels: null },
      ...{ optimizer: { type: "adam" }, learningRate: 0.001, theory: { holds: ["kernelAtStart"] } },
    });
    const faster = JSON.parse(
      (await run("--optimizer", "adam", "--loss", loss, "--learning-rate", "0.02", "--json")).stdout,
    );
    expect(faster.widths[1].drift).toBeGreaterThan(2 * found.widths[1].drift);
    expect(faster.widths[1].distances).toEqual(found.widths[1].distances);
  });

  it("Lemma 2 is proved for one output", async () => {
    const assumes = async (outputs: number) => {
      const command = ["certify", at("t.csv"), "--network", at(`plain${outputs}.json`), "--trainable", "first"];
      const more = ["--engine", "js", "--width", "8", "--draws", "1", "--steps", "1", "--json"];
      return JSON.parse((await ntkit(...command, "--target", outputs === 1 ? "a" : "kind", ...more)).stdout).width
        .assumes;
    };
    expect([await assumes(1), await assumes(3)]).toEqual([true, false]);
  });

  it.each([
    [
      "certify @t.csv --target kind --network @net.json --mse 0.1",
      "--mse is of gradient descent on a squared loss: leave it out",
    ],
    [
      "certify @t.csv --target a --network @plain1.json --optimizer adam --mse 0.1",
      "--mse is of gradient descent on a squared loss",
    ],
    ["certify @t.csv --target kind --network @net.json --learning-rate 0.1", "--learning-rate needs --optimizer adam"],
    [
      "certify @t.csv --target kind --network @net.json --optimizer nesterov",
      "it must be one of gradientDescent, adam",
    ],
    [
      "certify @t.csv --target kind --network @plain1.json",
      "must have 3 outputs, one for each class of the target, got 1",
    ],
  ])("%s", (command, message) => refusedIn(folder)(command, message));
});
