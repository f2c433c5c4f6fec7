import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bestEngine } from "@ntkit/engine";
import { fromRows, jsEngine } from "ntkit";
import { describe, expect, it } from "vitest";
import { readDataset, readReferences } from "../../src/benchmark/uci-data.ts";
import { RIDGES, reluKernels, scoreDataset } from "../../src/benchmark/uci-protocol.ts";
import { circle, type Sample, sectors, splits } from "./folder.ts";

const DEPTHS = [1, 2, 3, 4, 5];

/**
 * The same protocol by the formulas of the paper's own program: S' = |x||x'| (√(1 − c²) + (π − θ) c) / 2π,
 * H' = S' + H (π − θ) / 2π with H starting at the first layer that trains, and Gauss-Jordan elimination.
 */
function scoreByFormula({ rows, labels }: Sample, depths: readonly number[]) {
  const { validation, cv } = splits(rows.length);
  let best = { depth: 0, frozen: 0, ridge: 0, validationAccuracy: -1 };
  for (const { depth, frozen } of reluKernels(depths)) {
    for (const ridge of RIDGES) {
      const validationAccuracy = accuracy(kernel(rows, depth, frozen), labels, validation, ridge);
      if (validationAccuracy > best.validationAccuracy) best = { depth, frozen, ridge, validationAccuracy };
    }
  }
  const chosen = kernel(rows, best.depth, best.frozen);
  const scores = cv.map((split) => accuracy(chosen, labels, split, best.ridge));
  return { ...best, accuracy: scores.reduce((sum, score) => sum + score, 0) / scores.length };
}

function kernel(rows: Sample["rows"], depth: number, frozen: number): number[][] {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
  let s = rows.map((a) => rows.map((b) => dot(a, b)));
  let h = s.map((row) => row.map(() => 0));
  for (let layer = 0; ; layer++) {
    if (layer >= frozen) h = h.map((row, i) => row.map((value, j) => value + s[i]![j]!));
    if (layer === depth - 1) return h;
    const sizes = s.map((row, i) => Math.sqrt(row[i]!));
    const angles = s.map((row, i) =>
      row.map((value, j) => Math.acos(Math.max(-1, Math.min(1, value / (sizes[i]! * sizes[j]!))))),
    );
    s = angles.map((row, i) =>
      row.map(
        (angle, j) => (sizes[i]! * sizes[j]! * (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle))) / (2 * Math.PI),
      ),
    );
    h = h.map((row, i) => row.map((value, j) => (value * (Math.PI - angles[i]![j]!)) / (2 * Math.PI)));
  }
}

function accuracy(
  k: readonly (readonly number[])[],
  labels: readonly number[],
  { train, test }: { readonly train: readonly number[]; readonly test: readonly number[] },
  ridge: number,
): number {
  const classes = Math.max(...labels) + 1;
  const oneHot = (i: number) => Array.from({ length: classes }, (_, c) => (labels[i] === c ? 1 : 0));
  const alpha = solve(
    train.map((i) => [...train.map((j) => k[i]![j]! + (i === j ? ridge : 0)), ...oneHot(i)]),
    train.length,
  );
  const hits = test.filter((i) => {
    const outputs = Array.from({ length: classes }, (_, c) =>
      train.reduce((sum, j, at) => sum + k[i]![j]! * alpha[at]![c]!, 0),
    );
    return outputs.indexOf(Math.max(...outputs)) === labels[i];
  });
  return hits.length / test.length;
}

/** Gauss-Jordan elimination with pivoting of [A | B] to A⁻¹ B. */
function solve(augmented: number[][], n: number): number[][] {
  for (let p = 0; p < n; p++) {
    let pivot = p;
    for (let i = p; i < n; i++) if (Math.abs(augmented[i]![p]!) > Math.abs(augmented[pivot]![p]!)) pivot = i;
    [augmented[p], augmented[pivot]] = [augmented[pivot]!, augmented[p]!];
    const top = augmented[p]!.map((value) => value / augmented[p]![p]!);
    augmented = augmented.map((row, i) => (i === p ? top : row.map((value, j) => value - row[p]! * top[j]!)));
  }
  return augmented.map((row) => row.slice(n));
}

