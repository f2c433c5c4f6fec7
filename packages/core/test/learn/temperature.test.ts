import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestTemperature, logLossAt, softmaxRows } from "../../src/learn/temperature.ts";
import { fromRows, type Matrix, matrix, row } from "../../src/matrix/matrix.ts";
import { key, normal, randomInts } from "../../src/random/key.ts";

/** Outputs that favour the true class, some of them wrongly. */
function problem(seed: number, rows = 30, classes = 3): { outputs: Matrix; labels: number[] } {
  const labels = [...randomInts(key(seed + 1), rows, classes)];
  const outputs = matrix(rows, classes, normal(key(seed), rows * classes));
  labels.forEach((label, i) => {
    outputs.data[i * classes + label]! += 1;
  });
  return { outputs, labels };
}

describe("softmax", () => {
  it("rows sum to 1 at any size of outputs and temperature", () => {
    const value = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 1e-3, max: 50, noNaN: true }),
        (values, t) => {
          const p = softmaxRows(fromRows([values]), t).data;
          expect(p.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 12);
          expect(p.every((v) => v >= 0 && v <= 1)).toBe(true);
        },
      ),
    );
  });

  it("is exp(f/T) over their sum, and log loss its −log at the label", () => {
    const { outputs, labels } = problem(3);
    for (const t of [0.3, 1, 4]) {
      const p = softmaxRows(outputs, t);
      let total = 0;
      for (let i = 0; i < outputs.rows; i++) {
        const weights = [...row(outputs, i)].map((f) => Math.exp(f / t));
        const sum = weights.reduce((a, b) => a + b, 0);
        weights.forEach((weight, k) => {
          expect(row(p, i)[k]).toBeCloseTo(weight / sum, 14);
        });
        total -= Math.log(weights[labels[i]!]! / sum);
      }
      expect(logLossAt(outputs, labels, t)).toBeCloseTo(total / outputs.rows, 13);
    }
  });
});

describe("the smoothed log loss", () => {
  it("is the cross-entropy to labels of which every class has its share of the doubt", () => {
    fc.assert(
      fc.property(fc.nat(9999), fc.double({ min: 0, max: 1, noNaN: true }), (seed, doubt) => {
        const { outputs, labels } = problem(seed, 5, 4);
        for (const t of [0.5, 2]) {
          const p = softmaxRows(outputs, t);
          let total = 0;
          for (let i = 0; i < 5; i++)
            for (let k = 0; k < 4; k++)
              total -= ((k === labels[i] ? 1 - doubt : 0) + doubt / 4) * Math.log(row(p, i)[k]!);
          expect(logLossAt(outputs, labels, t, doubt)).toBeCloseTo(total / 5, 12);
        }
      }),
    );
  });

  it("is a tenth of ln 4 and nine tenths of ln 4/3 where a fifth is doubt and the odds are three to one", () => {
    const outputs = fromRows([[0, Math.log(9)]]);
    expect(logLossAt(outputs, [1], 2, 0.2)).toBeCloseTo(0.1 * Math.log(4) + 0.9 * Math.log(4 / 3), 14);
  });

  it("is least where the probability of two classes is that of the label, the doubt taken off", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.02, max: 0.5, noNaN: true }),
        fc.double({ min: 0.5, max: 3, noNaN: true }),
        (doubt, margin) => {
          const outputs = fromRows([
            [margin, 0],
            [-margin / 2, margin / 2],
          ]);
          const { temperature, logLoss } = bestTemperature(outputs, [0, 1], doubt);
          // 1/(1 + exp(−margin/T)) = 1 − doubt/2
          expect(Math.abs(Math.log((temperature / margin) * Math.log(2 / doubt - 1)))).toBeLessThan(2e-4);
          expect(logLoss).toBe(logLossAt(outputs, [0, 1], temperature, doubt));
        },
      ),
    );
  });
});

describe("the best temperature", () => {
  it("beats every temperature of a grid", () => {
    fc.assert(
      fc.property(fc.nat(9999), fc.double({ min: -2, max: 2, noNaN: true }), (seed, logScale) => {
        const { outputs, labels } = problem(seed);
        const scaled = matrix(
          outputs.rows,
          outputs.cols,
          outputs.data.map((v) => v * 10 ** logScale),
        );
        const { temperature, logLoss } = bestTemperature(scaled, labels);
        expect(logLoss).toBe(logLossAt(scaled, labels, temperature));
        // The search stops at a bracket of 1e-4 in log T.
        const [warmer, colder] = [1e-4, -1e-4].map((step) => logLossAt(scaled, labels, temperature * Math.exp(step)));
        const allowed = Math.abs(warmer! - colder!) + 1e-9;
        for (let k = 0; k <= 200; k++) {
          const t = 0.02 * (50 / 0.02) ** (k / 200);
          expect(logLoss).toBeLessThanOrEqual(logLossAt(scaled, labels, t) + allowed);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("scales with the outputs, while it stays in its bracket", () => {
    const { outputs, labels } = problem(5);
    const { temperature } = bestTemperature(outputs, labels);
    const doubled = matrix(
      outputs.rows,
      outputs.cols,
      outputs.data.map((v) => 2 * v),
    );
    expect(bestTemperature(doubled, labels).temperature / temperature).toBeCloseTo(2, 3);
  });

  it("is coldest when every row is right, hottest when every row is wrong", () => {
    const outputs = fromRows([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(bestTemperature(outputs, [0, 1, 0]).temperature).toBeCloseTo(0.02, 4);
    expect(bestTemperature(outputs, [1, 0, 1]).temperature).toBeGreaterThan(49);
  });
});
