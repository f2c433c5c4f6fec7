import { ShapeError, ValueError } from "../errors.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";

/**
 * What becomes of the outputs o of a network in its empirical kernel Θ(xᵢ, x'ⱼ)ₐᵦ; outputs are axis −1 (or 1):
 *
 *   traceAxes [-1] (default)              [n1, n2], the mean over a = b
 *   traceAxes [], diagonalAxes [-1]       [n1, n2, o], entries a = b
 *   traceAxes [], diagonalAxes []         [n1, n2, o, o]
 */
export interface OutputAxes {
  readonly traceAxes?: readonly number[] | undefined;
  readonly diagonalAxes?: readonly number[] | undefined;
}

export type OutputMode = "trace" | "diagonal" | "full";

/** An array of any rank, the last axis fastest. */
export interface KernelArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function outputMode(where: string, { traceAxes, diagonalAxes = [] }: OutputAxes): OutputMode {
  const traced = hasOutputs(where, "traceAxes", traceAxes ?? (diagonalAxes.length > 0 ? [] : [-1]));
  const diagonal = hasOutputs(where, "diagonalAxes", diagonalAxes);
  if (traced && diagonal)
    throw new ValueError(`${where}: the outputs cannot be both in traceAxes and in diagonalAxes: name them in one`);
  if (traced) return "trace";
  return diagonal ? "diagonal" : "full";
}

function hasOutputs(where: string, name: string, axes: readonly number[]): boolean {
  const bad = axes.find((axis) => axis !== -1 && axis !== 1);
  if (bad !== undefined || axes.length > 1)
    throw new ValueError(
      `${where}: ${name} may hold the axis of the outputs, -1, or nothing, got [${axes.join(", ")}]`,
    );
  return axes.length === 1;
}

/** The pairs of outputs (a, b) whose entries a mode needs. */
export function outputPairs(mode: OutputMode, outputs: number): readonly (readonly [number, number])[] {
  const all = Array.from({ length: outputs }, (_, a) => a);
  return mode === "full" ? all.flatMap((a) => all.map((b) => [a, b] as const)) : all.map((a) => [a, a] as const);
}

/** Takes the Gram matrices of pairs of outputs one by one and puts them where they belong. */
export interface KernelBuilder {
  /** Adds to the entry of example i, output a and example j, output b. */
  add(a: number, b: number, i: number, j: number, value: number): void;
  readonly kernel: KernelArray;
}

export function kernelBuilder(mode: OutputMode, n1: number, n2: number, outputs: number): KernelBuilder {
  const tail = mode === "trace" ? [] : mode === "diagonal" ? [outputs] : [outputs, outputs];
  const size = tail.reduce((product, length) => product * length, 1);
  const data = new Float64Array(n1 * n2 * size);
  const scale = mode === "trace" ? 1 / outputs : 1;
  return {
    kernel: { shape: [n1, n2, ...tail], data },
    add(a, b, i, j, value) {
      const at = i * n2 + j;
      const within = mode === "trace" ? 0 : mode === "diagonal" ? a : a * outputs + b;
      data[at * size + within]! += scale * value;
    },
  };
}

/** A kernel [n1, n2, o, o] as the matrix of all outputs, [n1 o, n2 o]: the entry of (i, a) and (j, b) at (i o + a, j o + b). */
export function kernelMatrix({ shape, data }: KernelArray): Matrix {
  const [n1 = 0, n2 = 0, a = 1, b = 1] = shape;
  if (shape.length !== 4 || a !== b)
    throw new ShapeError(`kernelMatrix: the kernel must have the shape [n1, n2, o, o], got [${shape.join(", ")}]`);
  const out = matrix(n1 * a, n2 * a);
  for (let i = 0, at = 0; i < n1; i++) {
    for (let j = 0; j < n2; j++) {
      for (let k = 0; k < a; k++) {
        for (let l = 0; l < a; l++, at++) out.data[(i * a + k) * out.cols + j * a + l] = data[at]!;
      }
    }
  }
  return out;
}