function dataset(sample: Sample) {
  const { validation, cv } = splits(sample.rows.length);
  return {
    name: sample.name,
    x: fromRows(sample.rows),
    labels: Uint32Array.from(sample.labels),
    classes: Math.max(...sample.labels) + 1,
    validation,
    folds: cv,
  };
}

describe("UCI protocol", () => {
  it("tries depth 1 to 5 with the first 0 to depth - 1 layers frozen, and ridges 1e-4 to 1e3", () => {
    const kernels = reluKernels(DEPTHS);
    expect(kernels).toHaveLength(15);
    expect(kernels.slice(0, 4)).toEqual([
      { depth: 1, frozen: 0 },
      { depth: 2, frozen: 0 },
      { depth: 2, frozen: 1 },
      { depth: 3, frozen: 0 },
    ]);
    expect(RIDGES).toEqual([0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000]);
  });

  it.each([circle("circle", 28), sectors("sectors", 33)])(
    "chooses and scores as the formulas say: $name",
    async (s) => {
      for (const depths of [[1], [2, 4], DEPTHS]) {
        const { validationAccuracy, accuracy, ...chosen } = scoreByFormula(s, depths);
        const score = await scoreDataset(dataset(s), { engine: jsEngine, depths });
        expect(score).toMatchObject(chosen);
        expect(score.validationAccuracy).toBeCloseTo(validationAccuracy, 12);
        expect(score.accuracy).toBeCloseTo(accuracy, 12);
      }
    },
  );

  it("reports progress that rises to 1, and stops when told to", async () => {
    const data = dataset(circle("circle", 40));
    const fractions: number[] = [];
    const options = { engine: jsEngine, depths: DEPTHS };
    await scoreDataset(data, { ...options, onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBeCloseTo(1, 12);
    const controller = new AbortController();
    const stopped = scoreDataset(data, {
      ...options,
      signal: controller.signal,
      onProgress: (fraction) => {
        if (fraction > 0.3) controller.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
  });
});

/** Where the data sets lie beside a checkout that has them. */
const folder =
  process.env["NTKIT_UCI90"] ?? fileURLToPath(new URL("../../../../../shared/data/uci90", import.meta.url));

/** By NumPy: kernels by the formulas above, numpy.linalg.solve, numpy.argmax. */
const BY_NUMPY = [
  { name: "iris", depth: 2, frozen: 1, ridge: 1, validationAccuracy: 0.92, accuracy: 0.871622 },
  { name: "zoo", depth: 3, frozen: 0, ridge: 10, validationAccuracy: 1, accuracy: 0.98 },
  { name: "heart-va", depth: 2, frozen: 1, ridge: 0.1, validationAccuracy: 0.38, accuracy: 0.34 },
  { name: "parkinsons", depth: 3, frozen: 2, ridge: 0.0001, validationAccuracy: 0.948454, accuracy: 0.938776 },
  { name: "planning", depth: 5, frozen: 0, ridge: 10, validationAccuracy: 0.725275, accuracy: 0.711111 },
];

describe.skipIf(!existsSync(folder))("the 90 data sets, where they are there", () => {
  it.each(BY_NUMPY)("$name: what NumPy finds", async ({ name, validationAccuracy, accuracy, ...chosen }) => {
    const reference = (await readReferences(folder)).find((row) => row.name === name)!;
    const { engine } = await bestEngine();
    const score = await scoreDataset(await readDataset(folder, reference), { engine, depths: DEPTHS });
    expect(score).toMatchObject(chosen);
    expect(score.validationAccuracy).toBeCloseTo(validationAccuracy, 5);
    expect(score.accuracy).toBeCloseTo(accuracy, 5);
    expect(reference.accuracy).toBeCloseTo(accuracy, 5);
  });
});
