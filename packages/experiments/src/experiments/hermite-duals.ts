import {
  type Activation,
  child,
  dualFromHermite,
  hermiteCoefficients,
  makeActivation,
  normal,
  numericalActivation,
  portable,
} from "ntkit";
import { always, inRange, near } from "../common/checks.ts";
import { activationOf, dualAt, type NamedActivation, WITH_CLOSED_FORMS } from "../common/dual.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { mean, standardError } from "../common/statistics.ts";
import { linspace, sumOf } from "../common/vectors.ts";
import { type AnyExperiment, type Check, experiment, type RunContext } from "../experiment.ts";
import type { Figure } from "../figure.ts";
import { count, reals } from "../params.ts";

export const hermiteDuals: AnyExperiment = experiment({
  id: "hermite-duals",
  title: "Dual activations are the power series of squared Hermite coefficients",
  items: ["E13", "E14", "E15", "E16", "E17"],
  source: "E, step 4, Definitions 2 and 3, Proposition 2, Theorem 1, Corollary 2",
  claim:
    "The kernel of the infinite network on the sphere is the dual of its activation. For φ = Σ aₙhₙ in normalised Hermite polynomials the dual is Σ aₙ²ξⁿ: continuous, non-decreasing and convex on [0, 1], bounded by E φ², and its derivative is the dual of φ'.",
  formulas: [
    "\\check\\phi(\\xi)=\\mathbb E\\,\\phi(u)\\phi(v)=\\sum_n a_n^2\\xi^n,\\qquad a_n=\\mathbb E\\,\\phi(u)h_n(u),\\qquad \\check h_n(\\xi)=\\xi^n",
    "(\\check\\phi)'=(\\phi')\\check{}\\,,\\qquad |\\check\\phi(\\xi)|\\le\\check\\phi(1)=\\lVert\\phi\\rVert^2",
  ],
  params: {
    draws: count("pairs (u, v) for each activation and correlation", 400_000, { quick: 40_000, min: 100 }),
    correlations: reals("correlations ξ at which pairs are drawn", [-0.95, -0.6, -0.2, 0.2, 0.6, 0.95], {
      ...{ min: -1, max: 1 },
    }),
    degrees: count("largest degree of the Hermite polynomials", 8, { min: 1, max: 30 }),
    terms: count("terms of the power series", 256, { min: 1, max: 4096 }),
  },
  async run({ draws, correlations, degrees, terms }, context) {
    const sampled = await inTurn(WITH_CLOSED_FORMS, context, (named, i) =>
      correlations.map((xi, j) => sampleDual(activationOf(named), xi, { draws, context, i, j })),
    );
    const closed = WITH_CLOSED_FORMS.map((named) => errorsOf(activationOf(named), terms));
    const distances = sampled.flatMap((own) => own.map(({ distance }) => distance));
    return {
      checks: [
        inRange(
          "closed forms against quadrature: largest error over E φ²",
          Math.max(...closed.map((e) => e.quadrature)),
          {
            ...{ theory: 0, atMost: 1e-9 },
          },
        ),
        inRange("closed forms against random pairs: largest distance in standard errors", Math.max(...distances), {
          ...{ theory: 0, atMost: 4 },
        }),
        inRange(
          "Σ aₙ²ξⁿ against closed forms, |ξ| ≤ 0.9: largest error over E φ²",
          Math.max(...closed.map((e) => e.series)),
          {
            ...{ theory: 0, atMost: 1e-9 },
          },
        ),
        ...hermiteChecks(degrees),
        ...corollaryChecks(),
      ],
      tables: [
        {
          id: "duals",
          title: "Dual activations",
          columns: ["activation", "ξ", "closed form", "mean over pairs", "standard error"],
          rows: WITH_CLOSED_FORMS.flatMap((named, i) =>
            correlations.map((xi, j) => {
              const { center, error } = sampled[i]![j]!;
              return [named.name, xi, dualAt(activationOf(named), xi).value, center, error];
            }),
          ),
        },
      ],
      figures: [figure(correlations, sampled, draws)],
      notes: NOTES,
    };
  },
});

