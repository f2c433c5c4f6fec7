import {
  alphaAt,
  diagonal,
  type Engine,
  fullyConnected,
  kernelFn,
  key,
  type Matrix,
  matrix,
  normal,
  type RidgeScore,
  ridgeScores,
  type Table,
  tridiagonalPath,
} from "ntkit";
import { gaussian } from "./data.ts";

export const DEPTH = 3;

/** Ridges relative to the mean of the kernel's diagonal: 10⁻⁶ … 10. */
export const RELATIVE_RIDGES: readonly number[] = Array.from({ length: 20 }, (_, i) => 10 ** (-6 + (7 * i) / 19));

export interface Problem {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** Targets that bend along a few directions of the inputs, with noise. */
export function makeProblem(n: number, d: number): Problem {
  const x = gaussian(5, n, d);
  const noise = normal(key(6), n);
  const y = noise.map((value, i) => {
    const at = i * d;
    return Math.sin(x.data[at]! + x.data[at + 1]!) + Math.abs(x.data[at + 2]!) + 0.3 * value;
  });
  return { x, y: matrix(n, 1, y) };
}

/** Gram matrix, tridiagonal form, leave-one-out at every ridge, and the solution at the best one. */
export async function fitWithSelection({ x, y }: Problem, engine: Engine) {
  const network = fullyConnected({ depth: DEPTH, activation: "relu", bStd: 0 });
  const gram = await kernelFn(network)(x, null, "ntk", { engine });
  const scale = diagonal(gram).reduce((sum, value) => sum + value, 0) / gram.rows;
  const path = await tridiagonalPath(gram, y, { engine });
  const scores = await ridgeScores(
    path,
    RELATIVE_RIDGES.map((relative) => relative * scale),
    { engine },
  );
  const possible = scores.filter((score): score is RidgeScore => score.ok);
  if (possible.length === 0) throw new Error("the kernel matrix is singular at every ridge");
  const best = possible.reduce((a, b) => (b.looMeanSquare < a.looMeanSquare ? b : a));
  const alpha = await alphaAt(path, best.diagReg, { engine });
  return { alpha, score: best.looMeanSquare, index: scores.indexOf(best) };
}

/** The same problem as a table with the target in column `y`. */
export function asTable({ x, y }: Problem): Table {
  const columns = Array.from({ length: x.cols }, (_, j) => ({
    kind: "numeric" as const,
    values: Float64Array.from({ length: x.rows }, (_, i) => x.data[i * x.cols + j]!),
  }));
  return {
    source: "benchmark",
    names: [...columns.map((_, j) => `x${j}`), "y"],
    rows: x.rows,
    columns: [...columns, { kind: "numeric", values: y.data }],
  };
}
