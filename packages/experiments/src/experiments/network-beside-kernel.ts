import {
  apply,
  child,
  gradientDescentMse,
  gradientDescentMseEnsemble,
  gram,
  init,
  kernelFn,
  type Matrix,
  type MseDescent,
  matrix,
  portable,
  twoLayerReluKernel,
} from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { columnOf, interval, wave } from "../common/data-sets.ts";
import { inTurn, range, stretch } from "../common/in-turn.ts";
import { twoLayerRelu } from "../common/networks.ts";
import { READINGS, type Reading } from "../common/readings.ts";
import { solved } from "../common/solved.ts";
import { mean, standardError } from "../common/statistics.ts";
import { type Stopped, trainUntil } from "../common/train-until.ts";
import { linspace, mse, rms } from "../common/vectors.ts";
import { type AnyExperiment, type Check, type DataTable, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Mark, Panel, Point } from "../figure.ts";
import { count, counts, type ParamValues, real } from "../params.ts";

const PARAMS = {
  n: count("samples of x + sin 10x, uniform on [−1, 1]", 15, { min: 3, max: 60 }),
  reading: count("inputs: 0 x itself, 1 the circle (x, √(1 − x²)), 2 a bias (x, 1), 3 the same of norm 1", 1, {
    ...{ min: 0, max: 3 },
  }),
  widths: counts("widths k", [...range(10).map((k) => k + 1), 15, 20, 32, 64, 128, 256, 512, 1024], {
    ...{ quick: [1, 4, 10, 64, 1024], max: 2 ** 16 },
  }),
  networks: count("networks of each width", 2, { quick: 1, max: 100 }),
  learningRate: real("learning rate, for the sum of squares halved", 0.01, { min: 1e-9, max: 1 }),
  stopAt: real("trained once the mean squared error is below", 2e-3, { min: 1e-12, max: 1 }),
  patience: count("networks narrower than 15 are given up after so many steps without a smaller error", 50),
  maxSteps: count("steps at most", 40_000, { quick: 3000, min: 100 }),
  starts: count("random starts, to measure what labels that are not corrected leave behind", 400, {
    ...{ quick: 100, min: 10, max: 10_000 },
  }),
  tests: count("equally spaced test points", 1000, { quick: 200, min: 50, max: 10_000 }),
};

export const networkBesideKernel: AnyExperiment = experiment({
  id: "network-beside-kernel",
  title: "Wider networks come closer to kernel regression with the tangent kernel",
  items: ["E26", "E21", "E-step7"],
  source: "E, steps 6 and 7; the course's lecture on the tangent kernel, figure 1",
  claim:
    "Networks with one hidden layer of k units, trained by gradient descent on 15 samples of x + sin 10x, approach the predictor of the infinite-width tangent kernel as k grows. They do when their random start is taken off (corrected labels); as they are, a part of the start stays.",
  formulas: [
    "f_k(x)=\\frac{\\sqrt2}{\\sqrt k}A\\,\\mathrm{relu}(Bx),\\qquad A,B\\sim\\mathcal N(0,1),\\qquad \\mathcal L=\\tfrac12\\sum_i(y_i-f_k(x_i))^2",
    "f_k(x)\\;\\to\\;f_k(x;w_0)+K(x,X)\\,K(X,X)^{-1}\\bigl(y-f_k(X;w_0)\\bigr)\\qquad(k\\to\\infty)",
  ],
  params: PARAMS,
  async run(params, context) {
    const problem = await problemOf(params, context);
    const jobs = params.widths.flatMap((width, i) =>
      range(params.networks).flatMap((draw) => [true, false].map((corrected) => ({ width, i, draw, corrected }))),
    );
    const outcomes = await inTurn(jobs, stretch(context, 0, 0.95), (job) => outcomeOf(job, problem, context));
    const left = await leftovers(problem, context);
    return {
      checks: [...nearnessChecks(outcomes, problem), ...leftoverChecks(left, problem)],
      tables: [tableOf(outcomes)],
      figures: [errorFigure(outcomes, problem), fitFigure(outcomes, problem)],
      notes: [
        "The mean squared error decides when to stop; the sum of squares, halved, is what descends: its learning rate is the one of the document. Networks are compared with the kernel after as many steps as they took, because at this learning rate its slowest modes need 10⁵ steps.",
        "Without corrected labels the curve of test errors does not end at that of the kernel, as the course says of its own figure: of the start f(x; w₀), what the samples do not determine stays for ever. In the mean over starts it adds the variance of the infinite ensemble to the test error; at these widths it is less than what the width does.",
        `Stopped at ${params.maxSteps} steps before their error was below ${params.stopAt}: ${outcomes.filter(({ stopped, width }) => width >= 15 && stopped.why === "steps").length} of ${outcomes.filter(({ width }) => width >= 15).length} networks of width 15 and more.`,
      ],
    };
  },
});

