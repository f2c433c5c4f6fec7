import {
  apply,
  child,
  dense,
  empiricalNtk,
  flattenParams,
  gradientDescentMse,
  init,
  type Key,
  type Layer,
  type Matrix,
  makeActivation,
  matrix,
  maxLearningRate,
  serial,
  tanh,
  train,
} from "ntkit";
import { inRange } from "../common/checks.ts";
import { normalMatrix, spherePoints } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { solved } from "../common/solved.ts";
import { rms } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count, counts } from "../params.ts";

export const labelCorrection: AnyExperiment = experiment({
  id: "label-correction",
  title: "Kernel regression matches training when it fits y − f(w₀)",
  items: ["E20", "E21", "D4"],
  source: "E, step 5, Example 1 and the remark on corrected labels; D, remark: work hard even if y = 0",
  claim:
    "A wide network trained without end predicts f(x; w₀) + K(x, X)K(X, X)⁻¹(y − f(X; w₀)): kernel regression of the corrected labels, added to its start. Regression of y itself is another function, at any width.",
  formulas: [
    "f(x;w_\\infty)\\approx f(x;w_0)+K(x,X)\\,K(X,X)^{-1}\\bigl(y-f(X;w_0)\\bigr)",
    "\\nabla f(x)=\\tfrac1{\\sqrt2}\\bigl(\\phi(B_{11}x),\\phi(B_{21}x),A_{11}\\phi'(B_{11}x)x,A_{12}\\phi'(B_{21}x)x\\bigr)",
  ],
  params: {
    n: count("training points on the sphere", 5, { min: 2, max: 30 }),
    d: count("dimensions", 4, { min: 2, max: 100 }),
    widths: counts("widths k", [64, 256, 1024, 4096], { quick: [64, 256, 1024], max: 2 ** 16 }),
    networks: count("networks of each width", 10, { quick: 4, min: 2 }),
    steps: count("steps of gradient descent", 3000, { quick: 1000, min: 10 }),
  },
  async run({ n, d, widths, networks, steps }, context) {
    const data = {
      x: spherePoints(child(context.key, 0), n, d),
      y: normalMatrix(child(context.key, 1), n, 1),
      others: spherePoints(child(context.key, 2), 50, d),
    };
    const found = await inTurn(widths, context, (width, i) =>
      inTurn(range(networks), { signal: context.signal }, (draw) =>
        measure({ ...data, width, steps, key: child(child(child(context.key, 3), i), draw) }, context),
      ),
    );
    const of = (get: (one: Measured) => number) =>
      scalingOf(
        widths,
        found.map((own) => own.map(get)),
      );
    const [corrected, plain] = [of((one) => one.corrected), of((one) => one.plain)];
    const example = await inTurn(range(20), { signal: context.signal }, (draw) =>
      finiteExample(child(context.key, 4 + draw), context),
    );
    const worst = (get: (one: (typeof example)[number]) => number, pick: (...all: number[]) => number) =>
      pick(...example.map(get));
    return {
      checks: [
        inRange(
          "Example 1, width 2, last feature with x̃: largest error of its kernel",
          worst((one) => one.right, Math.max),
          { theory: 0, atMost: 1e-13 },
        ),
        inRange(
          "Example 1 as printed, φ'(B₂₁x) twice: largest error",
          worst((one) => one.printed, Math.max),
          { atLeast: 0.01 },
        ),
        inRange(
          "corrected labels: slope of the distance from the trained network in the width",
          corrected.law.exponent,
          { theory: -1, atLeast: -1.5, atMost: -0.7 },
        ),
        inRange("labels as they are: slope of that distance", plain.law.exponent, { theory: 0, atLeast: -0.2 }),
        inRange(`as they are over corrected, at width ${widths.at(-1)}`, plain.y.at(-1)! / corrected.y.at(-1)!, {
          atLeast: 5,
        }),
      ],
      tables: [
        {
          id: "distances",
          title: "Distance of trained networks from kernel regression",
          columns: ["width", "corrected labels", "standard error", "labels as they are", "its standard error"],
          rows: widths.map((width, i) => [width, corrected.y[i]!, corrected.errors[i]!, plain.y[i]!, plain.errors[i]!]),
        },
      ],
      figures: [
        {
          id: "distances",
          title: "Trained networks beside regression with their own kernel",
          caption: `Root mean square on 50 new points after ${steps} steps, both; mean and standard error over ${networks} networks.`,
          panels: [
            {
              x: { label: "width k", scale: "log" },
              y: { label: "rms distance", scale: "log" },
              marks: [
                ...lawMarks("corrected labels y − f(w₀)", corrected, 0),
                ...lawMarks("labels y as they are", plain, 1),
              ],
            },
          ],
        },
      ],
      notes: [
        "In Example 1 the fourth component of the second gradient is printed with x where it needs x̃: the kernel would not be symmetric.",
      ],
    };
  },
});

