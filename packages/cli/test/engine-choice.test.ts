import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { csv, floats, npyBytes, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
const network = {
  type: "serial",
  layers: [{ type: "dense", width: 8 }, { type: "relu" }, { type: "dense", width: 1 }],
};

beforeAll(() => {
  folder.file("numbers.csv", csv("a,b,y", smoothRows(30)));
  folder.file("net.json", JSON.stringify(network));
  folder.file("x.npy", npyBytes("(3, 2)", floats(1, 2, 3, 4, -5, 6)));
});
afterAll(() => folder.remove());
afterEach(() => vi.unstubAllEnvs());

const at = (name: string) => folder.at(name);
const fit = ["fit", at("numbers.csv"), "--target", "y", "--out", at("model.ntkit")];

describe("--engine", () => {
  it("computes with the engine asked for, whatever the environment says, and says nothing about it", async () => {
    vi.stubEnv("NTKIT_ENGINE", "native");
    for (const engine of ["js", "wasm"]) {
      const { exitCode, stdout, stderr } = await ntkit(...fit, "--json", "--engine", engine);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(JSON.parse(stdout).engine.name).toBe(engine);
    }
    const predicted = await ntkit("predict", at("model.ntkit"), at("numbers.csv"), "--engine", "js");
    expect({ exitCode: predicted.exitCode, stderr: predicted.stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  it("gives the same kernel by every engine", async () => {
    const kernels: Float64Array[] = [];
    for (const engine of ["js", "wasm", "native"]) {
      const out = at(`${engine}.npy`);
      const argv = ["kernel", "--network", at("net.json"), "--x1", at("x.npy"), "--out", out, "-q", "--engine", engine];
      expect(await ntkit(...argv)).toMatchObject({ exitCode: 0, stderr: "" });
      kernels.push(new Float64Array(Uint8Array.from(readFileSync(out).subarray(-72)).buffer));
    }
    for (const kernel of kernels) {
      for (const [i, value] of kernel.entries()) expect(value / kernels[0]![i]!).toBeCloseTo(1, 12);
    }
  });

  it("finds nothing wrong where no fast library is: one clause, in the report or on stderr", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    const platform = Object.getOwnPropertyDescriptor(process, "platform")!;
    Object.defineProperty(process, "platform", { ...platform, value: "freebsd" }); // of which no library is known
    try {
      const clause = /wasm engine \(WebAssembly SIMD, \d+ threads?\); ntkit doctor says how to go faster\n/;
      const fitted = await ntkit(...fit);
      expect(fitted).toMatchObject({ exitCode: 0, stderr: "" });
      expect(fitted.stdout).toMatch(new RegExp(`\nengine: ${clause.source}`));
      expect(fitted.stdout).not.toContain("unavailable");
      expect((await ntkit(...fit, "--json")).stderr).toBe("");
      const predict = ["predict", at("model.ntkit"), at("numbers.csv"), "--out", at("predicted.csv")];
      expect((await ntkit(...predict)).stderr).toMatch(new RegExp(`^ntkit: ${clause.source}30 predictions .*\n$`));
      expect((await ntkit(...predict, "--quiet")).stderr).toBe("");
    } finally {
      Object.defineProperty(process, "platform", platform);
    }
  });

  it("falls back with one line when the one that was asked for does not load", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    vi.stubEnv("NTKIT_BLAS", "/no/such/library.so");
    for (const more of [[], ["--engine", "native"]]) {
      const { exitCode, stdout, stderr } = await ntkit(...fit, "--json", ...more);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout).engine.name).toBe("wasm");
      expect(stderr).toMatch(
        /^ntkit: wasm engine [^\n]*because the native engine is unavailable; ntkit doctor says why\n$/,
      );
    }
    expect((await ntkit(...fit, "--json", "--quiet")).stderr).toBe("");
    expect((await ntkit(...fit, "--json", "--engine", "wasm")).stderr).toBe("");
  });

  it.each(["fit t.csv --target y", "predict m t.csv", "kernel --network n --x1 x --out k.npy", "doctor"])(
    "refuses an engine that there is not: %s",
    async (line) => {
      const { exitCode, stderr } = await ntkit(...line.split(" "), "--engine", "natve");
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(
        /^ntkit: option '--engine <name>' argument 'natve' is invalid: it must be one of js, wasm, native \(did you mean "native"\?\);/,
      );
    },
  );
});
