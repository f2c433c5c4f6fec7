import {
  abRelu,
  child,
  dense,
  empiricalNtk,
  erf,
  gelu,
  gram,
  init,
  kernelFn,
  type Layer,
  type Matrix,
  portable,
  serial,
  sin,
  takeRows,
  twoLayerReluKernel,
} from "ntkit";
import { inRange } from "../common/checks.ts";
import { circleLift } from "../common/data-sets.ts";
import { activationOf, dualAt, type NamedActivation } from "../common/dual.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { mean, powerLaw, powerLine, slopeText, standardError } from "../common/statistics.ts";
import { linspace, rms } from "../common/vectors.ts";
import { scaleLast } from "../common/weights.ts";
import { type AnyExperiment, type Check, experiment, type RunContext } from "../experiment.ts";
import type { Figure } from "../figure.ts";
import { count, counts } from "../params.ts";

export const tangentKernelTheorem: AnyExperiment = experiment({
  id: "tangent-kernel-theorem",
  title: "The tangent kernel on the sphere is φ̌(ξ) + ξ (φ')ˇ(ξ)",
  items: ["E19", "E22", "E24", "E26"],
  source: "E, step 5, Definition 2, Theorem 1 and Example 2",
  claim:
    "The tangent kernel of f(x) = (1/√k) Aφ(Bx) with independent standard normal weights tends to φ̌(ξ) + ξ(φ')ˇ(ξ) for inputs on the sphere, ξ their inner product; for φ = √2·ReLU it is κ₁(ξ) + ξκ₀(ξ).",
  formulas: [
    "K(x,\\tilde x)=\\langle\\nabla f_x(w^{(0)}),\\nabla f_{\\tilde x}(w^{(0)})\\rangle\\to\\check\\phi(\\xi)+\\mathbb E[A_{11}^2]\\,(\\phi')\\check{}(\\xi)\\,\\xi",
    "\\phi=\\sqrt2\\,\\mathrm{relu}:\\quad \\check\\phi=\\frac{\\xi(\\pi-\\arccos\\xi)+\\sqrt{1-\\xi^2}}{\\pi},\\quad(\\check\\phi)'=\\frac{\\pi-\\arccos\\xi}{\\pi}",
  ],
  params: {
    points: count("inner products ξ, equally spaced from −1 to 1", 13, { min: 2, max: 1000 }),
    widths: counts("widths k", [64, 256, 1024, 4096, 16_384], { quick: [64, 256, 1024, 4096], max: 2 ** 20 }),
    draws: count("networks of each width and activation", 60, { quick: 30, min: 2 }),
  },
  async run({ points, widths, draws }, context) {
    const xi = linspace(-1, 1, points);
    const x = circleLift(xi);
    const sizes = { widths, draws, x };
    const found = await inTurn(ACTIVATIONS, context, (named, i) => measure(named, i, sizes, context));
    const errors = widths.map((_, w) => found.flatMap(({ distances }) => distances[w]!));
    const law = powerLaw(widths, errors.map(mean));
    return {
      checks: [
        ...(await exactChecks(x, xi)),
        inRange(
          "means over networks, weights N(0, 1): largest distance from the theorem in standard errors",
          largestDistance(
            found.map(({ gaussian }) => gaussian),
            xi,
            1,
          ),
          {
            ...{ theory: 0, atMost: 4 },
          },
        ),
        inRange("slope of the distance from the limit in the width, both as logarithms", law.exponent, {
          ...{ theory: -0.5, atLeast: -0.55, atMost: -0.45 },
        }),
        inRange(
          "output weights ±1, E A² = 1: largest distance from the theorem in standard errors",
          largestDistance(
            found.map(({ signs }) => signs),
            xi,
            1,
          ),
          {
            ...{ theory: 0, atMost: 4 },
          },
        ),
        inRange(
          "output weights N(0, 4): largest distance from φ̌ + 4ξ(φ')ˇ in standard errors",
          largestDistance(
            found.map(({ wide }) => wide),
            xi,
            4,
          ),
          {
            ...{ theory: 0, atMost: 4 },
          },
        ),
        inRange(
          "output weights N(0, 4): largest distance from the theorem without E A², in standard errors",
          largestDistance(
            found.map(({ wide }) => wide),
            xi,
            1,
          ),
          {
            ...{ atLeast: 10 },
          },
        ),
      ],
      tables: [
        {
          id: "distances",
          title: "Root mean square distance of tangent kernels from their limit",
          columns: ["width", "mean", "standard error"],
          rows: widths.map((width, w) => [width, mean(errors[w]!), standardError(errors[w]!)]),
        },
      ],
      figures: [kernelFigure(found, xi, widths.at(-1)!, draws), widthFigure(widths, errors, law)],
      notes: [
        "The theorem needs E A² = 1: the second term carries E A² as a factor, which the proof uses silently. Any such distribution does, ±1 as well as N(0, 1).",
        "In Example 2 it is the dual φ̌ that is differentiated with respect to ξ, not φ as printed. Its kernel is that of the network of step 6, (√2/√k) A relu(Bx), on the sphere.",
      ],
    };
  },
});

