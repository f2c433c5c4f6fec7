import { afterEach, describe, expect, it, vi } from "vitest";
import { advise, type Findings } from "../src/doctor/advice.ts";
import { ntkit } from "./command-line.ts";

afterEach(() => vi.unstubAllEnvs());

interface Report {
  readonly uses: { readonly name: string; readonly why: readonly string[] };
  readonly engines: readonly {
    readonly engine: string;
    readonly fast: boolean;
    readonly available: boolean;
    readonly description: string;
    readonly threads: number | null;
    readonly speeds: Record<"product" | "cholesky", { readonly n: number; readonly gflops: number }> | null;
  }[];
  readonly advice: readonly string[];
  readonly machine: { readonly node: string; readonly cores: number };
}

async function examine(...more: readonly string[]): Promise<Report> {
  const { exitCode, stdout, stderr } = await ntkit("doctor", "--quick", "--json", ...more);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("doctor", () => {
  it("measures every engine that is there, and says which is used", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    const { uses, engines, machine } = await examine();
    expect(engines.map(({ engine, fast }) => (fast ? `${engine}, fast` : engine))).toEqual([
      "native",
      "wasm, fast",
      "wasm",
      "js",
    ]);
    for (const { available, speeds, threads, description } of engines) {
      expect(description).not.toBe("");
      expect(speeds !== null).toBe(available);
      expect(threads === null || threads >= 1).toBe(true);
      for (const { gflops, n } of Object.values(speeds ?? {})) expect([gflops > 0.01, n > 100]).toEqual([true, true]);
    }
    expect(uses.name).toBe(engines.find(({ available, fast }) => available && !fast)!.engine);
    expect(machine).toMatchObject({ node: process.version });
  });

  it("says why there is no native engine, and what to do about it", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    vi.stubEnv("NTKIT_BLAS", "/no/such/library.so");
    const { uses, engines, advice } = await examine();
    expect(uses).toMatchObject({
      name: "wasm",
      why: [expect.stringContaining("because the native engine is unavailable")],
    });
    expect(engines[0]).toMatchObject({ available: false, description: expect.stringContaining("/no/such/library.so") });
    expect(advice[0]).toBe('NTKIT_BLAS is "/no/such/library.so": name a library with BLAS and LAPACK, or unset it');
  });

  it("prints the same for people", async () => {
    const { exitCode, stdout, stderr } = await ntkit("doctor", "--quick", "--engine", "js");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^uses: js engine \(plain TypeScript\), as asked\nmachine: .*Node v\d+/);
    for (const part of ["product GF/s", "Cholesky GF/s", "wasm, fast", "faster:"]) expect(stdout).toContain(part);
  });

  it("its help begins with an example", async () => {
    expect((await ntkit("doctor", "--help")).stdout).toMatch(/^Example:\n {2}ntkit doctor\n/);
  });
});

describe("advice", () => {
  const well: Findings = {
    machine: { node: "v20", platform: "linux x64", cpu: "", cores: 4, memoryBytes: 1, loadAverage: 0 },
    uses: "native",
    nativeUnavailable: null,
    nativeThreads: 4,
    wasmThreads: 4,
    fastAvailable: true,
    environment: {},
  };
  const browser = advise(well).at(-1)!;
  const missing = { uses: "wasm", nativeUnavailable: "libopenblas.so.0: not found", nativeThreads: null };

  it.each<[string, Partial<Findings>, readonly (string | RegExp)[]]>([
    ["nothing where all is well", {}, []],
    ["a library to install", missing, [/apt install libopenblas0-pthread.*NTKIT_BLAS/, /NTKIT_FAST=1/]],
    [
      "koffi",
      { ...missing, nativeUnavailable: "the optional package koffi did not load", environment: { NTKIT_FAST: "1" } },
      [/npm install koffi/],
    ],
    [
      "to leave a slow engine",
      { uses: "js", environment: { NTKIT_ENGINE: "js" } },
      [/unset NTKIT_ENGINE \(it is "js"\)/],
    ],
    ["more threads", { nativeThreads: 1 }, ["1 of 4 cores are used: set NTKIT_THREADS=4"]],
    [
      "to lift a limit",
      { nativeThreads: 2, environment: { OPENBLAS_NUM_THREADS: "2" } },
      ['2 of 4 cores are used: unset OPENBLAS_NUM_THREADS (it is "2")'],
    ],
    ["to wait", { machine: { ...well.machine, loadAverage: 3 } }, [/the load is 3.0 on 4 cores/]],
  ])("%s", (_, change, expected) => {
    const advice = advise({ ...well, ...change });
    expect(advice.length).toBe(expected.length + 1);
    for (const [i, sentence] of expected.entries()) expect(advice[i]).toMatch(sentence);
    expect(advice.at(-1)).toBe(browser);
  });
});
