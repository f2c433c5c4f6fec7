import { child, kernelRegression, minNormRisk } from "ntkit";
import { inRange } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { mean, standardError } from "../common/statistics.ts";
import { norm, subtract } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Point } from "../figure.ts";
import { count, counts } from "../params.ts";

export const unseenShare: AnyExperiment = experiment({
  id: "unseen-share",
  title: "The least-norm fit of n noiseless examples misses the share 1 − n/d",
  items: ["E6"],
  source: "E, step 1; its course's problem set 2, problem 1",
  claim:
    "With n < d isotropic Gaussian examples and no noise, the least-norm interpolant is the projection of w* on a random n-dimensional space: in the mean it misses the share 1 − n/d of ‖w*‖².",
  formulas: ["\\frac{\\mathbb E\\lVert w^*-\\hat w\\rVert^2}{\\lVert w^*\\rVert^2}=1-\\frac nd"],
  params: {
    d: count("dimensions", 100, { min: 4, max: 1000 }),
    examples: counts("numbers of examples n, below the dimensions", [10, 20, 30, 40, 50, 60, 70, 80, 90], {
      ...{ quick: [10, 30, 50, 70, 90], max: 999 },
    }),
    repetitions: count("problems for each number", 200, { quick: 60, min: 10 }),
  },
  async run({ d, examples, repetitions }, context) {
    const fewer = examples.filter((n) => n < d);
    const shares = await inTurn(fewer, context, (n, i) =>
      inTurn(range(repetitions), { signal: context.signal }, (draw) =>
        missed(child(child(context.key, i), draw), n, d, context),
      ),
    );
    const [means, errors] = [shares.map(mean), shares.map(standardError)];
    const theory = fewer.map((n) => minNormRisk({ n, features: d }));
    return {
      checks: fewer.map((n, i) =>
        inRange(
          `n = ${n}: distance of the mean from 1 − n/d in standard errors`,
          Math.abs(means[i]! - theory[i]!) / errors[i]!,
          {
            ...{ theory: 0, atMost: 4 },
          },
        ),
      ),
      tables: [
        {
          id: "shares",
          title: "Share of w* that is missed",
          columns: ["n", "mean", "standard error", "1 − n/d"],
          rows: fewer.map((n, i) => [n, means[i]!, errors[i]!, theory[i]!]),
        },
      ],
      figures: [
        {
          id: "shares",
          title: "Share of w* that n examples leave unseen",
          caption: `Mean and standard error over ${repetitions} problems in ${d} dimensions (bars smaller than the points).`,
          panels: [
            {
              x: { label: "examples n", domain: [0, d] },
              y: { label: "‖w* − ŵ‖²/‖w*‖²", domain: [0, 1] },
              marks: [
                { kind: "line", label: "1 − n/d", color: 6, points: [[0, 1] as Point, [d, 0] as Point] },
                {
                  ...({ kind: "points", label: "measured", color: 0 } as const),
                  points: fewer.map((n, i): Point => [n, means[i]!]),
                  low: means.map((value, i) => value - errors[i]!),
                  high: means.map((value, i) => value + errors[i]!),
                },
              ],
            },
          ],
        },
      ],
    };
  },
});

async function missed(
  key: ReturnType<typeof child>,
  n: number,
  d: number,
  { engine, signal }: RunContext,
): Promise<number> {
  const x = normalMatrix(child(key, 0), n, d);
  const w = normalMatrix(child(key, 1), d, 1);
  const y = await engine.matmul(x, w, { signal });
  const { alpha } = solved(
    await kernelRegression(await engine.matmul(x, x, { transposeB: true, signal }), y, { engine, signal }),
  );
  const found = await engine.matmul(x, alpha, { transposeA: true, signal });
  return norm(subtract(found.data, w.data)) ** 2 / norm(w.data) ** 2;
}
