import { afterEach, describe, expect, it, vi } from "vitest";
import { checkEngine } from "../../core/src/testing/engine-laws.ts";
import { broken } from "../../core/src/testing/laws.ts";
import { bestEngine, nativeEngine, openEngine } from "../src/index.ts";
import { type Koffi, loadLibrary } from "../src/library.ts";

const native = await nativeEngine();
const there = "engine" in native;
const engine = there ? native.engine : undefined!; // only where `there`
const threads = there ? native.threads : undefined;
const other = await openEngine("js");

afterEach(() => vi.unstubAllEnvs());

/** Entries that no two alike, in [-1, 1]. */
function waves(rows: number, cols: number) {
  return { rows, cols, data: new Float64Array(rows * cols).map((_, i) => Math.sin(i * 1.7 + (i % 13))) };
}

/** Symmetric and positive definite, with diagonal n. */
function dominant(n: number) {
  const a = { rows: n, cols: n, data: new Float64Array(n * n) };
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a.data[i * n + j] = i === j ? n : Math.cos(3 * (i - j));
  return a;
}

/** Largest |(L Lᵀ - A)ᵢⱼ| over some entries. */
function residual(l: { data: Float64Array }, a: { rows: number; data: Float64Array }): number {
  const n = a.rows;
  let worst = 0;
  for (let s = 0; s < 500; s++) {
    const [i, j] = [(s * 7919) % n, (s * 104729) % n].sort((p, q) => q - p) as [number, number];
    let sum = 0;
    for (let k = 0; k <= j; k++) sum += l.data[i * n + k]! * l.data[j * n + k]!;
    worst = Math.max(worst, Math.abs(sum - a.data[i * n + j]!));
  }
  return worst;
}

