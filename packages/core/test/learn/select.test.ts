import { describe, expect, it } from "vitest";
import { ValueError } from "../../src/errors.ts";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { type Candidate, defaultCandidates, fullyConnected } from "../../src/learn/candidates.ts";
import { fitLinear } from "../../src/learn/linear-baseline.ts";
import { type Criterion, compareCandidates, selectCandidate } from "../../src/learn/select.ts";
import { jsEngine } from "../../src/linalg/js-engine.ts";
import { addToDiagonal, type Matrix, matrix, takeBlock, takeRows } from "../../src/matrix/matrix.ts";
import { key, normal } from "../../src/random/key.ts";
import { gauss, times } from "../predict/brute.ts";
import { watched } from "../predict/watched.ts";

const meanSquare: Criterion = ({ residuals }) =>
  residuals.data.reduce((sum, r) => sum + r * r, 0) / residuals.data.length;

const CANDIDATES: readonly Candidate[] = [
  { name: "relu", network: fullyConnected({ depth: 1, activation: "relu", bStd: 0.5 }), kernel: "ntk" },
  { name: "erf", network: fullyConnected({ depth: 2, activation: "erf", bStd: 0.5 }), kernel: "nngp" },
];

function data(n: number, seed: number, outputs = 1): { x: Matrix; y: Matrix } {
  const x = matrix(n, 2, normal(key(seed), 2 * n));
  const y = matrix(n, outputs);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < outputs; j++)
      y.data[i * outputs + j] = Math.sin(x.data[2 * i]! + j) + x.data[2 * i + 1]! ** 2 / 3;
  return { x, y };
}

const others = (n: number, i: number): number[] => Array.from({ length: n }, (_, k) => k).filter((k) => k !== i);

/** Mean square of what each row's target is off by when the kernel model is solved again without the row. */
function bruteForce(gram: Matrix, y: Matrix, diagReg: number): number {
  let total = 0;
  for (let i = 0; i < y.rows; i++) {
    const rest = others(y.rows, i);
    const { solution } = gauss(addToDiagonal(takeBlock(gram, rest, rest), diagReg), takeRows(y, rest));
    const prediction = times(takeBlock(gram, [i], rest), solution);
    for (let j = 0; j < y.cols; j++) total += (y.data[i * y.cols + j]! - prediction.data[j]!) ** 2;
  }
  return total / y.data.length;
}

