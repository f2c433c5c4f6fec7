import { empiricalNtk } from "../empirical/empirical-kernel.ts";
import { kernelDrift } from "../empirical/laziness.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import type { DerivativeOptions } from "../network/derivatives.ts";

/** The tangent kernel while a network trains; of several outputs, the mean over them. */
export interface KernelRecord {
  /** ‖Θ − Θ₀‖_F/‖Θ₀‖_F. */
  readonly drift: number;
  /** ‖vᵢᵀ(f − y)‖²/‖f − y‖²: the share of the residual along eigenvector i of Θ₀, the smallest eigenvalue first; they sum to 1. */
  readonly alignment: Float64Array;
}

export type KernelMonitor = (params: Params, fx: Matrix) => Promise<KernelRecord>;

/** Takes the kernel at the start, O(9n³) once; each call then costs an empirical kernel. */
export async function kernelMonitor(
  network: Layer,
  initial: Params,
  x: Matrix,
  y: Matrix,
  { activations, trainable, engine = jsEngine, signal }: DerivativeOptions & WorkOptions,
): Promise<KernelMonitor> {
  const options = { activations, trainable, engine, signal };
  const before = await empiricalNtk(network, initial, x, null, options);
  const { vectors } = await engine.eigh(before, { signal });
  return async (params, fx) => {
    const residual = matrix(
      fx.rows,
      fx.cols,
      fx.data.map((f, at) => f - y.data[at]!),
    );
    const modes = await engine.matmul(vectors, residual, { signal });
    const total = residual.data.reduce((sum, r) => sum + r * r, 0);
    const alignment = new Float64Array(fx.rows);
    for (const [at, mode] of modes.data.entries())
      alignment[Math.floor(at / fx.cols)]! += total === 0 ? 0 : (mode * mode) / total;
    return { drift: kernelDrift(before, await empiricalNtk(network, params, x, null, options)), alignment };
  };
}
