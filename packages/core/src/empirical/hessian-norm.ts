import { NumericalError } from "../errors.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { largestEigenvalue } from "../linalg/lanczos.ts";
import { partOf, startWork } from "../linalg/work.ts";
import type { TwiceDifferentiableLoss } from "../loss/loss.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, DERIVATIVE_NAMES, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import { type DerivativeOptions, hvp, onlyTrainable } from "../network/derivatives.ts";
import { apply } from "../network/network.ts";
import { countParams, flattenParams, unflattenParams } from "../network/params.ts";
import { key, normal } from "../random/key.ts";

export interface HessianNormOptions extends DerivativeOptions, WorkOptions {
  /** Where Lanczos iteration stops: the residual relative to the eigenvalue, whose error is its square. Default 1e-7. */
  readonly tolerance?: number | undefined;
}

const NAMES = optionNames<HessianNormOptions>({ ...DERIVATIVE_NAMES, ...WORK_NAMES, tolerance: true });

/**
 * ‖∂²f_k(xᵢ)/∂w²‖, the spectral norm of the Hessian of each output in the weights that train, [n, outputs], by Lanczos iteration on
 * Hessian-vector products. It vanishes like 1/√width where weights are bounded, while the tangent kernel stays: this is why wide
 * networks are nearly linear in their weights. Liu, Zhu, Belkin (2020). Costs some 50 evaluations for each number.
 */
export async function hessianNorm(
  network: Layer,
  params: Params,
  x: Matrix,
  options: HessianNormOptions = {},
): Promise<Matrix> {
  checkOptions("hessianNorm", options, NAMES);
  const { tolerance = 1e-7, signal, onProgress } = options;
  const work = startWork({ signal, onProgress });
  const outputs = apply(network, params, x, options).cols;
  const norms = matrix(x.rows, outputs);
  const random = unflattenParams(params, normal(key(0), countParams(params)));
  const start = flattenParams(options.trainable ? onlyTrainable(random, options.trainable) : random);
  for (let i = 0; i < x.rows; i++) {
    const own = matrix(1, x.cols, x.data.subarray(i * x.cols, (i + 1) * x.cols));
    const none = matrix(1, outputs);
    for (let k = 0; k < outputs; k++) {
      const matvec = (v: Float64Array, out: Float64Array): void =>
        out.set(flattenParams(hvp(network, params, own, none, singleOutput(k), unflattenParams(params, v), options)));
      const found = await largestEigenvalue(matvec, start, { tolerance, signal, maxSteps: 300 });
      if (!found.ok) throw new NumericalError(`hessianNorm: ${found.message}`);
      norms.data[i * outputs + k] = Math.abs(found.eigenvalue);
      await partOf(work, (i * outputs + k) / norms.data.length, 1).breathe(0);
    }
  }
  return norms;
}

/** The "loss" f_k, whose Hessian in the weights is that of the output itself. */
function singleOutput(k: number): TwiceDifferentiableLoss {
  return {
    name: `output ${k}`,
    value: (fx) => fx.data[k]!,
    gradient: (_fx, _y, out) => {
      out.data.fill(0);
      out.data[k] = 1;
    },
    hessianVectorProduct: (_fx, _y, _v, out) => {
      out.data.fill(0);
    },
  };
}
