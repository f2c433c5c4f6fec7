import {
  alphaAt,
  appendBias,
  child,
  gradientDescentMse,
  gram,
  type Key,
  type Matrix,
  portable,
  row,
  twoLayerReluKernel,
} from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { columnOf, normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks } from "../common/marks.ts";
import { solved } from "../common/solved.ts";
import { powerLaw } from "../common/statistics.ts";
import { linspace, logspace, mse, times } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count } from "../params.ts";

/** Functions of inputs in five dimensions, and the standard deviation of the noise on them. */
const TASKS: readonly { readonly name: string; readonly noise: number; readonly f: (x: Float64Array) => number }[] = [
  { name: "x₁", noise: 1, f: (x) => x[0]! },
  { name: "sin 2x₁", noise: 0.5, f: (x) => portable.sin(2 * x[0]!) },
  { name: "x₁x₂", noise: 0.5, f: (x) => x[0]! * x[1]! },
  { name: "|x₁|", noise: 0.5, f: (x) => Math.abs(x[0]!) },
  { name: "sign x₁", noise: 0.5, f: (x) => (x[0]! < 0 ? -1 : 1) },
  { name: "‖x‖", noise: 0.3, f: (x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)) },
  { name: "e^(−x₁²)", noise: 0.3, f: (x) => portable.exp(-x[0]! * x[0]!) },
  { name: "x₁ + sin 3x₂", noise: 0.7, f: (x) => x[0]! + portable.sin(3 * x[1]!) },
  { name: "max(x₁, x₂)", noise: 1, f: (x) => Math.max(x[0]!, x[1]!) },
  { name: "x₁²/2 − x₂", noise: 1, f: (x) => (x[0]! * x[0]!) / 2 - x[1]! },
];

export const earlyStoppingRidge: AnyExperiment = experiment({
  id: "early-stopping-ridge",
  title: "Stopping early and a ridge do the same: λ ≈ 1/(ηt)",
  items: ["C6", "E9"],
  source: "Ali, Kolter, Tibshirani (2019); A and E, gradient descent as kernel regression",
  claim:
    "On noisy labels gradient flow that is stopped at the best time and ridge regression with the best ridge reach nearly the same test error, because a mode is fitted by the share 1 − e^(−ηtλᵢ) of the one and λᵢ/(λᵢ + λ) of the other: nearly the same at λ = 1/(ηt).",
  formulas: [
    "1-e^{-\\eta t\\lambda_i}\\;\\approx\\;\\frac{\\lambda_i}{\\lambda_i+\\lambda},\\qquad\\lambda\\sim\\frac1{\\eta t}",
  ],
  params: {
    n: count("training examples", 120, { quick: 80, min: 10, max: 1000 }),
    tests: count("test examples, with noise", 1000, { quick: 400, min: 10 }),
    grid: count("times, and ridges, equally spaced in the logarithm", 80, { quick: 50, min: 10, max: 1000 }),
  },
  async run({ n, tests, grid }, context) {
    const found = await inTurn(TASKS, context, (task, i) =>
      measure({ task, n, tests, grid, key: child(context.key, i) }, context),
    );
    const within = found.filter(({ stopped, ridged }) => Math.abs(stopped.mse / ridged.mse - 1) <= 0.03).length;
    const matches = found.flatMap((own) => own.matches);
    const law = powerLaw(
      matches.map(([t]) => t),
      matches.map(([, ridge]) => ridge),
    );
    return {
      checks: [
        inRange(`tasks of ${TASKS.length} whose best test errors agree within 3 %`, within, { atLeast: 8 }),
        near("exponent of the ridge in the time whose fit is nearest", law.exponent, -1, 0.1),
        inRange(
          "geometric mean of ληt at those pairs",
          portable.exp(matches.reduce((sum, [t, ridge]) => sum + portable.log(t * ridge), 0) / matches.length),
          { theory: 1, atLeast: 0.3, atMost: 3 },
        ),
      ],
      tables: [
        {
          id: "tasks",
          title: "Best test error of either",
          columns: ["target", "noise", "stopped early", "ηt", "ridge", "λ", "stopped over ridge"],
          rows: found.map(({ stopped, ridged }, i) => [
            TASKS[i]!.name,
            TASKS[i]!.noise,
            stopped.mse,
            stopped.at,
            ridged.mse,
            ridged.at,
            stopped.mse / ridged.mse,
          ]),
        },
      ],
      figures: [figure(found, matches, law)],
    };
  },
});

