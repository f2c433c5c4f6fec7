import { type Matrix, row } from "../matrix/matrix.ts";

/**
 * Makes the rows from `known` on orthonormal to all before them, which must be orthonormal already. Each starts from
 * what it holds, or, when that lies in the span of the rows before, from a unit vector. At least as many columns as
 * rows. O(rows cols) for each.
 */
export function completeRows(rows: Matrix, known: number): void {
  let axis = 0;
  for (let i = known; i < rows.rows; i++) {
    // The mean over all axes of the squared distance from the span is (cols - i) / cols, so some axis passes.
    const enough = 0.5 * Math.sqrt((rows.cols - i) / rows.cols);
    const target = row(rows, i);
    let distance = lengthOf(target) > 0.5 ? orthogonalize(rows, i) : 0;
    while (distance < Math.min(enough, 0.1)) {
      target.fill(0);
      target[axis++ % rows.cols] = 1;
      distance = orthogonalize(rows, i);
    }
    scale(target, 1 / distance);
    scale(target, 1 / orthogonalize(rows, i));
  }
}

/** Subtracts from row i its projections on the rows before it; returns the length of what is left. */
function orthogonalize(rows: Matrix, i: number): number {
  const target = row(rows, i);
  for (let k = 0; k < i; k++) {
    const other = row(rows, k);
    let product = 0;
    for (let j = 0; j < target.length; j++) product += target[j]! * other[j]!;
    for (let j = 0; j < target.length; j++) target[j]! -= product * other[j]!;
  }
  return lengthOf(target);
}

function lengthOf(x: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += value * value;
  return Math.sqrt(sum);
}

function scale(x: Float64Array, factor: number): void {
  for (let j = 0; j < x.length; j++) x[j]! *= factor;
}
