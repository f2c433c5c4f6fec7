import { ValueError } from "../errors.ts";
import type { KernelName } from "../kernel/gram-engine.ts";
import type { Layer } from "../layers/spec.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { checkOptions, DERIVATIVE_NAMES, optionNames, WORK_NAMES } from "../matrix/option-names.ts";
import type { WeightLaw } from "../network/initial-weights.ts";
import { init } from "../network/network.ts";
import { child, type Key, key } from "../random/key.ts";
import { type EmpiricalOptions, empiricalNngp, empiricalNtk } from "./empirical-kernel.ts";

export interface MonteCarloOptions extends Omit<EmpiricalOptions, "traceAxes" | "diagonalAxes"> {
  readonly seed: number | Key;
  /** How many networks are drawn. */
  readonly samples: number;
  /** How their weights are drawn. */
  readonly law?: WeightLaw | undefined;
}

/** The mean over the networks drawn so far. */
export interface KernelEstimate {
  readonly samples: number;
  readonly mean: Matrix;
  /** Of each entry of the mean; infinite for one sample. */
  readonly standardError: Matrix;
}

const NAMES = optionNames<MonteCarloOptions>({
  ...DERIVATIVE_NAMES,
  ...WORK_NAMES,
  algorithm: true,
  seed: true,
  samples: true,
  law: true,
});

/**
 * The kernel of a network of finite widths, averaged over its random weights: an estimate after every network drawn, until there are
 * `samples`. Sample i does not depend on how many follow. As the widths grow the mean tends to that of `kernelFn`, with a bias of
 * order 1/width. x2 = null means x1. Welford's update.
 */
export async function* monteCarloKernel(
  network: Layer,
  x1: Matrix,
  x2: Matrix | null,
  get: KernelName,
  options: MonteCarloOptions,
): AsyncGenerator<KernelEstimate, void, undefined> {
  checkOptions("monteCarloKernel", options, NAMES);
  const { seed, samples, law, onProgress, ...rest } = options;
  if (!Number.isInteger(samples) || samples < 1)
    throw new ValueError(`monteCarloKernel: samples must be a whole number from 1, got ${samples}`);
  const root = typeof seed === "number" ? key(seed) : seed;
  const kernel = get === "ntk" ? empiricalNtk : empiricalNngp;
  const { rows, cols } = { rows: x1.rows, cols: (x2 ?? x1).rows };
  const mean = new Float64Array(rows * cols);
  const squares = new Float64Array(rows * cols);
  for (let i = 0; i < samples; i++) {
    const params = init(network, x1.cols, { ...law, seed: child(root, i), activations: rest.activations });
    const { data } = await kernel(network, params, x1, x2, rest);
    for (let at = 0; at < mean.length; at++) {
      const gap = data[at]! - mean[at]!;
      mean[at]! += gap / (i + 1);
      squares[at]! += gap * (data[at]! - mean[at]!);
    }
    onProgress?.((i + 1) / samples);
    yield {
      samples: i + 1,
      mean: matrix(rows, cols, mean.slice()),
      standardError: matrix(
        rows,
        cols,
        squares.map((sum) => (i === 0 ? Number.POSITIVE_INFINITY : Math.sqrt(sum / i / (i + 1)))),
      ),
    };
  }
}
