import { apply, child, dense, empiricalNtk, init, type Key, type Layer, relu, serial, tanh, train } from "ntkit";
import { inRange } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { addScaled, norm, subtract, times } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count } from "../params.ts";

/** New points: enough that some lie at a kink which the step moves. */
const POINTS = 400;

export const stepRemainder: AnyExperiment = experiment({
  id: "step-remainder",
  title: "One step changes a prediction by the tangent kernel, up to O(η²)",
  items: ["A8"],
  source: "A, prediction dynamics of a neural network",
  claim:
    "A step of gradient descent changes the prediction at any point x by −η Σ (uᵢ − yᵢ) H(x, xᵢ), with a remainder of order η² for smooth activations; for ReLU, where a step may cross kinks, the order lies between 1 and 2.",
  formulas: ["f(w^{t+1},x)-f(w^t,x)=-\\eta\\sum_i\\bigl(u_i-y_i\\bigr)H^{(t)}(x,x_i)+O(\\eta^2)"],
  params: {
    n: count("training points", 8, { min: 1, max: 100 }),
    width: count("hidden units", 1024, { max: 2 ** 16 }),
    networks: count("networks of each activation", 20, { quick: 6, min: 2 }),
    halvings: count("times that the learning rate is halved", 8, { quick: 6, min: 2, max: 16 }),
  },
  async run({ n, width, networks, halvings }, context) {
    const rates = range(halvings + 1).map((k) => 2 ** -k / (8 * n));
    const kinds = [
      { name: "tanh", activation: tanh() },
      { name: "ReLU", activation: relu() },
    ];
    const jobs = kinds.flatMap(({ activation }) => range(networks).map((draw) => ({ activation, draw })));
    const found = await inTurn(jobs, context, ({ activation, draw }) =>
      measure({ key: child(context.key, draw), activation, n, width, rates }, context),
    );
    const [smooth, kinked] = kinds.map((_, kind) => {
      const own = found.slice(kind * networks, (kind + 1) * networks);
      return scalingOf(
        rates,
        rates.map((_rate, k) => own.map((gaps) => gaps[k]!)),
      );
    }) as [Required<ReturnType<typeof scalingOf>>, Required<ReturnType<typeof scalingOf>>];
    return {
      checks: [
        inRange("tanh: slope of the remainder in η", smooth.law.exponent, { theory: 2, atLeast: 1.95, atMost: 2.05 }),
        inRange("ReLU: slope of the remainder in η", kinked.law.exponent, { atLeast: 1, atMost: 2.1 }),
      ],
      tables: [
        {
          id: "remainders",
          title: `Remainder on ${POINTS} new points`,
          columns: ["learning rate", "tanh", "standard error", "ReLU", "its standard error"],
          rows: rates.map((rate, k) => [rate, smooth.y[k]!, smooth.errors[k]!, kinked.y[k]!, kinked.errors[k]!]),
        },
      ],
      figures: [
        {
          id: "remainders",
          title: "What the tangent kernel misses in one step",
          caption: `Norm over ${POINTS} new points; mean and standard error over ${networks} networks of width ${width}.`,
          panels: [
            {
              x: { label: "learning rate η", scale: "log" },
              y: { label: "remainder", scale: "log" },
              marks: [...lawMarks("tanh", smooth, 0), ...lawMarks("ReLU", kinked, 1)],
            },
          ],
        },
      ],
    };
  },
});

interface Setting {
  readonly key: Key;
  readonly activation: Layer;
  readonly n: number;
  readonly width: number;
  readonly rates: readonly number[];
}

async function measure(
  { key, activation, n, width, rates }: Setting,
  { engine, signal }: RunContext,
): Promise<number[]> {
  const network = serial(dense({ width, wStd: Math.sqrt(3) }), activation, dense({ width: 1 }));
  const [x, y, others] = [
    normalMatrix(child(key, 0), n, 3),
    normalMatrix(child(key, 1), n, 1),
    normalMatrix(child(key, 2), POINTS, 3),
  ];
  const params = init(network, 3, { seed: child(key, 3) });
  const cross = await empiricalNtk(network, params, others, x, { engine, signal });
  const predicted = times(cross, subtract(apply(network, params, x).data, y.data));
  const before = apply(network, params, others).data;
  return inTurn(rates, { signal }, async (learningRate) => {
    const run = await train(network, params, x, y, { steps: 1, learningRate, recordAt: [], signal });
    const change = subtract(apply(network, run.params, others).data, before);
    return norm(addScaled(change, learningRate, predicted));
  });
}