const ACTIVATIONS: readonly NamedActivation[] = [
  { name: "√2·ReLU", layer: abRelu({ a: 0, b: Math.SQRT2 }) },
  { name: "erf", layer: erf() },
  { name: "sine", layer: sin() },
  { name: "GELU", layer: gelu() },
];

/** f(x) = (1/√k) A φ(Bx) for inputs in the plane. */
function network(width: number, activation: Layer): Layer {
  return serial(dense({ width, wStd: Math.SQRT2 }), activation, dense({ width: 1 }));
}

function limitAt(named: NamedActivation, xi: number, square = 1): number {
  const { value, slopes } = dualAt(activationOf(named), xi);
  return value + square * xi * slopes;
}

/** Kernels at each ξ of networks of one width. */
type Kernels = readonly Float64Array[];

interface Measured {
  readonly named: NamedActivation;
  /** Of each network of each width from the limit. */
  readonly distances: readonly (readonly number[])[];
  /** Of the widest networks: output weights N(0, 1), ±1 and N(0, 4). */
  readonly gaussian: Kernels;
  readonly signs: Kernels;
  readonly wide: Kernels;
}

interface Sizes {
  readonly widths: readonly number[];
  readonly draws: number;
  readonly x: Matrix;
}

async function measure(
  named: NamedActivation,
  i: number,
  { widths, draws, x }: Sizes,
  context: RunContext,
): Promise<Measured> {
  const { engine, signal } = context;
  const limit = Float64Array.from(
    x.data.filter((_, at) => at % 2 === 0),
    (xi) => limitAt(named, xi),
  );
  const key = child(context.key, i);
  const reference = takeRows(x, [x.rows - 1]); // (1, 0), with which row ξ has the inner product ξ
  const kernelsAt = (width: number, w: number, kind: "gaussian" | "signs", factor = 1): Promise<Kernels> =>
    inTurn(range(draws), { signal }, async (draw) => {
      const layer = network(width, named.layer);
      const drawn = init(layer, 2, { seed: child(child(key, w), draw), outputWeights: kind });
      return (await empiricalNtk(layer, scaleLast(drawn, width, factor), x, reference, { engine, signal })).data;
    });
  const kernels = await inTurn(widths, { signal }, (width, w) => kernelsAt(width, w, "gaussian"));
  const [width, last] = [widths.at(-1)!, widths.length];
  return {
    named,
    distances: kernels.map((own) => own.map((kernel) => rms(kernel, limit) / limit.at(-1)!)),
    gaussian: kernels.at(-1)!,
    signs: await kernelsAt(width, last, "signs"),
    wide: await kernelsAt(width, last + 1, "gaussian", 2),
  };
}

