import { apply, child, dense, init, type Key, kernelFn, type Layer, type Matrix, relu, serial, sin } from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { accuracy, evenCircles, randomCircles, type TwoCircles } from "../common/circles.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { kernelFit, leastNormFit } from "../common/interpolation.ts";
import { median, quantile } from "../common/statistics.ts";
import { mse } from "../common/vectors.ts";
import { type AnyExperiment, type Check, type DataTable, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Panel } from "../figure.ts";
import { count, counts } from "../params.ts";

export const doubleDescentCircles: AnyExperiment = experiment({
  id: "double-descent-circles",
  title: "The test error peaks at width n, and falls to that of the infinite network",
  items: ["A3", "E18", "E-step4"],
  source: "E, step 4, Figure 3 (figures 2 to 4 of its lecture); A, over-parametrisation",
  claim:
    "Two concentric circles, the last layer of a ReLU network trained to the least squares of least norm: the test error rises to a peak where the width reaches the number of training points, then falls, and tends to that of kernel regression with the NNGP.",
  formulas: [
    "\\hat A=\\arg\\min\\{\\lVert A\\rVert: A\\text{ minimizes }\\textstyle\\sum_i (y_i-A\\phi(Bx_i+b))^2\\}",
    "\\hat A\\,\\phi(Bx+b)\\to \\Sigma(x,X)\\,\\Sigma(X,X)^{-1}y\\qquad(k\\to\\infty)",
  ],
  params: {
    perCircle: count("training points on each circle", 10, { min: 2, max: 200 }),
    testPerCircle: count("test points on each circle, equally spaced", 500, { quick: 60, min: 2 }),
    widths: counts(
      "widths k",
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 22, 25, 28, 32, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
      { quick: [1, 3, 6, 10, 15, 18, 20, 22, 25, 32, 64, 256, 8192], max: 2 ** 18 },
    ),
    draws: count("training sets, each with a network of every width", 40, { quick: 24, min: 3 }),
  },
  async run({ perCircle, testPerCircle, widths, draws }, context) {
    const test = evenCircles(testPerCircle);
    const found = await inTurn(range(draws), context, (draw) =>
      fits({ key: child(context.key, draw), perCircle, test, widths, context }),
    );
    const errors = widths.map((_, i) => found.map(({ finite }) => finite[i]!.error));
    const correct = widths.map((_, i) => found.map(({ finite }) => finite[i]!.accuracy));
    const limit = median(found.map(({ infinite }) => infinite.error));
    const limitCorrect = median(found.map(({ infinite }) => infinite.accuracy));
    const n = 2 * perCircle;
    const withoutBias = await biasFree(randomCircles(child(context.key, draws), perCircle), test, context);
    return {
      checks: [...descentChecks({ widths, errors, limit, limitCorrect, n }), ...withoutBias.checks],
      tables: [table(widths, errors, correct), withoutBias.table],
      figures: [figure({ widths, errors, correct, limit, limitCorrect, n, draws })],
      notes: [
        "The peak is sought from half the number of training points on: networks of one or two units fit nothing, and their error is that of predicting 0, which is 1.",
        "As the document writes the network, without a bias in the first layer, no network of this kind can tell the circles apart: bias-free ReLU networks are positively homogeneous, f(2x) = 2 f(x), so that a point of the inner circle and the one twice as far out get the same sign; and the NNGP of the sine is odd, so that x and −x of one circle get opposite signs. Exactly half of the test points come out right either way. The figures of the document need first-layer biases, which are used here.",
      ],
    };
  },
});

/** Inputs in the plane, φ(Bx + b) or φ(Bx), with B and b standard normal. */
function hidden(width: number, activation: Layer, bStd: 0 | 1): Layer {
  return serial(dense({ width, wStd: Math.SQRT2, bStd }), activation);
}

async function infiniteFit(layer: Layer, train: TwoCircles, x: Matrix, context: RunContext): Promise<Float64Array> {
  const kernel = kernelFn(serial(layer, dense({ width: 1, wStd: Math.SQRT2 })));
  const { signal } = context;
  const [own, cross] = [await kernel(train.x, null, "nngp", { signal }), await kernel(x, train.x, "nngp", { signal })];
  return kernelFit(own, cross, train.y, context);
}

interface Score {
  readonly error: number;
  readonly accuracy: number;
}

function score(predicted: Float64Array, { y }: TwoCircles): Score {
  return { error: mse(predicted, y.data), accuracy: accuracy(predicted, y.data) };
}

interface Draw {
  readonly key: Key;
  readonly perCircle: number;
  readonly test: TwoCircles;
  readonly widths: readonly number[];
  readonly context: RunContext;
}

/** One training set, and on it one network of each width and the infinite one. */
async function fits({ key, perCircle, test, widths, context }: Draw): Promise<{ finite: Score[]; infinite: Score }> {
  const train = randomCircles(child(key, 0), perCircle);
  const finite = await inTurn(widths, { signal: context.signal }, async (width, i) => {
    const layer = hidden(width, relu(), 1);
    const params = init(layer, 2, { seed: child(child(key, 1), i) });
    const features = (x: Matrix) => apply(layer, params, x, { engine: context.engine });
    return score(await leastNormFit({ train: features(train.x), y: train.y, test: features(test.x) }, context), test);
  });
  return { finite, infinite: score(await infiniteFit(hidden(1, relu(), 1), train, test.x, context), test) };
}

