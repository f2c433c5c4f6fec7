import { kernelFn } from "../kernel/kernel-fn.ts";
import type { Activations } from "../layers/scope.ts";
import type { Layer } from "../layers/spec.ts";
import { matrix } from "../matrix/matrix.ts";
import { apply, init } from "../network/network.ts";
import { key, normal, split } from "../random/key.ts";
import { atMost, type LawResult, TOLERANCE } from "./laws.ts";

export interface FiniteNetworkOptions {
  readonly activations?: Activations;
  readonly seed?: number;
  /** Number of independent networks. */
  readonly networks?: number;
  /** Standard deviation of the random inputs. Smaller ones tame activations whose moments rare draws dominate. */
  readonly inputStd?: number;
}

/**
 * The covariance of outputs of finite networks, averaged over output units and networks, is the NNGP within four
 * standard errors for every pair of inputs. The widths are those of the description: what depth adds to the error is
 * of order 1/width, and must stay below the standard error.
 */
export async function checkFiniteNetworks(
  network: Layer,
  { activations = {}, seed = 1, networks = 100, inputStd = 1 }: FiniteNetworkOptions = {},
): Promise<LawResult[]> {
  const [n, d] = [4, 5];
  const [inputKey, weightKey, dropoutKey] = split(key(seed), 3);
  const x = matrix(
    n,
    d,
    normal(inputKey!, n * d).map((z) => z * inputStd),
  );
  const nngp = await kernelFn(network, { activations })(x, null, "nngp");
  const sum = new Float64Array(n * n);
  const squares = new Float64Array(n * n);
  const maskKeys = split(dropoutKey!, networks);
  for (const [s, weights] of split(weightKey!, networks).entries()) {
    const fx = apply(network, init(network, d, { seed: weights, activations }), x, {
      activations,
      dropoutKey: maskKeys[s]!,
    });
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let covariance = 0;
        for (let k = 0; k < fx.cols; k++) covariance += fx.data[i * fx.cols + k]! * fx.data[j * fx.cols + k]!;
        covariance /= fx.cols;
        sum[i * n + j]! += covariance;
        squares[i * n + j]! += covariance * covariance;
      }
    }
  }
  const sigmas = nngp.data.map((limit, at) => {
    const mean = sum[at]! / networks;
    const variance = (squares[at]! / networks - mean * mean) / (networks - 1);
    return Math.abs(mean - limit) / Math.sqrt(variance);
  });
  return [
    atMost(
      `outputs of ${networks} finite networks have the NNGP as covariance, in standard errors`,
      Math.max(...sigmas),
      TOLERANCE.monteCarloSigmas,
    ),
  ];
}
