import { ValueError } from "../errors.ts";
import { checkRange } from "../matrix/check.ts";
import { checkCount } from "./bound.ts";

/**
 * E ‖ŵ − w‖² of least squares of least norm on n examples of p isotropic Gaussian features, ‖w‖ = `signal`, noise of standard deviation
 * σ; by isotropy also the expected excess risk:
 *
 *   σ² p/(n − p − 1)                              p < n − 1
 *   (1 − n/p) ‖w‖² + σ² n/(p − n − 1)             p > n + 1
 *
 * and Infinity between, where noise is not zero. Hastie, Montanari, Rosset, Tibshirani (2022); exact, by the mean of the inverse Wishart
 * matrix. Without noise and with p = d this is E‖ŵ − w‖²/‖w‖² = 1 − n/d.
 */
export function minNormRisk({
  n,
  features,
  noise = 0,
  signal = 1,
}: {
  readonly n: number;
  readonly features: number;
  readonly noise?: number | undefined;
  readonly signal?: number | undefined;
}): number {
  checkCount("minNormRisk", "n", n);
  checkCount("minNormRisk", "features", features);
  checkRange("minNormRisk", "noise", noise, 0);
  checkRange("minNormRisk", "signal", signal, 0);
  if (noise > 1e150 || signal > 1e150)
    throw new ValueError(`minNormRisk: noise and signal must be at most 1e150, got ${Math.max(noise, signal)}`);
  const bias = features > n ? (1 - n / features) * signal ** 2 : 0;
  if (noise === 0) return bias;
  const gap = Math.abs(n - features) - 1;
  return gap <= 0 ? Number.POSITIVE_INFINITY : bias + (noise ** 2 * Math.min(n, features)) / gap;
}
