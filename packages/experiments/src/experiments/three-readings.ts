import {
  child,
  empiricalNtk,
  gram,
  init,
  kernelRegression,
  type Matrix,
  portable,
  rankAt,
  ridgePath,
  twoLayerReluKernel,
  type VectorKernel,
} from "ntkit";
import { inRange } from "../common/checks.ts";
import { columnOf, interval, wave } from "../common/data-sets.ts";
import { inTurn } from "../common/in-turn.ts";
import { twoLayerRelu } from "../common/networks.ts";
import { BIAS, CIRCLE, LITERAL, READINGS, type Reading, UNIT_BIAS } from "../common/readings.ts";
import { solved } from "../common/solved.ts";
import { linspace, mse, norm, subtract } from "../common/vectors.ts";
import { type AnyExperiment, type Check, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count, real } from "../params.ts";

export const threeReadings: AnyExperiment = experiment({
  id: "three-readings",
  title: "On the line itself the kernel has rank 2; lifted to the circle, or with a bias, it fits every sample",
  items: ["E26", "D7"],
  source: "E, step 6; D, remark on the sphere",
  claim:
    "Fit x + sin 10x with the tangent kernel of f(x) = (√2/√k) A relu(Bx). The proposal takes [−1, 1] for the unit sphere in R¹, which is {−1, 1}: a ReLU network without biases has a single kink there, at 0, and its kernel rank 2. With the inputs lifted to the circle, or given a bias, the kernel interpolates.",
  formulas: [
    "K(x,\\tilde x)=\\lVert x\\rVert\\lVert\\tilde x\\rVert\\left(\\check\\phi(\\xi)+\\xi\\,\\check\\phi'(\\xi)\\right),\\qquad \\xi=\\frac{\\langle x,\\tilde x\\rangle}{\\lVert x\\rVert\\lVert\\tilde x\\rVert}",
    "\\check\\phi(\\xi)=\\tfrac1\\pi\\bigl(\\xi(\\pi-\\arccos\\xi)+\\sqrt{1-\\xi^2}\\bigr),\\qquad \\check\\phi'(\\xi)=\\tfrac1\\pi(\\pi-\\arccos\\xi)",
    "x\\mapsto\\bigl(x,\\sqrt{1-x^2}\\bigr)\\quad\\text{or}\\quad x\\mapsto(x,1)\\quad\\text{or}\\quad x\\mapsto\\frac{(x,1)}{\\lVert(x,1)\\rVert}",
  ],
  params: {
    n: count("samples of x + sin 10x, uniform on [−1, 1]", 15, { min: 3, max: 60 }),
    tests: count("equally spaced test points", 1000, { min: 100, max: 10_000 }),
    width: count("width of the network whose own kernel tells which formula is right on the line", 65_536, {
      ...{ min: 16, max: 2 ** 20 },
    }),
    learningRate: real("learning rate of the proposal, for the sum of squares halved", 0.01, { min: 1e-9, max: 1 }),
  },
  async run({ n, tests, width, learningRate }, context) {
    const t = interval(child(context.key, 0), n);
    const grid = Float64Array.from(linspace(-1, 1, tests));
    const fits = await inTurn(READINGS, context, (reading) => fitOf(reading, t, grid, context));
    return {
      checks: [
        ...rankChecks(fits, n),
        inRange("smallest 2/λmax of the four: the learning rate is below", Math.min(...fits.map(largestRate)), {
          atLeast: learningRate,
        }),
        ...formulaChecks(await kernelErrors(t, width, context), width),
      ],
      tables: [
        {
          id: "readings",
          title: "Four readings of the inputs",
          columns: ["inputs", "rank", "λmin", "λmax", "2/λmax", "train MSE", "test MSE"],
          rows: fits.map((fit) => [
            ...[fit.reading.name, fit.rank, fit.smallest, fit.largest, largestRate(fit), fit.trainMse, fit.testMse],
          ]),
        },
      ],
      figures: [figureOf(fits, t, grid)],
      notes: [
        "Read literally, the samples of [−1, 1] are inputs of one dimension: not on a sphere, so that the printed formula does not apply. The kernel that does (with norms, as a network without biases has it) is 2x x̃ on each side of 0 and nothing across it: every fit is two straight lines that meet at 0.",
        "The other experiments of this proposal take the circle, where the printed formula applies as it stands. A bias, (x, 1), must be what the figure of the course used: the kink of its network of width 1 is not at 0. The proposal's y = f(X) is read as y = g(X), and its d, once the number of samples and once the dimension, as n and the dimension.",
        "With λmin near 10⁻³ and a learning rate of 10⁻² the slowest mode takes 10⁵ steps: networks are to be compared with the kernel after as many steps, not at the end of time.",
      ],
    };
  },
});

interface Fit {
  readonly reading: Reading;
  readonly rank: number;
  readonly smallest: number;
  readonly largest: number;
  readonly trainMse: number;
  readonly testMse: number;
  readonly values: Float64Array;
}

