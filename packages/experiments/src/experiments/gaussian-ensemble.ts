import {
  apply,
  child,
  dense,
  gpInference,
  gradientDescentMseEnsemble,
  init,
  kernelFn,
  kernelRegression,
  type Layer,
  looAt,
  type Matrix,
  matrix,
  portable,
  relu,
  ridgePath,
  serial,
  takeRows,
  train,
} from "ntkit";
import { always, inRange } from "../common/checks.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { mean as average, quantile } from "../common/statistics.ts";
import { linspace } from "../common/vectors.ts";
import { type AnyExperiment, type Check, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Mark } from "../figure.ts";
import { count, counts, real } from "../params.ts";

const LEVELS = [0.1, 0.5, 0.9] as const;
/** Of the standard normal law, at the levels. */
const NORMAL_QUANTILES = [-1.2815515655446, 0, 1.2815515655446] as const;
const TRAINING_ANGLES = [-2.2, -0.8, 0.6, 2.1];
const LABELS = [0.5, -0.4, 0.3, 0.2];
const TEST_ANGLES = [-2.9, -1.5, 0, 1.4, 2.8];

export const gaussianEnsemble: AnyExperiment = experiment({
  id: "gaussian-ensemble",
  title: "Trained wide networks are draws of a Gaussian process",
  items: ["C7"],
  source: "C, on infinitely wide networks; Jacot, Gabriel, Hongler (2018), figure 2",
  claim:
    "Networks from random starts, trained by gradient descent on four points of the circle, predict at other points like draws of a Gaussian whose mean and covariance the tangent kernel and the prior kernel give.",
  formulas: [
    "f_t(x)\\sim\\mathcal N\\bigl(\\Theta_{td}Gy,\\;K_{tt}+TK_{dd}T^\\top-TK_{dt}-K_{td}T^\\top\\bigr),\\quad T=\\Theta_{td}G",
  ],
  params: {
    widths: counts("widths of the networks", [50, 1000], { quick: [50, 128], max: 2 ** 16 }),
    networks: count("networks of each width", 2000, { quick: 100, min: 20, max: 100_000 }),
    steps: count("steps of gradient descent", 400, { quick: 200 }),
    learningRate: real("learning rate", 0.3, { min: 1e-6, max: 1 }),
  },
  async run({ widths, networks, steps, learningRate }, context) {
    const theory = await theoryAt(
      [...TEST_ANGLES, ...linspace(-Math.PI, Math.PI, 121)],
      { steps, learningRate },
      context,
    );
    const jobs = widths.flatMap((width, i) => range(networks).map((draw) => ({ width, i, draw })));
    const [x, y, xTest] = [circle(TRAINING_ANGLES), labels(), circle(TEST_ANGLES)];
    const outputs = await inTurn(jobs, context, async ({ width, i, draw }) => {
      const start = init(network(width), 2, { seed: child(child(context.key, i), draw) });
      const { engine } = context;
      const { params } = await train(network(width), start, x, y, { steps, learningRate, recordAt: [], engine });
      return apply(network(width), params, xTest, { engine }).data;
    });
    const seen = widths.map((_, i) => {
      const own = outputs.slice(i * networks, (i + 1) * networks);
      return TEST_ANGLES.map((_, at) =>
        LEVELS.map((level) =>
          quantile(
            own.map((fx) => fx[at]!),
            level,
          ),
        ),
      );
    });
    const misses = seen.map((points) => largestMiss(points, theory));
    // Three standard errors of a sample quantile at the levels 10 and 90 %: √(p(1 − p)/n)/φ(z), φ(1.28) = 0.1755.
    const noise =
      (3 * Math.sqrt(0.09 / networks) * Math.max(...theory.deviations.slice(0, TEST_ANGLES.length))) / 0.1755;
    const enough = networks >= 2000;
    return {
      checks: [
        inRange(
          `width ${widths.at(-1)}: largest miss of the 10, 50 and 90 % quantiles${enough ? "" : ` (${networks} networks: 0.05 and 3 standard errors of a quantile)`}`,
          misses.at(-1)!,
          { theory: 0, atMost: enough ? 0.05 : 0.05 + noise },
        ),
        inRange(
          `width ${widths.at(-1)}: largest difference of a correlation between two angles`,
          correlationGap(outputs.slice(-networks), theory),
          { theory: 0, atMost: 0.05 + 4 / Math.sqrt(networks) },
        ),
        ...(await exactChecks(context)),
      ],
      tables: [
        {
          id: "quantiles",
          title: "Quantiles of the networks' outputs beside the Gaussian",
          columns: ["width", "angle", "level", "measured", "theory"],
          rows: widths.flatMap((width, w) =>
            TEST_ANGLES.flatMap((angle, i) =>
              LEVELS.map((level, q) => [width, angle, level, seen[w]![i]![q]!, quantileOf(theory, i, q)]),
            ),
          ),
        },
      ],
      figures: [figureOf(widths, seen, theory, networks)],
      notes: [
        `Largest misses of a quantile by width: ${widths.map((k, i) => `${k}: ${misses[i]!.toPrecision(2)}`).join(", ")}.`,
      ],
    };
  },
});

interface Theory {
  readonly angles: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  readonly covariance: Matrix;
}

const circle = (angles: readonly number[]): Matrix =>
  matrix(angles.length, 2, Float64Array.from(angles.flatMap((a) => [portable.cos(a), portable.sin(a)])));
