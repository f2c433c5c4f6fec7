import { describe, expect, it } from "vitest";
import { gradientFlow } from "../../src/dynamics/gradient-flow.ts";
import { maxStableRate } from "../../src/dynamics/max-stable-rate.ts";
import { train } from "../../src/dynamics/train.ts";
import { empiricalNngp, empiricalNtk } from "../../src/empirical/empirical-kernel.ts";
import { hessianNorm } from "../../src/empirical/hessian-norm.ts";
import { linearize, taylorExpand } from "../../src/empirical/linearize.ts";
import { monteCarloKernel } from "../../src/empirical/monte-carlo-kernel.ts";
import { ValueError } from "../../src/errors.ts";
import { kernelDiagonal, kernelFn } from "../../src/kernel/kernel-fn.ts";
import { relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { serial } from "../../src/layers/serial.ts";
import { NtkClassifier, NtkRegressor } from "../../src/learn/estimators.ts";
import { evaluateRegression } from "../../src/learn/evaluate.ts";
import { fitClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { squaredLoss } from "../../src/loss/squared-loss.ts";
import { fromRows, matrix } from "../../src/matrix/matrix.ts";
import { checkChoice, checkOptions, optionNames } from "../../src/matrix/option-names.ts";
import { gradient, hvp, jacobian, jvp, vjp } from "../../src/network/derivatives.ts";
import { apply, init } from "../../src/network/network.ts";
import { dormandPrince } from "../../src/ode/dormand-prince.ts";
import { gpInference } from "../../src/predict/gp-inference.ts";
import { gradientDescent } from "../../src/predict/gradient-descent.ts";
import { gradientDescentMse } from "../../src/predict/gradient-descent-mse.ts";
import { gradientDescentMseEnsemble } from "../../src/predict/gradient-descent-mse-ensemble.ts";
import { gradientDescentSteps } from "../../src/predict/gradient-descent-steps.ts";
import { kernelDescentAt } from "../../src/predict/kernel-gradient-descent.ts";
import { kernelRegression } from "../../src/predict/kernel-regression.ts";
import { linearRegression, linearWeightsAt } from "../../src/predict/linear-regression.ts";
import { logMarginalLikelihood } from "../../src/predict/marginal-likelihood.ts";
import { maxLearningRate } from "../../src/predict/max-learning-rate.ts";
import { ridgePath } from "../../src/predict/ridge-path.ts";
import { samplePosterior, samplePrior } from "../../src/predict/sample.ts";
import { key } from "../../src/random/key.ts";

const network = serial(dense({ width: 3 }), relu(), dense({ width: 1 }));
const x = fromRows([[1], [2]]);
const y = matrix(2, 1, Float64Array.of(1, -1));
const params = init(network, 1, { seed: 0 });
const k = fromRows([
  [2, 1],
  [1, 2],
]);
const table = {
  source: "t",
  names: ["a", "y"],
  rows: 6,
  columns: [1, 2].map((p) => ({
    kind: "numeric" as const,
    values: Float64Array.from([1, 2, 3, 4, 5, 6], (v) => v ** p),
  })),
};

/** Options as JavaScript may pass them. */
const js = (options: object) => options as never;

describe("an option that is none is refused with the nearest that is one", () => {
  it.each<[string, string, string, () => unknown]>([
    ["NtkRegressor", "sead", "seed", () => new NtkRegressor(js({ sead: 1 }))],
    ["NtkClassifier", "candidate", "candidates", () => new NtkClassifier(js({ candidate: [] }))],
    ["kernelFn", "activation", "activations", () => kernelFn(network, js({ activation: {} }))],
    ["kernelFn", "tiles", "tile", () => kernelFn(network)(x, null, "ntk", js({ tiles: 3 }))],
    ["kernelDiagonal", "frozn", "frozen", () => kernelDiagonal(network, x, "ntk", js({ frozn: 1 }))],
    ["init", "sede", "seed", () => init(network, 1, js({ sede: 1 }))],
    ["apply", "engin", "engine", () => apply(network, params, x, js({ engin: null }))],
    ["jvp", "trainabel", "trainable", () => jvp(network, params, x, params, js({ trainabel: "last" }))],
    ["vjp", "trainabel", "trainable", () => vjp(network, params, x, js({ trainabel: "last" }))],
    ["jacobian", "trainabel", "trainable", () => jacobian(network, params, x, js({ trainabel: "last" }))],
    [
      "gradient",
      "trainabel",
      "trainable",
      () => gradient(network, params, x, y, squaredLoss(), js({ trainabel: "last" })),
    ],
    [
      "hvp",
      "trainabel",
      "trainable",
      () => hvp(network, params, x, y, squaredLoss(), params, js({ trainabel: "last" })),
    ],
    ["train", "learninRate", "learningRate", () => train(network, params, x, y, js({ steps: 1, learninRate: 1 }))],
    ["gradientFlow", "rtoll", "rtol", () => gradientFlow(network, params, x, y, [1], js({ rtoll: 1 }))],
    ["maxStableRate", "optimiser", "optimizer", () => maxStableRate(network, params, x, y, js({ optimiser: {} }))],
    ["taylorExpand", "engin", "engine", () => linearize(network, params, js({ engin: null }))],
    ["taylorExpand", "engin", "engine", () => taylorExpand(network, params, 2, js({ engin: null }))],
    ["empiricalNtk", "traceAxis", "traceAxes", () => empiricalNtk(network, params, x, null, js({ traceAxis: [] }))],
    ["empiricalNngp", "singal", "signal", () => empiricalNngp(network, params, x, null, js({ singal: null }))],
    ["hessianNorm", "tolerence", "tolerance", () => hessianNorm(network, params, x, js({ tolerence: 1 }))],
    [
      "monteCarloKernel",
      "sampels",
      "samples",
      () => monteCarloKernel(network, x, null, "ntk", js({ sampels: 1 })).next(),
    ],
    ["kernelRegression", "diagreg", "diagReg", () => kernelRegression(k, y, js({ diagreg: 1 }))],
    ["ridgePath", "engnie", "engine", () => ridgePath(k, y, js({ engnie: 1 }))],
    ["gpInference", "diagReq", "diagReg", () => gpInference(js({}), y, js({ get: "ntk", diagReq: 1 }))],
    [
      "gradientDescent",
      "momentun",
      "momentum",
      () => gradientDescent(squaredLoss(), k, y, js({ times: [1], momentun: 0 })),
    ],
    ["gradientDescentMse", "los", "loss", () => gradientDescentMse(k, y, js({ los: "sum" }))],
    [
      'gradientDescentMseEnsemble("ntk")',
      "diagRg",
      "diagReg",
      () => gradientDescentMseEnsemble(js({}), y, js({ get: "ntk", diagRg: 1 })),
    ],
    ["gradientDescentSteps", "step", "steps", () => gradientDescentSteps(x, y, js({ learningRate: 1, step: 3 }))],
    [
      "kernelDescentAt",
      "decent",
      "descent",
      async () => kernelDescentAt(await ridgePath(k, y), js({ decent: "function" })),
    ],
    [
      "linearWeightsAt",
      "learnigRate",
      "learningRate",
      async () => linearWeightsAt(await linearRegression(x, y), js({ learnigRate: 1 })),
    ],
    ["logMarginalLikelihood", "scal", "scale", () => logMarginalLikelihood(k, y, js({ scal: 1 }))],
    ["maxLearningRate", "nestrov", "nesterov", () => maxLearningRate(k, js({ nestrov: true }))],
    ["samplePrior", "output", "outputs", () => samplePrior(k, key(0), js({ output: 1 }))],
    [
      "samplePosterior",
      "methode",
      "method",
      () => samplePosterior({ mean: y, covariance: k }, key(0), js({ methode: "eigh" })),
    ],
    [
      "dormandPrince",
      "maxStep",
      "maxSteps",
      () => dormandPrince(() => {}, Float64Array.of(1), [1], js({ maxStep: 1 })),
    ],
    ["fitRegression", "tarGets", "target", () => fitRegression(table, js({ target: "y", tarGets: 1 }))],
    ["fitClassification", "seeds", "seed", () => fitClassification(table, js({ target: "y", seeds: 1 }))],
    ["evaluateRegression", "levle", "level", () => evaluateRegression(js({}), table, table, js({ levle: 0.9 }))],
  ])("%s: %s", async (where, typed, meant, call) => {
    const failing = Promise.resolve().then(call);
    await expect(failing).rejects.toThrow(ValueError);
    await expect(failing).rejects.toThrow(
      `${where}: there is no option "${typed}" (did you mean "${meant}"?); there are `,
    );
  });

  it("predictInterval of an estimator", async () => {
    const regressor = await new NtkRegressor().fit([[1], [2], [3], [4], [5]], [1, 4, 9, 16, 25]);
    await expect(regressor.predictInterval([[1]], js({ levl: 0.9 }))).rejects.toThrow('(did you mean "level"?)');
  });

  it("what is no object; names that are far from all are let through", () => {
    const names = optionNames<{ one: 1 }>({ one: true });
    expect(() => checkOptions("f", js([]), names)).toThrow("f: options must be an object, got []");
    expect(() => checkOptions("f", js(null as never), names)).toThrow("f: options must be an object, got null");
    expect(() => checkOptions("f", { on: 1 }, names)).toThrow(
      'f: there is no option "on" (did you mean "one"?); there are one',
    );
    expect(() => checkOptions("f", { colour: 1 }, names)).not.toThrow();
    expect(() => checkOptions("f", undefined, names)).not.toThrow();
    // Handed on by a function that has it.
    expect(() => checkOptions("f", { one: 1, seed: 2 }, names)).not.toThrow();
  });
});

describe("a choice that is none is refused with the nearest that is one", () => {
  it.each<[string, () => unknown]>([
    [
      'get must be one of nngp, ntk, got "nkt" (did you mean "ntk"?)',
      () => kernelFn(network)(x, null, js("nkt" as never)),
    ],
    [
      'get must be one of nngp, ntk, ntkgp, got "ntkpg" (did you mean "ntkgp"?)',
      () => gpInference(js({}), y, js({ get: "ntkpg" })),
    ],
    ['got "nnpg" (did you mean "nngp"?)', () => gradientDescentMseEnsemble(js({}), y, js({ get: "nnpg" }))],
    [
      'method must be one of cholesky, pseudoinverse, got "cholesk"',
      () => kernelRegression(k, y, js({ method: "cholesk" })),
    ],
    ['(did you mean "eigh"?)', () => samplePrior(k, key(0), js({ method: "eihg" }))],
    [
      '(did you mean "nesterov"?)',
      () => train(network, params, x, y, js({ steps: 1, optimizer: { type: "nestrov" } })),
    ],
    ['(did you mean "jacobian"?)', () => empiricalNtk(network, params, x, null, js({ algorithm: "jacobain" }))],
    ['(did you mean "last"?)', () => empiricalNtk(network, params, x, null, js({ trainable: "lsat" }))],
    ['(did you mean "signs"?)', () => init(network, 1, js({ seed: 1, outputWeights: "sings" }))],
    ['(did you mean "symmetric"?)', () => init(network, 1, js({ seed: 1, pairs: "symetric" }))],
    [
      'the scale must be one of sum, half-sum, half-mean, got "halfsum"',
      () => gradientDescentMse(k, y, js({ loss: "halfsum" })),
    ],
    [
      '(did you mean "function"?)',
      async () => kernelDescentAt(await ridgePath(k, y), js({ descent: "functoin", learningRate: 1 })),
    ],
  ])("%s", async (message, call) => {
    const failing = Promise.resolve().then(call);
    await expect(failing).rejects.toThrow(ValueError);
    await expect(failing).rejects.toThrow(message);
  });

  it("of any type", () => {
    expect(() => checkChoice("f", "it", 3, ["a"])).toThrow("f: it must be one of a, got 3");
    expect(() => checkChoice("f", "it", undefined, ["a"])).toThrow("f: it must be one of a, got undefined");
  });
});
