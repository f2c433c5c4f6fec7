import { readdirSync, readFileSync } from "node:fs";
import { parseHTML } from "linkedom";
import {
  apply,
  dense,
  erf,
  init,
  jsEngine,
  kernelFn,
  maxLearningRate,
  networkFile,
  parseNetwork,
  serial,
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
const rows = smoothRows(20);
const network = serial(dense({ width: 3, bStd: 0.5 }), erf(), dense({ width: 1 }));

beforeAll(() => {
  folder.file("t.csv", csv("a,b,y", rows));
  folder.file(
    "kinds.csv",
    csv(
      "a,b,kind",
      rows.map(([a, b], i) => [a, b, i % 2 ? "odd" : "even"]),
    ),
  );
  folder.file(
    "wave.csv",
    csv(
      "x,y",
      rows.map(([a]) => [a, a! + Math.sin(4 * a!)]),
    ),
  );
  folder.file("net.json", JSON.stringify(networkFile(network)));
});
afterAll(() => folder.remove());

function run(table: string, target: string, ...more: readonly string[]): Promise<Finished> {
  const base = ["train", at(table), "--target", target, "--network", at("net.json"), "--engine", "js"];
  return ntkit(...base, "--steps", "30", ...more);
}

describe("train", () => {
  it("prints a row for each width, what the columns are, and what it did", async () => {
    const { exitCode, stdout, stderr } = await run("t.csv", "y", "--width", "inf,8,4,4");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const part of ["16 rows to train on, 4 to test on (seed 0), 2 inputs", "30 steps of gradientDescent", "twice"])
      expect(stdout).toContain(part);
    const lines = stdout.split("\n");
    const header = lines.findIndex((line) => line.startsWith("width"));
    expect(lines.slice(header + 1, header + 4).map((line) => line.trim().split(/ +/)[0])).toEqual(["4", "8", "inf"]);
    for (const line of lines.slice(header + 1, header + 4)) expect(line.trim().split(/ +/)).toHaveLength(9);
    expect(stdout).toContain("to linear, to limit: rms over the test rows");
  });

  it("--json prints one object, of what the library computes by hand", async () => {
    const { exitCode, stdout, stderr } = await run("t.csv", "y", "--width", "5,inf", "--test-fraction", "0", "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const result = JSON.parse(stdout);
    const { x, y } = trainingData(await readTable(at("t.csv")), "y");
    const largest = await maxLearningRate(await kernelFn(network)(x, null, "ntk"));
    expect(result).toMatchObject({
      ...{ target: "y", rows: { train: 20, test: 0 }, columns: ["a", "b"], steps: 30, seed: 0, batchSize: null },
      ...{ optimizer: { type: "gradientDescent" }, trainable: "all", engine: { name: "js" } },
      ...{ targetScale: { kind: "numeric", name: "y" }, out: null, plot: null },
    });
    expect(result.maxLearningRate).toBeCloseTo(largest, 8);
    expect(result.learningRate).toBe(result.maxLearningRate / 2);
    const [finite, infinite] = result.widths;
    const net = serial(dense({ width: 5, bStd: 0.5 }), erf(), dense({ width: 1 }));
    const trained = await train(net, init(net, 2, { seed: 0 }), x, y, {
      ...{ steps: 30, learningRate: result.learningRate, engine: jsEngine },
    });
    expect(finite).toMatchObject({ width: 5, status: "done", divergedAt: null, weights: 20, testMse: null });
    expect(finite.records).toEqual(
      trained.records.map(({ step, loss, mse, movement }) => ({ step, loss, trainMse: mse, movement })),
    );
    expect(Object.keys(finite).sort()).toEqual(
      [
        ...["width", "status", "divergedAt", "weights", "maxLearningRate", "trainMse", "testMse", "fromLinearization"],
        ...["fromLimit", "movement", "kernelDrift", "kernelGap", "seconds", "records"],
        ...["trainCrossEntropy", "testCrossEntropy", "trainAccuracy", "testAccuracy"],
      ].sort(),
    );
    expect(infinite).toMatchObject({ width: "inf", status: "done", records: expect.any(Array) });
    expect(infinite.records[0]).toEqual({ step: 0, loss: expect.closeTo(10, 9), trainMse: expect.closeTo(1, 9) });
  });

  it.each([
    ["--optimizer", "heavyBall", "--momentum", "0.8"],
    ["--optimizer", "nesterov"],
    ["--batch-size", "4"],
    ["--trainable", "last"],
    ["--trainable", "first"],
  ])("%s %s", async (...more) => {
    const { exitCode, stdout } = await run("t.csv", "y", "--width", "512,inf", "--json", ...more);
    expect(exitCode).toBe(0);
    const [finite] = JSON.parse(stdout).widths;
    expect(finite.fromLinearization.test).toBeLessThan(0.1);
    expect(finite.fromLimit.test).toBeLessThan(0.5);
    if (more.includes("last")) expect([finite.kernelDrift, finite.fromLinearization.train < 1e-9]).toEqual([0, true]);
  });

  it("learns two classes as -1 and 1", async () => {
    const { exitCode, stdout } = await run("kinds.csv", "kind", "--width", "4");
    expect(exitCode).toBe(0);
    expect(stdout).toContain('the target is -1 for "even" and 1 for "odd"');
    expect(stdout).toContain("acc: rows whose output has the sign of their class");
    expect(stdout).toMatch(/^width +train mse +test mse +train acc +test acc +to linear/m);
  });

  it("the seed decides the weights and the rows held out", async () => {
    const once = async (seed: string) => {
      const { widths } = JSON.parse((await run("t.csv", "y", "--width", "4", "--json", "--seed", seed)).stdout);
      return widths[0].trainMse;
    };
    expect(await once("1")).toBe(await once("1"));
    expect(await once("1")).not.toBe(await once("2"));
  });

  it("writes losses and movement by width and step", async () => {
    const { exitCode, stdout } = await run("t.csv", "y", "--width", "4,inf", "--out", at("records.csv"));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`records: ${at("records.csv")}`);
    const lines = readFileSync(at("records.csv"), "utf8").trimEnd().split("\n");
    expect(lines[0]).toBe("width,step,loss,trainMse,movement");
    expect(lines[1]).toMatch(/^4,0,[^,]+,[^,]+,0$/);
    expect(lines.at(-1)).toMatch(/^Infinity,30,[^,]+,[^,]+,0$/);
  });

  it("saves weights that ntkit empirical reads", async () => {
    const saved = ["--save-params", at("p.safetensors"), "--save-network", at("trained.json")];
    const { exitCode, stdout } = await run(
      "t.csv",
      "y",
      "--width",
      "7,inf",
      "--test-fraction",
      "0",
      "--json",
      ...saved,
    );
    expect(exitCode).toBe(0);
    const { x, y } = trainingData(await readTable(at("t.csv")), "y");
    folder.file("x.npy", npyBytes("(20, 2)", floats(...x.data)));
    const read = await ntkit(
      ...["empirical", "--network", at("trained.json"), "--params", at("p.safetensors"), "--x1", at("x.npy")],
      ...["--get", "outputs", "--out", at("f.npy"), "--engine", "js"],
    );
    expect(read.exitCode).toBe(0);
    const fx = await readNpyMatrix(at("f.npy"));
    const mse = fx.data.reduce((sum, f, i) => sum + (f - y.data[i]!) ** 2, 0) / 20;
    expect(mse).toBeCloseTo(JSON.parse(stdout).widths[0].trainMse, 14);
    const net = parseNetwork(JSON.parse(readFileSync(at("trained.json"), "utf8")));
    expect(apply(net, init(net, 2, { seed: 0 }), x).cols).toBe(1);
  });
});

