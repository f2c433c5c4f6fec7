import * as portable from "../special/portable.ts";
import { type Activation, squaredDistance } from "./activation.ts";

/**
 * φ(x) = e^{−x²} sin x.
 *
 *   κ  = e^{−(p + q + 2c + Δ)/2D} (e^{2c/D} − 1) / (2 √D)
 *   κ̇  = e^{−(p + q + 2c + Δ)/2D} ((h − t) + e^{2c/D} (h + t)) / (2 D^{5/2})
 *   Δ  = 4 sine²,   D = 1 + 2(p + q) + Δ,   h = 1 + 2(p + q) + 4(c² + pq),   t = 4c (Δ + 3(p + q) + 2)
 *
 * Han et al. (2022). Everything is divided by √D step by step, so that no square leaves the range.
 */
export const gaborActivation: Activation = {
  name: "gabor",
  smoothness: "smooth",
  phi: (x) => portable.exp(-x * x) * portable.sin(x),
  dphi: (x) => portable.exp(-x * x) * (portable.cos(x) - 2 * x * portable.sin(x)),
  taylor: gaborSeries,
  dual(c, sine, p, q, out) {
    const w = portable.hypot(Math.sqrt(1 + 2 * (p + q)), 2 * sine);
    const delta = ((2 * sine) / w) * ((2 * sine) / w);
    const sum = (p + q) / w / w;
    const cross = (2 * c) / w / w;
    const decay = portable.exp(-0.5 * (squaredDistance(-c, sine, p, q) / w / w + delta)) / (2 * w);
    const h = (1 + 2 * (p + q)) / w / w + 4 * ((c / w) * (c / w) + ((Math.sqrt(p) * Math.sqrt(q)) / w) ** 2);
    const t = 4 * c * (delta + 3 * sum + 2 / w / w);
    out[0] = decay * portable.expm1(cross);
    out[1] = decay * ((h - t + portable.exp(cross) * (h + t)) / w / w);
  },
};

/** φ = Im y, y = e^{−x² + ix}, from y' = (i − 2x) y: (k + 1) yₖ₊₁ = (i − 2x) yₖ − 2 yₖ₋₁. */
function gaborSeries(x: number, out: Float64Array): void {
  const [decay, cos, sin] = [portable.exp(-x * x), portable.cos(x), portable.sin(x)];
  let [real, imaginary, realBefore, imaginaryBefore] = [decay * cos, decay * sin, 0, 0];
  for (let k = 0; k < out.length; k++) {
    out[k] = imaginary;
    const nextReal = (-2 * (x * real + realBefore) - imaginary) / (k + 1);
    const nextImaginary = (-2 * (x * imaginary + imaginaryBefore) + real) / (k + 1);
    [realBefore, imaginaryBefore, real, imaginary] = [real, imaginary, nextReal, nextImaginary];
  }
  out[1] = decay * (cos - 2 * x * sin);
}
