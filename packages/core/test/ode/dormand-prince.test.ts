import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dormandPrince, type RightHandSide } from "../../src/ode/dormand-prince.ts";
import { gap, succeed } from "../predict/brute.ts";

const decay: RightHandSide = (_, y, out) => {
  for (let i = 0; i < y.length; i++) out[i] = -(i + 1) * y[i]!;
};
const circle: RightHandSide = (_, y, out) => {
  out[0] = y[1]!;
  out[1] = -y[0]!;
};

describe("dormandPrince", () => {
  it("solves linear decay at every requested time", async () => {
    const times = [0, 0.013, 0.5, 1, 1.7, 4];
    const y0 = Float64Array.of(1, -2, 0.5);
    const { states } = succeed(await dormandPrince(decay, y0, times, { rtol: 1e-11, atol: 1e-13 }));
    times.forEach((t, k) => {
      const exact = y0.map((value, i) => value * Math.exp(-(i + 1) * t));
      expect(gap(states[k]!, exact)).toBeLessThan(1e-9);
    });
    expect(Array.from(y0)).toEqual([1, -2, 0.5]);
  });

  it("goes around a circle a hundred times, and the error follows the tolerance", async () => {
    const t = 200 * Math.PI;
    const errors: number[] = [];
    for (const rtol of [1e-5, 1e-7, 1e-9, 1e-11]) {
      const { states } = succeed(await dormandPrince(circle, Float64Array.of(1, 0), [t], { rtol, atol: rtol }));
      errors.push(Math.hypot(states[0]![0]! - 1, states[0]![1]!));
    }
    expect(errors[3]).toBeLessThan(1e-7);
    for (let k = 1; k < errors.length; k++) expect(errors[k]!).toBeLessThan(errors[k - 1]! / 20);
  });

  it("has order five at the ends of steps: the number of steps grows as tolerance to the power -1/5", async () => {
    const stepsAt = async (rtol: number): Promise<number> =>
      succeed(await dormandPrince(circle, Float64Array.of(1, 0), [60], { rtol, atol: rtol })).steps;
    const slope = Math.log((await stepsAt(1e-12)) / (await stepsAt(1e-7))) / Math.log(1e5);
    expect(slope).toBeGreaterThan(0.17);
    expect(slope).toBeLessThan(0.22);
  });

  it("interpolates within the tolerance between steps", async () => {
    const times = Array.from({ length: 400 }, (_, k) => k / 20);
    const { states, steps } = succeed(
      await dormandPrince(circle, Float64Array.of(1, 0), times, { rtol: 1e-9, atol: 1e-9 }),
    );
    expect(steps).toBeLessThan(times.length);
    const worst = Math.max(...times.map((t, k) => Math.abs(states[k]![0]! - Math.cos(t))));
    expect(worst).toBeLessThan(1e-7);
  });

  it("does not depend on the order of the times, nor on repeats", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 1, maxLength: 8 }),
        async (times) => {
          const sorted = [...times].sort((a, b) => a - b);
          const here = succeed(await dormandPrince(circle, Float64Array.of(1, 0), times)).states;
          const there = succeed(await dormandPrince(circle, Float64Array.of(1, 0), sorted)).states;
          times.forEach((t, k) => {
            expect(here[k]).toEqual(there[sorted.indexOf(t)]);
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  it("takes an asynchronous right-hand side and gives the same bits", async () => {
    const later: RightHandSide = async (t, y, out) => {
      await Promise.resolve();
      return circle(t, y, out);
    };
    const here = succeed(await dormandPrince(circle, Float64Array.of(1, 0), [3, 1]));
    const there = succeed(await dormandPrince(later, Float64Array.of(1, 0), [3, 1]));
    expect(there).toEqual(here);
  });

  it("starts with a step that fits the scale of the problem, however fast or slow", async () => {
    for (const rate of [1e-9, 1, 1e9]) {
      const f: RightHandSide = (_, y, out) => {
        out[0] = -rate * y[0]!;
      };
      const solution = succeed(await dormandPrince(f, Float64Array.of(1), [1 / rate]));
      expect(solution.states[0]![0]!).toBeCloseTo(Math.exp(-1), 8);
      expect(solution.rejected).toBeLessThanOrEqual(2);
      expect(solution.steps).toBeLessThan(40);
    }
  });

  it("covers spans as short as numbers go, and far from zero", async () => {
    for (const [t0, t] of [
      [0, 5e-324],
      [0, 1e-290],
      [1e6, 1e6 + 2e-10],
    ] as const) {
      const { states } = succeed(await dormandPrince(circle, Float64Array.of(1, 0), [t], { t0 }));
      expect(states[0]![1]).toBeCloseTo(-(t - t0), 15);
    }
  });

  it("respects t0 and f's dependence on time", async () => {
    const f: RightHandSide = (t, _, out) => {
      out[0] = 2 * t;
    };
    const { states } = succeed(await dormandPrince(f, Float64Array.of(9), [3, 5], { t0: 3 }));
    expect(states[0]![0]).toBe(9);
    expect(states[1]![0]!).toBeCloseTo(25, 10);
  });

  it("hands the states over in order of time without keeping them", async () => {
    const seen: [number, number, number][] = [];
    const onState = (y: Float64Array, t: number, index: number) => void seen.push([t, index, y[0]!]);
    const { states } = succeed(await dormandPrince(circle, Float64Array.of(0, 1), [2, 0, 1], { onState }));
    expect(states).toEqual([]);
    expect(seen.map(([t, index]) => [t, index])).toEqual([
      [0, 1],
      [1, 2],
      [2, 0],
    ]);
    for (const [t, , y] of seen) expect(y).toBeCloseTo(Math.sin(t), 7);
  });

  it("carries components along that do not decide the steps", async () => {
    const f: RightHandSide = (t, y, out) => {
      circle(t, y, out);
      out[2] = 1e6 * Math.cos(50 * t);
    };
    const free = succeed(await dormandPrince(f, Float64Array.of(1, 0, 0), [2], { controlled: 2 }));
    const alone = succeed(await dormandPrince(circle, Float64Array.of(1, 0), [2]));
    expect(free.steps).toBe(alone.steps);
    expect(free.states[0]!.subarray(0, 2)).toEqual(alone.states[0]);
  });
});

describe("dormandPrince says why it stops", () => {
  it("at a singularity in finite time", async () => {
    const f: RightHandSide = (_, y, out) => {
      out[0] = y[0]! ** 2;
    };
    const stopped = await dormandPrince(f, Float64Array.of(1), [0.5, 2]);
    expect(stopped).toMatchObject({ ok: false });
    if (!stopped.ok) {
      expect(stopped.t).toBeCloseTo(1, 6);
      expect(stopped.message).toMatch(/^dormandPrince: stopped at t = 1\.0000/);
    }
  });

  it("where f is not finite", async () => {
    const f: RightHandSide = (t, _, out) => {
      out[0] = t < 1 ? 1 : Number.NaN;
    };
    const stopped = await dormandPrince(f, Float64Array.of(0), [2]);
    expect(stopped).toMatchObject({ ok: false, reason: "not-finite" });
    if (!stopped.ok) expect(stopped.t).toBeCloseTo(1, 10);
    const atOnce = await dormandPrince((_, __, out) => void out.fill(Number.NaN), Float64Array.of(0), [2]);
    expect(atOnce).toMatchObject({ ok: false, reason: "not-finite", t: 0 });
  });

  it("after too many steps, as a fast contraction takes", async () => {
    const f: RightHandSide = (_, y, out) => {
      out[0] = -1e6 * y[0]!;
    };
    const stopped = await dormandPrince(f, Float64Array.of(1), [10], { maxSteps: 500 });
    expect(stopped).toMatchObject({ ok: false, reason: "too-many-steps" });
    if (!stopped.ok) expect(stopped.steps + stopped.rejected).toBe(500);
  });

  it("by the signal, and for wrong input", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const run = (options: object, times = [1]) => dormandPrince(circle, Float64Array.of(1, 0), times, options);
    await expect(run({ signal })).rejects.toThrow("enough");
    await expect(run({}, [Number.POSITIVE_INFINITY])).rejects.toThrow("times must be finite and at least t0 = 0");
    await expect(run({ t0: 2 })).rejects.toThrow("times must be finite and at least t0 = 2, got 1");
    await expect(run({ rtol: -1 })).rejects.toThrow("rtol");
    await expect(run({ rtol: 0, atol: 0 })).rejects.toThrow("rtol must be at least");
    await expect(run({ controlled: 3 })).rejects.toThrow("controlled");
    await expect(dormandPrince(circle, Float64Array.of(1, Number.NaN), [1])).rejects.toThrow("y0 must be finite");
  });

  it("reports progress up to one", async () => {
    const fractions: number[] = [];
    const onProgress = (fraction: number) => void fractions.push(fraction);
    succeed(await dormandPrince(circle, Float64Array.of(1, 0), [3000], { onProgress, rtol: 1e-10 }));
    expect(fractions.at(-1)).toBe(1);
    expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
  });
});