interface Best {
  readonly at: number;
  readonly mse: number;
}

interface Measured {
  readonly stopped: Best;
  readonly ridged: Best;
  /** A ridge, and the time whose predictions are nearest to its. */
  readonly matches: readonly Point[];
  readonly byTime: readonly Point[];
  readonly byRidge: readonly Point[];
}

interface Setting {
  readonly task: (typeof TASKS)[number];
  readonly n: number;
  readonly tests: number;
  readonly grid: number;
  readonly key: Key;
}

async function measure({ task, n, tests, grid, key }: Setting, { engine, signal }: RunContext): Promise<Measured> {
  const [x, xTest] = [normalMatrix(child(key, 0), n, 5), normalMatrix(child(key, 1), tests, 5)];
  const noise = normalMatrix(child(key, 2), n, 1).data;
  const y = columnOf(range(n).map((i) => task.f(row(x, i)) + task.noise * noise[i]!));
  const testNoise = normalMatrix(child(key, 3), tests, 1).data;
  const truth = Float64Array.from(range(tests), (i) => task.f(row(xTest, i)) + task.noise * testNoise[i]!);
  const kernel = twoLayerReluKernel();
  const k = await gram(kernel, appendBias(x));
  const kTestTrain: Matrix = await gram(kernel, appendBias(xTest), appendBias(x));
  const descent = solved(await gradientDescentMse(k, y, { engine, signal }));
  const { values } = descent.path;
  const ridges = logspace(0.1 * values[0]!, 10 * values.at(-1)!, grid);
  const timesOf = ridges.map((ridge) => 1 / ridge);
  const byTime = (await descent.at(timesOf, { kTestTrain }, { signal })).map((one) => one.fxTest!.data); // kTestTrain was given
  const byRidge = await inTurn(ridges, { signal }, async (ridge) =>
    times(kTestTrain, (await alphaAt(descent.path, ridge, { engine, signal })).data),
  );
  const [errorsByTime, errorsByRidge] = [byTime, byRidge].map((all) => all.map((fx) => mse(fx, truth))) as [
    number[],
    number[],
  ];
  const nearest = byRidge.map((fx) => {
    const gaps = byTime.map((other) => mse(fx, other));
    return gaps.indexOf(Math.min(...gaps));
  });
  // At the ends of the grid a time may have no ridge beside it.
  const inner = range(grid).filter((i) => i >= grid / 5 && i < (4 * grid) / 5);
  return {
    stopped: best(timesOf, errorsByTime),
    ridged: best(ridges, errorsByRidge),
    matches: inner.map((i): Point => [timesOf[nearest[i]!]!, ridges[i]!]),
    byTime: timesOf.map((t, i): Point => [1 / t, errorsByTime[i]!]),
    byRidge: ridges.map((ridge, i): Point => [ridge, errorsByRidge[i]!]),
  };
}

function best(at: readonly number[], errors: readonly number[]): Best {
  const least = Math.min(...errors);
  return { at: at[errors.indexOf(least)]!, mse: least };
}

function figure(found: readonly Measured[], matches: readonly Point[], law: ReturnType<typeof powerLaw>): Figure {
  const [first] = found;
  const ends = [Math.min(...matches.map(([t]) => t)), Math.max(...matches.map(([t]) => t))];
  const [line] = lawMarks("fit", { x: ends, y: ends, law }, 0);
  return {
    id: "correspondence",
    title: "Early stopping and ridge",
    caption:
      "Left: the time whose predictions come nearest to those of a ridge, all tasks. Right: test error of the first task, x₁ with noise, against λ and against 1/(ηt).",
    panels: [
      {
        x: { label: "time ηt", scale: "log" },
        y: { label: "ridge λ", scale: "log" },
        marks: [
          {
            kind: "line",
            label: "λ = 1/(ηt)",
            color: 6,
            points: linspace(0, 1, 2).map((share): Point => [ends[share]!, 1 / ends[share]!]),
          },
          line!,
          { kind: "points", label: "nearest predictions", color: 0, size: 1.5, points: matches },
        ],
      },
      {
        x: { label: "λ, or 1/(ηt)", scale: "log" },
        y: { label: "test MSE" },
        marks: [
          { kind: "line", label: "ridge", color: 1, points: first!.byRidge },
          { kind: "line", label: "stopped early", color: 2, dashed: true, points: first!.byTime },
        ],
      },
    ],
  };
}
