import { child, linearMaxLearningRate, linearRegression, type Matrix, minNormWeights } from "ntkit";
import { always, inRange } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { addScaled, norm, subtract, times, transposedTimes } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count } from "../params.ts";

/** (n, d): fewer, as many and more examples than dimensions. */
const REGIMES = [
  { n: 12, d: 30, name: "n < d: the interpolant of least norm" },
  { n: 12, d: 12, name: "n = d: the solution" },
  { n: 30, d: 12, name: "n > d: least squares" },
] as const;

export const minNormBias: AnyExperiment = experiment({
  id: "min-norm-bias",
  title: "Gradient descent from 0 finds the solution of least norm",
  items: ["A1", "E4", "E5"],
  source: "A, implicit bias; E, step 1, regimes and remark on the span; its course's problem set 2, problem 2",
  claim:
    "Gradient descent on ‖Aw − b‖² from 0 ends at A⁺b: the one solution, the least squares fit, or of all interpolants the one of least norm, since its iterates stay in the span of the data. From w₀ it keeps the part of w₀ that no example sees.",
  formulas: ["\\min\\lVert w\\rVert^2\\ \\text{s.t.}\\ Aw=b:\\qquad w_\\infty=A^+b", "w_\\infty=(I-A^+A)\\,w_0+A^+b"],
  params: {
    steps: count("steps of gradient descent", 3000, { min: 10 }),
    problems: count("random problems of each regime", 10, { quick: 3 }),
    others: count("other interpolants whose norm is compared", 100, { min: 1 }),
  },
  async run({ steps, problems, others }, context) {
    const jobs = REGIMES.flatMap((regime, i) =>
      range(problems).map((draw) => ({ regime, key: child(child(context.key, i), draw) })),
    );
    const found = await inTurn(jobs, context, ({ regime, key }) => measure({ ...regime, key, steps, others }, context));
    const wide = found.filter(({ interpolants }) => interpolants > 0);
    const worst = (name: "fromZero" | "fromElsewhere" | "span") => Math.max(...found.map((one) => one[name]));
    return {
      checks: [
        inRange("from 0: largest distance from A⁺b, relative", worst("fromZero"), { theory: 0, atMost: 1e-6 }),
        inRange("from w₀: largest distance from (I − A⁺A)w₀ + A⁺b, relative", worst("fromElsewhere"), {
          theory: 0,
          atMost: 1e-6,
        }),
        inRange("from 0: largest part outside the span of the data, relative", worst("span"), {
          theory: 0,
          atMost: 1e-12,
        }),
        always(
          "n < d: other interpolants of larger norm",
          wide.reduce((sum, one) => sum + one.larger, 0),
          wide.length * others,
        ),
      ],
      tables: [
        {
          id: "regimes",
          title: "Distance of gradient descent from what it should find",
          columns: ["n", "d", "from 0", "from w₀"],
          rows: jobs.map(({ regime }, i) => [regime.n, regime.d, found[i]!.fromZero, found[i]!.fromElsewhere]),
        },
      ],
      figures: [figure(REGIMES.map((regime, i) => ({ name: regime.name, curve: found[i * problems]!.curve })))],
    };
  },
});

interface Setting {
  readonly key: ReturnType<typeof child>;
  readonly n: number;
  readonly d: number;
  readonly steps: number;
  readonly others: number;
}

async function measure({ key, n, d, steps, others }: Setting, { engine, signal }: RunContext) {
  // Kept away from singular, or descent would not end.
  const a = withDiagonal(normalMatrix(child(key, 0), n, d), 10);
  const b = normalMatrix(child(key, 1), n, 1);
  const w0 = normalMatrix(child(key, 2), d, 1).data;
  const problem = await linearRegression(a, b, { engine, signal });
  const best = (await minNormWeights(problem)).data;
  const seen = (v: Float64Array) => transposedTimes(problem.right, times(problem.right, v)); // A⁺A v, at full rank
  const rate = linearMaxLearningRate(problem) / 2;
  const descend = (start: Float64Array, see: (w: Float64Array, t: number) => void) => {
    let w = start;
    for (let t = 0; t <= steps; t++) {
      see(w, t);
      const error = subtract(times(a, w), b.data);
      w = addScaled(w, -rate, transposedTimes(a, error));
    }
    return w;
  };
  const curve: Point[] = [];
  const size = norm(best);
  const end = descend(new Float64Array(d), (w, t) => {
    if (t % 4 === 0 && t <= 240) curve.push([t, norm(subtract(w, best)) / size]);
  });
  const elsewhere = descend(w0, () => {});
  const goal = addScaled(addScaled(w0, -1, seen(w0)), 1, best);
  const interpolants = n < d ? others : 0;
  const larger = range(interpolants).filter((i) => {
    const free = normalMatrix(child(child(key, 3), i), d, 1).data;
    return norm(addScaled(best, 0.1, subtract(free, seen(free)))) > size;
  }).length;
  return {
    fromZero: norm(subtract(end, best)) / size,
    fromElsewhere: norm(subtract(elsewhere, goal)) / norm(goal),
    span: norm(subtract(end, seen(end))) / size,
    ...{ curve, larger, interpolants },
  };
}

function withDiagonal(a: Matrix, value: number): Matrix {
  const data = a.data.slice();
  for (let i = 0; i < Math.min(a.rows, a.cols); i++) data[i * a.cols + i]! += value;
  return { ...a, data };
}

function figure(regimes: readonly { readonly name: string; readonly curve: readonly Point[] }[]): Figure {
  return {
    id: "distances",
    title: "Distance from A⁺b",
    caption: "The first problem of each regime, gradient descent from 0 at half the largest stable rate.",
    panels: [
      {
        x: { label: "step" },
        y: { label: "‖w − A⁺b‖/‖A⁺b‖", scale: "log" },
        marks: regimes.map(({ name, curve }, color) => ({
          ...{ kind: "line" as const, label: name, color },
          points: curve.filter(([, value]) => value > 2e-15),
        })),
      },
    ],
  };
}
