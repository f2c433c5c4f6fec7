import {
  child,
  labelComplexity as complexityOf,
  gram,
  type Key,
  type Matrix,
  matrix,
  type RidgePath,
  ridgePath,
  twoLayerReluKernel,
  uniform,
} from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { DIGITS, threesAndEights } from "../common/digits.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { mean, standardError } from "../common/statistics.ts";
import { linspace } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Point } from "../figure.ts";
import { count, reals } from "../params.ts";

export const labelComplexity: AnyExperiment = experiment({
  id: "label-complexity",
  title: "True labels are easier for the kernel than random ones",
  items: ["B9"],
  source: "Arora, Du, Hu, Li, Wang (2019), Theorem 5.1 and Figure 1; B, generalization",
  claim:
    "√(2yᵀH⁻¹y/n) bounds the error of the wide network on new inputs, and orders labels by how hard they are: it grows with the share of labels that are replaced by random ones.",
  formulas: ["\\mathbb E\\,\\ell(f(x),y)\\lesssim\\sqrt{\\frac{2\\,y^\\top (H^*)^{-1}y}{n}}"],
  params: {
    n: count("handwritten digits, threes and eights of 8 × 8 pixels", 300, { quick: 200, min: 20, max: DIGITS }),
    shares: reals("shares of random labels", linspace(0, 1, 11), { quick: [0, 0.25, 0.5, 0.75, 1], max: 1 }),
    draws: count("draws of the random labels", 40, { quick: 20, min: 2 }),
  },
  async run({ n, shares, draws }, context) {
    const { x, y } = threesAndEights(child(context.key, 0), n);
    const path = await ridgePath(
      await gram(twoLayerReluKernel({ trained: "first", activationScale: 1 }), x),
      y,
      context,
    );
    const found = await inTurn(shares, context, (share, i) =>
      inTurn(range(draws), { signal: context.signal }, (draw) =>
        complexity(path, replaced(y, share, child(child(child(context.key, 1), i), draw)), context),
      ),
    );
    const [means, errors] = [found.map(mean), found.map(standardError)];
    const direct = await byCholesky(x, y, context);
    const falls = means.filter((value, i) => i > 0 && value <= means[i - 1]!).length;
    return {
      checks: [
        inRange("random labels over true ones", means.at(-1)! / means[0]!, { atLeast: 2.5 }),
        inRange("shares at which it does not grow", falls, { theory: 0, atMost: 0 }),
        near("true labels, by the eigenvalues over by a Cholesky factor", means[0]! / direct, 1, 1e-8),
      ],
      tables: [
        {
          id: "shares",
          title: "√(2yᵀH⁻¹y/n) by the share of random labels",
          columns: ["share", "mean", "standard error"],
          rows: shares.map((share, i) => [share, means[i]!, errors[i]!]),
        },
      ],
      figures: [
        {
          id: "shares",
          title: "How hard labels are for the kernel",
          caption: `${n} handwritten threes and eights; mean and standard error over ${draws} draws of the random labels (smaller than the points).`,
          panels: [
            {
              x: { label: "share of random labels" },
              y: { label: "√(2yᵀH⁻¹y/n)" },
              marks: [
                {
                  ...({ kind: "points", label: "measured", color: 0 } as const),
                  points: shares.map((share, i): Point => [share, means[i]!]),
                  low: means.map((value, i) => value - errors[i]!),
                  high: means.map((value, i) => value + errors[i]!),
                },
              ],
            },
          ],
        },
      ],
      notes: ["The digits are those of the UCI repository, of 8 × 8 pixels, not MNIST’s of 28 × 28."],
    };
  },
});

/** Each label replaced by −1 or 1 with the chance `share`. */
function replaced(y: Matrix, share: number, key: Key): Matrix {
  const [whether, which] = [uniform(child(key, 0), y.rows), uniform(child(key, 1), y.rows)];
  return matrix(
    y.rows,
    1,
    y.data.map((value, i) => (whether[i]! < share ? (which[i]! < 0.5 ? -1 : 1) : value)),
  );
}

async function complexity(path: RidgePath, y: Matrix, { engine, signal }: RunContext): Promise<number> {
  const projected = await engine.matmul(path.vectors, y, { signal });
  return complexityOf({ ...path, projected }).promises.value;
}

async function byCholesky(x: Matrix, y: Matrix, { engine, signal }: RunContext): Promise<number> {
  const factor = await engine.cholesky(await gram(twoLayerReluKernel({ trained: "first", activationScale: 1 }), x), {
    signal,
  });
  if (!factor.ok) return 0;
  const half = await engine.solveTriangular(factor.lower, y, { signal });
  return Math.sqrt((2 * half.data.reduce((sum, value) => sum + value * value, 0)) / y.rows);
}
