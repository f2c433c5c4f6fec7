import {
  apply,
  child,
  empiricalNtk,
  flattenParams,
  gradientDescentMse,
  gradientFlow,
  init,
  type Layer,
  type Matrix,
  normal,
  unflattenParams,
} from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { columnOf, spherePoints } from "../common/data-sets.ts";
import { inTurn, range, stretch } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { scaledTanh } from "../common/networks.ts";
import { solved } from "../common/solved.ts";
import { mean, powerLaw } from "../common/statistics.ts";
import { logspace, norm, subtract } from "../common/vectors.ts";
import { fromZero, weightDistance } from "../common/weights.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count, reals } from "../params.ts";

export const alphaScaling: AnyExperiment = experiment({
  id: "alpha-scaling",
  title: "A network scaled by α moves by 1/α and stays within 1/α of its linear flow",
  items: ["C4", "C5", "C9", "C15"],
  source: "C, main theorem (informal) and the thought experiment of two copies",
  claim:
    "Gradient flow on R(αf(w)) = ½‖αf(w) − y‖² from f(w₀) = 0: the larger α, the less the weights move and the nearer αf(w(t)) stays, at all times, to the flow of the linearization; both like 1/α. Two copies of a network need to move half as far each.",
  formulas: [
    "w'=-\\alpha J_t^\\top\\bigl(\\alpha f(w(t))-y\\bigr),\\qquad u'=-\\alpha J_0^\\top\\bigl(\\alpha f_0(u(t))-y\\bigr)",
    "\\sup_t\\lVert\\alpha f(w(t))-\\alpha f_0(u(t))\\rVert=O(1/\\alpha),\\qquad\\lVert w(t)-w_0\\rVert\\lesssim\\sqrt{R_0}/\\alpha",
  ],
  params: {
    n: count("points on the sphere", 8, { quick: 5, min: 2, max: 30 }),
    d: count("dimensions", 10, { min: 2, max: 1000 }),
    width: count("tanh units", 50, { max: 10_000 }),
    scales: reals("scales α", [1, 2, 4, 8, 16, 32, 64], { min: 0.1, max: 1e6, quick: [1, 2, 4, 8, 16, 64] }),
    from: count("slopes are fitted from this α", 4),
    networks: count("networks", 10, { quick: 3, min: 2 }),
  },
  async run({ n, d, width, scales, from, networks }, context) {
    const x = spherePoints(child(context.key, 0), n, d);
    const y = columnOf(normal(child(context.key, 1), n));
    const jobs = scales.flatMap((alpha) =>
      range(networks).map((draw) => ({ network: scaledTanh(alpha, width, d), x, y, alpha, draw })),
    );
    const runs = await inTurn(jobs, stretch(context, 0, 0.8), (job) => compare(job, context));
    const copies = await inTurn(range(networks), stretch(context, 0.8, 1), (draw) =>
      duplication({ x, y, width, draw, alpha: scales.at(-1)! }, context),
    );
    const fitted = scales.filter((alpha) => alpha >= from);
    const of = (get: (run: Run) => number) => {
      const all = scalingOf(
        scales,
        scales.map((_, i) => runs.slice(i * networks, (i + 1) * networks).map(get)),
      );
      return { ...all, law: powerLaw(fitted, all.y.slice(-fitted.length)) };
    };
    const [deviation, movement] = [of((run) => run.deviation), of((run) => run.movement)];
    const bounds = { theory: -1, atLeast: -1.05, atMost: -0.93 };
    return {
      checks: [
        inRange(`slope of the largest deviation from the linear flow in α ≥ ${from}`, deviation.law.exponent, bounds),
        inRange(`slope of the movement ‖w − w₀‖ in α ≥ ${from}`, movement.law.exponent, bounds),
        near("movement of each of two copies over that of one network", mean(copies), 0.5, 0.01),
      ],
      tables: [
        {
          id: "scales",
          title: `Means over ${networks} networks`,
          columns: ["α", "largest deviation", "movement"],
          rows: scales.map((alpha, i) => [alpha, deviation.y[i]!, movement.y[i]!]),
        },
      ],
      figures: [
        {
          id: "alpha-scaling",
          title: "Deviation and movement in the scale of the output",
          caption: `Mean and standard error over ${networks} networks of ${width} tanh units; lines are fits from α = ${from}.`,
          panels: [
            {
              x: { label: "scale α", scale: "log", ticks: scales },
              y: { label: "‖αf − αf₀‖, largest over time; ‖w − w₀‖", scale: "log" },
              marks: [
                ...lawMarks("deviation from the linear flow", deviation, 0),
                ...lawMarks("movement ‖w − w₀‖", movement, 1),
              ],
            },
          ],
        },
      ],
      notes: [
        "f(w₀) = 0 matters: otherwise αf(w₀) grows with α, and what has to be fitted does as well. Here the network is trained without its own output at the start, f(w) − f(w₀). Units in antisymmetric pairs also start at 0, but there the second derivative at the start cancels and the deviation falls faster than 1/α.",
      ],
    };
  },
});

