import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csv, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";
import { refusedIn } from "./refused.ts";

const folder = new Folder();
beforeAll(() => {
  folder.file("t.csv", csv("a,b,y", smoothRows(24)));
  folder.file("net.json", JSON.stringify({ type: "serial", layers: [{ type: "dense", width: 1 }] }));
});
afterAll(() => folder.remove());
const expectRefused = refusedIn(folder);

describe("names that are mistyped", () => {
  it.each([
    ["fit @t.csv --traget y", `unknown option '--traget' (did you mean "--target"?); ntkit fit --help shows how`],
    ["fit @t.csv --traget=y", `unknown option '--traget' (did you mean "--target"?)`],
    ["fit --traget y", `unknown option '--traget' (did you mean "--target"?)`],
    ["certify @t.csv --target y --netwrok @net.json", `unknown option '--netwrok' (did you mean "--network"?)`],
    ["fit @t.csv", "required option '--target <columns>' not specified; ntkit fit --help shows how"],
    ["--verison", `unknown option '--verison' (did you mean "--version"?); ntkit --help shows how`],
    ["fit @t.csv --target y --engine wsam", `it must be one of js, wasm, native (did you mean "wasm"?)`],
    ["fit @t.csv --target y --task clasification", `regression, classification (did you mean "classification"?)`],
    ["train @t.csv --target y --network @net.json --optimizer nestrov", `(did you mean "nesterov"?)`],
    ["train @t.csv --target y --network @net.json --trainable fisrt", `(did you mean "first"?)`],
    ["certify @t.csv --target y --network @net.json --trainable lst", `(did you mean "last"?)`],
    ["kernel --network @net.json --x1 @x.npy --out @k.npy --get nkt", `(did you mean "ntk"?)`],
    ["empirical --network @net.json --x1 @x.npy --out @k.npy --algorithm jacobain", `(did you mean "jacobian"?)`],
    ["reproduce all --engine ntaive", `(did you mean "native"?)`],
    ["benchmark uic --data @t.csv", `(did you mean "uci"?)`],
  ])("%s", expectRefused);
});

describe("addresses", () => {
  const address = "https://example.org/data/t.csv";
  it.each([
    [`fit ${address} --target y`, `${address} is an address, not a file: download it, and name the file`],
    [`fit @t.csv --target y --test ${address}`, "is an address, not a file: download it"],
    [`fit @t.csv --target y --network file:///net.json`, "file:///net.json is an address, not a file"],
    [`fit @t.csv --target y --out s3://bucket/m.ntkit`, "is an address, not a file: name a file to write"],
    [`kernel --network @net.json --x1 ${address} --out @k.npy`, "is an address, not a file: download it"],
  ])("%s", expectRefused);
});

describe("--json", () => {
  it.each([
    ["fit @t.csv --target z --json", "data"],
    ["fit @t.csv --json", "usage"],
    ["fit @t.csv --target y --jsno --json", "usage"],
    ["describe @t.csv --json", "network"],
    ["fti --json", "usage"],
  ])("%s: the failure as one object of code %s", async (command, code) => {
    const argv = command.split(" ").map((word) => word.replace(/^@/, `${folder.path}/`));
    const { exitCode, stdout, stderr } = await ntkit(...argv);
    const { error, ...others } = JSON.parse(stdout);
    expect(others).toEqual({});
    expect(error).toEqual({ code, message: stderr.replace(/^ntkit: (.*)\n$/, "$1"), exitCode });
    expect(exitCode).toBe(2);
  });

  it("the result is the one object where a run fails after it", async () => {
    const line = ["train", folder.at("t.csv"), "--target", "y", "--network", folder.at("deep.json")];
    const layers = [
      { type: "dense", width: 4 },
      { type: "dense", width: 1 },
    ];
    folder.file("deep.json", JSON.stringify({ type: "serial", layers }));
    const run = await ntkit(...line, "--width", "4", "--learning-rate", "3", "--steps", "2000", "--json");
    expect(run.exitCode).toBe(1);
    expect(JSON.parse(run.stdout).widths[0].status).toBe("diverged");
  });
});

describe("a message is a few lines, whatever the input", () => {
  const long = "n".repeat(10_000);
  const words = "many words ".repeat(1000).trim();
  const columns = (count: number, name = (j: number) => `c${j}`) =>
    csv(
      Array.from({ length: count }, (_, j) => name(j)).join(","),
      Array.from({ length: 6 }, (_, i) => Array.from({ length: count }, (_unused, j) => Math.sin(i * count + j))),
    );

  async function failsBriefly(...argv: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await ntkit(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^ntkit: [^\p{Cc}]+\n$/u);
    expect(stderr.length).toBeLessThanOrEqual(800);
  }

  it("names of 10 000 characters, with and without spaces", async () => {
    for (const name of [long, words]) {
      const table = folder.file(
        "long.csv",
        columns(3, (j) => `${name}${j}`),
      );
      await failsBriefly("fit", table, "--target", `${name}1x`);
      await failsBriefly("fit", table, "--target", "y");
      await failsBriefly("fit", name, "--target", "y");
      await failsBriefly("describe", folder.file("l.json", JSON.stringify({ type: name })));
      await failsBriefly("describe", folder.file("f.json", JSON.stringify({ type: "dense", width: 1, [name]: 1 })));
    }
  });

  it("5 000 columns", async () => {
    const table = folder.file("wide.csv", columns(5000));
    await failsBriefly("fit", table, "--target", "y");
    await failsBriefly(
      "fit",
      folder.file(
        "same.csv",
        columns(5000, () => "c"),
      ),
      "--target",
      "c",
    );
    const constant = csv(
      Array.from({ length: 5000 }, (_, j) => `c${j}`).join(","),
      Array.from({ length: 6 }, (_, i) => [i, ...new Array<number>(4999).fill(1)]),
    );
    await failsBriefly("fit", folder.file("constant.csv", constant), "--target", "c0");
  });

  it("2 000 classes", async () => {
    const table = csv(
      "a,y",
      Array.from({ length: 2000 }, (_, i) => [i, `class ${i} ${long.slice(0, 100)}`]),
    );
    await failsBriefly("fit", folder.file("classes.csv", table), "--target", "y");
  });

  it("a path of 100 layers", async () => {
    let network: object = { type: "dense" };
    for (let i = 0; i < 90; i++) network = { type: "serial", layers: [network] };
    await failsBriefly("describe", folder.file("deep.json", JSON.stringify(network)));
  });

  it("any option with any value", async () => {
    const option = fc.constantFrom(
      "--engine",
      "--task",
      "--seed",
      "--test-fraction",
      "--delimiter",
      "--network",
      "--x",
    );
    const value = fc.oneof(fc.string({ maxLength: 2000 }), fc.constantFrom(long, words, "\x1b[31m", "a\nb", "\u202e"));
    await fc.assert(
      fc.asyncProperty(option, value, (name, text) =>
        failsBriefly("fit", folder.at("t.csv"), "--target", "z", name, text),
      ),
      { numRuns: 40 },
    );
  });
});
