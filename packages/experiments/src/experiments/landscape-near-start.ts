import {
  child,
  dense,
  empiricalNtk,
  flattenParams,
  hvp,
  init,
  type Key,
  type Layer,
  largestEigenvalue,
  logSpacedSteps,
  type Matrix,
  maxLearningRate,
  normal,
  type Params,
  serial,
  squaredLoss,
  tanh,
  train,
  unflattenParams,
} from "ntkit";
import { inRange } from "../common/checks.ts";
import { circleLift, columnOf, interval, wave } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { solved } from "../common/solved.ts";
import { median } from "../common/statistics.ts";
import { norm, subtract } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count, counts } from "../params.ts";

export const landscapeNearStart: AnyExperiment = experiment({
  id: "landscape-near-start",
  title: "Around the start of a wide network the loss is nearly convex, and a solution is near",
  items: ["B9"],
  source: "B, discussion of overparametrization",
  claim:
    "As the width m grows, the loss near the start looks more and more convex: its most negative curvature along the path of gradient descent vanishes relative to the largest. A wide network finds a solution within a small neighbourhood of its start; a narrow one has none near.",
  formulas: [
    "\\frac{-\\lambda_{\\min}(\\nabla^2L(w_t))}{\\lambda_{\\max}(\\nabla^2L(w_t))}\\to0,\\qquad\\frac{\\lVert w_t-w_0\\rVert}{\\lVert w_0\\rVert}\\to0\\qquad(m\\to\\infty)",
  ],
  params: {
    n: count("points of t + sin 10t on the circle", 8, { min: 3, max: 30 }),
    widths: counts("widths m", [4, 16, 64, 256, 1024, 4096], { quick: [4, 16, 64, 256, 1024], max: 2 ** 16 }),
    networks: count("networks of each width", 7, { quick: 3 }),
    steps: count("steps of gradient descent", 3000, { quick: 600, min: 8 }),
  },
  async run({ n, widths, networks, steps }, context) {
    const t = interval(child(context.key, 0), n);
    const [x, y] = [circleLift(t), columnOf(t, wave)];
    const found = await inTurn(widths, context, (width, i) =>
      inTurn(range(networks), { signal: context.signal }, (draw) =>
        measure({ x, y, width, steps, key: child(child(child(context.key, 1), i), draw) }, context),
      ),
    );
    const wide = widths.map((width, i) => ({ width, i })).filter(({ width }) => width >= 64);
    const sizes = wide.map(({ width }) => width);
    const concavity = scalingOf(
      sizes,
      wide.map(({ i }) => found[i]!.map((one) => one.concavity)),
    );
    const movement = scalingOf(
      sizes,
      wide.map(({ i }) => found[i]!.map((one) => one.movement)),
    );
    const left = found.map((own) => median(own.map((one) => one.inside)));
    return {
      checks: [
        inRange("slope of −λ_min/λ_max of the Hessian along the path, widths from 64", concavity.law.exponent, {
          theory: -0.5,
          atMost: -0.3,
        }),
        inRange("slope of the relative movement ‖w − w₀‖/‖w₀‖, widths from 64", movement.law.exponent, {
          theory: -0.5,
          atMost: -0.35,
        }),
        inRange(
          `share of the loss left within a tenth of ‖w₀‖, width ${widths[0]} over width ${widths.at(-1)} (medians)`,
          left[0]! / left.at(-1)!,
          { atLeast: 1.5 },
        ),
        inRange(`relative movement at width ${widths.at(-1)}`, movement.y.at(-1)!, { atMost: 0.5 }),
      ],
      tables: [
        {
          id: "widths",
          title: "Medians over the networks",
          columns: ["width", "−λ_min/λ_max", "relative movement", "share of the loss left within a tenth of ‖w₀‖"],
          rows: widths.map((width, i) => [
            width,
            median(found[i]!.map((one) => one.concavity)),
            median(found[i]!.map((one) => one.movement)),
            left[i]!,
          ]),
        },
      ],
      figures: [figure({ widths, found, concavity, movement, networks, steps })],
    };
  },
});

const RADIUS = 0.1;

