import {
  child,
  dense,
  empiricalNtk,
  flattenParams,
  init,
  type Key,
  linearize,
  matrix,
  maxLearningRate,
  normal,
  serial,
  tanh,
  unflattenParams,
  vjp,
} from "ntkit";
import { inRange } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { addScaled, norm, subtract, times, transposedTimes } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Point } from "../figure.ts";
import { count } from "../params.ts";

export const residualRecursion: AnyExperiment = experiment({
  id: "residual-recursion",
  title: "Least squares in disguise: the residual follows r ← (I − ηAAᵀ) r",
  items: ["C8"],
  source: "C, least squares in disguise",
  claim:
    "Gradient descent z ← z − ηAᵀr on ½‖Az − b‖² multiplies the residual r = Az − b by I − ηAAᵀ at each step; a linearized network is the same with A its Jacobian and AAᵀ its tangent kernel. The note prints the recursion without the second A, which is not even of the right shape unless A is square.",
  formulas: [
    "z_{t+1}=z_t-\\eta A^\\top r_t\\;\\Longrightarrow\\;r_{t+1}=(I-\\eta AA^\\top)\\,r_t",
    "\\text{printed:}\\quad r_{t+1}=r_t-\\eta A^\\top r_t",
  ],
  params: {
    problems: count("random square problems", 50, { quick: 20 }),
    n: count("rows of A", 6, { min: 2, max: 50 }),
    steps: count("steps", 100, { min: 1 }),
  },
  async run({ problems, n, steps }, context) {
    const found = await inTurn(range(problems), context, (draw) => measure(child(context.key, draw), n, steps));
    const network = await inTurn(range(Math.ceil(problems / 10)), { signal: context.signal }, (draw) =>
      linearized(child(context.key, problems + draw), n, steps, context),
    );
    return {
      checks: [
        inRange("residual against (I − ηAAᵀ)ᵗ r₀: largest relative error", Math.max(...found.map((one) => one.right)), {
          theory: 0,
          atMost: 1e-12,
        }),
        inRange(
          "residual against the printed recursion after the first step: least relative error",
          Math.min(...found.map((one) => one.printed)),
          { atLeast: 0.05 },
        ),
        inRange(
          "trained linearization of a network against (I − ηΘ)ᵗ r₀: largest relative error",
          Math.max(...network),
          { theory: 0, atMost: 1e-10 },
        ),
      ],
      tables: [
        {
          id: "residuals",
          title: "Size of the residual of the first problem",
          columns: ["step", "measured", "printed recursion"],
          rows: found[0]!.curve.map(([t, value], i) => [t, value, found[0]!.printedCurve[i]![1]]),
        },
      ],
      figures: [
        {
          id: "residuals",
          title: "The residual of least squares",
          caption: "The first problem, at half the largest stable learning rate.",
          panels: [
            {
              x: { label: "step" },
              y: { label: "‖r‖/‖r₀‖", scale: "log" },
              marks: [
                { kind: "line", label: "r ← (I − ηAAᵀ) r", color: 6, points: found[0]!.curve },
                {
                  kind: "line",
                  label: "as printed: r ← (I − ηAᵀ) r",
                  color: 1,
                  dashed: true,
                  points: found[0]!.printedCurve,
                },
                {
                  kind: "points",
                  label: "gradient descent",
                  color: 0,
                  size: 2.5,
                  points: found[0]!.curve.filter((_, i) => i % 5 === 0),
                },
              ],
            },
          ],
        },
      ],
    };
  },
});

function measure(key: Key, n: number, steps: number) {
  const a = normalMatrix(child(key, 0), n, n);
  const b = normal(child(key, 1), n);
  const rate = 1 / norm(a.data) ** 2; // below 1/σ₁²
  const start = b.map((value) => -value);
  let z: Float64Array = new Float64Array(n);
  let [r, printed]: [Float64Array, Float64Array] = [start, start];
  let [right, first] = [0, 0];
  const curve: Point[] = [[0, 1]];
  const printedCurve: Point[] = [[0, 1]];
  for (let t = 1; t <= steps; t++) {
    z = addScaled(z, -rate, transposedTimes(a, subtract(times(a, z), b)));
    r = addScaled(r, -rate, times(a, transposedTimes(a, r)));
    printed = addScaled(printed, -rate, transposedTimes(a, printed));
    const actual = subtract(times(a, z), b);
    right = Math.max(right, norm(subtract(actual, r)) / norm(actual));
    if (t === 1) first = norm(subtract(actual, printed)) / norm(subtract(actual, start));
    curve.push([t, norm(actual) / norm(start)]);
    printedCurve.push([t, norm(printed) / norm(start)]);
  }
  return { right, printed: first, curve, printedCurve };
}

/** Weights of a linearized network, trained by its gradients, beside the recursion with its tangent kernel. */
async function linearized(key: Key, n: number, steps: number, { engine, signal }: RunContext): Promise<number> {
  const network = serial(dense({ width: 8 }), tanh(), dense({ width: 1 }));
  const [x, y] = [normalMatrix(child(key, 0), n, 3), normalMatrix(child(key, 1), n, 1)];
  const params = init(network, 3, { seed: child(key, 2) });
  const ntk = await empiricalNtk(network, params, x, null, { engine, signal });
  const rate = (await maxLearningRate(ntk)) / 2;
  const outputs = linearize(network, params);
  const { pullback } = vjp(network, params, x);
  let w = flattenParams(params);
  const residual = () => subtract(outputs(unflattenParams(params, w), x).data, y.data);
  let r = residual();
  for (let t = 0; t < steps; t++) {
    w = addScaled(w, -rate, flattenParams(pullback(matrix(n, 1, residual()))));
    r = addScaled(r, -rate, times(ntk, r));
  }
  return norm(subtract(residual(), r)) / norm(r);
}