const NOTES = [
  "The inner product of Definition 3 is printed without the factor 1/√(2π): by it h₀ = 1 has the squared norm √(2π), not 1, and the polynomials listed are not orthonormal. With the standard normal density they are.",
  "Corollary 2(a) is printed for φ; it is φ̌ that is non-decreasing and convex on [0, 1]. 2(b) needs an absolutely continuous φ: the sign function has φ' = 0 almost everywhere, and yet its dual (2/π) asin ξ has the slope 2/π at 0. 2(d) is an inclusion: the dual of √2·ReLU has the range [0, 1].",
];

interface Sampled {
  readonly center: number;
  readonly error: number;
  /** From the closed form, in standard errors. */
  readonly distance: number;
}

interface Sampling {
  readonly draws: number;
  readonly context: RunContext;
  readonly i: number;
  readonly j: number;
}

function sampleDual(activation: Activation, xi: number, { draws, context, i, j }: Sampling): Sampled {
  const z = normal(child(child(child(context.key, 0), i), j), 2 * draws);
  const rest = Math.sqrt((1 - xi) * (1 + xi));
  const products = Float64Array.from({ length: draws }, (_, at) => {
    const [u, w] = [z[2 * at]!, z[2 * at + 1]!];
    return activation.phi(u) * activation.phi(xi * u + rest * w);
  });
  const [center, error] = [mean(products), standardError(products)];
  return { center, error, distance: Math.abs(center - dualAt(activation, xi).value) / error };
}

/** Of the closed form of a dual, relative to its value at 1. */
function errorsOf(activation: Activation, terms: number): { readonly quadrature: number; readonly series: number } {
  const { name, phi, kinks = [] } = activation;
  const numerical = numericalActivation({ name, phi, kinks });
  const coefficients = hermiteCoefficients(phi, terms, { kinks });
  const square = dualAt(activation, 1).value;
  const value = (xi: number) => dualAt(activation, xi).value;
  return {
    quadrature: largest(GRID.map((xi) => (dualAt(numerical, xi).value - value(xi)) / square)),
    series: largest(GRID.map((xi) => (dualFromHermite(coefficients, 0.9 * xi) - value(0.9 * xi)) / square)),
  };
}

const GRID = linspace(-1, 1, 41);

function largest(values: readonly number[]): number {
  return Math.max(...values.map(Math.abs));
}

function hermiteChecks(degrees: number): Check[] {
  const polynomials = range(degrees + 1).map((degree) => makeActivation({ type: "hermite", degree }));
  const products = polynomials.flatMap(({ phi }, n) =>
    Array.from(hermiteCoefficients(phi, degrees + 1), (value, m) => value - (m === n ? 1 : 0)),
  );
  const powers = polynomials.flatMap((activation, n) =>
    GRID.map((xi) => dualAt(activation, xi).value - portable.power(xi, n)),
  );
  const step = 0.01;
  const density = linspace(-12, 12, 2401).map((x) => portable.exp((-x * x) / 2));
  const listed = GRID.flatMap((t) => {
    const x = 4 * t;
    const printed = [1, x, (x * x - 1) / Math.SQRT2, (x * x * x - 3 * x) / Math.sqrt(6)];
    return printed.map((value, degree) => value - makeActivation({ type: "hermite", degree }).phi(x));
  });
  return [
    inRange("E hₘhₙ for the standard normal: largest distance from the identity", largest(products), { atMost: 1e-12 }),
    near(
      "⟨h₀, h₀⟩ of the inner product as printed, without 1/√(2π)",
      step * sumOf(density),
      Math.sqrt(2 * Math.PI),
      1e-12,
    ),
    inRange("h₀ to h₃ as listed in the document: largest error for |x| ≤ 4", largest(listed), { atMost: 1e-12 }),
    inRange(`dual of hₙ against ξⁿ, n ≤ ${degrees}: largest error`, largest(powers), { atMost: 1e-12 }),
  ];
}

