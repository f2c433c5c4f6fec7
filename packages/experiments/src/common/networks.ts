import { dense, type Layer, relu, serial, tanh } from "ntkit";

/**
 * f(x) = (√2/√m) Σ aₖ relu(wₖ·x) of source E (all weights N(0, 1)) for inputs of `inputWidth` numbers: the first layer undoes the division
 * by √d of the NTK parameterization. Of its kernels K(x, x) = 2|x|².
 */
export function twoLayerRelu(width: number, inputWidth: number): Layer {
  return serial(dense({ width, wStd: Math.sqrt(inputWidth) }), relu(), dense({ width: 1, wStd: Math.SQRT2 }));
}

/** f(x) = (1/√m) Σ aₖ relu(wₖ·x) of source B, to be started with aₖ = ±1: `{ outputWeights: "signs" }`. */
export function unitTwoLayerRelu(width: number, inputWidth: number): Layer {
  return serial(dense({ width, wStd: Math.sqrt(inputWidth) }), relu(), dense({ width: 1 }));
}

/** α · (1/√m) Σ aₖ tanh(wₖ·x) of source C, all weights N(0, 1): the scale stands in the last layer, so that the loss sees αf. */
export function scaledTanh(alpha: number, width: number, inputWidth: number): Layer {
  return serial(dense({ width, wStd: Math.sqrt(inputWidth) }), tanh(), dense({ width: 1, wStd: alpha }));
}
