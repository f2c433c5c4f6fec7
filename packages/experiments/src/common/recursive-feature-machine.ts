import {
  type Engine,
  gram,
  kernelRegression,
  laplaceKernel,
  type Matrix,
  matrix,
  portable,
  type VectorKernel,
} from "ntkit";
import { solved } from "./solved.ts";

interface Host {
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/** f(x) = Σ αᵢ exp(−|x − xᵢ|_M/bandwidth), |v|²_M = vᵀMv. */
export interface MahalanobisMachine {
  /** M^(1/2), symmetric. */
  readonly root: Matrix;
  readonly centers: Matrix;
  readonly alpha: Matrix;
  readonly bandwidth: number;
}

/** Kernel regression without a ridge by the Laplace kernel with the metric M = root². */
export async function fitMahalanobis(
  { x, y }: { readonly x: Matrix; readonly y: Matrix },
  root: Matrix,
  bandwidth: number,
  { engine, signal }: Host,
): Promise<MahalanobisMachine> {
  const inner = await engine.matmul(x, root, { signal });
  const kernel = await gram(laplaceKernel({ bandwidth }), inner, null, { signal });
  const { alpha } = solved(await kernelRegression(kernel, y, { engine, signal }));
  return { root, centers: x, alpha, bandwidth };
}

export async function predictMahalanobis(machine: MahalanobisMachine, x: Matrix, host: Host): Promise<Float64Array> {
  const kernel = await between(laplaceKernel({ bandwidth: machine.bandwidth }), machine, x, host);
  return (await host.engine.matmul(kernel, machine.alpha, { signal: host.signal })).data;
}

/** ∇f at each row of x. At a center, where its own term has a kink, that term counts 0. */
export async function gradients(machine: MahalanobisMachine, x: Matrix, host: Host): Promise<Matrix> {
  const { root, centers, alpha, bandwidth } = machine;
  const { engine, signal } = host;
  const slope: VectorKernel = {
    name: "slope of the Laplace kernel by its distance",
    evaluate: ({ distance }) => (distance === 0 ? 0 : portable.exp(-distance / bandwidth) / (bandwidth * distance)),
  };
  const weights = await between(slope, machine, x, host);
  const weighted = matrix(
    weights.rows,
    weights.cols,
    weights.data.map((value, at) => value * alpha.data[at % weights.cols]!),
  );
  const sums = await engine.matmul(weighted, matrix(centers.rows, 1, new Float64Array(centers.rows).fill(1)), {
    signal,
  });
  const pulls = await engine.matmul(weighted, centers, { signal });
  const toCenters = matrix(
    x.rows,
    x.cols,
    pulls.data.map((pull, at) => pull - sums.data[Math.floor(at / x.cols)]! * x.data[at]!),
  );
  return engine.matmul(await engine.matmul(toCenters, root, { signal }), root, { signal });
}

/** M = (1/n) Σ ∇f(xᵢ)∇f(xᵢ)ᵀ over the rows of x. */
export async function averageGradientOuterProduct(machine: MahalanobisMachine, x: Matrix, host: Host): Promise<Matrix> {
  const slopes = await gradients(machine, x, host);
  const product = await host.engine.matmul(slopes, slopes, { transposeA: true, signal: host.signal });
  return matrix(
    product.rows,
    product.cols,
    product.data.map((value) => value / x.rows),
  );
}

/** The symmetric square root of a positive semidefinite matrix; eigenvalues that rounding made negative count 0. */
export async function squareRoot(a: Matrix, { engine, signal }: Host): Promise<Matrix> {
  const { values, vectors } = await engine.eigh(a, { signal });
  const scaled = matrix(
    a.rows,
    a.cols,
    vectors.data.map((value, at) => value * Math.sqrt(Math.max(0, values[Math.floor(at / a.cols)]!))),
  );
  return engine.matmul(vectors, scaled, { transposeA: true, signal });
}

async function between(kernel: VectorKernel, { root, centers }: MahalanobisMachine, x: Matrix, host: Host) {
  const { engine, signal } = host;
  const inner = await engine.matmul(centers, root, { signal });
  // The same bits as the centers, so that distances from themselves are 0.
  const own = x === centers ? inner : await engine.matmul(x, root, { signal });
  return gram(kernel, own, x === centers ? null : inner, { signal });
}