describe("what diverges", () => {
  it("is a row that says so; the others are printed, and the run has failed", async () => {
    folder.file("linear.json", JSON.stringify(networkFile(serial(dense({ width: 3 }), dense({ width: 1 })))));
    const line = ["train", at("t.csv"), "--target", "y", "--network", at("linear.json"), "--width", "4,8,inf"];
    const more = ["--learning-rate", "3", "--steps", "2000", "--out", at("diverged.csv"), "--plot", at("diverged.svg")];
    const { exitCode, stdout, stderr } = await ntkit(...line, ...more);
    expect(exitCode).toBe(1);
    expect(stdout.match(/diverged at step \d+/g)).toHaveLength(3);
    expect(stderr).toContain("ntkit: width 4: the learning rate 3.000 is not below the largest stable one, ");
    expect(stderr).toMatch(
      /ntkit: the loss left the range of float64 at width 4, 8, inf [^\n]*pass --learning-rate below/,
    );
    const found = readdirSync(folder.path);
    expect([found.includes("diverged.csv"), found.includes("diverged.svg")]).toEqual([true, true]);
    const json = await ntkit(...line, "--learning-rate", "3", "--steps", "2000", "--json", "--quiet");
    expect(json.stderr).toMatch(/^ntkit: the loss [^\n]*\n$/);
    expect(JSON.parse(json.stdout).widths[0]).toMatchObject({ width: 4, status: "diverged", trainMse: null });
  });

  it("saves no weights", async () => {
    const line = ["train", at("t.csv"), "--target", "y", "--network", at("linear.json"), "--width", "4"];
    const more = ["--learning-rate", "3", "--steps", "2000", "--save-params", at("never.safetensors")];
    expect((await ntkit(...line, ...more)).exitCode).toBe(1);
    expect(readdirSync(folder.path)).not.toContain("never.safetensors");
  });
});

