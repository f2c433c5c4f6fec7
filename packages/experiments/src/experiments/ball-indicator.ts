import {
  ballIndicatorKernel,
  child,
  fromRows,
  gaussianKernel,
  gram,
  type Key,
  kernelRegression,
  type VectorKernel,
} from "ntkit";
import { inRange, near, never } from "../common/checks.ts";
import { columnOf, normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { eigenvalues } from "../common/spectrum.ts";
import { largestSize, subtract, times } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Point } from "../figure.ts";
import { count } from "../params.ts";

export const ballIndicator: AnyExperiment = experiment({
  id: "ball-indicator",
  title: "The indicator of a ball is not a kernel, the Gaussian is",
  items: ["A5"],
  source: "A, kernel interpolation and its two examples of kernels",
  claim:
    "Interpolation f = Σ αᵢK(x, xᵢ) with α = K⁻¹y works for the Gaussian kernel at distinct points. The slide's other example, 1{‖x − z‖ < r}, is not positive semidefinite: three points in a row at spacing 0.8r give the eigenvalue 1 − √2.",
  formulas: [
    "f(x)=\\sum_i\\alpha_iK(x,x_i),\\qquad K\\alpha=y",
    "K=\\begin{pmatrix}1&1&0\\\\1&1&1\\\\0&1&1\\end{pmatrix},\\qquad \\lambda_{\\min}(K)=1-\\sqrt2",
  ],
  params: {
    n: count("random points in the plane", 20, { min: 3, max: 200 }),
    sets: count("sets of points", 200, { quick: 50 }),
  },
  async run({ n, sets }, context) {
    const [ball, gaussian] = [ballIndicatorKernel({ radius: 1 }), gaussianKernel({ bandwidth: 1 })];
    const row3 = await eigenvalues(await gram(ball, fromRows([[0], [0.8], [1.6]])), context);
    const found = await inTurn(range(sets), context, (draw) =>
      measure(child(context.key, draw), n, { ball, gaussian }, context),
    );
    const ends = (kind: "ball" | "gaussian") => found.map((one) => one[kind][0]! / one[kind].at(-1)!);
    return {
      checks: [
        near("smallest eigenvalue of the indicator for three points at spacing 0.8r", row3[0]!, 1 - Math.SQRT2, 1e-14),
        inRange(
          `random sets on which the indicator has a negative eigenvalue, of ${sets}`,
          ends("ball").filter((value) => value < -1e-12).length,
          { atLeast: sets / 2 },
        ),
        never(
          "random sets on which the Gaussian has one, below −1e-12 of the largest",
          ends("gaussian").filter((value) => value < -1e-12).length,
          sets,
        ),
        inRange(
          "Gaussian kernel: largest error of the interpolant at its points",
          Math.max(...found.map(({ error }) => error)),
          { theory: 0, atMost: 1e-6 },
        ),
      ],
      tables: [
        {
          id: "spectra",
          title: "Eigenvalues on the first set of points",
          columns: ["rank", "indicator of a ball", "Gaussian"],
          rows: range(n).map((k) => [k + 1, found[0]!.ball[n - 1 - k]!, found[0]!.gaussian[n - 1 - k]!]),
        },
      ],
      figures: [
        {
          id: "spectra",
          title: "Spectra of two would-be kernels",
          caption: `${n} random points in the plane, radius and bandwidth 1. A kernel has no eigenvalue below 0.`,
          panels: [
            {
              x: { label: "rank" },
              y: { label: "eigenvalue" },
              marks: [
                { kind: "ruleY", at: 0, dashed: true, color: 7 },
                ...(["ball", "gaussian"] as const).map((kind, color) => ({
                  ...{ kind: "points" as const, label: kind === "ball" ? "1{‖x − z‖ < 1}" : "exp(−‖x − z‖²)", color },
                  points: range(n).map((k): Point => [k + 1, found[0]![kind][n - 1 - k]!]),
                })),
              ],
            },
          ],
        },
      ],
    };
  },
});

async function measure(
  key: Key,
  n: number,
  { ball, gaussian }: { readonly ball: VectorKernel; readonly gaussian: VectorKernel },
  context: RunContext,
) {
  const x = normalMatrix(child(key, 0), n, 2);
  const y = columnOf(normalMatrix(child(key, 1), n, 1).data);
  const k = await gram(gaussian, x);
  const { alpha } = solved(await kernelRegression(k, y, { method: "pseudoinverse", ...context }));
  return {
    ball: await eigenvalues(await gram(ball, x), context),
    gaussian: await eigenvalues(k, context),
    error: largestSize(subtract(times(k, alpha.data), y.data)),
  };
}
