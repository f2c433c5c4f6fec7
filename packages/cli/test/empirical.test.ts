import { readFileSync } from "node:fs";
import {
  apply,
  decodeParams,
  dense,
  empiricalNngp,
  empiricalNtk,
  encodeParams,
  fromRows,
  init,
  networkFile,
  paramEntries,
  relu,
  serial,
} from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpy, readNpyMatrix } from "../src/io/npy.ts";
import { floats, npyBytes, ntkit } from "./command-line.ts";
import { Folder } from "./io/files.ts";
import { refusedIn } from "./refused.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
const network = serial(dense({ width: 6, bStd: 0.5 }), relu(), dense({ width: 3 }));
const x1 = fromRows([
  [1, 2],
  [3, -4],
  [-5, 6],
]);
const x2 = fromRows([[0.5, -1]]);
const params = init(network, 2, { seed: 7 });

beforeAll(() => {
  folder.file("net.json", JSON.stringify(networkFile(network)));
  folder.file("p.safetensors", encodeParams(params));
  folder.file("x1.npy", npyBytes("(3, 2)", floats(...x1.data)));
  folder.file("x2.npy", npyBytes("(1, 2)", floats(...x2.data)));
});
afterAll(() => folder.remove());

const base = ["empirical", "--engine", "js", "--network", at("net.json"), "--x1", at("x1.npy"), "--out", at("k.npy")];
const weights = ["--params", at("p.safetensors")];

async function succeed(...more: readonly string[]): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await ntkit(...base, "--json", ...more);
  expect({ exitCode, stderr: stderr.includes("ntkit:") ? stderr : "" }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("empirical", () => {
  it("writes the kernels that the library computes", async () => {
    expect(await succeed(...weights)).toEqual({
      get: "ntk",
      shape: [3, 3],
      weights: 36,
      params: at("p.safetensors"),
      seed: null,
      out: at("k.npy"),
      saveParams: null,
    });
    expect(await readNpyMatrix(at("k.npy"))).toEqual(await empiricalNtk(network, params, x1, null));
    await succeed(...weights, "--x2", at("x2.npy"), "--get", "nngp");
    expect(await readNpyMatrix(at("k.npy"))).toEqual(await empiricalNngp(network, params, x1, x2));
  });

  it("--full keeps the outputs", async () => {
    for (const [get, empirical] of [
      ["ntk", empiricalNtk],
      ["nngp", empiricalNngp],
    ] as const) {
      expect(await succeed(...weights, "--full", "--x2", at("x2.npy"), "--get", get)).toMatchObject({
        shape: [3, 1, 3, 3],
      });
      expect(await readNpy(at("k.npy"))).toEqual(await empirical(network, params, x1, x2, { traceAxes: [] }));
    }
  });

  it("writes outputs", async () => {
    await succeed(...weights, "--get", "outputs");
    expect(await readNpyMatrix(at("k.npy"))).toEqual(apply(network, params, x1));
  });

  it.each(["all", "first", "last"] as const)("of the layers that train: %s", async (trainable) => {
    await succeed(...weights, "--trainable", trainable);
    expect(await readNpyMatrix(at("k.npy"))).toEqual(await empiricalNtk(network, params, x1, null, { trainable }));
  });

  it.each(["structured", "jacobian", "vectorProducts"] as const)("by the algorithm %s", async (algorithm) => {
    await succeed(...weights, "--algorithm", algorithm);
    expect(await readNpyMatrix(at("k.npy"))).toEqual(await empiricalNtk(network, params, x1, null, { algorithm }));
  });

  it("draws weights, and saves them", async () => {
    await succeed("--seed", "7", "--save-params", at("drawn.safetensors"), "--get", "outputs");
    const outputs = readFileSync(at("k.npy"));
    expect(decodeParams(network, readFileSync(at("drawn.safetensors")), "drawn")).toEqual(params);
    await succeed("--params", at("drawn.safetensors"), "--get", "outputs");
    expect(readFileSync(at("k.npy"))).toEqual(outputs);
  });

  it("says on stderr what it wrote", async () => {
    const { exitCode, stdout, stderr } = await ntkit(...base, ...weights);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toBe(`ntk of ${at("net.json")} with 36 weights: 3 x 3, written to ${at("k.npy")}\n`);
    expect(await ntkit(...base, ...weights, "--quiet")).toMatchObject({ stderr: "" });
    expect((await ntkit("empirical", "--help")).stdout).toMatch(/^Examples:\n {2}ntkit empirical /);
  });

  it("what leaves the range of float64 is a failed run", async () => {
    folder.file(
      "steep.json",
      JSON.stringify(networkFile(serial(dense({ width: 1, wStd: 1e150 }), dense({ width: 1, wStd: 1e150 })))),
    );
    const { exitCode, stderr } = await ntkit(
      ...["empirical", "--network", at("steep.json"), "--x1", at("x1.npy"), "--seed", "1", "--get", "nngp"],
      ...["--out", at("steep.npy")],
    );
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining("leaves the range of float64"),
    });
  });
});

