import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { lineSeries } from "./taylor-series.ts";

/**
 * φ(x) = a·min(x, 0) + b·max(x, 0): relu (0, 1), leaky relu (α, 1), absolute value (−1, 1).
 *
 *   κ̇ = (a² + b²)/2 − (a − b)²/(2π) · θ
 *   κ  = (a − b)²/(2π) · sine + κ̇ c,            θ = atan2(sine, c)
 *
 * and κ = 0, κ̇ = ((a + b)/2)² when a row is zero.
 *
 * For relu this is √(pq)/(2π)·(sin θ + (π − θ) cos θ): Cho & Saul (2009), degree 1. For obtuse θ the same in terms of
 * π − θ, where relu's terms would cancel: κ̇ = ab + (a − b)²/(2π)·(π − θ), κ = ab c + (a − b)²/(2π)·r·g(π − θ) with
 * g(t) = sin t − t cos t.
 */
export function abReluActivation({ a, b }: { readonly a: number; readonly b: number }, name = "abRelu"): Activation {
  const slope = (a * a + b * b) / 2;
  const dphi = (x: number): number => (x < 0 ? a : x > 0 ? b : (a + b) / 2);
  const phi = (x: number): number => dphi(x) * x;
  const slopes = new Float64Array([a, (a + b) / 2, b]);
  const kink = ((a - b) * (a - b)) / (2 * Math.PI);
  return {
    name,
    smoothness: "kinked",
    kinks: [0],
    phi,
    dphi,
    taylor: (x, out) => lineSeries(out, phi(x), dphi(x)),
    map: (x, out, slope) => mapPieces(slopes, x, out, slope),
    dual(c, sine, p, q, out) {
      const r = Math.sqrt(p) * Math.sqrt(q);
      const theta = portable.atan2(sine, c);
      if (r === 0) {
        out[0] = 0;
        out[1] = ((a + b) / 2) ** 2;
        out[2] = 0;
        return;
      }
      if (c >= 0) {
        out[1] = slope - kink * theta;
        out[0] = kink * sine + out[1] * c;
      } else {
        const supplement = portable.atan2(sine, -c);
        out[1] = a * b + kink * supplement;
        out[0] = a * b * c + kink * r * sinMinusThetaCos(supplement);
      }
      out[2] = r * newSine(((a + b) / 2) ** 2, ((b - a) / 2) ** 2, c / r, sine / r, theta);
    },
  };
}

/**
 * out = φ(x) and slope = φ'(x), where slopes are φ' for x < 0, = 0 and > 0. Without branches, as signs of pre-activations are not to
 * be predicted, and four at a time, as the steps of the loop cost as much as what is done in them.
 */
function mapPieces(slopes: Float64Array, x: Float64Array, out: Float64Array, slope: Float64Array | null): void {
  let i = 0;
  for (; slope && i + 3 < x.length; i += 4) {
    const v0 = x[i]!;
    const v1 = x[i + 1]!;
    const v2 = x[i + 2]!;
    const v3 = x[i + 3]!;
    const d0 = slopes[1 + +(v0 > 0) - +(v0 < 0)]!;
    const d1 = slopes[1 + +(v1 > 0) - +(v1 < 0)]!;
    const d2 = slopes[1 + +(v2 > 0) - +(v2 < 0)]!;
    const d3 = slopes[1 + +(v3 > 0) - +(v3 < 0)]!;
    out[i] = d0 * v0;
    out[i + 1] = d1 * v1;
    out[i + 2] = d2 * v2;
    out[i + 3] = d3 * v3;
    slope[i] = d0;
    slope[i + 1] = d1;
    slope[i + 2] = d2;
    slope[i + 3] = d3;
  }
  for (; i < x.length; i++) {
    const d = slopes[1 + +(x[i]! > 0) - +(x[i]! < 0)]!;
    out[i] = d * x[i]!;
    if (slope) slope[i] = d;
  }
}

export const reluActivation: Activation = abReluActivation({ a: 0, b: 1 }, "relu");

/**
 * The new sine of φ(x) = αx + β|x|, for unit variances: with k = κ of |x|,
 *
 *   (α² + β²)² − κ² = α⁴(1 − cos²θ) + β⁴(1 − k²) + 2α²β²(1 − k cos θ)
 *
 * Every bracket is a sum of terms of one sign, so nothing cancels, however close the inputs are. |x| does not tell v
 * from −v, hence the smaller of θ and π − θ in k.
 */
function newSine(alpha2: number, beta2: number, cos: number, sin: number, theta: number): number {
  const absCos = Math.abs(cos);
  const oneMinusCos = (sin / (1 + absCos)) * sin;
  const oneMinusK = oneMinusCos - (2 / Math.PI) * sinMinusThetaCos(Math.min(theta, Math.PI - theta));
  const k = 1 - oneMinusK;
  const cross = cos >= 0 ? oneMinusK + k * oneMinusCos : 1 + absCos * k;
  return Math.sqrt(alpha2 * alpha2 * sin * sin + beta2 * beta2 * oneMinusK * (1 + k) + 2 * alpha2 * beta2 * cross);
}

/** sin θ − θ cos θ = Σₖ (−1)ᵏ⁺¹ 2k θ²ᵏ⁺¹/(2k+1)!, by the series where the difference would cancel. */
export function sinMinusThetaCos(theta: number): number {
  if (theta > 0.5) return portable.sin(theta) - theta * portable.cos(theta);
  const square = theta * theta;
  let sum = 0;
  for (let k = SERIES.length - 1; k >= 0; k--) sum = SERIES[k]! + square * sum;
  return theta * square * sum;
}

/** k = 1 … 7: enough for θ ≤ 1/2, where the next term is below 1e-17 of the first. */
const SERIES: readonly number[] = [1 / 3, -1 / 30, 1 / 840, -1 / 45360, 1 / 3991680, -1 / 518918400, 1 / 93405312000];
