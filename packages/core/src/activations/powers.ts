import { belowBound } from "./activation.ts";

/** 1 − |c|/r from 0 to 1, without cancellation; 1 when a row is zero. */
export function oneMinusAbsRho(r: number, c: number, sine: number): number {
  return r === 0 ? 1 : Math.max(0, belowBound(r, Math.abs(c), sine) / r);
}

/** scale · value, where a zero value wins over an infinite scale. */
export function scaled(scale: number, value: number): number {
  return value === 0 ? 0 : scale * value;
}

/** Σ coefficients[k] xᵏ. */
export function horner(coefficients: ArrayLike<number>, x: number): number {
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * x + coefficients[k]!;
  return sum;
}

/** Σ coefficients[k] (1 − xᵏ), given 1 − x: a sum of positive terms when the coefficients are. */
export function hornerBelowOne(coefficients: readonly number[], oneMinusX: number): number {
  let [power, lost, sum] = [1, 0, 0];
  for (const coefficient of coefficients) {
    sum += coefficient * lost;
    lost += power * oneMinusX;
    power *= 1 - oneMinusX;
  }
  return sum;
}
