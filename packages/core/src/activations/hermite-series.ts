import { ValueError } from "../errors.ts";
import { differenceQuotient } from "./difference-quotient.ts";
import { rowMoments, rowSeries } from "./row-series.ts";

/**
 * aₙ = E φ(z) hₙ(z), n < count, z ~ N(0, 1), hₙ the normalised probabilists' Hermite polynomials: φ = Σ aₙ hₙ in the mean.
 * By Gauss-Legendre panels split at `kinks` and halved until they hold φ to 1e-14; error about 1e-15 √E φ².
 */
export function hermiteCoefficients(
  phi: (x: number) => number,
  count: number,
  { kinks = [] }: { readonly kinks?: readonly number[] } = {},
): Float64Array {
  if (!Number.isInteger(count) || count < 1) {
    throw new ValueError(`hermiteCoefficients: count must be an integer of at least 1, got ${count}`);
  }
  const pieces = { name: "hermiteCoefficients", phi, dphi: differenceQuotient(phi, kinks), kinks };
  return rowSeries(pieces, rowMoments(pieces, 1), count).phi;
}

/** The dual activation at unit variances from the coefficients of φ: Σ aₙ² ξⁿ. Daniely, Frostig & Singer (2016). */
export function dualFromHermite(coefficients: ArrayLike<number>, xi: number): number {
  let sum = 0;
  for (let n = coefficients.length - 1; n >= 0; n--) sum = sum * xi + coefficients[n]! * coefficients[n]!;
  return sum;
}
