import { afterEach, describe, expect, it, vi } from "vitest";
import { checkEngine } from "../../core/src/testing/engine-laws.ts";
import { broken } from "../../core/src/testing/laws.ts";
import { bestEngine, nativeEngine } from "../src/index.ts";

const native = await nativeEngine();
const there = "engine" in native;

afterEach(() => vi.unstubAllEnvs());

describe("nativeEngine", () => {
  it.runIf(there).each([
    { seed: 1, n: 70 },
    { seed: 2, n: 33 },
  ])("obeys the laws of an engine (seed $seed, n $n)", async (options) => {
    if ("engine" in native) expect(broken(await checkEngine(native.engine, options))).toBe("");
  });

  it.runIf(there)("lets the event loop live during a long call", async () => {
    if (!("engine" in native)) return;
    const n = 600;
    const a = { rows: n, cols: n, data: new Float64Array(n * n).map((_, i) => Math.sin(i)) };
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await native.engine.eigh(a);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  it("says why a library cannot be used", async () => {
    vi.stubEnv("NTKIT_BLAS", "/no/such/library.so");
    expect(await nativeEngine()).toEqual({ unavailable: expect.stringContaining("/no/such/library.so: ") });
  });

  it.runIf(process.platform === "linux")("says which routine a library lacks", async () => {
    vi.stubEnv("NTKIT_BLAS", "libm.so.6");
    const result = await nativeEngine();
    expect("unavailable" in result && result.unavailable).toMatch(/libm.so.6: has no dgemm/);
  });
});

describe("bestEngine", () => {
  it("takes what NTKIT_ENGINE says before what is preferred", async () => {
    vi.stubEnv("NTKIT_ENGINE", "js");
    const { engine, notes } = await bestEngine({ prefer: "native" });
    expect(engine.name).toBe("js");
    expect(notes).toEqual(["js engine (plain TypeScript), as NTKIT_ENGINE says"]);
  });

  it("refuses an unknown NTKIT_ENGINE", async () => {
    vi.stubEnv("NTKIT_ENGINE", "natve");
    await expect(bestEngine()).rejects.toThrow('did you mean "native"?');
  });

  it("falls back to js with a note", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    vi.stubEnv("NTKIT_BLAS", "/no/such/library.so");
    const { engine, notes } = await bestEngine();
    expect(engine.name).toBe("js");
    expect(notes[0]).toContain("the native one is unavailable: /no/such/library.so");
  });

  it.runIf(there)("takes the native engine when it is there", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    const { engine, notes } = await bestEngine();
    expect(engine.name).toBe("native");
    expect(notes[0]).toContain(engine.description);
  });
});
