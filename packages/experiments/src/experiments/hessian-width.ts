import {
  child,
  type DenseParams,
  dense,
  empiricalNtk,
  hessianNorm,
  init,
  type Layer,
  type Matrix,
  matrix,
  normal,
  type Params,
  portable,
  serial,
  tanh,
} from "ntkit";
import { inRange, nearly } from "../common/checks.ts";
import { inTurn, range, stretch } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { mean } from "../common/statistics.ts";
import { norm } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type Findings, type RunContext } from "../experiment.ts";
import { count, counts } from "../params.ts";

export const hessianWidth: AnyExperiment = experiment({
  id: "hessian-width",
  title: "The Hessian of a wide network vanishes while its tangent kernel stays",
  items: ["E25"],
  source: "E, Proposition 1",
  claim:
    "For f = (1/√k) Σ aⱼ φ(wⱼ·x) with bounded output weights and a smooth φ the spectral norm of the Hessian in the weights is O(1/√k), while the tangent kernel is O(1). For Gaussian weights the largest of k units counts, and the norm falls like √(log k/k).",
  formulas: [
    "\\lVert\\nabla^2 f\\rVert_2=\\frac1{\\sqrt k}\\max_j\\tfrac12\\Bigl(\\lvert a_j\\phi''_j\\rvert\\lVert x\\rVert^2+\\sqrt{a_j^2{\\phi''_j}^2\\lVert x\\rVert^4+4{\\phi'_j}^2\\lVert x\\rVert^2}\\Bigr)",
    "\\lVert\\nabla^2 f\\rVert_2=O(1/\\sqrt k),\\qquad K(x,x)=O(1)",
  ],
  params: {
    d: count("dimensions of the input, |x|² = d", 3, { max: 1000 }),
    widths: counts(
      "widths k",
      range(9).map((i) => 2 ** (6 + i)),
      { quick: [64, 512, 4096, 16_384], max: 2 ** 20 },
    ),
    draws: count("networks of each width", 400, { quick: 60, min: 2 }),
    exact: counts("widths at which the closed form is compared with Lanczos iteration", [8, 32, 128], {
      quick: [8, 32],
    }),
  },
  async run(params, context) {
    const { d, widths, draws, exact } = params;
    const input = normal(child(context.key, 0), d);
    const size = norm(input);
    const x = matrix(
      1,
      d,
      input.map((v) => (v / size) * Math.sqrt(d)),
    );
    const errors = await inTurn(exact, stretch(context, 0, 0.1), (width) => relativeError(width, x, context));
    const runs = await inTurn(widths, stretch(context, 0.1, 1), (width) =>
      inTurn(range(draws), { signal: context.signal }, (draw) => measure(width, x, draw, context)),
    );
    return findings(widths, runs, Math.max(...errors));
  },
});

interface Run {
  /** ‖∇²f‖ with output weights ±1. */
  readonly bounded: number;
  /** The same with Gaussian ones. */
  readonly gaussian: number;
  /** K(x, x), with Gaussian ones. */
  readonly kernel: number;
}

