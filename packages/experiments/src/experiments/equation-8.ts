import { child, empiricalNtk, fromRows, gram, init, type Matrix, portable, twoLayerReluKernel } from "ntkit";
import { inRange } from "../common/checks.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { unitTwoLayerRelu } from "../common/networks.ts";
import { mean, standardError } from "../common/statistics.ts";
import { linspace, norm } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count } from "../params.ts";

export const equation8: AnyExperiment = experiment({
  id: "equation-8",
  title: "Equation (8) needs the factor ⟨x, x'⟩ that its print lost",
  items: ["B3", "B5", "B6"],
  source: "B, eq. (8)",
  claim:
    "The expectation of the tangent kernel at the start, for the first layer of a two-layer ReLU network, is ⟨x, x'⟩(π − θ)/2π for inputs of any norm. As printed, (π − θ)/2π, its diagonal would be 1/2 whatever the norm, and obtuse pairs would have the wrong sign.",
  formulas: [
    "H^*_{ij}=x_i^\\top x_j\\,\\frac{\\pi-\\arccos\\frac{x_i^\\top x_j}{\\lVert x_i\\rVert\\lVert x_j\\rVert}}{2\\pi}",
    "\\text{printed:}\\quad\\frac{\\pi-\\arccos(x_i^\\top x_j)}{2\\pi}",
  ],
  params: {
    angles: count("angles between the two inputs, from 0 to π", 13, { min: 3, max: 500 }),
    width: count("width of the networks", 4096, { min: 16, max: 2 ** 20 }),
    networks: count("networks", 100, { quick: 30, min: 2 }),
  },
  async run({ angles, width, networks }, context) {
    const thetas = linspace(0, Math.PI, angles);
    const norms = [0.5, 1, 2];
    const x = fromRows(
      norms.flatMap((size) => thetas.map((theta) => [size * portable.cos(theta), size * portable.sin(theta)])),
    );
    const reference = fromRows([[1, 0]]);
    const kernels = await measure({ x, reference, width, networks }, context);
    const centers = range(x.rows).map((i) => mean(kernels.map((own) => own[i]!)));
    const errors = range(x.rows).map((i) => standardError(kernels.map((own) => own[i]!)));
    const right = (await gram(twoLayerReluKernel({ trained: "first", activationScale: 1 }), x, reference)).data;
    const printed = norms.flatMap(() => thetas.map((theta) => (Math.PI - theta) / (2 * Math.PI)));
    // At θ = π no unit is active on both, and nothing varies.
    const distance = (theory: ArrayLike<number>) =>
      centers.map((value, i) => Math.abs(value - theory[i]!) / Math.max(errors[i]!, 1e-12));
    const obtuse = range(x.rows).filter((i) => x.data[2 * i]! < -1e-9 && thetas[i % angles]! < 3.1);
    const own = await diagonal(x, { width, networks }, context);
    return {
      checks: [
        inRange(
          "⟨x, x'⟩(π − θ)/2π: largest distance of the mean over networks in standard errors",
          Math.max(...distance(right)),
          { theory: 0, atMost: 4 },
        ),
        inRange("as printed: largest such distance", Math.max(...distance(printed)), { atLeast: 20 }),
        inRange(
          `obtuse pairs whose measured kernel is negative, of ${obtuse.length}`,
          obtuse.filter((i) => centers[i]! < 0).length,
          { theory: obtuse.length, atLeast: obtuse.length },
        ),
        inRange("K(x, x)/|x|² over inputs of norms ½, 1 and 2: largest distance from ½", own, {
          theory: 0,
          atMost: 4 / Math.sqrt(width * networks),
        }),
      ],
      tables: [
        {
          id: "kernels",
          title: "Tangent kernel of two inputs, the second of norm 1",
          columns: ["norm", "angle", "measured", "standard error", "with the factor", "as printed"],
          rows: range(x.rows).map((i) => [
            norms[Math.floor(i / angles)]!,
            thetas[i % angles]!,
            centers[i]!,
            errors[i]!,
            right[i]!,
            printed[i]!,
          ]),
        },
      ],
      figures: [figure({ thetas, norms, centers, errors, right, networks, width })],
    };
  },
});

interface Setting {
  readonly width: number;
  readonly networks: number;
}

async function measure(
  { x, reference, width, networks }: Setting & { readonly x: Matrix; readonly reference: Matrix },
  context: RunContext,
): Promise<Float64Array[]> {
  const { engine, signal, key } = context;
  const network = unitTwoLayerRelu(width, 2);
  return inTurn(range(networks), context, async (draw) => {
    const params = init(network, 2, { seed: child(key, draw), outputWeights: "signs" });
    return (await empiricalNtk(network, params, x, reference, { trainable: "first", engine, signal })).data;
  });
}

/** Largest |K(x, x)/|x|² − ½|, of means over networks. */
async function diagonal(x: Matrix, { width, networks }: Setting, { engine, signal, key }: RunContext): Promise<number> {
  const network = unitTwoLayerRelu(width, 2);
  const samples = await inTurn(range(networks), { signal }, async (draw) => {
    const params = init(network, 2, { seed: child(key, draw), outputWeights: "signs" });
    const { data } = await empiricalNtk(network, params, x, null, { trainable: "first", engine, signal });
    return range(x.rows).map((i) => data[i * x.rows + i]! / norm(x.data.subarray(2 * i, 2 * i + 2)) ** 2);
  });
  return Math.max(...range(x.rows).map((i) => Math.abs(mean(samples.map((own) => own[i]!)) - 0.5)));
}

interface Shown extends Setting {
  readonly thetas: readonly number[];
  readonly norms: readonly number[];
  readonly centers: readonly number[];
  readonly errors: readonly number[];
  readonly right: ArrayLike<number>;
}

function figure({ thetas, norms, centers, errors, right, networks, width }: Shown): Figure {
  return {
    id: "equation-8",
    title: "Equation (8), as it should be and as it is printed",
    caption: `Points: means over ${networks} networks of width ${width} (standard errors are smaller). Lines: with the factor ⟨x, x'⟩. Dashed: as printed, the same for all norms.`,
    panels: [
      {
        x: { label: "angle θ (rad)" },
        y: { label: "H*(x, x'), |x'| = 1" },
        marks: [
          {
            kind: "line",
            label: "as printed",
            color: 7,
            dashed: true,
            points: thetas.map((theta): Point => [theta, (Math.PI - theta) / (2 * Math.PI)]),
          },
          ...norms.flatMap((size, color) => {
            const at = (values: ArrayLike<number>) =>
              thetas.map((theta, i): Point => [theta, values[color * thetas.length + i]!]);
            const bars = errors.slice(color * thetas.length, (color + 1) * thetas.length);
            const points = at(centers);
            return [
              { kind: "line" as const, label: `|x| = ${size}`, color, points: at(right) },
              {
                kind: "points" as const,
                color,
                points,
                low: points.map(([, v], i) => v - bars[i]!),
                high: points.map(([, v], i) => v + bars[i]!),
              },
            ];
          }),
        ],
      },
    ],
  };
}