function corollaryChecks(): Check[] {
  const activations = WITH_CLOSED_FORMS.map(activationOf);
  const of = activations.length;
  const h = 1e-4;
  const quotient = (activation: Activation, xi: number) =>
    (dualAt(activation, xi + h).value - dualAt(activation, xi - h).value) / (2 * h);
  const slopeErrors = activations.flatMap((own) =>
    GRID.map((xi) => (quotient(own, 0.9 * xi) - dualAt(own, 0.9 * xi).slopes) / dualAt(own, 1).slopes),
  );
  const risingConvex = (f: (x: number) => number): boolean => {
    const values = linspace(0, 1, 41).map(f);
    const rises = values.slice(1).map((value, i) => value - values[i]!);
    return [...rises, ...rises.slice(1).map((rise, i) => rise - rises[i]!)].every((value) => value >= -1e-12);
  };
  const relative = activations.flatMap((own) => GRID.map((xi) => dualAt(own, xi).value / dualAt(own, 1).value));
  const sign = makeActivation({ type: "sign" });
  const relu = GRID.map((xi) => 2 * dualAt(makeActivation({ type: "relu" }), xi).value);
  const ends = activations.flatMap((own) =>
    [-1, 1].map((end) => (dualAt(own, end).value - dualAt(own, end * (1 - 1e-9)).value) / dualAt(own, 1).value),
  );
  return [
    always(
      "(a) activations whose dual is non-decreasing and convex on [0, 1]",
      activations.filter((own) => risingConvex((xi) => dualAt(own, xi).value)).length,
      of,
    ),
    inRange(
      `(a) as printed: activations that are so themselves, of ${of}`,
      activations.filter(({ phi }) => risingConvex(phi)).length,
      { atMost: of - 1 },
    ),
    inRange("(b) difference quotient of φ̌ against the dual of φ': largest error over E φ'²", largest(slopeErrors), {
      atMost: 1e-6,
    }),
    near(
      "(b) for the sign function, which is not absolutely continuous: slope of its dual at 0, minus the dual of φ' = 0",
      quotient(sign, 0) - dualAt(sign, 0).slopes,
      2 / Math.PI,
      1e-6,
    ),
    inRange("(c) continuity: largest step of φ̌/E φ² in the last 1e-9 before ξ = ±1", largest(ends), { atMost: 1e-7 }),
    inRange("(d) largest |φ̌(ξ)|/E φ²", largest(relative), { theory: 1, atMost: 1 + 1e-12 }),
    near(
      "(d) is an inclusion: least value of the dual of √2·ReLU, where the interval as printed begins at −1",
      Math.min(...relu),
      0,
      1e-12,
    ),
  ];
}

function figure(correlations: readonly number[], sampled: readonly (readonly Sampled[])[], draws: number): Figure {
  const shown = WITH_CLOSED_FORMS.map((named, i) => ({ named, own: sampled[i]! })).filter(
    ({ named }) => named.name !== "leaky ReLU",
  );
  const scaled = (named: NamedActivation, value: number) => value / dualAt(activationOf(named), 1).value;
  return {
    id: "hermite-duals",
    title: "Dual activations",
    caption: `Lines: closed forms, divided by E φ². Points: means over ${draws} random pairs, with standard errors (smaller than the points).`,
    panels: [
      {
        x: { label: "correlation ξ", domain: [-1, 1] },
        y: { label: "φ̌(ξ) / φ̌(1)" },
        marks: shown.flatMap(({ named, own }, color) => [
          {
            ...({ kind: "line", label: named.name, color } as const),
            points: linspace(-1, 1, 201).map(
              (xi) => [xi, scaled(named, dualAt(activationOf(named), xi).value)] as const,
            ),
          },
          {
            ...({ kind: "points", label: named.name, color } as const),
            points: correlations.map((xi, j) => [xi, scaled(named, own[j]!.center)] as const),
            low: own.map(({ center, error }) => scaled(named, center - error)),
            high: own.map(({ center, error }) => scaled(named, center + error)),
          },
        ]),
      },
    ],
  };
}
