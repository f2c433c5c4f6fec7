/** Σ x[ix + p] y[iy + p] for p < count, in four sums that do not wait for each other. */
export function dot(x: Float64Array, ix: number, y: Float64Array, iy: number, count: number): number {
  const whole = count - (count % 4);
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let p = 0; p < whole; p += 4) {
    sum0 += x[ix + p]! * y[iy + p]!;
    sum1 += x[ix + p + 1]! * y[iy + p + 1]!;
    sum2 += x[ix + p + 2]! * y[iy + p + 2]!;
    sum3 += x[ix + p + 3]! * y[iy + p + 3]!;
  }
  for (let p = whole; p < count; p++) sum0 += x[ix + p]! * y[iy + p]!;
  return sum0 + sum1 + (sum2 + sum3);
}