const labels = (): Matrix => matrix(LABELS.length, 1, Float64Array.from(LABELS));
const network = (width: number): Layer =>
  serial(dense({ width, wStd: 1.4, bStd: 0.3 }), relu(), dense({ width: 1, wStd: 1.2 }));

async function kernelsOf(xTest: Matrix, { signal }: RunContext) {
  const kernel = kernelFn(network(1));
  const both = (a: Matrix, b: Matrix | null) => kernel(a, b, ["nngp", "ntk"], { signal });
  const x = circle(TRAINING_ANGLES);
  return { kTrainTrain: await both(x, null), kTestTrain: await both(xTest, x), kTestTest: await both(xTest, null) };
}

async function theoryAt(
  angles: readonly number[],
  { steps, learningRate }: { readonly steps: number; readonly learningRate: number },
  context: RunContext,
): Promise<Theory> {
  const { engine, signal } = context;
  const blocks = await kernelsOf(circle(angles), context);
  const descent = solved(
    await gradientDescentMseEnsemble(blocks, labels(), { get: "ntk", learningRate, engine, signal }),
  );
  const { mean, variance, covariance } = await descent.at(steps, { signal });
  return { angles, means: [...mean.data], deviations: Array.from(variance!, Math.sqrt), covariance: covariance! }; // kTestTest was given
}

function quantileOf({ means, deviations }: Theory, at: number, level: number): number {
  return means[at]! + NORMAL_QUANTILES[level]! * deviations[at]!;
}

function largestMiss(points: readonly (readonly number[])[], theory: Theory): number {
  return Math.max(...points.flatMap((own, i) => own.map((value, q) => Math.abs(value - quantileOf(theory, i, q)))));
}

/** Of covariances of the networks' outputs, divided by the deviations of theory. */
function correlationGap(outputs: readonly Float64Array[], { deviations, covariance }: Theory): number {
  const centers = TEST_ANGLES.map((_, i) => average(outputs.map((fx) => fx[i]!)));
  const gaps = TEST_ANGLES.flatMap((_, i) =>
    TEST_ANGLES.map((_other, j) => {
      const measured = average(outputs.map((fx) => (fx[i]! - centers[i]!) * (fx[j]! - centers[j]!)));
      return Math.abs(measured - covariance.data[i * covariance.cols + j]!) / (deviations[i]! * deviations[j]!);
    }),
  );
  return Math.max(...gaps);
}

/** Leave-one-out beside refitting, and posterior beside prior variance. */
async function exactChecks(context: RunContext): Promise<Check[]> {
  const { engine, signal } = context;
  const angles = linspace(-Math.PI, Math.PI, 100);
  const blocks = await kernelsOf(circle(angles), context);
  const k = blocks.kTrainTrain.nngp;
  const diagReg = 0.01;
  const shortcut = solved(await looAt(await ridgePath(k, labels(), { engine, signal }), diagReg, { signal }));
  const gaps = await inTurn(range(LABELS.length), { signal }, async (left) => {
    const kept = range(LABELS.length).filter((i) => i !== left);
    const inner = matrix(3, 3, Float64Array.from(kept.flatMap((i) => kept.map((j) => k.data[i * 4 + j]!))));
    const { alpha } = solved(await kernelRegression(inner, takeRows(labels(), kept), { diagReg, engine, signal }));
    const predicted = kept.reduce((sum, j, at) => sum + k.data[left * 4 + j]! * alpha.data[at]!, 0);
    return Math.abs(LABELS[left]! - predicted - shortcut.residuals.data[left]!);
  });
  const posterior = solved(await gpInference(blocks, labels(), { get: "nngp", engine, signal }));
  const prior = blocks.kTestTest.nngp;
  const below = angles.filter((_, i) => posterior.variance![i]! <= prior.data[i * prior.cols + i]!).length;
  return [
    inRange("leave-one-out residuals: largest gap between the shortcut and refitting", Math.max(...gaps), {
      atMost: 1e-10,
    }),
    always("variance of the prior kernel's posterior at most the prior variance, at angles", below, angles.length),
  ];
}

function figureOf(
  widths: readonly number[],
  seen: readonly (readonly (readonly number[])[])[],
  theory: Theory,
  networks: number,
): Figure {
  const curve = range(theory.angles.length).slice(TEST_ANGLES.length);
  const angles = curve.map((i) => theory.angles[i]!);
  const marks = (points: readonly (readonly number[])[]): Mark[] => [
    {
      ...{ kind: "band", label: "theory: 10 to 90 %", x: angles },
      ...{ low: curve.map((i) => quantileOf(theory, i, 0)), high: curve.map((i) => quantileOf(theory, i, 2)) },
    },
    { kind: "line", label: "theory: mean", points: curve.map((i) => [theory.angles[i]!, theory.means[i]!] as const) },
    {
      ...{ kind: "points", label: "networks: 10, 50, 90 %" },
      points: TEST_ANGLES.map((angle, i) => [angle, points[i]![1]!] as const),
      ...{ low: points.map((own) => own[0]!), high: points.map((own) => own[2]!) },
    },
    {
      ...{ kind: "points", label: "training points", symbol: "times" },
      points: TRAINING_ANGLES.map((angle, i) => [angle, LABELS[i]!] as const),
    },
  ];
  return {
    id: "ensemble",
    title: "Trained networks on the circle",
    caption: `Medians of ${networks} trained networks, bars from the 10 to the 90 % quantile; the band is exact, of infinite width.`,
    panels: widths.map((width, i) => ({
      title: `width ${width}`,
      x: { label: "angle (radians)" },
      y: { label: "f" },
      marks: marks(seen[i]!),
    })),
  };
}