interface Problem {
  readonly params: ParamValues<typeof PARAMS>;
  readonly reading: Reading;
  readonly t: Float64Array;
  readonly grid: Float64Array;
  readonly x: Matrix;
  readonly y: Matrix;
  readonly xTest: Matrix;
  readonly truth: Float64Array;
  readonly descent: MseDescent;
  readonly kTestTrain: Matrix;
  /** The kernel's predictions at the end of time. */
  readonly limit: Float64Array;
  readonly limitTrainMse: number;
  /** Mean over the test points of the variance of infinitely wide networks that keep their start. */
  readonly variance: number;
}

async function problemOf(params: ParamValues<typeof PARAMS>, context: RunContext): Promise<Problem> {
  const { engine, signal } = context;
  const reading = READINGS[params.reading]!; // 0 to 3
  const t = interval(child(context.key, 0), params.n);
  const grid = Float64Array.from(linspace(-1, 1, params.tests));
  const [x, xTest, y] = [reading.inputs(t), reading.inputs(grid), columnOf(t, wave)];
  const kTestTrain = await gram(twoLayerReluKernel(), xTest, x, { signal });
  const ntk = await gram(twoLayerReluKernel(), x, null, { signal });
  const { learningRate } = params;
  const descent = solved(await gradientDescentMse(ntk, y, { learningRate, engine, signal }));
  const limit = await descent.at(Number.POSITIVE_INFINITY, { kTestTrain }, { signal });
  return {
    ...{ params, reading, t, grid, x, y, xTest, truth: grid.map(wave), descent, kTestTrain },
    ...{ limit: limit.fxTest!.data, limitTrainMse: mse(limit.fxTrain.data, y.data) }, // kTestTrain was given
    variance: await ensembleVariance(x, xTest, y, context),
  };
}

async function ensembleVariance(x: Matrix, xTest: Matrix, y: Matrix, context: RunContext): Promise<number> {
  const { engine, signal } = context;
  const kernel = kernelFn(twoLayerRelu(1, x.cols));
  const both = (a: Matrix, b: Matrix | null) => kernel(a, b, ["nngp", "ntk"], { signal });
  const kernels = {
    kTrainTrain: await both(x, null),
    kTestTrain: await both(xTest, x),
    kTestTest: await both(xTest, null),
  };
  const ensemble = solved(await gradientDescentMseEnsemble(kernels, y, { get: "ntk", engine, signal }));
  return mean((await ensemble.at(Number.POSITIVE_INFINITY, { signal })).variance!); // kTestTest was given
}

interface Job {
  readonly width: number;
  readonly i: number;
  readonly draw: number;
  /** Whether the start is taken off. */
  readonly corrected: boolean;
}

interface Outcome extends Job {
  readonly stopped: Stopped;
  readonly values: Float64Array;
  readonly testMse: number;
  /** From the kernel's predictions after as many steps, root mean square. */
  readonly distance: number;
}

async function outcomeOf(job: Job, problem: Problem, context: RunContext): Promise<Outcome> {
  const { x, y, xTest, truth, descent, kTestTrain, params } = problem;
  const { engine, signal } = context;
  const network = twoLayerRelu(job.width, x.cols);
  const start = init(network, x.cols, { seed: child(child(child(context.key, 1), job.i), job.draw) });
  const outputs = (inputs: Matrix, weights = start): Float64Array => apply(network, weights, inputs, { engine }).data;
  const f0 = outputs(x);
  const targets = job.corrected
    ? matrix(
        y.rows,
        1,
        y.data.map((value, i) => value + f0[i]!),
      )
    : y;
  const { learningRate, stopAt, maxSteps } = params;
  const stopped = await trainUntil(
    network,
    start,
    { x, y: targets },
    {
      ...{ learningRate, mse: stopAt, maxSteps, every: params.patience, engine, signal },
      ...(job.width < 15 && { patience: params.patience }),
    },
  );
  const [fx, f0Test] = [outputs(xTest, stopped.params), outputs(xTest)];
  const values = job.corrected ? fx.map((value, i) => value - f0Test[i]!) : fx;
  const kernel = solved(await descent.atStep(stopped.step, { kTestTrain }, { signal })).fxTest!.data; // kTestTrain was given
  return { ...job, stopped, values, testMse: mse(values, truth), distance: rms(values, kernel) };
}

/** Mean squared distance of infinitely wide networks that keep their start from those without, for random starts. */
async function leftovers({ x, xTest, descent, kTestTrain, limit, params }: Problem, context: RunContext) {
  const network = twoLayerRelu(1024, x.cols); // the covariance of a start is the same at every width
  const seeds = child(context.key, 2);
  return inTurn(range(params.starts), stretch(context, 0.95, 1), async (i) => {
    const start = init(network, x.cols, { seed: child(seeds, i) });
    const [fxTrain0, fxTest0] = [x, xTest].map((inputs) => apply(network, start, inputs, { engine: context.engine }));
    const origin = { fxTrain0: fxTrain0!, fxTest0: fxTest0!, kTestTrain };
    const end = await descent.at(Number.POSITIVE_INFINITY, origin, { signal: context.signal });
    return mse(end.fxTest!.data, limit); // kTestTrain was given
  });
}

const distancesOf = (outcomes: readonly Outcome[], wanted: (width: number) => boolean): number[] =>
  outcomes.filter(({ width, corrected }) => corrected && wanted(width)).map(({ distance }) => distance);

