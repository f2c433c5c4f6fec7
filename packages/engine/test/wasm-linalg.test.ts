import { addToDiagonal, type Engine, key, normal, takeRows } from "ntkit";
import { jsEngine, type Matrix, matrix, transpose } from "ntkit/engine-kit";
import { broken, checkEngine } from "ntkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wasmEngine } from "../src/wasm-engine.ts";

const THREADS = [1, 2, 4] as const;
const engines: Engine[] = [];
const closers: (() => void)[] = [];

async function open(threads: number, fast = false): Promise<Engine> {
  const wasm = await wasmEngine({ threads, fast });
  if ("unavailable" in wasm) throw new Error(wasm.unavailable);
  closers.push(() => wasm.pool.close());
  expect(wasm.fast).toBe(fast);
  return wasm.engine;
}

beforeAll(async () => {
  for (const threads of THREADS) engines.push(await open(threads));
});
afterAll(() => {
  for (const close of closers) close();
});

const random = (rows: number, cols: number, seed: number): Matrix => matrix(rows, cols, normal(key(seed), rows * cols));

function fromEntries(n: number, entry: (i: number, j: number) => number): Matrix {
  const a = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a.data[i * n + j] = entry(i, j);
  return a;
}

/** Positive definite with the smallest eigenvalue near `ridge`, the largest near 4 n. */
async function gram(n: number, ridge: number, seed: number): Promise<Matrix> {
  const x = random(n, Math.ceil(n / 2), seed);
  return addToDiagonal(await jsEngine.matmul(x, x, { transposeB: true }), ridge);
}

const sameBits = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** max |A - B| in units of max |B|. */
function distance(a: Matrix, b: Matrix): number {
  const difference = a.data.map((value, i) => value - b.data[i]!);
  return largest(difference) / (largest(b.data) || 1);
}

/** What the engine computes on every number of threads; fails unless all of it has the same bits. */
async function onAll(name: string, compute: (engine: Engine) => Promise<readonly Float64Array[]>): Promise<void> {
  const results: (readonly Float64Array[])[] = [];
  for (const engine of engines) results.push(await compute(engine));
  const same = results.map((arrays) => arrays.every((array, i) => sameBits(array, results[0]![i]!)));
  expect(same, name).toEqual(THREADS.map(() => true));
}

async function factorOf(engine: Engine, a: Matrix): Promise<Matrix> {
  const result = await engine.cholesky(a);
  if (!result.ok) throw new Error(`pivot ${result.pivot} is ${result.value}`);
  return result.lower;
}

describe("the laws of an engine", () => {
  it.each(THREADS)("hold on %i threads", async (threads) => {
    const engine = engines[THREADS.indexOf(threads)]!;
    expect(engine.description).toBe(`WebAssembly SIMD, ${threads} ${threads === 1 ? "thread" : "threads"}`);
    expect(broken(await checkEngine(engine, { exactSlices: true }))).toBe("");
  });

  it("hold on matrices that are large enough for threads", async () => {
    expect(broken(await checkEngine(engines[1]!, { exactSlices: true, n: 150, seed: 2 }))).toBe("");
  });

  it("results are written to memory of the engine that is given for reuse", async () => {
    const engine = engines[1]!;
    const a = await gram(300, 1, 3);
    const memory = (): Float64Array => engine.allocate!(a.data.length).fill(7);
    const [product, solution, factor] = [memory(), memory(), engine.allocate!(a.data.length)];
    const lower = await factorOf(engine, a);
    const results = [
      [await engine.matmul(a, a, { reuse: product }), await engine.matmul(a, a)],
      [await engine.solveTriangular(lower, a, { reuse: solution }), await engine.solveTriangular(lower, a)],
    ] as const;
    for (const [again, first] of results) expect(sameBits(again.data, first.data)).toBe(true);
    expect(results.every(([again], k) => again.data === [product, solution][k])).toBe(true);
    const second = await engine.cholesky(a, { reuse: factor });
    expect(second.ok && second.lower.data === factor && sameBits(factor, lower.data)).toBe(true);
    const empty = await engine.matmul(matrix(300, 0), matrix(0, 300), { reuse: product });
    expect(empty.data.every((value) => value === 0)).toBe(true);
  });

  it("hold with fused operations", async () => {
    const engine = await open(2, true);
    expect(engine.description).toBe("WebAssembly SIMD with fused multiply-add, 2 threads");
    expect(broken(await checkEngine(engine, { exactSlices: true, n: 130 }))).toBe("");
  });
});

