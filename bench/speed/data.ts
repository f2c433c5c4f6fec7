import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { key, type Matrix, matrix, normal } from "ntkit";

/** A matrix of independent standard normal numbers. */
export function gaussian(seed: number, rows: number, cols: number): Matrix {
  return matrix(rows, cols, normal(key(seed), rows * cols));
}

/** Writes numbers as raw float64 for the peer; returns the path. */
export function share(folder: string, name: string, data: Float64Array): string {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
}
