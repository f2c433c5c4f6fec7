import { execFileSync } from "node:child_process";
import { kernelFn } from "ntkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bestEngine, openEngine } from "../src/best-engine.ts";
import type { EngineChoice } from "../src/environment.ts";
import { webAssembly } from "../src/wasm/web-assembly.ts";
import { hardwareThreads } from "../src/wasm/worker-port.ts";
import { inputs, RELU } from "./browser/calculations.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs the work in a host that shows no environment without permission. */
async function withoutEnvironment<T>(work: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(process, "env")!;
  const env = new Proxy(process.env, {
    get(variables, name) {
      if (!String(name).startsWith("NTKIT_")) return Reflect.get(variables, name); // the test runner asks, too
      throw new Error(`Requires env access to "${String(name)}", run again with the --allow-env flag`);
    },
  });
  Object.defineProperty(process, "env", { ...own, value: env });
  try {
    return await work();
  } finally {
    Object.defineProperty(process, "env", own);
  }
}

describe("bestEngine finds an engine", () => {
  it("where the environment may not be read", async () => {
    const { engine } = await withoutEnvironment(() => bestEngine({ threads: 1 }));
    expect(["native", "wasm"]).toContain(engine.name);
  });

  it.each([
    [
      new EvalError("Refused to compile: violates the following Content Security Policy directive"),
      /'wasm-unsafe-eval'/,
    ],
    [new RangeError("no memory is left"), /this host compiles no WebAssembly \(no memory is left\)/],
  ])("where WebAssembly may not be compiled: %s", async (error, reason) => {
    vi.spyOn(webAssembly!, "compile").mockRejectedValue(error);
    const { engine, fallback } = await bestEngine({ prefer: "wasm" });
    expect(fallback).toMatch(reason);
    expect((await kernelFn(RELU)(inputs(4, 3), null, "ntk", { engine })).data.every(Number.isFinite)).toBe(true);
    expect(await openEngine("wasm")).toEqual({ unavailable: expect.stringMatching(reason) });
  });

  it("where something unforeseen is thrown", async () => {
    vi.spyOn(webAssembly!, "validate").mockImplementation(() => {
      throw new Error("forbidden here");
    });
    expect((await bestEngine({ choice: "wasm" })).fallback).toContain("the wasm engine is unavailable: forbidden here");
  });

  it("where the hardware may not be asked", () => {
    vi.spyOn(process.getBuiltinModule("node:os"), "availableParallelism").mockImplementation(() => {
      throw new Error("Requires sys access");
    });
    expect(hardwareThreads()).toBeGreaterThanOrEqual(1);
  });

  const flag = ["--permission", "--experimental-permission"].find((name) =>
    process.allowedNodeEnvironmentFlags.has(name),
  );
  it.runIf(flag !== undefined)("and computes, where a process may start no threads and load no libraries", () => {
    const program = `
      import { bestEngine } from "@ntkit/engine";
      import { dense, kernelFn, matrix, relu, serial } from "ntkit";
      const { engine } = await bestEngine();
      const x = matrix(700, 3, Float64Array.from({ length: 2100 }, (_, i) => Math.sin(i)));
      const gram = await kernelFn(serial(dense({ width: 8 }), relu(), dense({ width: 1 })))(x, null, "ntk", { engine });
      console.log(engine.name, gram.rows, gram.data.every(Number.isFinite));`;
    const argv = [flag!, "--allow-fs-read=*", "--input-type=module", "-e", program];
    const printed = execFileSync(process.execPath, argv, {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, NTKIT_ENGINE: "" },
    });
    expect(printed).toBe("wasm 700 true\n");
  });
});

describe("bestEngine refuses", () => {
  it("names of no engine, with the nearest that is one", async () => {
    const wrong = "wsam" as EngineChoice; // as JavaScript may
    await expect(bestEngine({ choice: wrong })).rejects.toThrow(
      'bestEngine: choice: must be "js", "wasm" or "native", got "wsam" (did you mean "wasm"?)',
    );
    await expect(bestEngine({ prefer: wrong })).rejects.toThrow('(did you mean "wasm"?)');
    await expect(openEngine(wrong)).rejects.toThrow('(did you mean "wasm"?)');
    vi.stubEnv("NTKIT_ENGINE", "ntaive");
    await expect(bestEngine()).rejects.toThrow(
      'NTKIT_ENGINE: must be "js", "wasm" or "native", got "ntaive" (did you mean "native"?)',
    );
  });
});