describe("the number of threads changes no bit", () => {
  const sizes = [1, 3, 5, 127, 128, 257, 600];

  it.each(sizes)("of products, n = %i", async (n) => {
    const [a, b] = [random(n, n + 2, 1), random(n, n + 2, 2)];
    for (const [transposeA, transposeB] of [[true, false] as const, [false, true] as const]) {
      await onAll("product", async (engine) => [(await engine.matmul(a, b, { transposeA, transposeB })).data]);
    }
  });

  // 700 and 1700 cross the borders of groups of tiles of either size.
  it.each([...sizes, 700, 1700])("of Cholesky factors and solutions, n = %i", async (n) => {
    const a = fromEntries(n, (i, j) => Math.exp(-Math.abs(i - j) / 50) + (i === j ? 0.01 : 0));
    const b = random(n, 300, 3);
    const lower = await factorOf(engines[0]!, a);
    await onAll("factor", async (engine) => [(await factorOf(engine, a)).data]);
    for (const transposed of [false, true]) {
      await onAll("solution", async (engine) => [
        (await engine.solveTriangular(lower, b, { transpose: transposed })).data,
      ]);
    }
  });

  it.each(sizes)("of eigenvalues, eigenvectors and tridiagonal forms, n = %i", async (n) => {
    const x = random(n, n, 4);
    const a = fromEntries(n, (i, j) => x.data[i * n + j]! + x.data[j * n + i]!);
    await onAll("eigh", async (engine) => {
      const { values, vectors } = await engine.eigh(a);
      return [values, vectors.data];
    });
    await onAll("tridiagonal form", async (engine) => {
      const { diagonal, offDiagonal, basis } = await engine.tridiagonalForm!(a);
      return [diagonal, offDiagonal, basis.data];
    });
  });

  it.each([1, 5, 130])("of singular values and vectors, n = %i", async (n) => {
    for (const a of [random(n, n + 7, 5), random(n + 7, n, 6)]) {
      await onAll("svd", async (engine) => {
        const { values, left, right } = await engine.svd(a);
        return [values, left.data, right.data];
      });
    }
  });

  it("of results on matrices that are nearly singular", async () => {
    const n = 257;
    const hilbert = fromEntries(n, (i, j) => 1 / (i + j + 1));
    const lowRank = await gram(n, 0, 7);
    const steep = fromEntries(n, (i, j) => (i === j ? 10 ** ((-12 * i) / n) : 0));
    for (const a of [hilbert, lowRank, steep]) {
      await onAll("eigh", async (engine) => [(await engine.eigh(a)).values]);
      await onAll("cholesky", async (engine) => {
        const result = await engine.cholesky(a);
        return result.ok ? [result.lower.data] : [Float64Array.of(result.pivot, result.value, result.suggestedDiagReg)];
      });
    }
  });
});

