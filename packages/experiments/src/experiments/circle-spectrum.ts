import {
  appendBias,
  dense,
  fromRows,
  gram,
  kernelFn,
  type Layer,
  laplaceKernel,
  type Matrix,
  portable,
  relu,
  serial,
  twoLayerReluKernel,
} from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks } from "../common/marks.ts";
import { type PowerLaw, powerLaw } from "../common/statistics.ts";
import { sumOf } from "../common/vectors.ts";
import { type AnyExperiment, type Check, experiment } from "../experiment.ts";
import type { Figure, Mark, Point } from "../figure.ts";
import { count, counts } from "../params.ts";

export const circleSpectrum: AnyExperiment = experiment({
  id: "circle-spectrum",
  title: "On the circle kernels without biases have no odd frequencies; with them they are like Laplace’s",
  items: ["D8"],
  source: "D, spectra of the kernels; Bietti and Mairal (2019), Geifman et al. (2020)",
  claim:
    "The eigenvalues of the two-layer ReLU tangent kernel on the circle are its Fourier coefficients. Without biases those of odd frequencies from 3 on are exactly 0; with them all are positive and fall like k⁻², as those of the Laplace kernel do. Deeper kernels resemble Laplace kernels that fall faster.",
  formulas: [
    "\\lambda_k=\\frac1{2\\pi}\\int_{-\\pi}^{\\pi}K(\\theta)\\cos k\\theta\\,d\\theta,\\qquad \\lambda_3=\\lambda_5=\\dots=0",
    "\\lambda_k\\sim k^{-2}",
  ],
  params: {
    points: count("equally spaced points of the circle", 4096, { min: 256, max: 2 ** 16 }),
    frequencies: count("frequencies k up to this", 64, { min: 16, max: 100 }),
    depths: counts("hidden layers of the kernels compared with Laplace’s", [1, 2, 3, 4, 5, 6, 8], { max: 50 }),
  },
  async run({ points, frequencies, depths }, context) {
    const circle = fromRows(
      range(points).map((j) => [portable.cos((2 * Math.PI * j) / points), portable.sin((2 * Math.PI * j) / points)]),
    );
    const first = twoLayerReluKernel({ trained: "first", activationScale: 1 });
    const kinds = await inTurn(
      [
        { name: "first layer, no biases", row: () => rowOf(circle, (x, z) => gram(first, x, z)) },
        { name: "both layers, no biases", row: () => rowOf(circle, (x, z) => gram(twoLayerReluKernel(), x, z)) },
        {
          name: "both layers, biases",
          row: () => rowOf(appendBias(circle), (x, z) => gram(twoLayerReluKernel(), x, z)),
        },
        { name: "Laplace", row: () => rowOf(circle, (x, z) => gram(laplaceKernel({ bandwidth: 1 }), x, z)) },
      ],
      context,
      async ({ name, row }) => ({ name, spectrum: fourier(await row(), frequencies) }),
    );
    const widths = await inTurn(depths, { signal: context.signal }, async (depth) =>
      laplaceWidth(await rowOf(circle, (x, z) => kernelFn(deep(depth))(x, z, "ntk")), points),
    );
    const tail = (kind: number, step: number) => {
      const k = range(frequencies + 1).filter((value) => value >= 8 && value % step === 0);
      return {
        k,
        law: powerLaw(
          k,
          k.map((value) => kinds[kind]!.spectrum[value]!),
        ),
      };
    };
    const tails = [tail(0, 2), tail(1, 2), tail(2, 1), tail(3, 1)];
    return {
      checks: [
        ...checksOf(
          kinds.map(({ spectrum }) => spectrum),
          tails.map(({ law }) => law),
        ),
        inRange(
          "depths at which the fitted Laplace kernel does not fall faster than at the one before",
          widths.filter((value, i) => i > 0 && value <= widths[i - 1]!).length,
          { theory: 0, atMost: 0 },
        ),
      ],
      tables: [
        {
          id: "eigenvalues",
          title: "Eigenvalues by frequency",
          columns: ["k", ...kinds.map(({ name }) => name)],
          rows: range(Math.min(frequencies, 16) + 1).map((k) => [k, ...kinds.map(({ spectrum }) => spectrum[k]!)]),
        },
        {
          id: "laplace-widths",
          title: "Laplace kernels fitted to deeper tangent kernels",
          columns: ["hidden layers", "c in exp(−c|x − z|)"],
          rows: depths.map((depth, i) => [depth, widths[i]!]),
        },
      ],
      figures: [figure(kinds, tails, depths, widths)],
    };
  },
});

function deep(depth: number): Layer {
  const hidden = range(depth).flatMap(() => [dense({ width: 1, wStd: Math.SQRT2 }), relu()]);
  return serial(...hidden, dense({ width: 1 }));
}