interface Summary {
  readonly widths: readonly number[];
  /** By width and draw. */
  readonly errors: readonly (readonly number[])[];
  readonly limit: number;
  readonly limitCorrect: number;
  readonly n: number;
}

function descentChecks({ widths, errors, limit, limitCorrect, n }: Summary): Check[] {
  const medians = errors.map(median);
  const peak = Math.max(...medians.filter((_, i) => 2 * widths[i]! >= n));
  const [widest, last] = [widths.at(-1)!, medians.at(-1)!];
  return [
    // 18 to 25 for 20 training points.
    inRange(`width from ${n / 2} on at which the median of the test MSE is largest`, widths[medians.indexOf(peak)]!, {
      ...{ theory: n, atLeast: 0.9 * n, atMost: 1.25 * n },
    }),
    inRange(`that largest median over the one at width ${widest}`, peak / last, { atLeast: 100 }),
    near(`median of the test MSE at width ${widest}, and of that of the NNGP`, last, limit, 1e-3),
    inRange("median of the accuracy of the NNGP", limitCorrect, { theory: 1, atLeast: 0.999 }),
  ];
}

/** The literal reading: why it cannot work, and that it does not. */
async function biasFree(
  train: TwoCircles,
  test: TwoCircles,
  context: RunContext,
): Promise<{ checks: Check[]; table: DataTable }> {
  const scaled = (factor: number): Matrix => ({ ...test.x, data: test.x.data.map((v) => factor * v) });
  const at = (layer: Layer, x: Matrix) => infiniteFit(layer, train, x, context);
  const [reluLayer, sine] = [hidden(1, relu(), 0), hidden(1, sin(), 0)];
  const [reluFit, reluFar] = [await at(reluLayer, test.x), await at(reluLayer, scaled(2))];
  const [sineFit, sineBehind] = [await at(sine, test.x), await at(sine, scaled(-1))];
  const largest = (values: Float64Array) => values.reduce((sofar, value) => Math.max(sofar, Math.abs(value)), 0);
  const homogeneous = largest(reluFar.map((value, i) => value - 2 * reluFit[i]!)) / largest(reluFit);
  const odd = largest(sineBehind.map((value, i) => value + sineFit[i]!)) / largest(sineFit);
  const [reluScore, sineScore] = [score(reluFit, test), score(sineFit, test)];
  return {
    checks: [
      near("accuracy of the NNGP of ReLU without biases", reluScore.accuracy, 0.5, 0.01),
      near("accuracy of the NNGP of the sine without biases", sineScore.accuracy, 0.5, 0.01),
      inRange("largest |f(2x) − 2f(x)| over largest |f(x)|, ReLU without biases", homogeneous, { atMost: 1e-9 }),
      inRange("largest |f(−x) + f(x)| over largest |f(x)|, sine without biases", odd, { atMost: 1e-9 }),
    ],
    table: {
      id: "without-biases",
      title: "Kernel regression with the NNGP of networks without biases",
      columns: ["activation", "test MSE", "accuracy"],
      rows: [
        ["ReLU", reluScore.error, reluScore.accuracy],
        ["sine", sineScore.error, sineScore.accuracy],
      ],
    },
  };
}

function table(
  widths: readonly number[],
  errors: readonly (readonly number[])[],
  correct: readonly (readonly number[])[],
): DataTable {
  return {
    id: "test-errors",
    title: "Test error by width",
    columns: ["width", "median MSE", "lower quartile", "upper quartile", "median accuracy"],
    rows: widths.map((width, i) => [
      width,
      ...[0.5, 0.25, 0.75].map((share) => quantile(errors[i]!, share)),
      median(correct[i]!),
    ]),
  };
}

interface Shown extends Summary {
  readonly correct: readonly (readonly number[])[];
  readonly draws: number;
}

function figure({ widths, errors, correct, limit, limitCorrect, n, draws }: Shown): Figure {
  const panel = (
    label: string,
    scale: "log" | "linear",
    values: readonly (readonly number[])[],
    at: number,
  ): Panel => ({
    x: { label: "width k", scale: "log" },
    y: { label, scale },
    marks: [
      { kind: "ruleX", label: `k = n = ${n}`, at: n, color: 7 },
      { kind: "ruleY", label: "infinite width (NNGP)", at, dashed: true, color: 6 },
      {
        kind: "points",
        label: "ReLU networks",
        color: 0,
        points: widths.map((width, i) => [width, median(values[i]!)] as const),
        low: values.map((own) => quantile(own, 0.25)),
        high: values.map((own) => quantile(own, 0.75)),
      },
    ],
  });
  return {
    id: "double-descent-circles",
    title: "Double descent on two circles",
    caption: `Last layer trained on ${n} points. Median and quartiles over ${draws} training sets, each with a network of every width; the dashed line is the median of kernel regression with the NNGP on the same training sets.`,
    panels: [panel("test MSE", "log", errors, limit), panel("accuracy", "linear", correct, limitCorrect)],
  };
}