describe.runIf(there)("nativeEngine", () => {
  it.each([
    { seed: 1, n: 70 },
    { seed: 2, n: 33 },
  ])("obeys the laws of an engine (seed $seed, n $n)", async (options) => {
    expect(broken(await checkEngine(engine, options))).toBe("");
  });

  it("factorizes a large matrix in panels as a small one at once, and tells its progress", async () => {
    const a = dominant(3100);
    const fractions: number[] = [];
    const factor = await engine.cholesky(a, { onProgress: (fraction) => void fractions.push(fraction) });
    expect(factor.ok && residual(factor.lower, a)).toBeLessThan(1e-10);
    expect(factor.ok && factor.lower.data[1]).toBe(0);
    expect(fractions.length).toBeGreaterThan(3);
    expect(fractions.at(-1)).toBe(1);
    expect([...fractions].sort((p, q) => p - q)).toEqual(fractions);
  });

  it("names the pivot of a large matrix, and what is not finite in it", async () => {
    const n = 3100;
    const a = dominant(n);
    a.data[2500 * n + 2500] = -1;
    expect(await engine.cholesky(a)).toMatchObject({ ok: false, pivot: 2500 });
    a.data[2500 * n + 2500] = n;
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const j of [1200, 2500]) {
        const spoiled = { ...a, data: a.data.slice() };
        spoiled.data[2500 * n + j] = bad;
        await expect(engine.cholesky(spoiled)).rejects.toThrow(`got ${bad} at row 2500, column ${j}`);
      }
    }
  });

  it.each([
    ["many rows", [2600, 1500, 2100]],
    ["many columns", [1500, 2600, 2100]],
  ] as const)("multiplies in slices: %s", async (_, [m, n, k]) => {
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, true],
    ]) {
      const [a, b] = [transposeA ? waves(k, m) : waves(m, k), transposeB ? waves(n, k) : waves(k, n)];
      const fractions: number[] = [];
      const onProgress = (fraction: number) => void fractions.push(fraction);
      const c = await engine.matmul(a, b, { transposeA, transposeB, onProgress });
      expect(fractions.length).toBeGreaterThan(1);
      for (let s = 0; s < 300; s++) {
        const [i, j] = [(s * 7919) % m, (s * 104729) % n];
        let sum = 0;
        for (let p = 0; p < k; p++)
          sum += a.data[transposeA ? p * m + i : i * k + p]! * b.data[transposeB ? j * k + p : p * n + j]!;
        expect(Math.abs(c.data[i * n + j]! - sum)).toBeLessThan(1e-10);
      }
    }
  });

  it("sees each value of a product or a solve that is not finite", async () => {
    const square = dominant(40);
    for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      for (const at of [0, 39, 40 * 20 + 7, 1599]) {
        const spoiled = { ...square, data: square.data.with(at, bad) };
        await expect(engine.matmul(spoiled, square)).rejects.toMatchObject({ code: "value" });
        await expect(engine.matmul(square, spoiled)).rejects.toMatchObject({ code: "value" });
        await expect(engine.matmul({ ...square, data: new Float64Array(1600) }, spoiled)).rejects.toMatchObject({
          code: "value",
        });
        await expect(engine.solveTriangular(square, spoiled)).rejects.toMatchObject({ code: "value" });
      }
      for (const at of [0, 39 * 40, 40 * 20 + 7, 1599]) {
        const spoiled = { ...square, data: square.data.with(at, bad) };
        await expect(engine.solveTriangular(spoiled, square)).rejects.toMatchObject({ code: "value" });
      }
    }
  });

  it("sees them in a product with a vector, zeros in it or not", async () => {
    const square = dominant(40);
    for (const at of [0, 39, 40 * 20 + 7, 1599]) {
      const spoiled = { ...square, data: square.data.with(at, Number.NaN) };
      for (const vector of [waves(40, 1), { rows: 40, cols: 1, data: new Float64Array(40) }]) {
        await expect(engine.matmul(spoiled, vector)).rejects.toMatchObject({ code: "value" });
        await expect(engine.matmul(vector, spoiled, { transposeA: true })).rejects.toMatchObject({ code: "value" });
        const spoiledVector = { ...vector, data: vector.data.with(at % 40, Number.NaN) };
        await expect(engine.matmul(square, spoiledVector)).rejects.toMatchObject({ code: "value" });
      }
    }
  });

  it("takes what overflows for what it is", async () => {
    const huge = { rows: 20, cols: 20, data: new Float64Array(400).fill(1e200) };
    expect((await engine.matmul(huge, huge)).data[0]).toBe(Number.POSITIVE_INFINITY);
  });

  it("lets the event loop live during a long call", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await engine.eigh(waves(700, 700));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  it.each([
    ["matmul", (signal: AbortSignal) => engine.matmul(waves(2600, 2600), waves(2600, 2600), { signal })],
    ["cholesky", (signal: AbortSignal) => engine.cholesky(dominant(3500), { signal })],
    ["eigh", (signal: AbortSignal) => engine.eigh(dominant(1000), { signal })],
    ["svd", (signal: AbortSignal) => engine.svd(waves(800, 800), { signal })],
    ["solveTriangular", (signal: AbortSignal) => engine.solveTriangular(dominant(2500), waves(2500, 2500), { signal })],
  ] as const)("%s rejects as soon as it is aborted, and the engine stays usable", async (_, start) => {
    const controller = new AbortController();
    const work = start(controller.signal);
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await expect(work).rejects.toThrow("enough");
    const small = await engine.cholesky(dominant(50));
    expect(small.ok && residual(small.lower, dominant(50))).toBeLessThan(1e-12);
  });

  it("stops between two slices", async () => {
    const controller = new AbortController();
    const fractions: number[] = [];
    const onProgress = (fraction: number) => {
      fractions.push(fraction);
      controller.abort(new Error("enough"));
    };
    const work = engine.cholesky(dominant(3100), { signal: controller.signal, onProgress });
    await expect(work).rejects.toThrow("enough");
    expect(fractions.length).toBe(1);
  });

  it("keeps no memory over a thousand calls", async () => {
    const [a, k] = [waves(120, 120), dominant(120)];
    const round = async (calls: number) => {
      for (let i = 0; i < calls; i++) {
        await engine.matmul(a, a);
        await engine.cholesky(k);
        if (i % 10 > 0) continue;
        const controller = new AbortController();
        const aborted = engine.eigh(k, { signal: controller.signal });
        controller.abort();
        await expect(aborted).rejects.toThrow();
      }
    };
    await round(100);
    const before = process.memoryUsage.rss();
    await round(500);
    // Each call of an engine that leaks its result would keep 115 KB.
    expect(process.memoryUsage.rss() - before).toBeLessThan(6e7);
  });

  it("uses the number of threads asked for", async () => {
    const one = await nativeEngine({ threads: 1 });
    const again = await nativeEngine({ threads });
    expect("engine" in one && one.threads).toBe(threads && 1);
    expect("engine" in again && again.threads).toBe(threads);
    await expect(nativeEngine({ threads: 0 })).rejects.toThrow("threads must be a whole number from 1, got 0");
    vi.stubEnv("NTKIT_THREADS", "two");
    await expect(nativeEngine()).rejects.toThrow('NTKIT_THREADS: must be a whole number from 1 to 9999, got "two"');
  });
});

