import { apply, child, dense, init, kernelFn, type Layer, type Matrix, relu, serial } from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { circleLift } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks } from "../common/marks.ts";
import { mean, powerLaw, standardError } from "../common/statistics.ts";
import { linspace } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count, counts } from "../params.ts";

/** E Z⁴/(E Z²)² − 3 of Z = a·relu(u) for standard normal a and u. */
const EXCESS_OF_A_UNIT = 15;

export const gaussianProcessAtStart: AnyExperiment = experiment({
  id: "gaussian-process-at-start",
  title: "At the start a wide network is a Gaussian process",
  items: ["C7", "C14"],
  source: "C, definition of the tangent kernel and remark on the start; layers x ↦ Ax + b with A = W/√m",
  claim:
    "With layers scaled by 1/√m the outputs f(x; w₀) over random starts have the covariance of the NNGP and become Gaussian as the width grows: the excess kurtosis of one hidden ReLU layer is exactly 15/m. Without the scaling the variance grows with the width.",
  formulas: [
    "x\\mapsto A_ix+b_i,\\quad A_i=\\tfrac1{\\sqrt{m_i}}W_i:\\qquad f(\\cdot\\,;w_0)\\to\\mathcal{GP}(0,\\Sigma)\\quad(m\\to\\infty)",
    "\\frac{\\mathbb E f^4}{(\\mathbb E f^2)^2}-3=\\frac{15}{m}",
  ],
  params: {
    widths: counts("widths m", [1, 2, 4, 8, 16, 32], { quick: [1, 2, 4, 8, 16], max: 10_000 }),
    draws: count("networks of each width", 100_000, { quick: 12_000, min: 1000 }),
  },
  async run({ widths, draws }, context) {
    const x = circleLift([-0.9, 0.2, 0.7]);
    const limit = await kernelFn(network(1))(x, null, "nngp");
    const found = await inTurn(widths, context, (width, i) => measure({ width, draws, x, limit, i }, context));
    const kurtosis = found.map((own) => own.kurtosis);
    const law = powerLaw(widths, kurtosis);
    const growth = powerLaw(
      widths,
      await inTurn(widths, { signal: context.signal }, (width) => unscaledVariance(width, context)),
    );
    return {
      checks: [
        inRange(
          "covariances against the NNGP, every width: largest distance in standard errors",
          Math.max(...found.map((own) => own.covariance)),
          { theory: 0, atMost: 4.5 },
        ),
        inRange(
          "excess kurtosis against 15/m: largest distance in standard errors",
          Math.max(...found.map((own, i) => Math.abs(own.kurtosis - EXCESS_OF_A_UNIT / widths[i]!) / own.error)),
          { theory: 0, atMost: 4.5 },
        ),
        near("exponent of the excess kurtosis in the width", law.exponent, -1, 0.25),
        near("scaled by 1 in place of 1/√m: exponent of the variance in the width", growth.exponent, 1, 0.15),
      ],
      tables: [
        {
          id: "kurtosis",
          title: "Excess kurtosis of f(x; w₀)",
          columns: ["width", "measured", "standard error", "15/m"],
          rows: widths.map((width, i) => [width, kurtosis[i]!, found[i]!.error, EXCESS_OF_A_UNIT / width]),
        },
      ],
      figures: [figure(widths, found, law, draws)],
    };
  },
});

/** (1/√m) Σ aₖ relu(wₖ·x) */
function network(width: number): Layer {
  return serial(dense({ width, wStd: Math.SQRT2 }), relu(), dense({ width: 1 }));
}

interface Setting {
  readonly width: number;
  readonly draws: number;
  readonly x: Matrix;
  readonly limit: Matrix;
  readonly i: number;
}

interface Measured {
  readonly kurtosis: number;
  readonly error: number;
  /** Of all pairs of points, from the limit: the largest, in standard errors. */
  readonly covariance: number;
}

async function measure({ width, draws, x, limit, i }: Setting, { key, signal }: RunContext): Promise<Measured> {
  const seeds = child(child(key, 0), i);
  const outputs = await inTurn(range(draws), { signal }, (draw) => {
    return apply(network(width), init(network(width), 2, { seed: child(seeds, draw) }), x).data;
  });
  const fourth = outputs.map((f) => (f[0]! * f[0]!) ** 2 / limit.data[0]! ** 2);
  const distances = range(9).map((at) => {
    const products = outputs.map((f) => f[Math.floor(at / 3)]! * f[at % 3]!);
    return Math.abs(mean(products) - limit.data[at]!) / standardError(products);
  });
  return { kurtosis: mean(fourth) - 3, error: standardError(fourth), covariance: Math.max(...distances) };
}

/** Mean of f(x; w₀)² with weights of the last layer N(0, 1). */
async function unscaledVariance(width: number, { key, signal }: RunContext): Promise<number> {
  const standard = serial(dense({ width, wStd: Math.SQRT2 }), relu(), dense({ width: 1, wStd: Math.sqrt(width) }));
  const x = circleLift([0.2]);
  const squares = await inTurn(range(4000), { signal }, (draw) => {
    return apply(standard, init(standard, 2, { seed: child(child(key, 1), draw) }), x).data[0]! ** 2;
  });
  return mean(squares);
}

function figure(
  widths: readonly number[],
  found: readonly Measured[],
  law: ReturnType<typeof powerLaw>,
  draws: number,
): Figure {
  const [y, errors] = [found.map((own) => own.kurtosis), found.map((own) => own.error)];
  const ends = [widths[0]!, widths.at(-1)!];
  return {
    id: "kurtosis",
    title: "How far from Gaussian a network is at the start",
    caption: `Excess kurtosis of f(x; w₀) over ${draws} networks of each width, with standard errors.`,
    panels: [
      {
        x: { label: "width m", scale: "log", ticks: widths },
        y: { label: "excess kurtosis", scale: "log" },
        marks: [
          {
            kind: "line",
            label: "15/m",
            color: 6,
            points: linspace(ends[0]!, ends[1]!, 2).map((m): Point => [m, EXCESS_OF_A_UNIT / m]),
          },
          ...lawMarks("measured", { x: widths, y, errors, law }, 0),
        ],
      },
    ],
  };
}
