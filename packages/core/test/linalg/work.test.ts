import { describe, expect, it } from "vitest";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { partOf, startWork } from "../../src/linalg/work.ts";
import { addToDiagonal, matrix } from "../../src/matrix/matrix.ts";

function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("startWork", () => {
  it("throws the reason of a signal that is aborted already", () => {
    expect(() => startWork({ signal: AbortSignal.abort("no") })).toThrow("no");
  });

  it("reports and lets others run only when a slice of time is used up", async () => {
    const fractions: number[] = [];
    let ran = false;
    setTimeout(() => {
      ran = true;
    }, 0);
    const work = startWork({ onProgress: (fraction) => fractions.push(fraction) });
    await work.breathe(0.1);
    expect([fractions, ran]).toEqual([[], false]);
    busy(40);
    await partOf(work, 0.5, 0.7).breathe(0.5);
    expect([fractions, ran]).toEqual([[0.6], true]);
    await work.breathe(1);
    expect(fractions).toEqual([0.6, 1]);
  });
});

describe("a long operation", () => {
  const n = 400;
  const a = matrix(
    n,
    n,
    new Float64Array(n * n).map((_, i) => Math.sin(i * i)),
  );
  const positive = addToDiagonal(a, 1000);

  it.each([
    ["matmul", (options: object) => jsEngine.matmul(matrix(1200, n, new Float64Array(1200 * n)), a, options)],
    ["eigh", (options: object) => jsEngine.eigh(a, options)],
    ["svd", (options: object) => jsEngine.svd(a, options)],
    ["solveTriangular", (options: object) => jsEngine.solveTriangular(positive, matrix(n, 1000), options)],
  ])("reports fractions that never fall, and stops when asked to: %s", async (_, run) => {
    const fractions: number[] = [];
    await run({ onProgress: (fraction: number) => fractions.push(fraction) });
    expect(fractions.length).toBeGreaterThan(0);
    expect(fractions).toEqual(fractions.toSorted((x, y) => x - y));
    expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
    const controller = new AbortController();
    const stopped = run({ signal: controller.signal, onProgress: () => controller.abort("enough") });
    await expect(stopped).rejects.toBe("enough");
  });
});
