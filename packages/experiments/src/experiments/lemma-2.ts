import { child, gram, portable, twoLayerReluKernel } from "ntkit";
import { inRange, never } from "../common/checks.ts";
import { spherePoints } from "../common/data-sets.ts";
import { inTurn, range, stretch } from "../common/in-turn.ts";
import { distancesFromLimit } from "../common/kernel-at-start.ts";
import { unitTwoLayerRelu } from "../common/networks.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count } from "../params.ts";

/** (n, ε, δ) */
const CASES = [
  [10, 0.3, 0.1],
  [20, 0.5, 0.1],
  [30, 0.5, 0.05],
] as const;

export const lemma2: AnyExperiment = experiment({
  id: "lemma-2",
  title: "A width of 2n²/ε² · ln(2n²/δ) keeps ‖H(0) − H*‖₂ below ε",
  items: ["B8"],
  source: "B, Lemma 2",
  claim:
    "With probability at least 1 − δ over the start, the kernel of a two-layer ReLU network of width m lies within ε of its expectation, once m is at least (2n²/ε²) ln(2n²/δ): Hoeffding's inequality for each of the n² entries, which lie in [−1, 1], with ε/n for each.",
  formulas: [
    "m\\ge\\frac{2n^2}{\\varepsilon^2}\\ln\\frac{2n^2}{\\delta}\\;\\Longrightarrow\\;\\Pr\\bigl[\\lVert H(0)-H^*\\rVert_2\\le\\varepsilon\\bigr]\\ge 1-\\delta",
  ],
  params: {
    d: count("dimensions of the sphere", 10, { min: 2, max: 1000 }),
    draws: count("networks for each case", 50, { quick: 5, min: 2 }),
  },
  async run({ d, draws }, context) {
    const cases = await inTurn(CASES, { signal: context.signal }, (given, i) =>
      measure(given, { d, draws, i }, stretch(context, i / CASES.length, (i + 1) / CASES.length)),
    );
    return {
      checks: cases.flatMap(({ n, epsilon, delta, width, worst, violations }) => [
        never(`n = ${n}, ε = ${epsilon}, δ = ${delta}, m = ${width}: draws beyond ε`, violations, draws),
        inRange(`n = ${n}: ε over the worst distance measured (how loose the bound is)`, epsilon / worst, {
          atLeast: 1,
        }),
      ]),
      tables: [
        {
          id: "certificates",
          title: "What Lemma 2 promises, and what is measured",
          columns: ["n", "ε", "δ", "width", "worst distance", "ε over worst"],
          rows: cases.map((one) => [one.n, one.epsilon, one.delta, one.width, one.worst, one.epsilon / one.worst]),
        },
      ],
      figures: [figure(cases, draws)],
      notes: [
        "Where the bound is loose: it takes each entry to be as bad as the worst, a union over all n² of them, and n times the largest entry for the norm.",
      ],
    };
  },
});

interface Measured {
  readonly n: number;
  readonly epsilon: number;
  readonly delta: number;
  readonly width: number;
  readonly distances: readonly number[];
  readonly worst: number;
  readonly violations: number;
}

async function measure(
  [n, epsilon, delta]: (typeof CASES)[number],
  { d, draws, i }: { readonly d: number; readonly draws: number; readonly i: number },
  context: RunContext,
): Promise<Measured> {
  const width = Math.ceil(((2 * n * n) / epsilon ** 2) * portable.log((2 * n * n) / delta));
  const x = spherePoints(child(child(context.key, 0), i), n, d);
  const limit = await gram(twoLayerReluKernel({ trained: "first", activationScale: 1 }), x);
  const seeds = child(child(context.key, 1), i);
  const distances = await distancesFromLimit(
    { network: unitTwoLayerRelu(width, d), x, limit },
    { seeds, draws },
    context,
  );
  const violations = distances.filter((distance) => distance > epsilon).length;
  return { n, epsilon, delta, width, distances, worst: Math.max(...distances), violations };
}

function figure(cases: readonly Measured[], draws: number) {
  const places = range(cases.length).map((i) => i + 1);
  return {
    id: "certificates",
    title: "What Lemma 2 promises, and what is measured",
    caption: `${draws} networks for each of (n, ε, δ) = (10, .3, .1), (20, .5, .1), (30, .5, .05), at the width that Lemma 2 asks for.`,
    panels: [
      {
        x: { label: "case", domain: [0.5, cases.length + 0.5] as const, ticks: places },
        y: { label: "‖H(0) − H*‖₂", scale: "log" as const },
        marks: [
          ...cases.map(({ epsilon }, i) => ({
            ...{ kind: "line" as const, label: "ε, the bound" },
            points: [[i + 0.7, epsilon] as const, [i + 1.3, epsilon] as const],
          })),
          {
            ...{ kind: "points" as const, label: "measured", size: 2.5 },
            points: cases.flatMap(({ distances }, i) =>
              distances.map((value, k) => [i + 1 + (k / (draws - 1) - 0.5) * 0.4, value] as const),
            ),
          },
        ],
      },
    ],
  };
}