interface Setting {
  readonly x: Matrix;
  readonly y: Matrix;
  readonly others: Matrix;
  readonly width: number;
  readonly steps: number;
  readonly key: Key;
}

interface Measured {
  readonly corrected: number;
  readonly plain: number;
}

async function measure(
  { x, y, others, width, steps, key }: Setting,
  { engine, signal }: RunContext,
): Promise<Measured> {
  const network = serial(dense({ width, wStd: Math.sqrt(x.cols) }), tanh(), dense({ width: 1 }));
  const params = init(network, x.cols, { seed: key });
  const at = (weights: typeof params, inputs: Matrix) => apply(network, weights, inputs, { engine });
  const ntk = await empiricalNtk(network, params, x, null, { engine, signal });
  const kTestTrain = await empiricalNtk(network, params, others, x, { engine, signal });
  const learningRate = (await maxLearningRate(ntk, { signal })) / 2;
  const descent = solved(await gradientDescentMse(ntk, y, { learningRate, engine, signal }));
  const start = { fxTrain0: at(params, x), fxTest0: at(params, others), kTestTrain };
  const corrected = solved(await descent.atStep(steps, start)).fxTest!; // kTestTrain was given
  const plain = solved(await descent.atStep(steps, { kTestTrain })).fxTest!;
  const run = await train(network, params, x, y, { steps, learningRate, recordAt: [], engine, signal });
  signal?.throwIfAborted();
  const trained = at(run.params, others).data;
  return { corrected: rms(trained, corrected.data), plain: rms(trained, plain.data) };
}

/** The kernel of a network of width 2 on the line, by the gradients of the document. */
async function finiteExample(key: Key, { engine }: RunContext): Promise<{ right: number; printed: number }> {
  const network: Layer = serial(dense({ width: 2 }), tanh(), dense({ width: 1 }));
  const params = init(network, 1, { seed: child(key, 0) });
  const [b1 = 0, b2 = 0, a1 = 0, a2 = 0] = flattenParams(params);
  const [x = 0, z = 0] = normalMatrix(child(key, 1), 1, 2).data;
  const own = await empiricalNtk(network, params, matrix(1, 1, Float64Array.of(x)), matrix(1, 1, Float64Array.of(z)), {
    engine,
  });
  const phi = makeActivation({ type: "tanh" });
  const slope = (v: number) => 1 - phi.phi(v) ** 2;
  const gradient = (v: number, last: number) => [
    phi.phi(b1 * v),
    phi.phi(b2 * v),
    a1 * slope(b1 * v) * v,
    a2 * slope(b2 * last) * v,
  ];
  const product = (g: readonly number[], h: readonly number[]) =>
    g.reduce((sum, value, i) => sum + value * h[i]!, 0) / 2;
  return {
    right: Math.abs(product(gradient(x, x), gradient(z, z)) - own.data[0]!),
    printed: Math.abs(product(gradient(x, x), gradient(z, x)) - own.data[0]!),
  };
}