const largestRate = ({ largest }: Fit): number => 2 / largest;

/** Kernel regression without ridge: by Cholesky, and by the pseudoinverse where the Gram matrix is singular. */
async function fitOf(reading: Reading, t: Float64Array, grid: Float64Array, context: RunContext): Promise<Fit> {
  const { engine, signal } = context;
  const [x, y] = [reading.inputs(t), columnOf(t, wave)];
  const kernel = twoLayerReluKernel();
  const k = await gram(kernel, x, null, { signal });
  const path = await ridgePath(k, y, { engine, signal });
  const rank = rankAt(path, 0);
  const method = rank < t.length ? "pseudoinverse" : "cholesky";
  const { alpha } = solved(await kernelRegression(k, y, { method, engine, signal }));
  const fitted = await engine.matmul(k, alpha, { signal });
  const values = await engine.matmul(await gram(kernel, reading.inputs(grid), x, { signal }), alpha, { signal });
  return {
    ...{ reading, rank, values: values.data },
    ...{ smallest: path.values[0]!, largest: path.values.at(-1)! },
    ...{ trainMse: mse(fitted.data, y.data), testMse: mse(values.data, grid.map(wave)) },
  };
}

function rankChecks(fits: readonly Fit[], n: number): Check[] {
  const of = (reading: Reading): Fit => fits.find((fit) => fit.reading === reading)!; // one fit for each reading
  const literal = of(LITERAL);
  return [
    inRange("literal reading: rank of the Gram matrix", literal.rank, { theory: 2, atLeast: 2, atMost: 2 }),
    inRange("literal reading: train MSE", literal.trainMse, { atLeast: 0.1 }),
    ...[CIRCLE, BIAS, UNIT_BIAS].flatMap((reading) => [
      inRange(`${reading.name}: rank of the Gram matrix`, of(reading).rank, { theory: n, atLeast: n, atMost: n }),
      inRange(`${reading.name}: train MSE`, of(reading).trainMse, { theory: 0, atMost: 1e-20 }),
    ]),
  ];
}

function formulaChecks({ literal, asPrinted }: KernelErrors, width: number): Check[] {
  // Five standard deviations: of 2(a² + b²)·1{bx > 0}, whose mean is 2, the variance is 12.
  const chance = 5 * Math.sqrt(3 / width);
  const what = `distance from the kernel of a network of width ${width}, relative`;
  return [
    inRange(`literal reading, formula with norms: ${what}`, literal, { theory: 0, atMost: chance }),
    inRange(`literal reading, formula as printed (ξ = x·x̃): ${what}`, asPrinted, { atLeast: chance }),
  ];
}

/** κ₁(ξ) + ξκ₀(ξ) at ξ = ⟨x, z⟩, whatever the norms: source E's formula, taken off the sphere. */
const SPHERE_FORMULA: VectorKernel = {
  name: "formula of the sphere",
  evaluate: ({ dot }) => {
    const sine = Math.sqrt((1 - dot) * (1 + dot));
    return (2 * dot * portable.atan2(sine, -dot) + sine) / Math.PI;
  },
};

interface KernelErrors {
  readonly literal: number;
  readonly asPrinted: number;
}

/** How far the two formulas are from the kernel of one wide network on the literal inputs: of the matrices, relative to it. */
async function kernelErrors(
  t: Float64Array,
  width: number,
  { key, engine, signal }: RunContext,
): Promise<KernelErrors> {
  const x = LITERAL.inputs(t);
  const network = twoLayerRelu(width, 1);
  const own = await empiricalNtk(network, init(network, 1, { seed: child(key, 1) }), x, null, { engine, signal });
  const distance = (k: Matrix): number => norm(subtract(k.data, own.data)) / norm(own.data);
  return {
    literal: distance(await gram(twoLayerReluKernel(), x, null, { signal })),
    asPrinted: distance(await gram(SPHERE_FORMULA, x, null, { signal })),
  };
}

function figureOf(fits: readonly Fit[], t: Float64Array, grid: Float64Array): Figure {
  const curve = (values: ArrayLike<number>): Point[] => Array.from(grid, (x, i) => [x, values[i]!]);
  return {
    id: "four-fits",
    title: `The tangent kernel’s fit of ${t.length} samples, by reading of the inputs`,
    caption:
      "Infinitely wide, trained without end and without the random start. Two straight lines are all that the literal reading can do.",
    panels: fits.map(({ reading, values, rank }) => ({
      title: `${reading.name}   (rank ${rank})`,
      x: { label: "x" },
      y: { label: "f(x)", domain: [-2.5, 2.5] },
      marks: [
        { kind: "line", label: "x + sin 10x", points: curve(grid.map(wave)), dashed: true, color: 7 },
        { kind: "line", label: "kernel regression", points: curve(values), color: 0 },
        { kind: "points", label: "samples", points: Array.from(t, (x) => [x, wave(x)] as const), color: 1 },
      ],
    })),
  };
}
