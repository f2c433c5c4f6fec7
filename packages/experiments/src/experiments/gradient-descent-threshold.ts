import {
  child,
  dense,
  empiricalNtk,
  gram,
  init,
  jacobian,
  type Key,
  laplaceKernel,
  linearMaxLearningRate,
  linearRegression,
  linearWeightsAt,
  matrix,
  maxLearningRate,
  randomInts,
  row,
  serial,
  tanh,
} from "ntkit";
import { always, inRange, near } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { addScaled, dot, norm, subtract, times, transposedTimes } from "../common/vectors.ts";
import { type AnyExperiment, type Check, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Mark, Point } from "../figure.ts";
import { count } from "../params.ts";

const [BELOW, ABOVE] = [0.99, 1.01];

export const gradientDescentThreshold: AnyExperiment = experiment({
  id: "gradient-descent-threshold",
  title: "Gradient descent converges below 2/σ₁², and not above",
  items: ["E1", "E2", "E3", "E4"],
  source: "E, step 1, Definition 2 and Theorem 1; A, gradient descent on kernels",
  claim:
    "On half the sum of squared errors, gradient descent from 0 converges to the solution of least norm if and only if the learning rate is below 2/σ₁²; for kernels that is 2/λ₁ in function space, and 1/λ₁² in the coefficients on the plain sum of squares; for a linearized network 2/λ₁ of its tangent kernel. Every iterate is known.",
  formulas: [
    "w^{(t+1)}=w^{(t)}-\\eta\\,(w^{(t)}X-y)X^\\top\\;\\to\\;yX^+\\iff 0<\\eta<\\frac{2}{\\sigma_1^2}",
    "w^{(t)}=yVS_tU^\\top,\\qquad S_t=\\mathrm{diag}\\Bigl(\\frac{1-(1-\\eta\\sigma_i^2)^t}{\\sigma_i}\\Bigr)",
  ],
  params: {
    problems: count("random problems of each kind", 100, { quick: 20 }),
    steps: count("steps of each run", 2000, { min: 1000 }),
  },
  async run({ problems, steps }, context) {
    const found = await inTurn(range(problems), context, (draw) => measure(child(context.key, draw), steps, context));
    const kinds = found[0]!.descents.map(({ name }) => name);
    const total = (get: (run: Verdict) => boolean, kind: number) =>
      found.filter(({ descents }) => get(descents[kind]!)).length;
    const worst = (get: (one: Measured) => number) => Math.max(...found.map(get));
    return {
      checks: [
        ...kinds.flatMap((name, kind) => [
          always(
            `${name}: problems that converge at ${BELOW} of the threshold`,
            total((v) => v.converges, kind),
            problems,
          ),
          always(
            `${name}: problems that diverge at ${ABOVE} of it`,
            total((v) => v.diverges, kind),
            problems,
          ),
        ]),
        inRange(
          "iterates against the closed form: largest relative error",
          worst((one) => one.closedForm),
          {
            ...{ theory: 0, atMost: 1e-10 },
          },
        ),
        ...edgeChecks(found),
      ],
      tables: [
        {
          id: "thresholds",
          title: "Runs that converge below the threshold, and diverge above it",
          columns: ["descent", "problems", `converge at ${BELOW}`, `diverge at ${ABOVE}`],
          rows: kinds.map((name, kind) => [
            name,
            problems,
            total((v) => v.converges, kind),
            total((v) => v.diverges, kind),
          ]),
        },
      ],
      figures: [figure(found[0]!)],
      notes: [
        "“If and only if” needs labels with a part along the first singular vector: where y is orthogonal to it, descent converges at 1.01 of the threshold too. At the threshold itself that part changes its sign for ever.",
        "The thresholds are those of half the sum of squares. For the plain sum they are half as large, for the mean n/2 times.",
      ],
    };
  },
});

interface Verdict {
  readonly name: string;
  readonly converges: boolean;
  readonly diverges: boolean;
  /** Size of the error by step, at either rate. */
  readonly curves: readonly (readonly Point[])[];
}

interface Measured {
  readonly descents: readonly Verdict[];
  readonly closedForm: number;
  /** |part along the first singular vector| after an even number of steps at the threshold, relative to the start. */
  readonly cycle: number;
  /** Error at 1.01 of the threshold where y has no such part, relative to the start. */
  readonly orthogonal: number;
}

/** Descent on something, by its own steps. */
interface Descent {
  readonly name: string;
  readonly threshold: number;
  readonly start: Float64Array;
  readonly step: (v: Float64Array, rate: number) => Float64Array;
  /** What the predictions lack. */
  readonly error: (v: Float64Array) => Float64Array;
}