/** Over activations and ξ, of the mean over the networks. */
function largestDistance(byActivation: readonly Kernels[], xi: readonly number[], square: number): number {
  const distances = byActivation.flatMap((kernels, i) =>
    xi.map((value, j) => {
      const own = kernels.map((kernel) => kernel[j]!);
      const gap = Math.abs(mean(own) - limitAt(ACTIVATIONS[i]!, value, square));
      return gap < 1e-12 ? 0 : gap / standardError(own); // at ξ = −1 ReLU networks do not vary
    }),
  );
  return Math.max(...distances);
}

async function exactChecks(x: Matrix, xi: readonly number[]): Promise<Check[]> {
  const reference = takeRows(x, [x.rows - 1]);
  const errors = await Promise.all(
    ACTIVATIONS.map(async (named) => {
      const { data } = await kernelFn(network(1, named.layer))(x, reference, "ntk");
      return xi.map((value, j) => Math.abs(data[j]! - limitAt(named, value)) / limitAt(named, 1));
    }),
  );
  const closed = await gram(twoLayerReluKernel(), x, reference);
  const relu = xi.map((value, j) => {
    const angle = portable.acos(value);
    const kappa0 = (Math.PI - angle) / Math.PI;
    const kappa1 = (value * (Math.PI - angle) + Math.sqrt((1 - value) * (1 + value))) / Math.PI;
    const { value: dual, slopes } = dualAt(activationOf(ACTIVATIONS[0]!), value);
    const gaps = [dual - kappa1, slopes - kappa0, closed.data[j]! - kappa1 - value * kappa0];
    return Math.max(...gaps.map(Math.abs));
  });
  return [
    inRange("kernel of the infinite network against φ̌ + ξ(φ')ˇ: largest relative error", Math.max(...errors.flat()), {
      ...{ theory: 0, atMost: 1e-12 },
    }),
    inRange("√2·ReLU against κ₁, κ₀ and κ₁ + ξκ₀: largest error", Math.max(...relu), { theory: 0, atMost: 1e-12 }),
  ];
}

function kernelFigure(found: readonly Measured[], xi: readonly number[], width: number, draws: number): Figure {
  return {
    id: "tangent-kernels",
    title: "Tangent kernels on the sphere",
    caption: `Lines: φ̌(ξ) + ξ(φ')ˇ(ξ). Points: means over ${draws} networks of width ${width}, with standard errors (smaller than the points).`,
    panels: [
      {
        x: { label: "inner product ξ" },
        y: { label: "K(ξ)" },
        marks: found.flatMap(({ named, gaussian }, color) => {
          const columns = xi.map((_, j) => gaussian.map((kernel) => kernel[j]!));
          const [centers, bars] = [columns.map(mean), columns.map(standardError)];
          return [
            {
              ...({ kind: "line", label: named.name, color } as const),
              points: linspace(-1, 1, 201).map((value) => [value, limitAt(named, value)] as const),
            },
            {
              ...({ kind: "points", label: named.name, color } as const),
              points: xi.map((value, j) => [value, centers[j]!] as const),
              low: centers.map((value, j) => value - bars[j]!),
              high: centers.map((value, j) => value + bars[j]!),
            },
          ];
        }),
      },
    ],
  };
}

function widthFigure(
  widths: readonly number[],
  errors: readonly (readonly number[])[],
  law: ReturnType<typeof powerLaw>,
): Figure {
  const [centers, bars] = [errors.map(mean), errors.map(standardError)];
  return {
    id: "tangent-kernel-widths",
    title: "Distance of tangent kernels from their limit",
    caption: "Root mean square over ξ, relative to K(1); mean and standard error over networks of all activations.",
    panels: [
      {
        x: { label: "width k", scale: "log", ticks: widths },
        y: { label: "distance / K(1)", scale: "log" },
        marks: [
          { kind: "line", label: `fit: ${slopeText(law)}`, points: powerLine(law, widths) },
          {
            kind: "points",
            label: "measured",
            points: widths.map((width, w) => [width, centers[w]!] as const),
            low: centers.map((value, w) => value - bars[w]!),
            high: centers.map((value, w) => value + bars[w]!),
          },
        ],
      },
    ],
  };
}