function nearnessChecks(outcomes: readonly Outcome[], { limitTrainMse, params }: Problem): Check[] {
  const [narrowest, widest] = [Math.min(...params.widths), Math.max(...params.widths)];
  const narrow = mean(distancesOf(outcomes, (width) => width <= Math.max(10, narrowest)));
  const wide = mean(distancesOf(outcomes, (width) => width === widest));
  return [
    inRange("kernel regression: train MSE", limitTrainMse, { theory: 0, atMost: 1e-20 }),
    inRange(
      `corrected labels: distance from the kernel of networks up to width 10, over that of width ${widest}`,
      narrow / wide,
      {
        atLeast: 1.5,
      },
    ),
  ];
}

function leftoverChecks(left: readonly number[], { variance }: Problem): Check[] {
  return [
    near(
      "infinite width, labels not corrected: mean squared distance from the kernel (theory: variance of the ensemble)",
      ...([mean(left), variance, 4 * standardError(left)] as const),
    ),
    inRange("the same is not zero: in standard errors", mean(left) / standardError(left), { atLeast: 4 }),
  ];
}

function tableOf(outcomes: readonly Outcome[]): DataTable {
  return {
    id: "networks",
    title: "Every network",
    columns: ["width", "labels", "steps", "stopped by", "train MSE", "test MSE", "distance from the kernel"],
    rows: outcomes.map(({ width, corrected, stopped: { step, why, mse: trainMse }, testMse, distance }) => [
      ...[width, corrected ? "corrected" : "as they are", step, why, trainMse, testMse, distance],
    ]),
  };
}

function errorFigure(outcomes: readonly Outcome[], { params, limit, truth, variance }: Problem): Figure {
  const kernelMse = mse(limit, truth);
  const points = (corrected: boolean): Mark => {
    const own = params.widths.map((k) => outcomes.filter((one) => one.width === k && one.corrected === corrected));
    const errors = own.map((group) => group.map(({ testMse }) => testMse));
    return {
      kind: "points",
      label: corrected ? "networks, labels corrected" : "networks as they are",
      points: errors.map((group, i) => [params.widths[i]!, mean(group)] as const),
      ...(params.networks > 1 && {
        low: errors.map((group) => Math.min(...group)),
        high: errors.map((group) => Math.max(...group)),
      }),
      ...{ symbol: corrected ? "circle" : "diamond", color: corrected ? 0 : 1 },
    };
  };
  const across = (at: number): Point[] => [Math.min(...params.widths), Math.max(...params.widths)].map((k) => [k, at]);
  return {
    id: "test-errors",
    title: "Test error by width",
    caption: `Mean over ${params.networks} network${params.networks > 1 ? "s, bars from the smallest to the largest" : ""}. The dashed lines are exact, of infinite width at the end of training; the upper one has what the start adds in the mean.`,
    panels: [
      {
        x: { label: "width k", scale: "log" },
        y: { label: "test MSE", scale: "log" },
        marks: [
          { kind: "line", label: "kernel (infinite width)", points: across(kernelMse), dashed: true, color: 6 },
          {
            kind: "line",
            label: "the same with its start",
            points: across(kernelMse + variance),
            dashed: true,
            color: 4,
          },
          points(true),
          points(false),
        ],
      },
    ],
  };
}

/** The course's panels: the data, and fits at three widths beside the kernel's. */
function fitFigure(outcomes: readonly Outcome[], { params, t, grid, truth, limit, reading }: Problem): Figure {
  const curve = (values: Float64Array): Point[] => Array.from(grid, (x, i) => [x, values[i]!]);
  const panel = (title: string, marks: readonly Mark[]): Panel => ({
    title,
    x: { label: "x" },
    y: { label: "f(x)", domain: [-2.5, 2.5] },
    marks: [
      { kind: "line", label: "x + sin 10x", points: curve(truth), dashed: true, color: 7 },
      ...marks,
      { kind: "points", label: "samples", points: Array.from(t, (x) => [x, wave(x)] as const), color: 4 },
    ],
  });
  const shown = [1, 10, 128].map((wanted) => closest(params.widths, wanted));
  const fits = [...new Set(shown)].map((k) => {
    const marks = [true, false].map((corrected): Mark => {
      const one = outcomes.find((own) => own.width === k && own.corrected === corrected)!; // one for each width
      const label = corrected ? "network, labels corrected" : "network as it is";
      return { kind: "line", label, points: curve(one.values), color: corrected ? 0 : 1 };
    });
    return panel(`width ${k}`, marks);
  });
  return {
    id: "fits",
    title: "Fitted functions",
    caption: `The first network of each width and the kernel's predictor, inputs read as ${reading.name}.`,
    panels: [...fits, panel("infinite width", [{ kind: "line", label: "kernel", points: curve(limit), color: 6 }])],
  };
}

function closest(widths: readonly number[], wanted: number): number {
  const ratio = (k: number): number => Math.abs(portable.log(k / wanted));
  return widths.reduce((best, k) => (ratio(k) < ratio(best) ? k : best));
}
