import type { Matrix } from "ntkit";

/** vᵀ A v. */
export function quadraticForm(a: Matrix, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.rows; i++) for (let j = 0; j < a.cols; j++) sum += v[i]! * a.data[i * a.cols + j]! * v[j]!;
  return sum;
}
