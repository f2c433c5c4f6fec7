import {
  apply,
  child,
  empiricalNtk,
  gram,
  init,
  type Key,
  type Matrix,
  maxLearningRate,
  portable,
  row,
  train,
  twoLayerReluKernel,
} from "ntkit";
import { always, inRange } from "../common/checks.ts";
import { columnOf, normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { kernelFit } from "../common/interpolation.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { twoLayerRelu } from "../common/networks.ts";
import { trainUntil } from "../common/train-until.ts";
import { mse, subtract } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count, counts, real } from "../params.ts";

export const divergingRate: AnyExperiment = experiment({
  id: "diverging-rate",
  title: "The learning rate that is suggested diverges; a stable one leads to the kernel’s predictor",
  items: ["E-step7", "E21"],
  source: "E, step 7; its course’s problem set 4, problem 4",
  claim:
    "For g(x) = (1/d) Σ (xᵢ + sin 10xᵢ), d = 100, n = 10, the largest stable learning rate is about 0.004: the suggested 0.01 diverges. With a stable one, networks trained to the end differ from the label-corrected predictor of their own tangent kernel by a mean square that falls with the width.",
  formulas: [
    "r_k=\\mathrm{MSE}\\bigl(f_k(\\cdot;w_\\infty),\\;f_k(\\cdot;w_0)+K(\\cdot,X)K(X,X)^{-1}(y-f_k(X;w_0))\\bigr)",
    "\\eta<\\frac2{\\lambda_{\\max}(K)}\\approx0.0042",
  ],
  params: {
    n: count("training examples", 10, { min: 2, max: 100 }),
    d: count("dimensions", 100, { min: 2, max: 1000 }),
    widths: counts("widths k", [128, 256, 512, 1024, 2048, 4096], { quick: [128, 256, 512, 1024], max: 2 ** 16 }),
    networks: count("networks of each width", 5, { quick: 3, min: 2 }),
    suggested: real("learning rate that is suggested", 0.01, { min: 1e-6, max: 1 }),
    stopAt: real("trained once the mean squared error is below", 1e-8, { min: 1e-20, max: 1 }),
    tests: count("test points", 1000, { quick: 300, min: 10 }),
  },
  async run({ n, d, widths, networks, suggested, stopAt, tests }, context) {
    const [x, xTest] = [normalMatrix(child(context.key, 0), n, d), normalMatrix(child(context.key, 1), tests, d)];
    const y = columnOf(range(n).map((i) => target(row(x, i))));
    const limit = await maxLearningRate(await gram(twoLayerReluKernel(), x));
    const found = await inTurn(widths, context, (width, i) =>
      inTurn(range(networks), { signal: context.signal }, (draw) =>
        measure({ x, y, xTest, width, suggested, stopAt, key: child(child(child(context.key, 2), i), draw) }, context),
      ),
    );
    const all = found.flat();
    const scaling = scalingOf(
      widths,
      found.map((own) => own.map((one) => one.distance)),
    );
    return {
      checks: [
        inRange("largest stable learning rate of the infinite network", limit, {
          theory: 0.0042,
          atLeast: 0.0036,
          atMost: 0.0048,
        }),
        always(
          `learning rate ${suggested}: networks whose loss grows more than tenfold within 30 steps`,
          all.filter((one) => one.diverged).length,
          all.length,
        ),
        always(
          `half the largest stable one: networks trained to a mean squared error of ${stopAt}`,
          all.filter((one) => one.trained).length,
          all.length,
        ),
        inRange("slope of the distance r from the kernel’s predictor in the width", scaling.law.exponent, {
          theory: -2,
          atLeast: -2.4,
          atMost: -1,
        }),
      ],
      tables: [
        {
          id: "distances",
          title: "Mean squared distance of trained networks from the predictor of their own kernel",
          columns: ["width", "mean", "standard error"],
          rows: widths.map((width, i) => [width, scaling.y[i]!, scaling.errors[i]!]),
        },
      ],
      figures: [
        {
          id: "distances",
          title: "Trained networks beside their own kernel’s predictor",
          caption: `Mean and standard error over ${networks} networks, on ${tests} new points, trained to a mean squared error of ${stopAt}.`,
          panels: [
            {
              x: { label: "width k", scale: "log", ticks: widths },
              y: { label: "r, mean squared distance", scale: "log" },
              marks: lawMarks("measured", scaling, 0),
            },
          ],
        },
      ],
      notes: [
        "Above the stable rate the loss explodes first. Networks of finite width may then end up where their kernel is smaller and train there: their linearization, which is what the theorem is about, diverges without end.",
        "The kernel of two layers with independent output weights changes by O(1/k) while it is fitted, so that this mean square falls like k⁻². A stop at a mean squared error of 10⁻³ puts a floor under it, and the slope comes out near −0.7.",
      ],
    };
  },
});

/** (1/d) Σ (xᵢ + sin 10xᵢ) */
function target(x: Float64Array): number {
  return x.reduce((sum, value) => sum + value + portable.sin(10 * value), 0) / x.length;
}

interface Setting {
  readonly x: Matrix;
  readonly y: Matrix;
  readonly xTest: Matrix;
  readonly width: number;
  readonly suggested: number;
  readonly stopAt: number;
  readonly key: Key;
}

async function measure({ x, y, xTest, width, suggested, stopAt, key }: Setting, context: RunContext) {
  const { engine, signal } = context;
  const network = twoLayerRelu(width, x.cols);
  const params = init(network, x.cols, { seed: key });
  const ntk = await empiricalNtk(network, params, x, null, { engine, signal });
  const cross = await empiricalNtk(network, params, xTest, x, { engine, signal });
  const at = (weights: typeof params, inputs: Matrix) => apply(network, weights, inputs, { engine }).data;
  const correction = await kernelFit(ntk, cross, columnOf(subtract(y.data, at(params, x))), context);
  const start = at(params, xTest);
  const predicted = correction.map((value, i) => value + start[i]!);
  const learningRate = (await maxLearningRate(ntk, { signal })) / 2;
  const stop = { learningRate, mse: stopAt, maxSteps: 4000, every: 20, engine, signal };
  const trained = await trainUntil(network, params, { x, y }, stop);
  const fast = await train(network, params, x, y, {
    steps: 30,
    learningRate: suggested,
    recordAt: range(31),
    engine,
    signal,
  });
  const losses = fast.records.map(({ loss }) => loss);
  return {
    distance: mse(at(trained.params, xTest), predicted),
    trained: trained.why === "trained",
    diverged: fast.status === "diverged" || Math.max(...losses) > 10 * losses[0]!,
  };
}