describe("a library that cannot be used", () => {
  it("is named with the reason", async () => {
    vi.stubEnv("NTKIT_BLAS", "/no/such/library.so");
    expect(await nativeEngine()).toEqual({ unavailable: "there is no /no/such/library.so" });
  });

  it.runIf(process.platform === "linux")("is counted with the others that are not there, in one clause", () => {
    const notThere = () => {
      throw new Error("Failed to load shared library: cannot open shared object file: No such file or directory");
    };
    const koffi = { load: notThere } as unknown as Koffi; // all that is called of it
    expect(loadLibrary(koffi)).toEqual({
      unavailable: "there is no libopenblas.so.0, libmkl_rt.so.2, libflexiblas.so.3, liblapack.so.3",
    });
  });

  it.runIf(process.platform === "linux")("is named with the routine it lacks", async () => {
    vi.stubEnv("NTKIT_BLAS", "libm.so.6");
    const result = await nativeEngine();
    expect("unavailable" in result && result.unavailable).toMatch(/libm.so.6: has no dgemm/);
  });
});

describe("bestEngine", () => {
  it("takes what NTKIT_ENGINE says before what is preferred, and what is asked for before both", async () => {
    vi.stubEnv("NTKIT_ENGINE", "js");
    const { engine, notes, fallback } = await bestEngine({ prefer: "wasm" });
    expect({ name: engine.name, notes, fallback }).toEqual({
      name: "js",
      notes: ["js engine (plain TypeScript), as NTKIT_ENGINE says"],
      fallback: undefined,
    });
    const asked = await bestEngine({ choice: "wasm" });
    expect(asked.engine.name).toBe("wasm");
    expect(asked.notes[0]).toMatch(/, as asked$/);
  });

  it.each([
    ["NTKIT_ENGINE", "natve", 'did you mean "native"?'],
    ["NTKIT_THREADS", "0", 'NTKIT_THREADS: must be a whole number from 1 to 9999, got "0"'],
    ["NTKIT_FAST", "yes", 'NTKIT_FAST: must be 0 or 1, got "yes"'],
  ])("refuses %s=%s", async (name, value, message) => {
    vi.stubEnv(name, value);
    await expect(bestEngine()).rejects.toThrow(message);
  });

  it("falls back to wasm with one line", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    vi.stubEnv("NTKIT_BLAS", "/no/such/library.so");
    for (const options of [{}, { choice: "native" }] as const) {
      const { engine, notes, fallback, denied } = await bestEngine(options);
      expect(engine.name).toBe("wasm");
      expect(fallback).toMatch(
        /^wasm engine \([^\n]+, because the native engine is unavailable: there is no \/no\/such\/library.so$/,
      );
      expect(notes[0]).toMatch(/^wasm engine \([^\n]+, because the native engine is unavailable$/);
      expect(denied).toBe(true);
    }
    expect(await bestEngine({ choice: "js" })).toMatchObject({ engine: "engine" in other && other.engine });
  });

  it("finds nothing wrong where no library is, unless one was asked for", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    const platform = Object.getOwnPropertyDescriptor(process, "platform")!;
    Object.defineProperty(process, "platform", { ...platform, value: "freebsd" }); // of which no library is known
    try {
      const { engine, notes, denied } = await bestEngine();
      const note = `wasm engine (${engine.description}), the fastest here`;
      expect({ notes, denied }).toEqual({ notes: [note], denied: false });
      expect(await bestEngine({ choice: "native" })).toMatchObject({ denied: true });
      expect(await bestEngine({ choice: "js" })).toMatchObject({ denied: false });
    } finally {
      Object.defineProperty(process, "platform", platform);
    }
  });

  it("passes on threads and fast", async () => {
    vi.stubEnv("NTKIT_THREADS", "1");
    vi.stubEnv("NTKIT_FAST", "1");
    expect((await bestEngine({ choice: "wasm" })).engine.description).toMatch(/^WebAssembly SIMD.*, 1 thread$/);
    const two = await bestEngine({ choice: "wasm", threads: 2, fast: false });
    expect(two.engine.description).toBe("WebAssembly SIMD, 2 threads");
  });

  it.runIf(there)("takes the native engine when it is there, with the programs of wasm", async () => {
    vi.stubEnv("NTKIT_ENGINE", "");
    const { engine, notes, fallback } = await bestEngine();
    expect(engine.name).toBe("native");
    expect(notes).toEqual([`native engine (${engine.description}), the fastest here`]);
    expect(fallback).toBeUndefined();
    expect(engine.gram).toBeTypeOf("function");
  });
});
