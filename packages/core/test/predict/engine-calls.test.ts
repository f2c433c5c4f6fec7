import { expect, it } from "vitest";
import { squaredLoss } from "../../src/loss/squared-loss.ts";
import { gpInference } from "../../src/predict/gp-inference.ts";
import { gradientDescent } from "../../src/predict/gradient-descent.ts";
import { gradientDescentMse } from "../../src/predict/gradient-descent-mse.ts";
import { gradientDescentMseEnsemble } from "../../src/predict/gradient-descent-mse-ensemble.ts";
import { gradientDescentSteps } from "../../src/predict/gradient-descent-steps.ts";
import { kernelDescentAt } from "../../src/predict/kernel-gradient-descent.ts";
import { kernelRegression } from "../../src/predict/kernel-regression.ts";
import { looAt, looFromCholesky } from "../../src/predict/leave-one-out.ts";
import { linearRegression, linearWeightsAt, minNormWeights } from "../../src/predict/linear-regression.ts";
import { logMarginalLikelihood } from "../../src/predict/marginal-likelihood.ts";
import type { PredictOptions } from "../../src/predict/options.ts";
import { alphaAt, fittedAt, ridgePath } from "../../src/predict/ridge-path.ts";
import { ridgeScores } from "../../src/predict/ridge-scores.ts";
import { samplePosterior, samplePrior } from "../../src/predict/sample.ts";
import { tridiagonalPath } from "../../src/predict/tridiagonal-path.ts";
import { key } from "../../src/random/key.ts";
import { randomKernel, randomMatrix, succeed } from "./brute.ts";
import { watched } from "./watched.ts";

const [nngp, ntk] = [randomKernel(1, 4, 2), randomKernel(2, 4, 2)];
const kernels = {
  kTrainTrain: { nngp: nngp.dd, ntk: ntk.dd },
  kTestTrain: { nngp: nngp.td, ntk: ntk.td },
  kTestTest: { nngp: nngp.tt, ntk: ntk.tt },
};
const [x, y] = [randomMatrix(3, 4, 3), randomMatrix(4, 4, 2)];
const [kdd, path, tridiagonal, problem] = [
  ntk.dd,
  await ridgePath(ntk.dd, y),
  await tridiagonalPath(ntk.dd, y),
  await linearRegression(x, y),
];
const start = { fxTrain0: y, kTestTrain: ntk.td };
const rate = { learningRate: 1e-3, t: 3 };

const WORK: readonly (readonly [string, (options: PredictOptions) => unknown, string])[] = [
  ["kernelRegression", (options) => kernelRegression(kdd, y, options), "cholesky solve solve"],
  [
    "kernelRegression, pseudoinverse",
    (options) => kernelRegression(kdd, y, { ...options, method: "pseudoinverse" }),
    "eigh matmul matmul",
  ],
  ["ridgePath", (options) => ridgePath(kdd, y, options), "eigh matmul"],
  ["tridiagonalPath", (options) => tridiagonalPath(kdd, y, options), "form matmul"],
  ["alphaAt", (options) => alphaAt(path, 1, options), "matmul"],
  ["alphaAt, tridiagonal", (options) => alphaAt(tridiagonal, 1, options), "matmul"],
  ["fittedAt", (options) => fittedAt(path, 1, options), "matmul"],
  ["looAt", (options) => looAt(path, 1, options), "matmul"],
  ["looAt, tridiagonal", (options) => looAt(tridiagonal, 1, options), "matmul"],
  ["looFromCholesky", (options) => looFromCholesky(kdd, y, options), "cholesky solve solve solve"],
  ["ridgeScores", (options) => ridgeScores(path, [1, 2], options), "matmul matmul"],
  ["logMarginalLikelihood", (options) => logMarginalLikelihood(kdd, y, options), "cholesky solve"],
  [
    "gpInference, nngp",
    (options) => gpInference(kernels, y, { ...options, get: "nngp" }),
    "cholesky solve solve matmul solve matmul",
  ],
  [
    "gpInference, ntk",
    (options) => gpInference(kernels, y, { ...options, get: "ntk" }),
    "cholesky solve solve matmul solve solve matmul matmul",
  ],
  ["samplePrior", (options) => samplePrior(kdd, key(1), { ...options, samples: 2 }), "cholesky matmul matmul"],
  [
    "samplePosterior",
    (options) => samplePosterior({ mean: y, covariance: kdd }, key(1), { ...options, method: "eigh" }),
    "eigh matmul",
  ],
  ["linearRegression", (options) => linearRegression(x, y, options), "svd matmul"],
  ["minNormWeights", (options) => minNormWeights(problem, options), "matmul"],
  ["linearWeightsAt", (options) => linearWeightsAt(problem, { ...options, ...rate }), "matmul matmul"],
  [
    "gradientDescentSteps",
    (options) => gradientDescentSteps(x, y, { ...options, learningRate: 1e-3, steps: 2 }),
    "matmul matmul matmul matmul matmul",
  ],
  ["kernelDescentAt", (options) => kernelDescentAt(path, { ...options, ...rate, descent: "function" }), "matmul"],
  [
    "gradientDescentMse, flow",
    async (options) => succeed(await gradientDescentMse(kdd, y, options)).at(1, start, options),
    "eigh matmul matmul matmul matmul matmul",
  ],
  [
    "gradientDescentMse, steps",
    async (options) =>
      succeed(await gradientDescentMse(kdd, y, { ...options, learningRate: 1e-3 })).atStep(1, start, options),
    "eigh matmul matmul matmul matmul matmul",
  ],
  [
    "gradientDescentMseEnsemble, nngp",
    async (options) =>
      succeed(await gradientDescentMseEnsemble(kernels, y, { ...options, get: "nngp" })).at(1, options),
    "eigh matmul matmul matmul matmul",
  ],
  [
    "gradientDescentMseEnsemble, ntk",
    async (options) =>
      succeed(await gradientDescentMseEnsemble(kernels, y, { ...options, get: "ntk" })).at([1], options),
    "eigh matmul matmul matmul matmul matmul matmul",
  ],
  [
    "gradientDescent with momentum, from its start",
    (options) => gradientDescent(squaredLoss(), kdd, y, { ...options, kTestTrain: ntk.td, momentum: 0.5, times: [0] }),
    "matmul matmul matmul",
  ],
];

it.each(WORK)("%s asks its engine alone, and may be stopped in all that it asks", async (_, work, operations) => {
  const { engine, signal, asked, deaf } = watched();
  await work({ engine, signal });
  expect(asked.join(" ")).toBe(operations);
  expect(deaf).toEqual([]);
});
