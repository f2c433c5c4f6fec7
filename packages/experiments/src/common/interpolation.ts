import { type Engine, kernelRegression, linearRegression, type Matrix, minNormWeights } from "ntkit";
import { solved } from "./solved.ts";

interface Host {
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/** Training rows with their targets, and the rows to predict. */
export interface FeatureProblem {
  readonly train: Matrix;
  readonly y: Matrix;
  readonly test: Matrix;
}

/** Least squares of least norm on features, predicted at the test rows. */
export async function leastNormFit({ train, y, test }: FeatureProblem, host: Host): Promise<Float64Array> {
  const { engine, signal } = host;
  // Far more features than rows are well conditioned: A⁺ = Aᵀ(AAᵀ)⁺ is sooner computed then.
  if (train.cols > 4 * train.rows) {
    const inner = (a: Matrix) => engine.matmul(a, train, { transposeB: true, signal });
    return kernelFit(await inner(train), await inner(test), y, host);
  }
  const weights = await minNormWeights(await linearRegression(train, y, { engine, signal }), { engine, signal });
  return (await engine.matmul(test, weights, { signal })).data;
}

/** Kernel regression by the pseudoinverse, predicted at the test rows. */
export async function kernelFit(
  trainKernel: Matrix,
  testKernel: Matrix,
  y: Matrix,
  { engine, signal }: Host,
): Promise<Float64Array> {
  const { alpha } = solved(await kernelRegression(trainKernel, y, { method: "pseudoinverse", engine, signal }));
  return (await engine.matmul(testKernel, alpha, { signal })).data;
}
