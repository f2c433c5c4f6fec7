import { child, gram, type Key, normal, portable, twoLayerReluKernel } from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { circleLift } from "../common/data-sets.ts";
import { inTurn } from "../common/in-turn.ts";
import { largestSize, linspace } from "../common/vectors.ts";
import { type AnyExperiment, experiment } from "../experiment.ts";
import type { Point } from "../figure.ts";
import { count, real } from "../params.ts";

export const orthantProbability: AnyExperiment = experiment({
  id: "orthant-probability",
  title: "Two half-planes meet in the share (π − θ)/2π of all directions",
  items: ["D5", "D6", "B3"],
  source: "D, the kernel of the network scaled by ε/√m, and its proposition; B, eq. (7)",
  claim:
    "For f = (ε/√m) Σ aⱼ relu(wⱼ·x) with the first layer trained, the tangent kernel is ε²⟨x, x'⟩ times the probability that a random direction has positive products with both x and x': (π − arccos ξ)/2π on the sphere.",
  formulas: [
    "k(x,x')=\\varepsilon^2\\langle x,x'\\rangle\\,\\mathbb E\\,\\sigma'(v^\\top x)\\,\\sigma'(v^\\top x')=\\varepsilon^2\\langle x,x'\\rangle\\,\\frac{\\pi-\\arccos\\langle x,x'\\rangle}{2\\pi}",
  ],
  params: {
    angles: count("angles θ, equally spaced from 0 to π", 13, { min: 3, max: 1000 }),
    draws: count("directions drawn for each angle", 400_000, { quick: 60_000, min: 100 }),
    epsilon: real("scale ε of the output", 0.3, { min: 1e-6, max: 1e6 }),
  },
  async run({ angles, draws, epsilon }, context) {
    const thetas = linspace(0, Math.PI, angles);
    const shares = await inTurn(thetas, context, (theta, i) => share(child(context.key, i), theta, draws));
    const theory = thetas.map((theta) => (Math.PI - theta) / (2 * Math.PI));
    const errors = theory.map((p) => Math.sqrt((p * (1 - p)) / draws));
    const inside = shares.map((value, i) =>
      errors[i] === 0 || theory[i]! < 1e-12 ? 0 : Math.abs(value - theory[i]!) / errors[i]!,
    );
    const xi = linspace(-1, 1, 101);
    const kernel = twoLayerReluKernel({ trained: "first", activationScale: 1, outputScale: epsilon });
    const { data } = await gram(kernel, circleLift(xi), circleLift([1]));
    const formula = xi.map((value) => (epsilon ** 2 * value * (Math.PI - portable.acos(value))) / (2 * Math.PI));
    return {
      checks: [
        inRange("share of directions against (π − θ)/2π: largest distance in standard errors", Math.max(...inside), {
          theory: 0,
          atMost: 4,
        }),
        inRange(
          "kernel against ε²ξ(π − arccos ξ)/2π: largest error over ε²",
          largestSize(formula.map((value, i) => value - data[i]!)) / epsilon ** 2,
          { theory: 0, atMost: 1e-14 },
        ),
        near("kernel of a point with itself over ε²", data.at(-1)! / epsilon ** 2, 0.5, 1e-14),
        near("share at θ = π, opposite points", shares.at(-1)!, 0, 1e-12),
      ],
      tables: [
        {
          id: "shares",
          title: "Share of directions with both products positive",
          columns: ["angle", "measured", "(π − θ)/2π", "standard error"],
          rows: thetas.map((theta, i) => [theta, shares[i]!, theory[i]!, errors[i]!]),
        },
      ],
      figures: [
        {
          id: "sectors",
          title: "Directions on the positive side of both points",
          caption: `${draws} random directions for each angle; standard errors are smaller than the points.`,
          panels: [
            {
              x: { label: "angle θ between x and x' (rad)" },
              y: { label: "share of directions" },
              marks: [
                {
                  kind: "line",
                  label: "(π − θ)/2π",
                  color: 6,
                  points: thetas.map((theta, i): Point => [theta, theory[i]!]),
                },
                {
                  kind: "points",
                  label: "measured",
                  color: 0,
                  points: thetas.map((theta, i): Point => [theta, shares[i]!]),
                },
              ],
            },
          ],
        },
      ],
    };
  },
});

function share(key: Key, theta: number, draws: number): number {
  const v = normal(key, 2 * draws);
  // At π exactly the second point is −x.
  const [c, s] = theta === Math.PI ? [-1, 0] : [portable.cos(theta), portable.sin(theta)];
  let both = 0;
  for (let i = 0; i < draws; i++) if (v[2 * i]! > 0 && c * v[2 * i]! + s * v[2 * i + 1]! > 0) both++;
  return both / draws;
}
