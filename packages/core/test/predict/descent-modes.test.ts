import { describe, expect, it } from "vitest";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { fromRows, type Matrix } from "../../src/matrix/matrix.ts";
import { descentProgress, expandModes, modeProgress, presentModes, reach } from "../../src/predict/descent-modes.ts";

describe("modeProgress", () => {
  it("is 1 − (1 − z)ᵗ, to full precision for small z", () => {
    expect(modeProgress(0.5, 3)).toBeCloseTo(0.875, 15);
    expect(modeProgress(1.5, 3)).toBeCloseTo(1.125, 15);
    expect(modeProgress(1, 7)).toBe(1);
    expect(modeProgress(1, 0)).toBe(0);
    expect(modeProgress(1e-20, 5) / 5e-20).toBeCloseTo(1, 14);
    expect(modeProgress(0, Number.POSITIVE_INFINITY)).toBe(0);
    for (const z of [0, 0.5, 1, 2, 9]) expect(modeProgress(z, 0)).toBe(0);
  });
});

describe("descentProgress at t = ∞", () => {
  const limit = (z: number, present = true) => descentProgress(Float64Array.of(0.5, z), [true, present], Infinity);

  it("arrives below 2, alternates at 2 to rounding, and diverges above and below 0", () => {
    expect(limit(1.9)).toEqual({ kind: "iterate", progress: Float64Array.of(1, 1) });
    expect(limit(0)).toEqual({ kind: "iterate", progress: Float64Array.of(1, 0) });
    for (const z of [2, 2 + 8 * Number.EPSILON, 2 - 8 * Number.EPSILON])
      expect(limit(z)).toEqual({ kind: "two-cycle", even: Float64Array.of(1, 0), odd: Float64Array.of(1, 2) });
    for (const z of [2 + 10 * Number.EPSILON, 3, -0.1]) expect(limit(z)).toEqual({ kind: "diverges" });
  });

  it("does not ask modes without an error", () => {
    for (const z of [2, 3, -0.1]) expect(limit(z, false)).toEqual({ kind: "iterate", progress: Float64Array.of(1, 1) });
  });
});

describe("presentModes", () => {
  it("have an error in some output, beyond the rounding of the largest one", () => {
    const largest = 1e6;
    const rounding = 4 * Number.EPSILON * largest;
    const projected = fromRows([
      [0, -largest],
      [rounding * 1.01, 0],
      [-rounding, rounding],
      [0, 0],
    ]);
    expect(presentModes(projected)).toEqual([true, true, false, false]);
    expect(presentModes(fromRows([[-1e-6], [0]]))).toEqual([true, false]);
    expect(presentModes(fromRows([[0], [0]]))).toEqual([false, false]);
  });
});

describe("reach", () => {
  const rates = { learningRate: 3, maxLearningRate: 2 };
  const [even, odd] = [Float64Array.of(0), Float64Array.of(2)];
  /** Goes as far as the progress says, but not to `beyond`. */
  const goBut = (beyond: number) => async (progress: Float64Array) =>
    progress[0] === beyond ? null : fromRows([[progress[0]!]]);
  const twoCycle = { kind: "two-cycle", even, odd } as const;

  it("alternates between two places, if both are in the range of float64", async () => {
    expect(await reach("f", twoCycle, goBut(-1), rates)).toEqual({
      ok: false,
      reason: "two-cycle",
      even: fromRows([[0]]),
      odd: fromRows([[2]]),
      maxLearningRate: 2,
      message: "f: the learning rate is 3 and the largest stable one 2: the iterates alternate for ever",
    });
    for (const beyond of [0, 2])
      expect(await reach("f", twoCycle, goBut(beyond), rates)).toMatchObject({ ok: false, reason: "diverges" });
  });

  it("diverges where an iterate leaves the range of float64", async () => {
    const iterate = { kind: "iterate", progress: odd } as const;
    expect(await reach("f", iterate, goBut(-1), rates)).toEqual({ ok: true, at: fromRows([[2]]) });
    expect(await reach("f", iterate, goBut(2), rates)).toMatchObject({
      reason: "diverges",
      message: "f: the learning rate is 3 and the largest stable one 2: the iterates grow without bound",
    });
  });
});

describe("expandModes", () => {
  const expanded = (vectors: Matrix, modes: Matrix) => expandModes(vectors, modes, jsEngine, undefined);
  const rotation = fromRows([
    [0.6, 0.8],
    [-0.8, 0.6],
  ]);

  it("is V times the modes", async () => {
    expect((await expanded(rotation, fromRows([[5], [10]])))!.data).toEqual(Float64Array.of(-5, 10));
  });

  it("is null where one value leaves the range of float64, before or after", async () => {
    expect(await expanded(rotation, fromRows([[1], [Number.POSITIVE_INFINITY]]))).toBeNull();
    expect(await expanded(rotation, fromRows([[1.2e308], [1.2e308]]))).not.toBeNull();
    expect(await expanded(rotation, fromRows([[1.6e308], [1.7e308]]))).toBeNull(); // (−0.4, 2.3) · 10³⁰⁸
  });
});
