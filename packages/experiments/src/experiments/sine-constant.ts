import { apply, child, dense, init, makeActivation, normal, portable, serial, sin } from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { circleLift } from "../common/data-sets.ts";
import { dualAt } from "../common/dual.ts";
import { range } from "../common/in-turn.ts";
import { mean, standardError } from "../common/statistics.ts";
import { dot, linspace } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Mark } from "../figure.ts";
import { count } from "../params.ts";

const E2 = portable.exp(2);

/** √(e²/(e² − 1)), as printed. */
const PRINTED = Math.sqrt(E2 / (E2 - 1));

/** √(2e²/(e² − 1)). */
const RIGHT = Math.SQRT2 * PRINTED;

export const sineConstant: AnyExperiment = experiment({
  id: "sine-constant",
  title: "The sine activation needs the constant √(2e²/(e² − 1))",
  items: ["E-step4", "E13"],
  source: "E, step 4: Figure 2 of its lecture, sine activation",
  claim:
    "For φ(z) = C sin z the kernel printed, which is 1 at ξ = 1 on the sphere, is that of C = √(2e²/(e² − 1)). With the constant printed beside it, √(e²/(e² − 1)), the network's kernel is half of that.",
  formulas: [
    "\\mathbb E[\\sin u\\,\\sin v]=\\tfrac12\\bigl(e^{-\\frac{\\lVert x\\rVert^2+\\lVert z\\rVert^2}2+x^\\top z}-e^{-\\frac{\\lVert x\\rVert^2+\\lVert z\\rVert^2}2-x^\\top z}\\bigr)",
    "\\Sigma(x,z)=\\frac{e^2}{e^2-1}\\bigl(e^{-\\frac{\\lVert x\\rVert^2+\\lVert z\\rVert^2}2+x^\\top z}-e^{-\\frac{\\lVert x\\rVert^2+\\lVert z\\rVert^2}2-x^\\top z}\\bigr),\\qquad C_1=\\sqrt{\\tfrac{2e^2}{e^2-1}}",
  ],
  params: {
    units: count("units of the random layer", 1_000_000, { quick: 100_000, min: 100 }),
    points: count("inner products ξ, equally spaced from −1 to 1", 9, { min: 2, max: 100 }),
    pairs: count("random pairs of inputs of any norm", 200, { min: 1 }),
  },
  run: async ({ units, points, pairs }, context) => {
    const xi = linspace(-1, 1, points);
    const right = measured(RIGHT, xi, units, context);
    const printed = measured(PRINTED, xi, units, context);
    const distances = right.map(({ center, error }, j) => distance(center, kernel(1, 1, xi[j]!), error));
    const ratios = printed.map(({ center }, j) => center / right[j]!.center).filter((_, j) => xi[j] !== 0);
    return {
      checks: [
        near("E φ² for C₁ = √(2e²/(e² − 1))", dualAt(makeActivation({ type: "sin", a: RIGHT }), 1).value, 1, 1e-12),
        near(
          "E φ² for the constant as printed, √(e²/(e² − 1))",
          dualAt(makeActivation({ type: "sin", a: PRINTED }), 1).value,
          0.5,
          1e-12,
        ),
        inRange(
          "closed form printed against the dual of C₁ sin, any norms: largest error",
          largestError(pairs, context),
          {
            ...{ theory: 0, atMost: 1e-12 },
          },
        ),
        inRange(
          "random layer with C₁ = √(2e²/(e² − 1)): largest distance from the closed form in standard errors",
          Math.max(...distances),
          {
            ...{ theory: 0, atMost: 4 },
          },
        ),
        near(
          "random layer with the constant as printed: its kernel over that with the right one",
          mean(ratios),
          0.5,
          1e-9,
        ),
        inRange(
          "the same: distance from the closed form at ξ = 1 in standard errors",
          distance(printed.at(-1)!.center, 1, printed.at(-1)!.error),
          {
            ...{ atLeast: 10 },
          },
        ),
      ],
      tables: [
        {
          id: "kernels",
          title: "Kernels of the sine",
          columns: ["ξ", "closed form", "C₁ = √(2e²/(e² − 1))", "standard error", "constant as printed"],
          rows: xi.map((value, j) => [
            value,
            kernel(1, 1, value),
            right[j]!.center,
            right[j]!.error,
            printed[j]!.center,
          ]),
        },
      ],
      figures: [figure(xi, right, printed, units)],
      notes: [
        "The closed form of the document is right; the constant in the activation lacks a factor √2, since the mean of sin² is about 1/2.",
      ],
    };
  },
});

/** Σ as printed, of squared norms p and q and inner product c. */
function kernel(p: number, q: number, c: number): number {
  const half = (p + q) / 2;
  return (E2 / (E2 - 1)) * (portable.exp(c - half) - portable.exp(-c - half));
}

interface Estimate {
  readonly center: number;
  readonly error: number;
}

function distance(value: number, theory: number, error: number): number {
  return Math.abs(value - theory) / error;
}

/** (1/k) φ(Bx)·φ(Bx') on the circle, for one random layer of k units. */
function measured(constant: number, xi: readonly number[], units: number, context: RunContext): Estimate[] {
  const layer = serial(dense({ width: units, wStd: Math.SQRT2 }), sin({ a: constant }));
  const params = init(layer, 2, { seed: child(context.key, 0) });
  const values = apply(layer, params, circleLift([...xi, 1]), { engine: context.engine });
  const rowOf = (i: number) => values.data.subarray(i * units, (i + 1) * units);
  const reference = rowOf(xi.length);
  return xi.map((_, j) => {
    const products = rowOf(j).map((value, at) => value * reference[at]!);
    return { center: mean(products), error: standardError(products) };
  });
}

function largestError(pairs: number, context: RunContext): number {
  const z = normal(child(context.key, 1), 6 * pairs);
  const activation = makeActivation({ type: "sin", a: RIGHT });
  const out = new Float64Array(3);
  const errors = range(pairs).map((i) => {
    const [x, y] = [z.subarray(6 * i, 6 * i + 3), z.subarray(6 * i + 3, 6 * i + 6)];
    const [p, q, c] = [dot(x, x), dot(y, y), dot(x, y)];
    activation.dual(c, Math.sqrt(p * q - c * c), p, q, out);
    return Math.abs(out[0]! - kernel(p, q, c));
  });
  return Math.max(...errors);
}

function figure(
  xi: readonly number[],
  right: readonly Estimate[],
  printed: readonly Estimate[],
  units: number,
): Figure {
  const points = (label: string, own: readonly Estimate[], color: number): Mark => ({
    ...{ kind: "points", label, color },
    points: xi.map((value, j) => [value, own[j]!.center] as const),
    low: own.map(({ center, error }) => center - error),
    high: own.map(({ center, error }) => center + error),
  });
  return {
    id: "sine-constant",
    title: "The kernel of C sin z on the sphere",
    caption: `Line: the closed form of the document. Points: (1/k) φ(Bx)·φ(Bx') of one random layer of ${units} units, with standard errors (smaller than the points).`,
    panels: [
      {
        x: { label: "inner product ξ" },
        y: { label: "Σ(ξ)" },
        marks: [
          {
            ...({ kind: "line", label: "closed form", color: 6 } as const),
            points: linspace(-1, 1, 201).map((value) => [value, kernel(1, 1, value)] as const),
          },
          points("C = √(2e²/(e² − 1))", right, 0),
          points("C = √(e²/(e² − 1)), as printed", printed, 1),
        ],
      },
    ],
  };
}