interface Setting {
  readonly x: Matrix;
  readonly y: Matrix;
  readonly width: number;
  readonly steps: number;
  readonly key: Key;
}

interface Measured {
  /** Largest over points of the path. */
  readonly concavity: number;
  readonly movement: number;
  /** Least loss on the path while ‖w − w₀‖ ≤ RADIUS ‖w₀‖, relative to the start. */
  readonly inside: number;
}

async function measure({ x, y, width, steps, key }: Setting, { engine, signal }: RunContext): Promise<Measured> {
  const network = serial(dense({ width, wStd: Math.SQRT2 }), tanh(), dense({ width: 1 }));
  const params = init(network, 2, { seed: child(key, 0) });
  const ntk = await empiricalNtk(network, params, x, null, { engine, signal });
  const learningRate = (await maxLearningRate(ntk)) / 2;
  const records = logSpacedSteps(steps, 40);
  const path: Params[] = [];
  const run = await train(network, params, x, y, {
    ...{
      steps,
      learningRate,
      engine,
      signal,
      recordAt: records,
    },
    onRecord: ({ step }, now) => {
      if (records.indexOf(step) % 6 === 0) path.push(unflattenParams(params, flattenParams(now).slice()));
    },
  });
  signal?.throwIfAborted();
  const ratios = await inTurn(path, { signal }, (at) => concavityAt(network, at, { x, y, key: child(key, 1) }));
  const start = flattenParams(params);
  return {
    concavity: Math.max(...ratios),
    movement: norm(subtract(flattenParams(run.params), start)) / norm(start),
    inside:
      Math.min(...run.records.filter((one) => one.movement <= RADIUS).map(({ loss }) => loss)) / run.records[0]!.loss,
  };
}

/** −λ_min/λ_max of the Hessian of half the sum of squares: the end of largest size by Lanczos, then the other by a shift. */
async function concavityAt(
  network: Layer,
  params: Params,
  { x, y, key }: Pick<Setting, "x" | "y" | "key">,
): Promise<number> {
  const size = flattenParams(params).length;
  const loss = squaredLoss();
  const times = (v: Float64Array) => flattenParams(hvp(network, params, x, y, loss, unflattenParams(params, v)));
  const options = { tolerance: 1e-4, maxSteps: 60 };
  const largest = solved(await largestEigenvalue((v, out) => out.set(times(v)), normal(key, size), options)).eigenvalue;
  const shifted = await largestEigenvalue(
    (v, out) => {
      const product = times(v);
      for (let i = 0; i < size; i++) out[i] = product[i]! - largest * v[i]!;
    },
    normal(child(key, 0), size),
    options,
  );
  return Math.max(0, -(solved(shifted).eigenvalue + largest)) / largest;
}

interface Shown {
  readonly widths: readonly number[];
  readonly found: readonly (readonly Measured[])[];
  readonly concavity: ReturnType<typeof scalingOf>;
  readonly movement: ReturnType<typeof scalingOf>;
  readonly networks: number;
  readonly steps: number;
}

function figure({ widths, found, concavity, movement, networks, steps }: Shown): Figure {
  const narrow = widths.map((width, i) => ({ width, i })).filter(({ width }) => width < 64);
  const others = (get: (one: Measured) => number) =>
    narrow.map(({ width, i }): Point => [width, found[i]!.reduce((sum, one) => sum + get(one), 0) / networks]);
  return {
    id: "widths",
    title: "Around the start, by width",
    caption: `Means and standard errors over ${networks} tanh networks, ${steps} steps of gradient descent. Slopes are fitted from width 64.`,
    panels: [
      {
        x: { label: "width m", scale: "log", ticks: widths },
        y: { label: "relative to λ_max, to ‖w₀‖", scale: "log" },
        marks: [
          ...lawMarks("−λ_min/λ_max on the path", concavity, 0),
          { kind: "points", color: 0, points: others((one) => one.concavity) },
          ...lawMarks("movement ‖w − w₀‖/‖w₀‖", movement, 1),
          { kind: "points", color: 1, points: others((one) => one.movement) },
        ],
      },
    ],
  };
}
