import { apply, child, dense, empiricalNtk, gradientFlow, init, maxLearningRate, serial, tanh, train } from "ntkit";
import { inRange } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { solved } from "../common/solved.ts";
import { norm, subtract } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count } from "../params.ts";

export const gradientFlowLimit: AnyExperiment = experiment({
  id: "gradient-flow-limit",
  title: "Gradient descent tends to gradient flow, at the order of its learning rate",
  items: ["C3"],
  source: "C, gradient flow",
  claim:
    "As η → 0 with the time T = ηt fixed, the weights of gradient descent tend to those of the flow ẇ = −∇L(w): the outputs of the trained network differ from those of the flow by O(η).",
  formulas: ["w_{t+1}=w_t-\\eta\\nabla L(w_t)\\;\\longrightarrow\\;\\dot w=-\\nabla L(w)\\qquad(\\eta\\to0)"],
  params: {
    n: count("examples", 6, { min: 2, max: 50 }),
    width: count("tanh units", 20, { max: 1000 }),
    halvings: count("times that the learning rate is halved", 7, { quick: 5, min: 2, max: 14 }),
    networks: count("networks", 10, { quick: 4, min: 2 }),
  },
  async run({ n, width, halvings, networks }, context) {
    const found = await inTurn(range(networks), context, (draw) => measure({ n, width, halvings, draw }, context));
    const shares = range(halvings + 1).map((k) => 0.5 / 2 ** k);
    const scaling = scalingOf(
      shares,
      shares.map((_, k) => found.map((own) => own[k]!)),
    );
    return {
      checks: [
        inRange("slope of the distance from the flow in η", scaling.law.exponent, {
          theory: 1,
          atLeast: 0.95,
          atMost: 1.15,
        }),
        inRange("distance at the smallest η over that at the largest", scaling.y.at(-1)! / scaling.y[0]!, {
          theory: 2 ** -halvings,
          atMost: 1.5 * 2 ** -halvings,
        }),
      ],
      tables: [
        {
          id: "distances",
          title: "Outputs of gradient descent and of the flow at the same time",
          columns: ["learning rate over the largest stable", "mean distance", "standard error"],
          rows: shares.map((share, k) => [share, scaling.y[k]!, scaling.errors[k]!]),
        },
      ],
      figures: [
        {
          id: "distances",
          title: "Gradient descent beside gradient flow",
          caption: `Outputs on the training points at the same time T; mean and standard error over ${networks} networks of ${width} tanh units.`,
          panels: [
            {
              x: { label: "learning rate η over the largest stable one", scale: "log" },
              y: { label: "‖f(descent) − f(flow)‖", scale: "log" },
              marks: lawMarks("measured", scaling, 0),
            },
          ],
        },
      ],
    };
  },
});

interface Setting {
  readonly n: number;
  readonly width: number;
  readonly halvings: number;
  readonly draw: number;
}

async function measure({ n, width, halvings, draw }: Setting, { key, engine, signal }: RunContext): Promise<number[]> {
  const own = child(key, draw);
  const [x, y] = [normalMatrix(child(own, 0), n, 3), normalMatrix(child(own, 1), n, 1)];
  const network = serial(dense({ width, wStd: Math.sqrt(3) }), tanh(), dense({ width: 1 }));
  const params = init(network, 3, { seed: child(own, 2) });
  const largest = await maxLearningRate(await empiricalNtk(network, params, x, null, { engine, signal }));
  const time = 4 * largest;
  const flow = solved(await gradientFlow(network, params, x, y, [time], { rtol: 1e-10, atol: 1e-12, signal }));
  const goal = apply(network, flow.params[0]!, x).data;
  return inTurn(range(halvings + 1), { signal }, async (k) => {
    const steps = 8 * 2 ** k;
    const run = await train(network, params, x, y, { steps, learningRate: time / steps, recordAt: [], signal });
    return norm(subtract(apply(network, run.params, x).data, goal));
  });
}
