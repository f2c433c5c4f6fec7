import { gradientDescentIterations, nesterovIterations } from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { inTurn } from "../common/in-turn.ts";
import { lawMarks } from "../common/marks.ts";
import { powerLaw } from "../common/statistics.ts";
import { logspace, norm } from "../common/vectors.ts";
import { type AnyExperiment, experiment } from "../experiment.ts";
import type { Figure, Mark, Point } from "../figure.ts";
import { count, real, reals } from "../params.ts";

export const rateLaws: AnyExperiment = experiment({
  id: "rate-laws",
  title: "Gradient descent needs κ steps, Nesterov's method √κ",
  items: ["C2"],
  source: "C, Nesterov's method; rates of gradient descent and of the accelerated method",
  claim:
    "On a β-smooth, λ-strongly convex problem, gradient descent of learning rate 1/β needs a number of steps proportional to κ = β/λ for each factor of accuracy, Nesterov's method with momentum (√κ − 1)/(√κ + 1) one proportional to √κ.",
  formulas: [
    "y_{t+1}=x_t-\\tfrac1\\beta\\nabla f(x_t),\\qquad x_{t+1}=y_{t+1}+\\tfrac{\\sqrt\\kappa-1}{\\sqrt\\kappa+1}(y_{t+1}-y_t)",
    "t_{\\mathrm{GD}}\\sim\\kappa,\\qquad t_{\\mathrm{AGD}}\\sim\\sqrt\\kappa,\\qquad \\kappa=\\beta/\\lambda",
  ],
  params: {
    conditionNumbers: reals("condition numbers κ", [100, 316.2, 1000, 3162, 10_000], { min: 2, max: 1e6 }),
    dimensions: count("dimensions, of curvatures equally spaced in the logarithm", 50, { min: 2, max: 1000 }),
    tolerance: real("distance from the solution, relative to the start", 1e-6, { min: 1e-12, max: 0.5 }),
  },
  async run({ conditionNumbers, dimensions, tolerance }, context) {
    const steps = await inTurn(conditionNumbers, context, (kappa) => {
      const curvatures = logspace(1 / kappa, 1, dimensions);
      const root = Math.sqrt(kappa);
      return {
        plain: iterations(curvatures, 0, tolerance),
        nesterov: iterations(curvatures, (root - 1) / (root + 1), tolerance),
        swapped: swapped(curvatures),
      };
    });
    const [plain, nesterov] = [steps.map((one) => one.plain), steps.map((one) => one.nesterov)];
    const [plainLaw, nesterovLaw] = [powerLaw(conditionNumbers, plain), powerLaw(conditionNumbers, nesterov)];
    // The loss is the square of a distance, whose smallest curvature is 1/κ of the largest.
    const bounds = conditionNumbers.map((kappa) => {
      const asked = { conditionNumber: kappa, tolerance: tolerance ** 2 / kappa };
      return [gradientDescentIterations(asked).promises.value, nesterovIterations(asked).promises.value] as const;
    });
    return {
      checks: [
        near("exponent of the number of steps in κ, gradient descent", plainLaw.exponent, 1, 0.03),
        near("exponent of the number of steps in κ, Nesterov's method", nesterovLaw.exponent, 0.5, 0.05),
        inRange(
          "most steps over what the theorem promises, gradient descent",
          Math.max(...plain.map((t, i) => t / bounds[i]![0])),
          { atMost: 1 },
        ),
        inRange(
          "most steps over what the theorem promises, Nesterov's method",
          Math.max(...nesterov.map((t, i) => t / bounds[i]![1])),
          { atMost: 1 },
        ),
        inRange(
          "λ and β swapped, as printed: least growth of the distance in 20 steps",
          Math.min(...steps.map((one) => one.swapped)),
          { atLeast: 1e6 },
        ),
      ],
      tables: [
        {
          id: "iterations",
          title: `Steps until the distance is ${tolerance} of the start`,
          columns: ["κ", "gradient descent", "Nesterov", "promised", "promised to Nesterov"],
          rows: conditionNumbers.map((kappa, i) => [kappa, plain[i]!, nesterov[i]!, ...bounds[i]!]),
        },
      ],
      figures: [figure({ conditionNumbers, plain, nesterov, bounds, tolerance, dimensions })],
      notes: [
        "The note calls λ the smoothness and β the strong convexity: swapped. With the learning rate 1/λ of that reading the distance grows by κ − 1 in each step.",
      ],
    };
  },
});

/** Steps on ½ Σ βₖxₖ², β₁ = 1, from all ones. */
function iterations(curvatures: readonly number[], momentum: number, tolerance: number): number {
  let x = curvatures.map(() => 1);
  let before = x;
  const goal = tolerance * norm(x);
  let t = 0;
  while (norm(x) > goal) {
    const next = x.map((value, k) => value * (1 - curvatures[k]!));
    x = next.map((value, k) => value + momentum * (value - before[k]!));
    before = next;
    t++;
  }
  return t;
}

/** ‖x₂₀‖/‖x₀‖ of gradient descent with learning rate 1/λ, λ the smallest curvature. */
function swapped(curvatures: readonly number[]): number {
  const rate = 1 / curvatures[0]!;
  let x = curvatures.map(() => 1);
  const start = norm(x);
  for (let t = 0; t < 20; t++) x = x.map((value, k) => value * (1 - rate * curvatures[k]!));
  return norm(x) / start;
}

interface Shown {
  readonly conditionNumbers: readonly number[];
  readonly plain: readonly number[];
  readonly nesterov: readonly number[];
  readonly bounds: readonly (readonly [number, number])[];
  readonly tolerance: number;
  readonly dimensions: number;
}

function figure({ conditionNumbers: x, plain, nesterov, bounds, tolerance, dimensions }: Shown): Figure {
  return {
    id: "iterations",
    title: "Steps to a fixed accuracy",
    caption: `A quadratic of ${dimensions} curvatures between 1/κ and 1, until the distance is ${tolerance} of the start. Dashed: what the theorems promise.`,
    panels: [
      {
        x: { label: "condition number κ", scale: "log" },
        y: { label: "steps", scale: "log" },
        marks: [
          ...lawMarks("gradient descent", { x, y: plain, law: powerLaw(x, plain) }, 0),
          ...lawMarks("Nesterov", { x, y: nesterov, law: powerLaw(x, nesterov) }, 1),
          ...[0, 1].map(
            (which): Mark => ({
              ...{ kind: "line", color: which, dashed: true },
              points: x.map((kappa, i): Point => [kappa, bounds[i]![which]!]),
            }),
          ),
        ],
      },
    ],
  };
}
