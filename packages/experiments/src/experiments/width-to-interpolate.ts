import {
  child,
  countParams,
  empiricalNtk,
  init,
  type Key,
  type Matrix,
  matrix,
  maxLearningRate,
  normal,
  train,
} from "ntkit";
import { inRange } from "../common/checks.ts";
import { spherePoints } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks } from "../common/marks.ts";
import { twoLayerRelu } from "../common/networks.ts";
import { median, powerLaw, powerLine } from "../common/statistics.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count, counts, real } from "../params.ts";

export const widthToInterpolate: AnyExperiment = experiment({
  id: "width-to-interpolate",
  title: "Gradient descent reaches zero training error at widths far below N³",
  items: ["A3", "A4"],
  source: "A, over-parametrisation and its informal theorem",
  claim:
    "An over-parametrised network trained from a random start fits any N labels. The slide's theorem asks for a width of about N³; the papers behind it prove powers of N that are larger still, or none. What is measured grows far more slowly.",
  formulas: ["m\\gtrsim N^3\\;\\Longrightarrow\\;\\mathcal L(w_t)\\to 0"],
  params: {
    sizes: counts("numbers N of examples", [5, 10, 20, 40, 80], { quick: [4, 8, 16, 32], min: 2, max: 500 }),
    d: count("dimensions of the sphere", 5, { min: 2, max: 100 }),
    steps: count("steps at most", 6000, { quick: 2000, min: 100 }),
    goal: real("mean squared error that counts as zero, of labels ±1", 0.01, { min: 1e-6, max: 0.5 }),
    draws: count("data sets of each size", 7, { quick: 3 }),
  },
  async run({ sizes, d, steps, goal, draws }, context) {
    const found = await inTurn(sizes, context, (n, i) =>
      inTurn(range(draws), { signal: context.signal }, (draw) =>
        smallestWidth({ key: child(child(context.key, i), draw), n, d, steps, goal }, context),
      ),
    );
    const medians = found.map(median);
    const law = powerLaw(sizes, medians);
    const [most, last] = [sizes.at(-1)!, medians.at(-1)!];
    return {
      checks: [
        inRange("exponent of the width that suffices in N", law.exponent, { theory: 3, atMost: 2 }),
        inRange(`N³ over the width that suffices at N = ${most}`, most ** 2 * (most / last), { atLeast: 100 }),
        inRange(
          `weights over N at the width that suffices, N = ${most}: over-parametrised`,
          countParams(init(twoLayerRelu(Math.round(last), d), d, { seed: 0 })) / most,
          { atLeast: 1 },
        ),
      ],
      tables: [
        {
          id: "widths",
          title: "Smallest width that fits random labels",
          columns: ["N", "median", "smallest", "largest", "N³"],
          rows: sizes.map((n, i) => [n, medians[i]!, Math.min(...found[i]!), Math.max(...found[i]!), n * n * n]),
        },
      ],
      figures: [figure(sizes, found, law, draws)],
      notes: [
        "The theorem is loose as stated: Jacot et al. prove a limit, Du et al. a width of order N⁶, Arora et al. a polynomial. None of them says N³ for any depth.",
      ],
    };
  },
});

interface Task {
  readonly key: Key;
  readonly n: number;
  readonly d: number;
  readonly steps: number;
  readonly goal: number;
}

/** 1, 2, 3, 4, 6, 8, 12, 16, … */
const WIDTHS = range(24)
  .map((k) => (k % 2 === 0 ? 2 ** (k / 2) : 3 * 2 ** ((k - 1) / 2 - 1)))
  .filter(Number.isInteger);

/** The first width at which gradient descent gets there; the largest tried where none does. */
async function smallestWidth({ key, n, d, steps, goal }: Task, { engine, signal }: RunContext): Promise<number> {
  const x = spherePoints(child(key, 0), n, d);
  const y: Matrix = matrix(
    n,
    1,
    normal(child(key, 1), n).map((value) => (value < 0 ? -1 : 1)),
  );
  for (const width of WIDTHS) {
    const network = twoLayerRelu(width, d);
    const params = init(network, d, {
      seed: child(child(key, 2), width),
      pairs: width % 2 === 0 ? "antisymmetric" : undefined,
    });
    const ntk = await empiricalNtk(network, params, x, null, { engine, signal });
    const learningRate = (await maxLearningRate(ntk)) / 2;
    if (learningRate === Number.POSITIVE_INFINITY) continue; // no unit is active on any example
    const run = await train(network, params, x, y, { steps, learningRate, recordAt: [steps], engine, signal });
    signal?.throwIfAborted();
    if (run.status === "done" && run.records.at(-1)!.mse < goal) return width;
  }
  return WIDTHS.at(-1)!;
}

function figure(
  sizes: readonly number[],
  found: readonly (readonly number[])[],
  law: ReturnType<typeof powerLaw>,
  draws: number,
): Figure {
  return {
    id: "widths",
    title: "Width that fits N random labels",
    caption: `Large points: medians over ${draws} data sets; small ones: each of them. Widths tried: 1, 2, 3, 4, 6, 8, 12, …`,
    panels: [
      {
        x: { label: "examples N", scale: "log", ticks: sizes },
        y: { label: "width m", scale: "log" },
        marks: [
          {
            kind: "line",
            label: "the slide's N³",
            color: 6,
            points: powerLine({ exponent: 3, factor: 1, error: 0 }, sizes),
          },
          ...lawMarks("fit", { x: sizes, y: found.map(median), law }, 0),
          {
            kind: "points",
            color: 1,
            size: 2,
            points: found.flatMap((own, i) => own.map((width): Point => [sizes[i]!, width])),
          },
        ],
      },
    ],
  };
}