describe("the picture", () => {
  const draw = async (name: string, table: string, ...more: readonly string[]) => {
    const { exitCode, stdout } = await run(table, "y", "--plot", at(name), ...more);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`plot: ${at(name)}`);
    const text = readFileSync(at(name), "utf8");
    expect(text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg [\s\S]*<\/svg>\n$/);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    const { document } = parseHTML(text.slice(text.indexOf("<svg")));
    return { text, panels: document.querySelectorAll("svg > g > svg").length };
  };

  it("has four panels, and each width by name", async () => {
    const { text, panels } = await draw("four.svg", "t.csv", "--width", "4,8,16,inf");
    expect(panels).toBe(4);
    for (const part of [
      "width 4<",
      "width 16<",
      "infinite width",
      "Training loss",
      "Predicted against true, test rows",
    ])
      expect(text).toContain(part);
  });

  it("draws the functions that were learned over a single feature", async () => {
    expect((await draw("wave.svg", "wave.csv", "--width", "4,8")).text).toContain("What was learned");
    expect((await draw("no-test.svg", "wave.csv", "--width", "4", "--test-fraction", "0")).panels).toBe(4);
  });

  it("leaves out what needs finite widths", async () => {
    expect((await draw("infinite.svg", "t.csv", "--width", "inf")).panels).toBe(2);
  });
});