async function measure(key: Key, steps: number, context: RunContext): Promise<Measured> {
  const sizes = randomInts(child(key, 0), 2, 8);
  const [n, d] = [3 + sizes[0]!, 3 + sizes[1]!];
  const x = normalMatrix(child(key, 1), n, d);
  const y = normalMatrix(child(key, 2), n, 1);
  const problem = await linearRegression(x, y, context);
  const threshold = linearMaxLearningRate(problem);
  const linear = leastSquares(
    "linear regression",
    x.cols,
    (v) => times(x, v),
    (r) => transposedTimes(x, r),
    y.data,
    threshold,
  );
  const descents = [linear, ...(await kernelDescents(key, y.data)), await linearized(key, context)];
  let [w, closedForm] = [linear.start, 0];
  for (const t of range(60)) {
    const exact = solved(await linearWeightsAt(problem, { learningRate: BELOW * threshold, t, ...context })).weights;
    closedForm = Math.max(closedForm, norm(subtract(w, exact.data)) / (norm(exact.data) || 1));
    w = linear.step(w, BELOW * threshold);
  }
  const first = row(problem.right, 0);
  const along = times(x, first);
  const part = dot(along, y.data) / dot(along, along);
  const goal = part; // of w along the first singular vector
  const flipped = run(linear, threshold, 100);
  const noPart = leastSquares(
    "orthogonal",
    d,
    (v) => times(x, v),
    (r) => transposedTimes(x, r),
    addScaled(y.data, -part, along),
    threshold,
  );
  return {
    descents: descents.map((one) => judge(one, steps)),
    closedForm,
    cycle: Math.abs(dot(flipped, first) - goal) / Math.abs(goal),
    orthogonal: norm(noPart.error(run(noPart, ABOVE * threshold, 300))) / norm(noPart.error(noPart.start)),
  };
}

function leastSquares(
  name: string,
  size: number,
  forward: (v: Float64Array) => Float64Array,
  back: (r: Float64Array) => Float64Array,
  y: Float64Array,
  threshold: number,
): Descent {
  const error = (v: Float64Array) => subtract(forward(v), y);
  const step = (v: Float64Array, rate: number) => addScaled(v, -rate, back(error(v)));
  return { name, threshold, start: new Float64Array(size), step, error };
}

async function kernelDescents(key: Key, y: Float64Array): Promise<Descent[]> {
  const n = y.length;
  const k = await gram(laplaceKernel({ bandwidth: 2 }), normalMatrix(child(key, 3), n, 3));
  const threshold = await maxLearningRate(k);
  const apply = (v: Float64Array) => times(k, v);
  const coefficients = leastSquares(
    "kernel, coefficients",
    n,
    apply,
    (r) => apply(r).map((v) => 2 * v),
    y,
    threshold ** 2 / 4,
  );
  const step = (v: Float64Array, rate: number) => addScaled(v, -rate, subtract(apply(v), y));
  return [{ ...coefficients, name: "kernel, function space", threshold, step }, coefficients];
}

/** Weights of the linearization of a small network, by its explicit Jacobian; the threshold by its tangent kernel. */
async function linearized(key: Key, { engine, signal }: RunContext): Promise<Descent> {
  const network = serial(dense({ width: 6 }), tanh(), dense({ width: 1 }));
  const x = normalMatrix(child(key, 4), 5, 3);
  const params = init(network, 3, { seed: child(key, 5) });
  const y = normalMatrix(child(key, 6), 5, 1).data;
  const { data } = jacobian(network, params, x);
  const j = matrix(5, data.length / 5, data);
  const threshold = await maxLearningRate(await empiricalNtk(network, params, x, null, { engine, signal }));
  return leastSquares(
    "linearized network",
    j.cols,
    (v) => times(j, v),
    (r) => transposedTimes(j, r),
    y,
    threshold,
  );
}

function run(descent: Descent, rate: number, steps: number): Float64Array {
  let v = descent.start;
  for (let t = 0; t < steps; t++) v = descent.step(v, rate);
  return v;
}

function judge({ name, threshold, start, step, error }: Descent, steps: number): Verdict {
  const sizes = [BELOW, ABOVE].map((share) => {
    let v = start;
    return range(steps + 1).map((t) => {
      if (t > 0) v = step(v, share * threshold);
      return norm(error(v));
    });
  });
  const [below, above] = sizes as [number[], number[]];
  const half = below[Math.floor(steps / 2)]!;
  return {
    name,
    converges: below[steps]! <= half * (1 + 1e-12) && half < below[0]!,
    diverges: above[steps]! > 1e6 * above[0]!,
    curves: sizes.map((own) => own.map((size, t): Point => [t, size / own[0]!])),
  };
}

function edgeChecks(found: readonly Measured[]): Check[] {
  const cycles = found.map(({ cycle }) => Math.abs(cycle - 1));
  return [
    near(
      "at the threshold: part along the first singular vector after 100 steps, over that at the start (the farthest from 1)",
      1 + Math.max(...cycles),
      1,
      1e-6,
    ),
    inRange(
      "y without a part along it, 1.01 of the threshold, 300 steps: largest error relative to the start",
      Math.max(...found.map(({ orthogonal }) => orthogonal)),
      { atMost: 1 },
    ),
  ];
}

function figure({ descents }: Measured): Figure {
  const marks = descents.flatMap(({ name, curves }, color) =>
    curves.map((points, above): Mark => {
      const fewer = points.filter(([t]) => t % 20 === 0 && t <= 1000);
      return { kind: "line", color, dashed: above === 1, ...(above === 0 && { label: name }), points: fewer };
    }),
  );
  return {
    id: "thresholds",
    title: "Just below and just above the largest stable learning rate",
    caption:
      "The first problem of each kind: error of the predictions at 0.99 (lines) and 1.01 (dashed) of the threshold.",
    panels: [{ x: { label: "step" }, y: { label: "‖error‖ / start", scale: "log", domain: [1e-3, 1e6] }, marks }],
  };
}
