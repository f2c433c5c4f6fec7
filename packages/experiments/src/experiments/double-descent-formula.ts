import { child, type Key, kernelRegression, type Matrix, matrix, normal } from "ntkit";
import { inRange } from "../common/checks.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { mean, standardError } from "../common/statistics.ts";
import { logspace, norm, subtract } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count, counts, real } from "../params.ts";

export const doubleDescentFormula: AnyExperiment = experiment({
  id: "double-descent-formula",
  title: "Double descent of linear regression follows a formula",
  items: ["A3"],
  source: "A, over-parametrisation (double descent); E, step 4, Figure 3",
  claim:
    "Least squares of least norm with p isotropic Gaussian features, n examples and noise σ: the expected excess risk rises to infinity at p = n and falls beyond, exactly as the formula says.",
  formulas: [
    "\\mathbb E\\lVert\\hat w-w\\rVert^2=\\frac{\\sigma^2p}{n-p-1}\\qquad(p<n-1)",
    "\\mathbb E\\lVert\\hat w-w\\rVert^2=\\Bigl(1-\\frac np\\Bigr)\\lVert w\\rVert^2+\\frac{\\sigma^2n}{p-n-1}\\qquad(p>n+1)",
  ],
  params: {
    n: count("examples", 50, { min: 4, max: 1000 }),
    sigma: real("standard deviation of the noise, where |w| = 1", 0.5, { min: 1e-6 }),
    features: counts("numbers of features p", [10, 15, 20, 25, 30, 35, 40, 60, 65, 75, 100, 150, 200, 300, 400], {
      ...{ quick: [10, 20, 30, 40, 60, 75, 100, 200, 400], max: 10_000 },
    }),
    repetitions: count("problems for each number of features", 200, { min: 2 }),
  },
  async run({ n, sigma, features, repetitions }, context) {
    const away = features.filter((p) => p < n - 1 || p > n + 1);
    const risks = await inTurn(away, context, (p, i) =>
      excessRisks({ key: child(context.key, i), n, p, sigma, repetitions }, { ...context, onProgress: undefined }),
    );
    const means = risks.map(mean);
    const errors = risks.map(standardError);
    const theory = away.map((p) => expectedRisk(n, p, sigma));
    const distances = means.map((value, i) => Math.abs(value - theory[i]!) / errors[i]!);
    return {
      checks: away.map((p, i) =>
        inRange(`excess risk with ${p} features: distance from the formula in standard errors`, distances[i]!, {
          ...{ theory: 0, atMost: 4 },
        }),
      ),
      tables: [
        {
          id: "risks",
          title: "Excess risk",
          columns: ["features", "mean", "standard error", "formula"],
          rows: away.map((p, i) => [p, means[i]!, errors[i]!, theory[i]!]),
        },
      ],
      figures: [figure({ n, sigma, away, means, errors, repetitions })],
      notes: [
        "Next to p = n the risk has no variance, so that standard errors say nothing there: the fourth moment of the inverse Wishart matrix in it is finite from |n − p| > 7 on.",
      ],
    };
  },
});

/** For |w| = 1; infinite from n − 1 to n + 1. */
function expectedRisk(n: number, p: number, sigma: number): number {
  if (p < n - 1) return (sigma ** 2 * p) / (n - p - 1);
  return p > n + 1 ? 1 - n / p + (sigma ** 2 * n) / (p - n - 1) : Number.POSITIVE_INFINITY;
}

interface Problems {
  readonly key: Key;
  readonly n: number;
  readonly p: number;
  readonly sigma: number;
  readonly repetitions: number;
}

/** ‖ŵ − w‖², which is E (xᵀŵ − xᵀw)² for isotropic x, of each problem. */
function excessRisks({ key, n, p, sigma, repetitions }: Problems, context: RunContext): Promise<number[]> {
  const { engine, signal } = context;
  return inTurn(range(repetitions), context, async (repetition) => {
    const own = child(key, repetition);
    const x = matrix(n, p, normal(child(own, 0), n * p));
    const direction = normal(child(own, 1), p);
    const size = norm(direction);
    const w = matrix(
      p,
      1,
      direction.map((value) => value / size),
    );
    const noise = normal(child(own, 2), n);
    const y = (await engine.matmul(x, w, { signal })).data.map((value, i) => value + sigma * noise[i]!);
    return norm(subtract((await leastNorm(x, matrix(n, 1, y), context)).data, w.data)) ** 2;
  });
}

/** X⁺ y of a matrix of full rank far from square, by the smaller of its Gram matrices: XᵀX w = Xᵀy, or w = Xᵀα with XXᵀα = y. */
async function leastNorm(x: Matrix, y: Matrix, { engine, signal }: RunContext): Promise<Matrix> {
  const host = { engine, signal };
  if (x.cols < x.rows) {
    const square = await engine.matmul(x, x, { transposeA: true, signal });
    return solved(await kernelRegression(square, await engine.matmul(x, y, { transposeA: true, signal }), host)).alpha;
  }
  const { alpha } = solved(await kernelRegression(await engine.matmul(x, x, { transposeB: true, signal }), y, host));
  return engine.matmul(x, alpha, { transposeA: true, signal });
}

interface Shown {
  readonly n: number;
  readonly sigma: number;
  readonly away: readonly number[];
  readonly means: readonly number[];
  readonly errors: readonly number[];
  readonly repetitions: number;
}

function figure({ n, sigma, away, means, errors, repetitions }: Shown): Figure {
  const curve = (from: number, to: number): Point[] =>
    logspace(from, to, 200).map((p) => [p, expectedRisk(n, p, sigma)] as const);
  const ends = [Math.min(...away), Math.max(...away)] as const;
  return {
    id: "double-descent-formula",
    title: "Excess risk of the least squares of least norm",
    caption: `Mean and standard error over ${repetitions} problems with ${n} examples, noise ${sigma} and |w| = 1.`,
    panels: [
      {
        x: { label: "features p", scale: "log", ticks: [10, 20, n, 100, 200, 400].filter((p) => p <= ends[1]) },
        y: { label: "‖ŵ − w‖²", scale: "log" },
        marks: [
          { kind: "ruleX", label: `p = n = ${n}`, at: n, color: 7 },
          ...(ends[0] < n - 1
            ? [{ kind: "line", label: "formula", color: 0, points: curve(ends[0], n - 1.5) } as const]
            : []),
          ...(ends[1] > n + 1
            ? [{ kind: "line", label: "formula", color: 0, points: curve(n + 1.5, ends[1]) } as const]
            : []),
          {
            kind: "points",
            label: "measured",
            color: 1,
            points: away.map((p, i) => [p, means[i]!] as const),
            low: means.map((value, i) => value - errors[i]!),
            high: means.map((value, i) => value + errors[i]!),
          },
        ],
      },
    ],
  };
}