describe("results agree with plain TypeScript", () => {
  it.each([127, 257, 600])("n = %i", async (n) => {
    const engine = engines[1]!;
    const tolerance = 1e-14 * n;
    const [x, y, a] = [random(n, 2 * n, 8), random(2 * n, 70, 9), await gram(n, 1e-3, 10)];
    expect(distance(await engine.matmul(x, y), await jsEngine.matmul(x, y))).toBeLessThan(tolerance);
    const lower = await factorOf(engine, a);
    const square = await jsEngine.matmul(lower, lower, { transposeB: true });
    expect(distance(square, a)).toBeLessThan(tolerance);
    const { values, vectors } = await engine.eigh(a);
    const scaled = matrix(
      n,
      n,
      vectors.data.map((value, i) => value * values[Math.floor(i / n)]!),
    );
    expect(distance(await jsEngine.matmul(vectors, scaled, { transposeA: true }), a)).toBeLessThan(tolerance);
    const expected = (await jsEngine.eigh(a)).values;
    expect(distance(matrix(1, n, values), matrix(1, n, expected))).toBeLessThan(tolerance);
  });

  it("and where a matrix stops being positive definite", async () => {
    for (const row of [0, 130, 511, 640]) {
      const a = fromEntries(700, (i, j) => (i === j ? (i === row ? -1 : 2) : 0));
      const result = await engines[1]!.cholesky(a);
      expect(result).toEqual(await jsEngine.cholesky(a));
      expect(result).toMatchObject({ ok: false, pivot: row, value: -1 });
    }
  });

  it("and in the words for what is not finite", async () => {
    const n = 600;
    const identity = fromEntries(n, (i, j) => (i === j ? 1 : 0));
    const spoiled = matrix(n, n, identity.data.slice());
    spoiled.data[555 * n + 300] = Number.POSITIVE_INFINITY;
    spoiled.data[300 * n + 555] = Number.NaN;
    for (const call of [
      (engine: Engine) => engine.matmul(identity, spoiled),
      (engine: Engine) => engine.cholesky(spoiled),
      (engine: Engine) => engine.solveTriangular(spoiled, identity),
      (engine: Engine) => engine.solveTriangular(identity, spoiled, { transpose: true }),
      (engine: Engine) => engine.eigh(spoiled),
    ]) {
      const [expected, message] = await Promise.all(
        [jsEngine, engines[1]!].map((engine) => call(engine).then(String, String)),
      );
      expect(message).toBe(expected);
      expect(message).toMatch(/^ValueError: \w+: every value must be finite, got /);
    }
  });
});

describe("products", () => {
  it("of transposes in the other order are the transposes, bit for bit", async () => {
    const [a, b] = [random(300, 530, 11), random(530, 200, 12)];
    for (const engine of engines) {
      const product = await engine.matmul(a, b);
      const other = await engine.matmul(b, a, { transposeA: true, transposeB: true });
      expect(sameBits(transpose(other).data, product.data)).toBe(true);
    }
  });

  it("of slices are slices of products, bit for bit, however large the rest", async () => {
    const [a, b] = [random(700, 300, 13), random(300, 600, 14)];
    const whole = await engines[1]!.matmul(a, b);
    const rows = [3, 256, 699];
    expect(sameBits((await engines[1]!.matmul(takeRows(a, rows), b)).data, takeRows(whole, rows).data)).toBe(true);
  });

  it("with nothing to sum over are zero", async () => {
    expect((await engines[1]!.matmul(matrix(2, 0), matrix(0, 3))).data).toEqual(new Float64Array(6));
  });
});

describe("long calls", () => {
  it("report progress that ascends to 1", async () => {
    const a = await gram(800, 1, 15);
    const b = random(800, 800, 16);
    for (const call of ["matmul", "cholesky", "solveTriangular", "eigh"] as const) {
      for (const engine of engines) {
        const fractions: number[] = [];
        const onProgress = (fraction: number): void => void fractions.push(fraction);
        if (call === "matmul") await engine.matmul(a, b, { onProgress });
        else if (call === "solveTriangular") await engine.solveTriangular(a, b, { onProgress });
        else await engine[call](a, { onProgress });
        expect(fractions, call).toEqual([...fractions].sort((x, y) => x - y));
        expect(fractions.at(-1), call).toBe(1);
        if (call === "eigh") expect(fractions.length).toBeGreaterThan(2);
      }
    }
  });

  it("stop when asked to, and then the engine works as before", async () => {
    const a = await gram(900, 1, 17);
    const before = await factorOf(engines[1]!, a);
    for (const engine of engines) {
      const controller = new AbortController();
      const onProgress = (): void => controller.abort("enough");
      await expect(engine.eigh(a, { signal: controller.signal, onProgress })).rejects.toBe("enough");
      expect(sameBits((await factorOf(engine, a)).data, before.data)).toBe(true);
    }
  });
});
