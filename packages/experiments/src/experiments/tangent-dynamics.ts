import {
  apply,
  child,
  dense,
  empiricalNtk,
  erf,
  gradientFlow,
  init,
  type Key,
  type Layer,
  serial,
  squaredLoss,
  tanh,
} from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { solved } from "../common/solved.ts";
import { norm, subtract, times } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count } from "../params.ts";

export const tangentDynamics: AnyExperiment = experiment({
  id: "tangent-dynamics",
  title: "Predictions move by du/dt = −H(t)(u − y)",
  items: ["B1", "B2", "A2"],
  source: "B, eqs. (1) to (3) and Lemma 1; A, the loss of slides 1 and 2",
  claim:
    "Under gradient flow on half the sum of squared errors the predictions u on the training points obey du/dt = −H(t)(u − y), H the Gram matrix of gradients at that time, at any width and any time. With the plain sum of slide 1 they move twice as fast.",
  formulas: [
    "L(w)=\\tfrac12\\sum_i(y_i-f(w,x_i))^2,\\quad\\frac{dw}{dt}=-\\nabla L\\;\\Longrightarrow\\;\\frac{du}{dt}=-H(t)\\,(u-y)",
    "H_{ij}(t)=\\Bigl\\langle\\frac{\\partial f(w,x_i)}{\\partial w},\\frac{\\partial f(w,x_j)}{\\partial w}\\Bigr\\rangle",
  ],
  params: {
    n: count("training points", 6, { min: 2, max: 50 }),
    width: count("hidden units", 30, { max: 4096 }),
    networks: count("networks of each activation, tanh and erf", 10, { quick: 4 }),
    halvings: count("times that the interval of time is halved", 5, { min: 2, max: 10 }),
  },
  async run({ n, width, networks, halvings }, context) {
    const jobs = range(networks).flatMap((draw) => [tanh(), erf()].map((activation) => ({ draw, activation })));
    const found = await inTurn(jobs, context, ({ draw, activation }) =>
      measure({ key: child(context.key, draw), activation, n, width, halvings }, context),
    );
    const smooth = found.filter((_, i) => i % 2 === 0);
    const steps = range(halvings + 1).map((k) => 2 ** -k);
    const remainder = scalingOf(
      steps,
      steps.map((_, k) => smooth.map(({ errors }) => errors[k]!)),
    );
    const smallest = found.map(({ errors }) => errors.at(-1)!);
    return {
      checks: [
        inRange(
          "du/dt at three times of the flow against −H(t)(u − y): largest relative error at the shortest interval",
          Math.max(...smallest),
          { theory: 0, atMost: 1e-3 },
        ),
        near(
          "tanh: slope of that error in the interval (0 in the limit, second order by central differences)",
          remainder.law.exponent,
          2,
          0.1,
        ),
        inRange(
          "the plain sum: du/dt over −H(u − y), farthest from 2",
          Math.max(...found.map(({ plain }) => Math.abs(plain - 2))),
          { theory: 0, atMost: 1e-3 },
        ),
        inRange(
          "H(t) along the flow: least relative change of a network (it need not be constant)",
          Math.min(...found.map(({ drift }) => drift)),
          { atLeast: 1e-3 },
        ),
      ],
      tables: [
        {
          id: "errors",
          title: "Relative error of −H(t)(u − y) as a derivative, tanh",
          columns: ["interval over the first", "mean", "standard error"],
          rows: steps.map((step, k) => [step, remainder.y[k]!, remainder.errors[k]!]),
        },
      ],
      figures: [
        {
          id: "errors",
          title: "Measured change of the predictions beside −H(t)(u − y)",
          caption: `Central differences along the flow of tanh networks of width ${width}; mean and standard error over ${networks} networks.`,
          panels: [
            {
              x: { label: "interval of time, relative to the longest", scale: "log" },
              y: { label: "relative error", scale: "log" },
              marks: lawMarks("measured", remainder, 0),
            },
          ],
        },
      ],
      notes: [
        "The slides use the sum of squares first and half of it later; all thresholds and rates of these experiments are of half the sum.",
      ],
    };
  },
});

interface Setting {
  readonly key: Key;
  readonly activation: Layer;
  readonly n: number;
  readonly width: number;
  readonly halvings: number;
}

async function measure({ key, activation, n, width, halvings }: Setting, { engine, signal }: RunContext) {
  const network = serial(dense({ width, wStd: Math.sqrt(3) }), activation, dense({ width: 1 }));
  const [x, y] = [normalMatrix(child(key, 0), n, 3), normalMatrix(child(key, 1), n, 1)];
  const params = init(network, 3, { seed: child(key, 2) });
  const scale = 0.02 / n; // of time: well below 1/λ
  const centers = [10, 20, 40].map((k) => k * scale);
  const sizes = range(halvings + 1).map((k) => 2 ** -k * scale);
  const moments = centers.flatMap((t) => [t, ...sizes.flatMap((h) => [t - h, t + h])]);
  const options = { rtol: 1e-11, atol: 1e-13, signal };
  const flow = solved(await gradientFlow(network, params, x, y, moments, options)).params;
  const at = (i: number) => apply(network, flow[i]!, x).data;
  const stride = 1 + 2 * sizes.length;
  const kernels = await inTurn(centers, { signal }, (_, c) =>
    empiricalNtk(network, flow[c * stride]!, x, null, { engine }),
  );
  const errors = sizes.map((h, k) => {
    const gaps = centers.map((_, c) => {
      const slope = times(kernels[c]!, subtract(at(c * stride), y.data)).map((value) => -value);
      const first = c * stride + 1 + 2 * k;
      const measured = subtract(at(first + 1), at(first)).map((value) => value / (2 * h));
      return norm(subtract(measured, slope)) / norm(slope);
    });
    return Math.max(...gaps);
  });
  const sum = squaredLoss("sum");
  const h = sizes.at(-1)!;
  const twice = solved(await gradientFlow(network, params, x, y, [h, 3 * h], { ...options, loss: sum })).params;
  const half = solved(await gradientFlow(network, params, x, y, [2 * h, 6 * h], options)).params;
  const moved = (weights: typeof twice) =>
    norm(subtract(apply(network, weights[1]!, x).data, apply(network, weights[0]!, x).data));
  const drift = norm(subtract(kernels[2]!.data, kernels[0]!.data)) / norm(kernels[0]!.data);
  return { errors, plain: (2 * moved(twice)) / moved(half), drift };
}
