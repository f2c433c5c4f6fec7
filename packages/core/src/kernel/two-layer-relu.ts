import { ValueError } from "../errors.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import * as portable from "../special/portable.ts";
import { checkPositive, type VectorKernel } from "./vector-kernel.ts";

export interface TwoLayerReluOptions {
  /** Which weights are trained: the first layer only, or both. Default "both". */
  readonly trained?: "first" | "both";
  /** s in φ = s·relu. Default √2, which makes E φ(u)² = 1 for a standard normal u. */
  readonly activationScale?: number;
  /** ε or α in front of the output; the kernel carries its square. Default 1. */
  readonly outputScale?: number;
}

/**
 * The tangent kernel of f(x) = (ε/√m) Σₖ aₖ φ(⟨wₖ, x⟩), φ = s·relu, w ~ N(0, I), E aₖ² = 1, as m → ∞, for all norms:
 *
 *   ε² s²/2 · [ ⟨x,z⟩ κ₀ + (both layers trained) ‖x‖‖z‖ κ₁ ],   κ₀ = (π − θ)/π, κ₁ = (sin θ + (π − θ) cos θ)/π
 *
 * The scalings found in lectures and papers, on the unit sphere with ξ = cos θ:
 *
 *   { trained: "first", activationScale: 1 }                   ξ(π − θ)/(2π)        Du et al. (2019); 1/2 at x = z
 *   { trained: "first", activationScale: 1, outputScale: ε }   ε² ξ(π − θ)/(2π)     Telgarsky's lecture notes
 *   { outputScale: α }                                         α² (κ₁ + ξκ₀)        Chizat & Bach (2019)
 *   { }                                                        κ₁ + ξκ₀             φ = √2·relu; 2 at x = z
 *
 * A bias in the first layer is `appendBias`; inputs in the unit ball go to the sphere with `sphereLift`.
 */
export function twoLayerReluKernel({
  trained = "both",
  activationScale = Math.SQRT2,
  outputScale = 1,
}: TwoLayerReluOptions = {}): VectorKernel {
  checkPositive("twoLayerReluKernel", "activationScale", activationScale);
  checkPositive("twoLayerReluKernel", "outputScale", outputScale);
  const scale = (outputScale * activationScale) ** 2 / (2 * Math.PI);
  return {
    name: `two-layer ReLU, ${trained === "both" ? "both layers" : "first layer"} trained`,
    evaluate({ dot, sine }) {
      const firstLayer = portable.atan2(sine, -dot) * dot;
      return scale * (trained === "both" ? 2 * firstLayer + sine : firstLayer);
    },
  };
}

/** (x, √(1 − ‖x‖²)): lifts rows of norm at most 1 to the unit sphere of one more dimension. */
export function sphereLift(x: Matrix): Matrix {
  return appendColumn(x, (values, i) => {
    const squaredNorm = values.reduce((sum, value) => sum + value * value, 0);
    if (squaredNorm > 1 + 1e-12)
      throw new ValueError(
        `sphereLift: rows must have norm at most 1, row ${i} has ${Math.sqrt(squaredNorm)}: rescale`,
      );
    return Math.sqrt(Math.max(0, 1 - squaredNorm));
  });
}

/** (x, bias): the input of a bias-free first layer that acts as one with biases of standard deviation `bias`. */
export function appendBias(x: Matrix, bias = 1): Matrix {
  return appendColumn(x, () => bias);
}

function appendColumn(x: Matrix, last: (row: Float64Array, i: number) => number): Matrix {
  const out = matrix(x.rows, x.cols + 1);
  for (let i = 0; i < x.rows; i++) {
    const values = row(x, i);
    out.data.set(values, i * out.cols);
    out.data[i * out.cols + x.cols] = last(values, i);
  }
  return out;
}
