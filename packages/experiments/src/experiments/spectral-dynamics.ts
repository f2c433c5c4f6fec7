import { apply, child, empiricalNtk, gradientDescentMse, init, type Layer, type Matrix, portable, train } from "ntkit";
import { inRange } from "../common/checks.ts";
import { circleLift, columnOf, interval, wave } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { twoLayerRelu } from "../common/networks.ts";
import { solved } from "../common/solved.ts";
import { median } from "../common/statistics.ts";
import { dot, norm } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure } from "../figure.ts";
import { count } from "../params.ts";

export const spectralDynamics: AnyExperiment = experiment({
  id: "spectral-dynamics",
  title: "Each mode of the residual decays at the rate of its eigenvalue",
  items: ["B1", "C6", "C11"],
  source: "B, Lemma 1; C, Lemma 2 and its corollary; Du et al. (2019), Theorem 3.2",
  claim:
    "While the kernel of a wide network stays near H(0), its residual along eigenvector i shrinks by 1 − ηλᵢ each step, and its square falls at least like e^(−λ₀ηt), λ₀ the smallest eigenvalue.",
  formulas: [
    "v_i^\\top\\bigl(u_{t+1}-y\\bigr)=(1-\\eta\\lambda_i)\\,v_i^\\top\\bigl(u_t-y\\bigr)",
    "\\lVert u_t-y\\rVert^2\\le e^{-\\lambda_0\\eta t}\\,\\lVert u_0-y\\rVert^2",
  ],
  params: {
    n: count("points of t + sin 10t on the circle", 20, { quick: 6, min: 4, max: 100 }),
    width: count("width of the network, of which the first layer trains", 16_384, { max: 2 ** 18 }),
    steps: count("steps", 4000, { quick: 120, min: 10 }),
    networks: count("networks, of whose modes the medians are taken", 5, { quick: 3 }),
  },
  async run({ n, width, steps, networks }, context) {
    const t = interval(child(context.key, 0), n);
    const [x, y] = [circleLift(t), columnOf(t, wave)];
    const network = twoLayerRelu(width, 2);
    const runs = await inTurn(range(networks), context, (draw) => measure({ network, x, y, steps, draw }, context));
    const ratios = range(n).map((k) => median(runs.map((run) => run.ratios[k]!)));
    const fast = ratios.slice(-3);
    return {
      checks: [
        inRange("fitted rate over −log(1 − ηλ), the slowest of the top three modes", Math.min(...fast), {
          theory: 1,
          atLeast: 0.95,
        }),
        inRange("fitted rate over −log(1 − ηλ), the fastest of the top three modes", Math.max(...fast), {
          theory: 1,
          atMost: 1.05,
        }),
        inRange("fitted rate over −log(1 − ηλ), the fourth mode", ratios.at(-4)!, { theory: 1, atLeast: 0.85 }),
        inRange(
          "largest ‖u − y‖² over its bound, all networks and steps",
          Math.max(...runs.map(({ worst }) => worst)),
          { atMost: 1 + 1e-9 },
        ),
      ],
      tables: [
        {
          id: "modes",
          title: "Rates of the modes, in the median over the networks",
          columns: ["mode", "eigenvalue of the first network", "fitted rate over theory"],
          rows: range(n).map((k) => [n - k, runs[0]!.values[k]!, ratios[k]!]),
        },
      ],
      figures: [figure(runs[0]!, n)],
      notes: [
        "Slow modes hardly move within the run, and what the kernel drifts while the fast ones are fitted weighs more on them: they decay faster or slower than at the start. The table shows all.",
      ],
    };
  },
});

interface Setting {
  readonly network: Layer;
  readonly x: Matrix;
  readonly y: Matrix;
  readonly steps: number;
  readonly draw: number;
}

interface Run {
  /** Eigenvalues, ascending. */
  readonly values: Float64Array;
  readonly learningRate: number;
  readonly ratios: readonly number[];
  readonly worst: number;
  readonly seen: ReadonlyMap<number, readonly number[]>;
}

async function measure({ network, x, y, steps, draw }: Setting, { key, engine, signal }: RunContext): Promise<Run> {
  const params = init(network, 2, { seed: child(child(key, 1), draw), outputWeights: "signs" });
  const ntk = await empiricalNtk(network, params, x, null, { trainable: "first", engine, signal });
  const { values, vectors } = solved(await gradientDescentMse(ntk, y, { engine, signal })).path;
  const learningRate = 0.2 / values.at(-1)!;
  const n = values.length;
  const residual = (fx: Matrix) => fx.data.map((f, i) => f - y.data[i]!);
  const modes = (fx: Matrix) => range(n).map((k) => dot(vectors.data.subarray(k * n, (k + 1) * n), residual(fx)));
  const seen = new Map<number, readonly number[]>();
  await train(network, params, x, y, {
    ...{ steps, learningRate, trainable: "first", engine, signal },
    recordAt: [...new Set(range(401).map((i) => Math.round((i * steps) / 400)))],
    onRecord: ({ step }, now) => void seen.set(step, modes(apply(network, now, x, { engine }))),
  });
  signal?.throwIfAborted();
  const start = norm(seen.get(0)!);
  const bound = (step: number) => portable.exp(-values[0]! * learningRate * step) * start ** 2;
  const worst = Math.max(...[...seen].map(([step, now]) => norm(now) ** 2 / bound(step)));
  const ratios = range(n).map((k) => fittedRate(seen, k) / -portable.log1p(-learningRate * values[k]!));
  return { values, learningRate, ratios, worst, seen };
}

/** The rate at which a mode decays until it is a third of what it was, or the run ends. */
function fittedRate(seen: Run["seen"], k: number): number {
  const first = Math.abs(seen.get(0)![k]!);
  let rate = 0;
  for (const [step, now] of seen) {
    if (step === 0) continue;
    const left = Math.abs(now[k]!) / first;
    if (left < 1 / 3 && rate > 0) return rate;
    rate = -portable.log(left) / step;
    if (left < 1 / 3) return rate;
  }
  return rate;
}

function figure({ values, learningRate, seen }: Run, n: number): Figure {
  const shown = [n - 1, n - 2, n - 3, n - 4];
  const steps = [...seen.keys()];
  return {
    id: "modes",
    title: "Modes of the residual while a wide network trains",
    caption:
      "The four fastest modes of one network (points, every few steps) and what their eigenvalues predict (lines).",
    panels: [
      {
        x: { label: "step" },
        y: { label: "|vᵢᵀ(u − y)| relative to the start", scale: "log", domain: [1e-4, 2] },
        marks: shown.flatMap((k, color) => {
          const start = Math.abs(seen.get(0)![k]!);
          const theory = steps.map(
            (step) => [step, portable.exp(step * portable.log1p(-learningRate * values[k]!))] as const,
          );
          const points = steps.map((step) => [step, Math.abs(seen.get(step)![k]!) / start] as const);
          const fewer = points.filter(([, value], i) => i % Math.ceil(points.length / 40) === 0 && value > 1e-4);
          const label = `mode ${color + 1}, λ = ${values[k]!.toPrecision(2)}`;
          return [
            { kind: "line" as const, color, points: theory.filter(([, value]) => value > 1e-5) },
            { kind: "points" as const, label, color, points: fewer, size: 2.5 },
          ];
        }),
      },
    ],
  };
}
