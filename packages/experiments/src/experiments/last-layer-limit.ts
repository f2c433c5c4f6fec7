import {
  apply,
  child,
  dense,
  fromRows,
  init,
  type Key,
  kernelFn,
  type Layer,
  type Matrix,
  relu,
  serial,
  train,
} from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { circleLift, columnOf, interval, wave } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { kernelFit, leastNormFit } from "../common/interpolation.ts";
import { lawMarks, type Scaling, scalingOf } from "../common/marks.ts";
import { mean, median, powerLaw } from "../common/statistics.ts";
import { linspace, minus, norm, rms } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure } from "../figure.ts";
import { count, counts } from "../params.ts";

export const lastLayerLimit: AnyExperiment = experiment({
  id: "last-layer-limit",
  title: "Training the last layer is kernel regression, with the NNGP in the limit",
  items: ["E11", "E12"],
  source: "E, step 4, Example 1, Definition 1 and Proposition 1",
  claim:
    "With the first layer kept at its random start, training the last layer to the end from 0 is kernel regression with the inner products of the hidden units; divided by the width k these tend to the NNGP, at a distance of order k^(−1/2).",
  formulas: [
    "\\Sigma_k(x,\\tilde x)=\\frac1k\\langle\\phi(Bx),\\phi(B\\tilde x)\\rangle\\;\\to\\;\\Sigma(x,\\tilde x)=\\mathbb E_{(u,v)\\sim\\mathcal N(0,\\Lambda)}[\\phi(u)\\phi(v)]",
    "\\Lambda=\\begin{pmatrix}\\lVert x\\rVert^2&x^\\top\\tilde x\\\\x^\\top\\tilde x&\\lVert\\tilde x\\rVert^2\\end{pmatrix}",
  ],
  params: {
    n: count("points of t + sin 10t on the circle", 8, { min: 3, max: 40 }),
    widths: counts("widths k", [64, 256, 1024, 4096, 16_384], { quick: [64, 256, 1024, 4096], max: 2 ** 18 }),
    networks: count("networks of each width", 100, { quick: 60, min: 2 }),
  },
  async run({ n, widths, networks }, context) {
    const t = interval(child(context.key, 0), n);
    const data = { x: circleLift(t), y: columnOf(t, wave), grid: circleLift(linspace(-1, 1, 101)) };
    const kernel = kernelFn(serial(hidden(1), dense({ width: 1 })));
    const limit = await kernel(data.x, null, "nngp");
    const limitFit = await kernelFit(limit, await kernel(data.grid, data.x, "nngp"), data.y, context);
    const found = await inTurn(widths, context, (width, i) =>
      inTurn(range(networks), { signal: context.signal }, (draw) =>
        measure({ ...data, limit, limitFit, width, key: child(child(child(context.key, 1), i), draw) }, context),
      ),
    );
    const gap = scalingOf(
      widths,
      found.map((own) => own.map((one) => one.gap)),
    );
    const middle = found.map((own) => median(own.map((one) => one.fit)));
    const fit = { x: widths, y: middle, law: powerLaw(widths, middle) };
    const worst = (get: (one: Measured) => number) => Math.max(...found.flatMap((own) => own.map(get)));
    const descended = await descent(child(context.key, 2), context);
    return {
      checks: [
        inRange(
          "least norm on hidden units against regression with their inner products: largest rms on a grid",
          worst((one) => one.roads),
          { theory: 0, atMost: 1e-6 },
        ),
        near(
          "gradient descent on the last layer, three points: rms from their targets, which regression meets, after 3000 steps",
          descended,
          0,
          1e-6,
        ),
        inRange("slope of ‖Σₖ − Σ‖/‖Σ‖ in the width", gap.law.exponent, {
          theory: -0.5,
          atLeast: -0.55,
          atMost: -0.45,
        }),
        inRange("slope of the distance of predictions from the NNGP's", fit.law.exponent, {
          theory: -0.5,
          atLeast: -0.7,
          atMost: -0.3,
        }),
        inRange(
          "Example 1 as printed, without 1/k: kernel over the limit at the first point, widest networks",
          mean(found.at(-1)!.map((one) => one.printed)),
          { theory: widths.at(-1)!, atLeast: 0.9 * widths.at(-1)! },
        ),
      ],
      tables: [
        {
          id: "widths",
          title: "Distance from the NNGP",
          columns: ["width", "kernel", "standard error", "predictions (median)"],
          rows: widths.map((width, i) => [width, gap.y[i]!, gap.errors[i]!, fit.y[i]!]),
        },
      ],
      figures: [figure(gap, fit, networks)],
      notes: [
        "Example 1 writes the kernel without 1/k, Definition 1 with it. Regression without a ridge is the same for both; the limit exists only with it.",
      ],
    };
  },
});

function figure(gap: Scaling, fit: Scaling, networks: number): Figure {
  return {
    id: "widths",
    title: "Random features tend to the NNGP",
    caption: `Means with standard errors, and medians of predictions, over ${networks} random first layers; the last layer trained without end, predictions on a grid.`,
    panels: [
      {
        x: { label: "width k", scale: "log" },
        y: { label: "relative distance; rms", scale: "log" },
        marks: [...lawMarks("kernel, ‖Σₖ − Σ‖/‖Σ‖", gap, 0), ...lawMarks("predictions, rms", fit, 1)],
      },
    ],
  };
}

/** √2 relu(Bx) for inputs in the plane, so that Σ(x, x) = 1 on the circle. */
function hidden(width: number): Layer {
  return serial(dense({ width, wStd: 2 }), relu());
}

interface Setting {
  readonly x: Matrix;
  readonly y: Matrix;
  readonly grid: Matrix;
  readonly limit: Matrix;
  readonly limitFit: Float64Array;
  readonly width: number;
  readonly key: Key;
}

interface Measured {
  readonly roads: number;
  readonly gap: number;
  readonly fit: number;
  readonly printed: number;
}

async function measure({ x, y, grid, limit, limitFit, width, key }: Setting, context: RunContext): Promise<Measured> {
  const { engine, signal } = context;
  const params = init(hidden(width), 2, { seed: key });
  const features = (inputs: Matrix) => apply(hidden(width), params, inputs, { engine });
  const [own, other] = [features(x), features(grid)];
  const inner = async (a: Matrix): Promise<Matrix> => {
    const product = await engine.matmul(a, own, { transposeB: true, signal });
    return { ...product, data: product.data.map((value) => value / width) };
  };
  const kernel = await inner(own);
  const byKernel = await kernelFit(kernel, await inner(other), y, context);
  const byWeights = await leastNormFit({ train: own, y, test: other }, context);
  return {
    roads: rms(byKernel, byWeights),
    gap: norm(minus(kernel, limit).data) / norm(limit.data),
    fit: rms(byKernel, limitFit),
    printed: (kernel.data[0]! * width) / limit.data[0]!,
  };
}

/** Trains the last layer by gradient descent, from outputs of 0, on three points far apart, so that it ends soon: what it lacks. */
async function descent(key: Key, { engine, signal }: RunContext): Promise<number> {
  const points = [
    [1, 0],
    [-0.5, 0.8],
    [-0.5, -0.8],
  ] as const;
  const [x, y] = [fromRows(points), columnOf(points.map(([first]) => wave(first)))];
  const network = serial(hidden(64), dense({ width: 1 }));
  const params = init(network, 2, { seed: key, pairs: "antisymmetric" });
  const { params: trained } = await train(network, params, x, y, {
    ...{ steps: 3000, trainable: "last", recordAt: [], engine, signal },
  });
  return rms(apply(network, trained, x).data, y.data);
}