function findings(widths: readonly number[], runs: readonly (readonly Run[])[], error: number): Findings {
  const of = (get: (run: Run) => number) =>
    scalingOf(
      widths,
      runs.map((own) => own.map(get)),
    );
  const [bounded, gaussian, kernel] = [of((run) => run.bounded), of((run) => run.gaussian), of((run) => run.kernel)];
  const at = (values: readonly number[]) => widths.map((width, i) => [width, values[i]!] as const);
  const logarithmic = (width: number) => Math.sqrt(width / portable.log(width));
  const constant = {
    bounded: widths.map((width, i) => bounded.y[i]! * Math.sqrt(width)),
    gaussian: widths.map((width, i) => gaussian.y[i]! * logarithmic(width)),
    plain: widths.map((width, i) => gaussian.y[i]! * Math.sqrt(width)),
    kernel: kernel.y,
  };
  const kept = (what: string, values: readonly number[], atMost: number) =>
    inRange(`${what}: largest over the widths, relative to their mean`, deviation(values), { theory: 0, atMost });
  return {
    checks: [
      inRange("closed form by units against the norm by Lanczos iteration, relative error", error, { atMost: 1e-10 }),
      kept("‖∇²f‖√k, output weights ±1", constant.bounded, 0.05),
      kept("‖∇²f‖√(k/log k), Gaussian output weights", constant.gaussian, 0.08),
      kept("K(x, x)", constant.kernel, 0.05),
      nearly(
        "‖∇²f‖√k, Gaussian output weights: widest over narrowest, which is not constant",
        constant.plain.at(-1)! / constant.plain[0]!,
        Math.sqrt(portable.log(widths.at(-1)!) / portable.log(widths[0]!)),
        0.16,
      ),
    ],
    tables: [
      {
        id: "constants",
        title: `Means over ${runs[0]!.length} networks`,
        columns: ["k", "‖∇²f‖√k, ±1", "‖∇²f‖√k, Gaussian", "‖∇²f‖√(k/log k), Gaussian", "K(x, x)"],
        rows: widths.map((width, i) => [
          ...[width, constant.bounded[i]!, constant.plain[i]!, constant.gaussian[i]!, constant.kernel[i]!],
        ]),
      },
    ],
    figures: [
      {
        id: "hessian-width",
        title: "Norm of the Hessian and tangent kernel in the width",
        caption: `Mean and standard error over ${runs[0]!.length} networks of tanh units; lines are fits. Right: what should be constant.`,
        panels: [
          {
            x: { label: "width k", scale: "log" },
            y: { label: "‖∇²f‖₂; K(x, x)", scale: "log" },
            marks: [
              ...lawMarks("aⱼ = ±1", bounded, 0),
              ...lawMarks("aⱼ Gaussian", gaussian, 1),
              ...lawMarks("K(x, x)", kernel, 2),
            ],
          },
          {
            x: { label: "width k", scale: "log" },
            y: { label: "‖∇²f‖₂√k", domain: [0, 1.2 * Math.max(...constant.plain)] },
            marks: [
              { kind: "points", label: "‖∇²f‖√k, ±1", color: 0, points: at(constant.bounded) },
              { kind: "points", label: "‖∇²f‖√k, Gaussian", color: 1, points: at(constant.plain) },
              { kind: "points", label: "‖∇²f‖√(k/log k), Gaussian", color: 3, points: at(constant.gaussian) },
            ],
          },
        ],
      },
    ],
    notes: [
      "The proposition says bounded weights, and needs it: with Gaussian output weights the largest of k of them grows like √(log k), and so does ‖∇²f‖√k.",
    ],
  };
}

/** The largest distance from the mean, relative to it. */
function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.max(...values.map((value) => Math.abs(value / center - 1)));
}

function tanhNetwork(width: number): Layer {
  return serial(dense({ width }), tanh(), dense({ width: 1 }));
}

async function measure(width: number, x: Matrix, draw: number, { key, engine, signal }: RunContext): Promise<Run> {
  const network = tanhNetwork(width);
  const seed = child(child(child(key, 1), width), draw);
  const params = init(network, x.cols, { seed });
  const kernel = await empiricalNtk(network, params, x, null, { engine, signal });
  const signs = init(network, x.cols, { seed, outputWeights: "signs" });
  return { bounded: closedForm(signs, x), gaussian: closedForm(params, x), kernel: kernel.data[0]! };
}

async function relativeError(width: number, x: Matrix, { key, engine, signal }: RunContext): Promise<number> {
  const network = tanhNetwork(width);
  const params = init(network, x.cols, { seed: child(child(key, 2), width) });
  const found = (await hessianNorm(network, params, x, { engine, signal })).data[0]!;
  return Math.abs(found / closedForm(params, x) - 1);
}

/** The Hessian has a block [[a φ'' xxᵀ, φ' x], [φ' xᵀ, 0]]/√k for each unit. */
function closedForm(params: Params, x: Matrix): number {
  const [first, , last] = params as readonly [DenseParams, null, DenseParams]; // of tanhNetwork
  const width = first.w.cols;
  const input = x.data.map((v) => v / Math.sqrt(x.cols));
  const size = norm(input);
  let largest = 0;
  for (let j = 0; j < width; j++) {
    let h = 0;
    for (let i = 0; i < input.length; i++) h += input[i]! * first.w.data[i * width + j]!;
    const value = portable.tanh(h);
    const slope = (1 - value * value) * size;
    const bend = Math.abs(last.w.data[j]! * 2 * value * (1 - value * value)) * size * size;
    largest = Math.max(largest, (bend + Math.sqrt(bend * bend + 4 * slope * slope)) / 2);
  }
  return largest / Math.sqrt(width);
}