describe("selection", () => {
  it.each([1, 2])("finds what refitting without each row finds, %d outputs", async (outputs) => {
    const { x, y } = data(9, 4, outputs);
    const selection = await selectCandidate(x, y, CANDIDATES, { criterion: meanSquare, seed: 0 });
    const best = await Promise.all(
      CANDIDATES.map(async ({ network, kernel }) => {
        const gram = await kernelFn(network)(x, null, kernel);
        const mean = Array.from({ length: 9 }, (_, i) => gram.data[i * 10]!).reduce((a, b) => a + b, 0) / 9;
        const scores = Array.from({ length: 31 }, (_, k) => bruteForce(gram, y, mean * 10 ** (-9 + k / 3)));
        return { score: Math.min(...scores), relative: 10 ** (-9 + scores.indexOf(Math.min(...scores)) / 3) };
      }),
    );
    selection.scores.forEach(({ score, relativeDiagReg }, k) => {
      expect(score / best[k]!.score).toBeCloseTo(1, 8);
      expect(relativeDiagReg / best[k]!.relative).toBeCloseTo(1, 8);
    });
    const winner = best[0]!.score <= best[1]!.score ? 0 : 1;
    expect(selection.candidate).toBe(CANDIDATES[winner]);
    expect(meanSquare(selection.loo, y)).toBe(selection.scores[winner]!.score);
  });

  it("on a subset: the same seed the same choice, the ridge settled on all rows", async () => {
    const { x, y } = data(40, 5);
    const options = { criterion: meanSquare, seed: 3, maxRows: 20 };
    const selection = await selectCandidate(x, y, CANDIDATES, options);
    expect(await selectCandidate(x, y, CANDIDATES, options)).toEqual(selection);
    expect([selection.gram.rows, selection.loo.residuals.rows]).toEqual([40, 40]);
    const compared = await compareCandidates(x, y, CANDIDATES, options);
    expect([compared.onSubset, compared.gram.rows]).toEqual([true, 20]);
  });

  it("progress rises, signals stop, no candidate is an error", async () => {
    const { x, y } = data(9, 4);
    const seen: number[] = [];
    const options = { criterion: meanSquare, seed: 0 };
    await selectCandidate(x, y, CANDIDATES, { ...options, onProgress: (fraction) => seen.push(fraction) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const reason = new Error("enough");
    await expect(selectCandidate(x, y, CANDIDATES, { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    await expect(selectCandidate(x, y, [], options)).rejects.toThrow(ValueError);
  });

  it("the default candidates have names of their own, which say what they are, and networks with a kernel", async () => {
    const names = defaultCandidates().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const kernel of ["NTK", "NNGP"])
      for (const activation of ["relu", "erf"]) expect(names).toContain(`${kernel}, 1 hidden ${activation}, bias`);
    expect(names).toContain("NTK, 3 hidden relu");
    for (const { name, network, kernel } of defaultCandidates()) {
      const [, depth, activation, bias] = /^(?:NTK|NNGP), (\d) hidden (relu|erf)(, bias)?$/.exec(name)!;
      expect(network).toEqual(
        fullyConnected({ depth: Number(depth), activation: activation as "relu" | "erf", bStd: bias ? 0.5 : 0 }),
      );
      expect(name.startsWith(`${kernel.toUpperCase()},`)).toBe(true);
    }
    for (const { network, kernel } of defaultCandidates()) {
      const gram = await kernelFn(network)(matrix(2, 2, Float64Array.of(1, 0, 0, 1)), null, kernel);
      expect(gram.data.every((value) => value > 0)).toBe(true);
    }
  });
});

describe("the linear baseline", () => {
  /** Squared errors of what is said of rows left out; summed over outputs, averaged over rows. */
  function refits(x: Matrix, y: Matrix, diagReg: number): number {
    const { data } = leftOut(x, y, diagReg);
    return data.reduce((sum, value, at) => sum + (y.data[at]! - value) ** 2, 0) / x.rows;
  }

  /** What centred ridge regression without row i says of row i. */
  function leftOut(x: Matrix, y: Matrix, diagReg: number): Matrix {
    const predictions = matrix(y.rows, y.cols);
    for (let i = 0; i < x.rows; i++) {
      const rest = others(x.rows, i);
      const [xs, ys] = [takeRows(x, rest), takeRows(y, rest)];
      const [mx, my] = [means(xs), means(ys)];
      const normalMatrix = matrix(x.cols, x.cols);
      const right = matrix(x.cols, y.cols);
      for (let r = 0; r < rest.length; r++)
        for (let a = 0; a < x.cols; a++) {
          const xa = xs.data[r * x.cols + a]! - mx[a]!;
          for (let b = 0; b < x.cols; b++)
            normalMatrix.data[a * x.cols + b]! += xa * (xs.data[r * x.cols + b]! - mx[b]!);
          for (let j = 0; j < y.cols; j++) right.data[a * y.cols + j]! += xa * (ys.data[r * y.cols + j]! - my[j]!);
        }
      const { solution } = gauss(addToDiagonal(normalMatrix, diagReg), right);
      for (let j = 0; j < y.cols; j++) {
        let prediction = my[j]!;
        for (let a = 0; a < x.cols; a++)
          prediction += (x.data[i * x.cols + a]! - mx[a]!) * solution.data[a * y.cols + j]!;
        predictions.data[i * y.cols + j] = prediction;
      }
    }
    return predictions;
  }

  function means(a: Matrix): number[] {
    return Array.from({ length: a.cols }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < a.rows; i++) sum += a.data[i * a.cols + j]!;
      return sum / a.rows;
    });
  }

  function centred(a: Matrix): Matrix {
    const own = means(a);
    return matrix(
      a.rows,
      a.cols,
      a.data.map((value, at) => value - own[at % a.cols]!),
    );
  }

  /* The offset is not penalized, so centring by all rows and by the rest give the same fit: the closed form is exact. */
  it.each([
    [8, 2, 1],
    [12, 2, 3],
    [4, 4, 1],
    [7, 12, 2],
  ])("its leave-one-out error is that of refits: %d rows, %d columns, %d outputs", async (n, cols, outputs) => {
    const x = matrix(n, cols, normal(key(6), n * cols));
    const y = matrix(n, outputs);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < outputs; j++)
        y.data[i * outputs + j] = 2 * x.data[i * cols]! - x.data[i * cols + 1]! + 5 * j + Math.sin(7 * i + j) / 2;
    const { diagReg, looMeanSquare, looOutputs } = await fitLinear(x, y);
    expect(Math.abs(looMeanSquare / refits(x, y, diagReg) - 1)).toBeLessThanOrEqual(1e-10);
    leftOut(x, y, diagReg).data.forEach((value, at) => {
      expect(looOutputs.data[at]).toBeCloseTo(value, 9);
    });
    const largest = (await jsEngine.svd(centred(x))).values[0]! ** 2;
    const grid = Array.from({ length: 17 }, (_, k) => 10 ** (-6 + k / 2) * largest);
    expect(Math.min(...grid.map((ridge) => Math.abs(diagReg / ridge - 1)))).toBeLessThan(1e-12);
    for (const ridge of grid) expect(refits(x, y, ridge)).toBeGreaterThanOrEqual(looMeanSquare * (1 - 1e-8));
  });

  it("asks its engine alone, tall or wide, and may be stopped in all that it asks", async () => {
    for (const cols of [3, 9]) {
      const { engine, signal, asked, deaf } = watched();
      await fitLinear(matrix(5, cols, normal(key(8), 5 * cols)), matrix(5, 1, normal(key(9), 5)), { engine, signal });
      expect(asked).toContain(cols > 5 ? "svd" : "eigh");
      expect(deaf).toEqual([]);
    }
  });

  it("finds a linear function, whatever the offset", async () => {
    const { x } = data(20, 7);
    const y = matrix(
      20,
      1,
      Float64Array.from({ length: 20 }, (_, i) => 100 + 3 * x.data[2 * i]! - 2 * x.data[2 * i + 1]!),
    );
    const { weights, offset } = await fitLinear(x, y);
    expect([...weights.data, ...offset]).toEqual([3, -2, 100].map((value) => expect.closeTo(value, 4)));
  });
});