/** K of all points with the first. */
async function rowOf(x: Matrix, kernel: (x: Matrix, z: Matrix) => Promise<Matrix>): Promise<Float64Array> {
  return (await kernel(x, { rows: 1, cols: x.cols, data: x.data.slice(0, x.cols) })).data;
}

/** Coefficients of cos kθ, of an even function at equally spaced angles. */
function fourier(values: Float64Array, frequencies: number): number[] {
  const n = values.length;
  const cosines = range(n).map((j) => portable.cos((2 * Math.PI * j) / n));
  return range(frequencies + 1).map((k) => sumOf(values.map((value, j) => value * cosines[(j * k) % n]!)) / n);
}

/** The c for which a·exp(−c|x − z|) + b comes nearest to a kernel on the circle, by golden sections. */
function laplaceWidth(values: Float64Array, points: number): number {
  const half = range(points / 2);
  const distances = half.map((j) => 2 * portable.sin((Math.PI * j) / points));
  const y = half.map((j) => values[j]! / values[0]!);
  const error = (c: number) => {
    const x = distances.map((d) => portable.exp(-c * d));
    const [meanX, meanY] = [sumOf(x) / x.length, sumOf(y) / y.length];
    const [xx, xy] = [sumOf(x.map((v) => (v - meanX) ** 2)), sumOf(x.map((v, i) => (v - meanX) * (y[i]! - meanY)))];
    return sumOf(x.map((v, i) => (y[i]! - meanY - (xy / xx) * (v - meanX)) ** 2));
  };
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [0.01, 50];
  while (high - low > 1e-6) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
    if (error(left) < error(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}

function checksOf([first, both, biased, laplace]: readonly (readonly number[])[], laws: readonly PowerLaw[]): Check[] {
  const odd = (spectrum: readonly number[]) =>
    Math.max(...spectrum.filter((_, k) => k % 2 === 1 && k >= 3).map(Math.abs));
  const known = [0.1013, 0.125, 0.0563, 0, 0.00766];
  return [
    ...known.map((value, k) => near(`first layer: eigenvalue of frequency ${k}`, first![k]!, value, 6e-5)),
    inRange("first layer, no biases: largest eigenvalue of an odd frequency from 3 on", odd(first!), {
      theory: 0,
      atMost: 1e-12,
    }),
    inRange("both layers, no biases: largest eigenvalue of an odd frequency from 3 on", odd(both!), {
      theory: 0,
      atMost: 1e-12,
    }),
    inRange(
      "with biases: least eigenvalue of an odd frequency, over the one before it",
      Math.min(...biased!.map((value, k) => (k % 2 === 1 ? value / biased![k - 1]! : 1))),
      { atLeast: 0.1 },
    ),
    near("with biases: slope of the eigenvalues from frequency 8 on", laws[2]!.exponent, -2, 0.1),
    near("Laplace: slope of the eigenvalues from frequency 8 on", laws[3]!.exponent, -2, 0.1),
    near("no biases, first layer: slope of those of even frequencies", laws[0]!.exponent, -2, 0.1),
    inRange("Laplace: least eigenvalue", Math.min(...laplace!), { atLeast: 1e-12 }),
  ];
}

function figure(
  kinds: readonly { readonly name: string; readonly spectrum: readonly number[] }[],
  tails: readonly { readonly k: readonly number[]; readonly law: PowerLaw }[],
  depths: readonly number[],
  widths: readonly number[],
): Figure {
  const shown = [0, 2, 3].flatMap((kind, color): Mark[] => {
    const { name, spectrum } = kinds[kind]!;
    const points = spectrum.map((value, k): Point => [k, value]).filter(([k, value]) => k > 0 && value > 1e-9);
    const [line] = lawMarks(name, { x: tails[kind]!.k, y: [], law: tails[kind]!.law }, color);
    return [line!, { kind: "points", color, points, size: 2.5 }];
  });
  return {
    id: "spectra",
    title: "Spectra of kernels on the circle",
    caption:
      "Left: eigenvalues by frequency; lines are fits from frequency 8 on; zeros are left out. Right: how fast the Laplace kernel falls that comes nearest to a tangent kernel of this depth.",
    panels: [
      {
        x: { label: "frequency k", scale: "log", ticks: [1, 2, 4, 8, 16, 32, 64] },
        y: { label: "eigenvalue", scale: "log" },
        marks: shown,
      },
      {
        x: { label: "hidden layers" },
        y: { label: "c in exp(−c|x − z|)" },
        marks: [
          {
            kind: "points",
            label: "fitted Laplace kernel",
            color: 4,
            points: depths.map((depth, i): Point => [depth, widths[i]!]),
          },
        ],
      },
    ],
  };
}