interface Setting {
  readonly x: Matrix;
  readonly y: Matrix;
  readonly alpha: number;
  readonly draw: number;
}

interface Run {
  readonly deviation: number;
  readonly movement: number;
}

async function compare(setting: Setting & { readonly network: Layer }, context: RunContext): Promise<Run> {
  const { network, x, y, draw } = setting;
  const { engine, signal } = context;
  const params = init(network, x.cols, { seed: child(child(context.key, 2), draw) });
  const { fxTrain0, targets } = fromZero(network, params, x, y);
  const ntk = await empiricalNtk(network, params, x, null, { engine, signal });
  const descent = solved(await gradientDescentMse(ntk, targets, { engine, signal }));
  // From before the fastest mode moves until the slowest is fitted.
  const { values } = descent.path;
  const times = logspace(0.05 / values.at(-1)!, 12 / values[0]!, 40);
  const flow = solved(
    await gradientFlow(network, params, x, targets, times, { rtol: 1e-8, atol: 1e-10, engine, signal }),
  );
  let [deviation, movement] = [0, 0];
  for (const [i, t] of times.entries()) {
    const fx = apply(network, flow.params[i]!, x, { engine });
    const linear = (await descent.at(t, { fxTrain0 })).fxTrain;
    deviation = Math.max(deviation, norm(subtract(fx.data, linear.data)));
    movement = Math.max(movement, weightDistance(flow.params[i]!, params));
  }
  return { deviation, movement };
}

/** f + f of two networks with the same start beside f: what one of the two moves over what f alone does. */
async function duplication(setting: Setting & { readonly width: number }, context: RunContext): Promise<number> {
  const { x, y, width, draw, alpha } = setting;
  const { engine, signal } = context;
  const seed = child(child(context.key, 3), draw);
  const single = scaledTanh(alpha, width, x.cols);
  const params = init(single, x.cols, { seed });
  const { targets } = fromZero(single, params, x, y);
  // Twice the units are divided by √(2m): times √2 that is the sum of both copies.
  const double = scaledTanh(alpha * Math.SQRT2, 2 * width, x.cols);
  const copied = unflattenParams(init(double, x.cols, { seed }), twice(flattenParams(params), width));
  const { targets: both } = fromZero(double, copied, x, y);
  const ntk = await empiricalNtk(single, params, x, null, { engine, signal });
  const { values } = solved(await gradientDescentMse(ntk, targets, { engine, signal })).path;
  const until = [12 / values[0]!];
  const options = { rtol: 1e-8, atol: 1e-10, engine, signal };
  const one = solved(await gradientFlow(single, params, x, targets, until, options)).params[0]!;
  const two = solved(await gradientFlow(double, copied, x, both, until, options)).params[0]!;
  return weightDistance(two, copied) / Math.SQRT2 / weightDistance(one, params);
}

/** The weights of both copies: each unit twice, by rows of one number for each unit. */
function twice(flat: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: 2 * flat.length }, (_, at) => {
    const line = Math.floor(at / (2 * width));
    return flat[line * width + (at % width)]!;
  });
}
