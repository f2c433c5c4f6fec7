import {
  child,
  gaussianKernel,
  gram,
  type Key,
  kernelRegression,
  laplaceKernel,
  type Matrix,
  type VectorKernel,
} from "ntkit";
import { always, inRange } from "../common/checks.ts";
import { columnOf, normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { eigenvalues } from "../common/spectrum.ts";
import { dot, largestSize, linspace, mse, norm, subtract, times } from "../common/vectors.ts";
import { type AnyExperiment, type Check, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Panel, Point } from "../figure.ts";
import { count, reals } from "../params.ts";

/** Square footage in hundreds and price in millions, read off the figure of the lecture. */
const HOUSES: readonly Point[] = [
  [0.45, 0.95],
  [0.65, 1.25],
  [0.9, 1.4],
  [1.15, 2.0],
  [1.28, 1.45],
  [1.38, 2.05],
  [1.7, 2.1],
  [1.78, 1.9],
  [2.08, 2.4],
  [2.62, 3.05],
];

const KERNELS = [
  { name: "Gaussian", of: (L: number): VectorKernel => gaussianKernel({ inverseBandwidth: L }) },
  { name: "Laplace", of: (L: number): VectorKernel => laplaceKernel({ inverseBandwidth: L }) },
] as const;

export const courseKernels: AnyExperiment = experiment({
  id: "course-kernels",
  title: "Gaussian and Laplace kernels interpolate ten houses, each in its own way",
  items: ["E7", "E8", "E9", "E10", "E-step3"],
  source: "E, steps 2 and 3; its course’s lecture 3, Figure 2, and problem set 2, problem 5",
  claim:
    "Kernel regression f(x) = yK⁺K(X, x) interpolates: with the Gaussian kernel exp(−L|x − z|²) and the Laplace kernel exp(−L|x − z|), and among all interpolants of their spaces it has the least norm. The shape between the points is the kernel’s.",
  formulas: [
    "\\hat f(x)=yK^{+}K(X,x)=\\sum_i\\alpha_iK(x,x_i),\\qquad K_{ij}=K(x_i,x_j)",
    "K(x,\\tilde x)=e^{-L\\lVert x-\\tilde x\\rVert^2}\\quad\\text{(printed without the minus between }x\\text{ and }\\tilde x)",
  ],
  params: {
    housesL: reals("inverse bandwidths L for the houses", [0.5, 20, 100], { min: 1e-3, max: 1e6 }),
    curveL: reals("inverse bandwidths L for x² + x + 1 on 11 points", [0.01, 0.05, 1, 10, 100], {
      min: 1e-4,
      max: 1e6,
    }),
    others: count("other interpolants whose norm is compared", 100, { min: 1 }),
  },
  async run({ housesL, curveL, others }, context) {
    const [x, y] = [columnOf(HOUSES.map(([own]) => own)), columnOf(HOUSES.map(([, own]) => own))];
    const jobs = KERNELS.flatMap((kind) => housesL.map((L) => ({ kind, L })));
    const houses = await inTurn(jobs, context, ({ kind, L }) =>
      interpolant(kind.of(L), x, y, linspace(0, 3, 301), context),
    );
    const t = linspace(-1, 1, 11);
    const square = (v: number) => v * v + v + 1;
    const grid = linspace(-1, 1, 1000);
    const curveJobs = KERNELS.flatMap((kind) => curveL.map((L) => ({ kind, L })));
    const curves = await inTurn(curveJobs, { signal: context.signal }, ({ kind, L }) =>
      interpolant(kind.of(L), columnOf(t), columnOf(t, square), grid, context),
    );
    const truth = Float64Array.from(grid, square);
    const norms = await representer(context.key, x, y, others, context);
    return {
      checks: [
        ...errorChecks([...houses, ...curves]),
        inRange(
          "least eigenvalue of all their Gram matrices over the largest",
          Math.min(...[...houses, ...curves].map(({ least }) => least)),
          { theory: 0, atLeast: -1e-14 },
        ),
        always("other interpolants of the Laplace space with a larger norm", norms, others),
        ...(await printedChecks(x, context)),
      ],
      tables: [
        {
          id: "houses",
          title: "Ten houses",
          columns: ["kernel", "L", "largest error at the houses"],
          rows: jobs.map(({ kind, L }, i) => [kind.name, L, houses[i]!.error]),
        },
        {
          id: "curve",
          title: "x² + x + 1 on 11 points: error on 1000 points",
          columns: ["kernel", "L", "mean squared error"],
          rows: curveJobs.map(({ kind, L }, i) => [kind.name, L, mse(curves[i]!.values, truth)]),
        },
      ],
      figures: [
        ...KERNELS.map(({ name }, k) =>
          houseFigure(name, housesL, houses.slice(k * housesL.length, (k + 1) * housesL.length)),
        ),
        curveFigure(grid, t, curveL, curves, square),
      ],
      notes: [
        "Lectures and document mean an inverse bandwidth by L: exp(−L|x − z|). The notebooks of the course write exp(−|x − z|/L), the opposite; here it is always named, `inverseBandwidth` or `bandwidth`.",
        "As printed, exp(−L|x x̃|²) lacks the minus sign between x and x̃. It is not a kernel: its Gram matrix has negative eigenvalues.",
      ],
    };
  },
});

interface Fit {
  readonly values: Float64Array;
  readonly grid: readonly number[];
  readonly singular: boolean;
  readonly error: number;
  /** The error over λ₁‖α‖. */
  readonly rounding: number;
  /** Least eigenvalue over the largest. */
  readonly least: number;
}

async function interpolant(
  kernel: VectorKernel,
  x: Matrix,
  y: Matrix,
  grid: readonly number[],
  context: RunContext,
): Promise<Fit> {
  const { engine, signal } = context;
  const k = await gram(kernel, x);
  const regular = await kernelRegression(k, y, { engine, signal });
  // Of wide Gaussian kernels on close points K has eigenvalues that float64 cannot tell from 0.
  const { alpha } = regular.ok
    ? regular
    : solved(await kernelRegression(k, y, { method: "pseudoinverse", engine, signal }));
  const values = times(await gram(kernel, columnOf(grid), x), alpha.data);
  const spectrum = await eigenvalues(k, context);
  const error = largestSize(subtract(times(k, alpha.data), y.data));
  const rounding = error / (spectrum.at(-1)! * norm(alpha.data));
  return { values, grid, singular: !regular.ok, error, rounding, least: spectrum[0]! / spectrum.at(-1)! };
}

function errorChecks(fits: readonly Fit[]): Check[] {
  const worst = (get: (one: Fit) => number) => Math.max(...fits.filter((one) => !one.singular).map(get));
  return [
    inRange(
      "largest error of an interpolant at its points (prices in millions)",
      Math.max(...fits.map(({ error }) => error)),
      {
        ...{ theory: 0, atMost: 1e-3 },
      },
    ),
    inRange(
      "the same over λ₁‖α‖, where K is regular in float64: that of rounding",
      worst(({ rounding }) => rounding),
      {
        ...{ theory: 0, atMost: 1e-14 },
      },
    ),
  ];
}

/** Interpolants Σ βⱼK(·, zⱼ) with as many more centres: how many have a larger norm βᵀKβ. */
async function representer(
  key: Key,
  x: Matrix,
  y: Matrix,
  others: number,
  { engine, signal }: RunContext,
): Promise<number> {
  const kernel = laplaceKernel({ inverseBandwidth: 1 });
  const k = await gram(kernel, x);
  const { alpha } = solved(await kernelRegression(k, y, { engine, signal }));
  const own = dot(alpha.data, y.data); // αᵀKα
  const found = await inTurn(range(others), { signal }, async (draw) => {
    const extra = columnOf(normalMatrix(child(key, draw), 4, 1).data, (value) => 1.5 + value);
    const weights = normalMatrix(child(child(key, draw), 1), 4, 1).data;
    const cross = await gram(kernel, x, extra);
    const rest = columnOf(subtract(y.data, times(cross, weights)));
    const { alpha: corrected } = solved(await kernelRegression(k, rest, { engine, signal }));
    const between = times(cross, weights);
    const square = dot(corrected.data, times(k, corrected.data)) + 2 * dot(corrected.data, between);
    return square + dot(weights, times(await gram(kernel, extra), weights));
  });
  return found.filter((square) => square > own).length;
}

async function printedChecks(x: Matrix, context: RunContext): Promise<Check[]> {
  const printed: VectorKernel = {
    name: "as printed",
    evaluate: ({ dot: product }) => gaussian.evaluate({ ...NOTHING, distance: Math.abs(product) }),
  };
  const [least] = await eigenvalues(await gram(printed, x), context);
  return [inRange("exp(−|x x̃|²), as printed: least eigenvalue on the houses", least!, { atMost: -0.01 })];
}

const gaussian = gaussianKernel({ inverseBandwidth: 1 });
const NOTHING = { dot: 0, sine: 0, norm1: 0, norm2: 0, distance: 0 };

function houseFigure(name: string, scales: readonly number[], fits: readonly Fit[]): Figure {
  return {
    id: `houses-${name.toLowerCase()}`,
    title: `Ten houses, ${name} kernel`,
    caption: "Interpolants without a ridge; what leaves the frame is cut off, as in the lecture.",
    panels: fits.map(
      ({ grid, values }, i): Panel => ({
        title: `L = ${scales[i]}`,
        x: { label: "square feet (hundreds)" },
        y: { label: "price (millions)", domain: [0, 3.5] },
        marks: [
          { kind: "line", label: "interpolant", color: 0, points: grid.map((v, j): Point => [v, values[j]!]) },
          { kind: "points", label: "houses", color: 1, points: HOUSES },
        ],
      }),
    ),
  };
}

function curveFigure(
  grid: readonly number[],
  t: readonly number[],
  scales: readonly number[],
  fits: readonly Fit[],
  f: (value: number) => number,
): Figure {
  return {
    id: "curve",
    title: "x² + x + 1 from 11 points",
    caption: "Interpolants by inverse bandwidth L. Wide kernels are smooth between the points, narrow ones fall to 0.",
    panels: KERNELS.map(({ name }, k) => ({
      title: name,
      x: { label: "x" },
      y: { label: "f(x)", domain: [-0.2, 3.2] as const },
      marks: [
        ...scales.map((L, i) => ({
          ...{ kind: "line" as const, label: `L = ${L}`, color: i },
          points: grid.map((v, j): Point => [v, fits[k * scales.length + i]!.values[j]!]),
        })),
        { kind: "points" as const, label: "data", color: 7, points: t.map((v): Point => [v, f(v)]) },
      ],
    })),
  };
}
