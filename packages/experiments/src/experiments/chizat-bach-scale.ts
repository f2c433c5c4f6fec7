import {
  apply,
  child,
  dense,
  empiricalNtk,
  flattenParams,
  gradientFlow,
  hessianNorm,
  init,
  type Key,
  lazyScaleBounds,
  lazyScaleThreshold,
  portable,
  ridgePath,
  serial,
  tanh,
} from "ntkit";
import { inRange } from "../common/checks.ts";
import { normalMatrix, spherePoints } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { norm, subtract } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count, reals } from "../params.ts";

export const chizatBachScale: AnyExperiment = experiment({
  id: "chizat-bach-scale",
  title: "Above a threshold of α the loss decays exponentially and the weights stay near",
  items: ["C5", "C13"],
  source: "C, main theorem; in the form of Telgarsky’s lecture notes, Theorem 8.1 (Chizat, Oyallon, Bach 2019)",
  claim:
    "If the Jacobian J₀ has rank n and is β-Lipschitz, then from α ≥ β√(1152 σ_max² R₀)/σ_min³ on R(αf(w(t))) ≤ R₀ exp(−tα²σ_min²/2) and ‖w(t) − w₀‖ ≤ 3√(8σ_max²R₀)/(ασ_min²), at all times.",
  formulas: [
    "\\alpha\\ge\\frac{\\beta\\sqrt{1152\\,{\\sigma_{\\max}}^2R_0}}{{\\sigma_{\\min}}^3}\\;\\Longrightarrow\\;R(\\alpha f(w(t)))\\le R_0\\,e^{-t\\alpha^2{\\sigma_{\\min}}^2/2}",
    "\\lVert w(t)-w_0\\rVert\\le\\frac{3\\sqrt{8{\\sigma_{\\max}}^2R_0}}{\\alpha\\,{\\sigma_{\\min}}^2}",
  ],
  params: {
    n: count("points on the sphere", 3, { min: 2, max: 10 }),
    width: count("tanh units", 200, { min: 4, max: 4096 }),
    scales: reals("α over the threshold of the theorem", [0.001, 0.01, 0.1, 1, 4], { min: 1e-6, max: 1e3 }),
    networks: count("networks", 5, { quick: 2 }),
  },
  async run({ n, width, scales, networks }, context) {
    const found = await inTurn(range(networks), context, (draw) =>
      measure({ key: child(context.key, draw), n, width, scales }, context),
    );
    const above = found.flatMap(({ runs }) => runs.filter(({ share }) => share >= 1));
    return {
      checks: [
        inRange(
          "α above the threshold: least slack of the decay of the loss, all times",
          Math.min(...above.map(({ decay }) => decay)),
          { atLeast: 1 },
        ),
        inRange(
          "α above the threshold: least slack of the movement (how loose it is)",
          Math.min(...above.map(({ movement }) => movement)),
          { atLeast: 1 },
        ),
        inRange(
          "least α over the threshold at which both promises were kept all the same",
          Math.min(
            ...found.flatMap(({ runs }) =>
              runs.filter((one) => one.decay >= 1 && one.movement >= 1).map(({ share }) => share),
            ),
          ),
          { atMost: 1 },
        ),
      ],
      tables: [
        {
          id: "scales",
          title: "The first network",
          columns: ["α over threshold", "α", "slack of the decay", "measured movement", "promised movement"],
          rows: found[0]!.runs.map((one) => [one.share, one.alpha, one.decay, one.moved, one.promised]),
        },
      ],
      figures: [figure(found[0]!.runs)],
      notes: [
        `The threshold is far from what is needed: ${found[0]!.threshold.toPrecision(3)} for the first network. β is √Σ‖∂²f(xᵢ)/∂w²‖² at the start, and a tenth more for what it changes along the way; the networks start with f(w₀) = 0, or R₀ would grow with α.`,
      ],
    };
  },
});

interface Setting {
  readonly key: Key;
  readonly n: number;
  readonly width: number;
  readonly scales: readonly number[];
}

interface Run {
  readonly share: number;
  readonly alpha: number;
  /** Least of bound over measured, over all times. */
  readonly decay: number;
  readonly movement: number;
  readonly moved: number;
  readonly promised: number;
}

async function measure(
  { key, n, width, scales }: Setting,
  { engine, signal }: RunContext,
): Promise<{ threshold: number; runs: Run[] }> {
  const d = 6;
  const [x, y] = [spherePoints(child(key, 0), n, d), normalMatrix(child(key, 1), n, 1)];
  const network = (alpha: number) =>
    serial(dense({ width, wStd: Math.sqrt(d) }), tanh(), dense({ width: 1, wStd: alpha }));
  const params = init(network(1), d, { seed: child(key, 2), pairs: "antisymmetric" });
  const ntk = await empiricalNtk(network(1), params, x, null, { engine, signal });
  const { values } = await ridgePath(ntk, y, { engine, signal });
  const [smallest, largest] = [Math.sqrt(values[0]!), Math.sqrt(values.at(-1)!)];
  const risk = norm(y.data) ** 2 / 2;
  // ‖J(w) − J(v)‖ ≤ √(Σ ‖∂²f(xᵢ)‖²) ‖w − v‖; a tenth more for what the second derivative changes along the way.
  const beta = 1.1 * norm((await hessianNorm(network(1), params, x, { signal })).data);
  const setting = {
    largestSingularValue: largest,
    smallestSingularValue: smallest,
    jacobianLipschitz: beta,
    initialRisk: risk,
  };
  const threshold = lazyScaleThreshold(setting);
  const runs = await inTurn(scales, { signal }, async (share) => {
    const alpha = share * threshold;
    const times = range(12).map((k) => (0.25 * (k + 1)) / (alpha * smallest) ** 2);
    const options = { rtol: 1e-8, atol: 1e-12, maxSteps: 200_000, signal };
    const flow = solved(await gradientFlow(network(alpha), params, x, y, times, options)).params;
    const losses = flow.map((weights) => norm(subtract(apply(network(alpha), weights, x).data, y.data)) ** 2 / 2);
    const rate = Math.min(...losses.map((loss, k) => -portable.log(loss / risk) / times[k]!));
    const moved = Math.max(...flow.map((weights) => norm(subtract(flattenParams(weights), flattenParams(params)))));
    const bounds = lazyScaleBounds({
      ...setting,
      scale: alpha,
      measured: { movement: moved, rate: Math.max(0, rate) },
    });
    const { promises, slack } = bounds.movement;
    return { share, alpha, decay: bounds.rate.slack ?? 0, movement: slack ?? 0, moved, promised: promises.value };
  });
  return { threshold, runs };
}

function figure(runs: readonly Run[]): Figure {
  return {
    id: "scales",
    title: "How far the weights move",
    caption: "The first network, gradient flow until the loss is fitted, at several scales of its output.",
    panels: [
      {
        x: { label: "α over the threshold of the theorem", scale: "log" },
        y: { label: "‖w − w₀‖", scale: "log" },
        marks: [
          {
            kind: "line",
            label: "promised",
            color: 6,
            points: runs.map(({ share, promised }): Point => [share, promised]),
          },
          { kind: "ruleX", label: "threshold", at: 1, dashed: true, color: 7 },
          {
            kind: "points",
            label: "measured",
            color: 0,
            points: runs.map(({ share, moved }): Point => [share, moved]),
          },
        ],
      },
    ],
  };
}
