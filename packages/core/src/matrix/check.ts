import { ShapeError, ValueError } from "../errors.ts";
import type { Matrix } from "./matrix.ts";

/** Throws unless every value is finite; names the first that is not. */
export function checkFinite(where: string, a: Matrix): void {
  if (allFinite(a.data)) return;
  for (let i = 0; i < a.data.length; i++) {
    if (!Number.isFinite(a.data[i]!)) {
      const [r, c] = [Math.floor(i / a.cols), i % a.cols];
      throw new ValueError(`${where}: every value must be finite, got ${a.data[i]} at row ${r}, column ${c}`);
    }
  }
}

export function allFinite(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
}

export function checkSquare(where: string, a: Matrix): void {
  if (a.rows !== a.cols) throw new ShapeError(`${where}: the matrix must be square, got ${a.rows} x ${a.cols}`);
}

export function checkSameCols(where: string, a: Matrix, b: Matrix): void {
  if (a.cols !== b.cols)
    throw new ShapeError(`${where}: both inputs must have the same number of columns, got ${a.cols} and ${b.cols}`);
}

export function checkSameRows(where: string, a: Matrix, b: Matrix): void {
  if (a.rows !== b.rows)
    throw new ShapeError(`${where}: both inputs must have the same number of rows, got ${a.rows} and ${b.rows}`);
}

/** Throws unless `value` is a finite number in [min, max]; `name` says which argument it is. */
export function checkRange(
  where: string,
  name: string,
  value: number,
  min: number,
  max: number = Number.MAX_VALUE,
): void {
  if (!(typeof value === "number" && value >= min && value <= max)) {
    const range = max === Number.MAX_VALUE ? `at least ${min}` : `between ${min} and ${max}`;
    throw new ValueError(`${where}: ${name} must be ${range}, got ${value}`);
  }
}