describe("refuses", () => {
  const expectRefused = refusedIn(folder);
  const start = "train @t.csv --target y --network @net.json";
  beforeAll(() => {
    const file = (name: string, value: object) => folder.file(name, JSON.stringify(value));
    file("three.json", networkFile(serial(dense({ width: 3 }), erf(), dense({ width: 3 }))));
    file("flat.json", networkFile(serial(dense({ width: 1 }))));
    file("standard.json", serial(dense({ width: 3, parameterization: "standard" }), erf(), dense({ width: 1 })));
    file("dropout.json", serial(dense({ width: 3 }), { type: "dropout", keep: 0.5 }, dense({ width: 1 })));
    folder.file(
      "constant.csv",
      csv(
        "a,y",
        Array.from({ length: 8 }, (_, i) => [i, 2]),
      ),
    );
  });

  it.each([
    ["train @t.csv --target y", "required option '--network <file>' not specified"],
    ["train @t.csv --network @net.json", "required option '--target <column>' not specified"],
    ["train --target y --network @net.json", "missing required argument 'table'"],
    ["train @t.cs --target y --network @net.json", '(did you mean "t.csv"?)'],
    ["train @t.csv --target Y --network @net.json", 'no column is named "Y" (did you mean "y"?)'],
    ["train @t.csv --target y --network @gone.json", "gone.json does not exist"],
    ["train @t.csv --target y --network @t.csv", "is not a network file"],
    ["train @t.csv --target y --network @three.json", "the network must have one output, for the target, got 3"],
    ["train @t.csv --target y --network @flat.json", "flat.json: there is no hidden dense layer whose width could"],
    [
      "train @t.csv --target y --network @standard.json",
      "standard.json: layers[0]: the tangent kernel of the parameterization",
    ],
    ["train @t.csv --target y --network @dropout.json", "dropout.json: layers[1]: training is compared with"],
    ["train @constant.csv --target y --network @net.json", "constant.csv: target"],
    [`${start} --width 4,x`, "it must be whole numbers from 1 to 1000000, and inf, like 64,256,inf"],
    [`${start} --width 0`, "argument '0' is invalid: it must be whole numbers from 1"],
    [`${start} --width ''`, "argument '' is invalid"],
    [`${start} --width 1e9`, "argument '1e9' is invalid"],
    [`${start} --steps 0`, "argument '0' is invalid: it must be a whole number from 1"],
    [`${start} --learning-rate 0`, "argument '0' is invalid: it must be a number above 0"],
    [`${start} --learning-rate inf`, "argument 'inf' is invalid"],
    [`${start} --optimizer adm`, 'it must be one of gradientDescent, heavyBall, nesterov, adam (did you mean "adam"?)'],
    [`${start} --momentum 0.5`, "--momentum needs --optimizer heavyBall or nesterov"],
    [`${start} --optimizer heavyBall --momentum 1`, "it must be a number from 0 up to, not including, 1"],
    [`${start} --optimizer heavyBall --momentum schedule`, "--momentum schedule is of --optimizer nesterov"],
    [`${start} --batch-size 0`, "argument '0' is invalid"],
    [`${start} --trainable middle`, "it must be one of all, first, last"],
    [`${start} --seed -1`, "argument '-1' is invalid"],
    [`${start} --test-fraction 1`, "argument '1' is invalid"],
    [`${start} --test-fraction 0.9`, "leaves 2 to learn from, at least 5 are needed"],
    [`${start} --test-fraction 0.001`, "leaves none to test on"],
    [`${start} --plot @new.png`, "new.png: plots are written as .svg"],
    [`${start} --plot @missing/new.svg`, "does not exist; create it"],
    [`${start} --out @new.xlsx`, "tables are written as .csv or .tsv"],
    [`${start} --out @t.csv`, "t.csv would be overwritten: it is read by the same command"],
    [`${start} --save-network @net.json --width 4`, "net.json would be overwritten"],
    [`${start} --save-params @new.safetensors`, "--save-params is of one finite network, --width names 3: pass one"],
    [`${start} --save-network @n.json --width inf`, "--save-network is of one finite network, --width names 0"],
    [`${start} --save-params @new.npz --width 4`, "new.npz: weights are written as .safetensors"],
    [`${start} --save-network @n.txt --width 4`, "n.txt: networks are written as .json"],
    [`${start} --json --out -`, "only one thing can go to standard output"],
  ])("%s", (command, message) => expectRefused(command, message));

  it("its help begins with examples", async () => {
    expect((await ntkit("train", "--help")).stdout).toMatch(/^Examples:\n {2}ntkit train /);
  });
});