describe("refuses", () => {
  const expectRefused = refusedIn(folder);
  beforeAll(() => {
    folder.file("bytes.safetensors", "not weights");
    folder.file("cut.safetensors", encodeParams(params).subarray(0, -8));
    folder.file("narrow.safetensors", encodeParams(init(serial(dense({ width: 5, bStd: 1 })), 2, { seed: 1 })));
    folder.file("three.safetensors", encodeParams(init(network, 3, { seed: 1 })));
    const bad = init(network, 2, { seed: 1 });
    paramEntries(bad).at(-1)!.data.fill(Number.NaN);
    folder.file("nan.safetensors", encodeParams(bad));
    folder.file("changed.safetensors", encodeParams(init(network, 2, { seed: 1 })).fill(0x3f, -1));
    const deep = serial(dense({ width: 4, bStd: 0.5 }), dense({ width: 3 }));
    const wrong = (init(deep, 2, { seed: 1 }) as readonly object[])[1];
    const [first] = init(network, 2, { seed: 1 }) as readonly object[];
    folder.file("mixed.safetensors", encodeParams([first, null, wrong] as never));
    folder.file("branches.json", JSON.stringify({ type: "fanOut", copies: 2 }));
    folder.file("empty.npy", npyBytes("(0, 2)", floats()));
    folder.file("nan.npy", npyBytes("(1, 2)", floats(1, Number.NaN)));
  });

  const start = "empirical --network @net.json --x1 @x1.npy --out @new.npy";
  it.each([
    [start, "the network needs weights: pass --params FILE to read them, or --seed N to draw them"],
    [`${start} --params @p.safetensors --seed 1`, "--params and --seed exclude each other: pass"],
    [`${start} --seed x`, "argument 'x' is invalid: it must be a whole number from 0"],
    [`${start} --params @p.safetensors --save-params @q.safetensors`, "--save-params writes the weights that --seed"],
    [`${start} --seed 1 --save-params @q.npz`, "q.npz: weights are written as .safetensors"],
    [`${start} --seed 1 --save-params @new.npy`, "the same command writes it twice"],
    [`${start} --params @gone.safetensors`, "gone.safetensors does not exist"],
    [`${start} --params ''`, "the name of a file is empty"],
    [`${start} --params @bytes.safetensors`, "bytes.safetensors is not a safetensors file"],
    [`${start} --params @cut.safetensors`, "cut.safetensors is truncated"],
    [
      `${start} --params @narrow.safetensors`,
      'array "0.w" must be [fan-in, 6], got [2, 5]: it does not belong to this',
    ],
    [`${start} --params @three.safetensors`, "has weights for 3 inputs, but"],
    [`${start} --params @three.safetensors`, "x1.npy has 2 columns: pass the inputs that the weights were made for"],
    [`${start} --params @mixed.safetensors`, "the weights do not belong to this network"],
    [`${start} --params @nan.safetensors`, 'nan.safetensors: every weight must be finite, got NaN in array "2.w"'],
    [
      `${start} --params @changed.safetensors`,
      "changed.safetensors was changed after it was written: its contents have the",
    ],
    [`${start} --seed 1 --get theta`, "it must be one of ntk, nngp, outputs"],
    [`${start} --seed 1 --get nngp --trainable all`, "--trainable is of the tangent kernel: leave it out"],
    [`${start} --seed 1 --get outputs --algorithm auto`, "--algorithm is of the tangent kernel"],
    [`${start} --seed 1 --get outputs --full`, "--full is of kernels: leave it out, or pass --get ntk"],
    [`${start} --seed 1 --get outputs --x2 @x2.npy`, "--x2 is of kernels"],
    [`${start} --seed 1 --trainable middle`, "it must be one of all, first, last"],
    [`${start} --seed 1 --algorithm fast`, "it must be one of auto, structured, jacobian, vectorProducts"],
    ["empirical --network @net.json --x1 @x1.npy --out @k.csv --seed 1", "k.csv: kernels are written as .npy"],
    ["empirical --network @net.json --x1 @empty.npy --out @new.npy --seed 1", "empty.npy: at least one row"],
    [
      "empirical --network @net.json --x1 @nan.npy --out @new.npy --seed 1",
      "must be finite, got NaN at row 0, column 1",
    ],
    ["empirical --network @net.jso --x1 @x1.npy --out @new.npy --seed 1", '(did you mean "net.json"?)'],
    ["empirical --network @branches.json --x1 @x1.npy --out @new.npy --seed 1", "the network ends in 2 branches"],
    ["empirical --network @net.json --x1 @x1.npy --seed 1", "required option '--out <file>' not specified"],
  ])("%s", (command, message) => expectRefused(command, message));
});
