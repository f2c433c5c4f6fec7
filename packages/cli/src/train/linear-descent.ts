import {
  type DescentPrediction,
  type DescentStart,
  type Engine,
  gradientDescentMseOn,
  type Matrix,
  matrix,
  maxLearningRate,
  NumericalError,
  type Optimizer,
  type RidgePath,
  ridgePath,
  type WorkOptions,
} from "ntkit";

/** Optimizers whose path under a constant tangent kernel follows from it. */
export type Deterministic = Exclude<Optimizer, { readonly type: "langevin" | "adam" }>;

type WithMomentum = Exclude<Deterministic, { readonly type: "gradientDescent" }>;

/** Descent on half the sum of squared errors under a constant tangent kernel, solved. */
export interface LinearDescent {
  /** The learning rate from which it is unstable. */
  readonly maxLearningRate: number;
  /** After each of the steps, in ascending order; null where a value leaves the range of float64. */
  after(
    steps: readonly number[],
    learningRate: number,
    start: DescentStart,
    work?: WorkOptions,
  ): Promise<readonly (DescentPrediction | null)[]>;
}

interface LinearDescentOptions extends WorkOptions {
  readonly engine: Engine;
  readonly optimizer: Deterministic;
}

/** From the n x n kernel and the targets, n x 1. O(9n³); then O(n²) for each step that is asked for. */
export async function linearDescent(
  kernel: Matrix,
  y: Matrix,
  { engine, optimizer, signal, onProgress }: LinearDescentOptions,
): Promise<LinearDescent> {
  const path = await ridgePath(kernel, y, { engine, signal, onProgress });
  const plain = optimizer.type === "gradientDescent";
  const momentum = plain ? 0 : optimizer.momentum === "schedule" ? 1 : optimizer.momentum;
  return {
    maxLearningRate: await maxLearningRate(path.values, { momentum, nesterov: optimizer.type === "nesterov" }),
    async after(steps, learningRate, start, work) {
      if (!plain) return afterMomentum({ path, learningRate, optimizer, engine }, steps, start, work);
      const descent = gradientDescentMseOn(path, { learningRate, engine });
      if (!descent.ok) throw new NumericalError(descent.message);
      const predictions = await descent.atStep(steps, start, work);
      return predictions.map((prediction) => (prediction.ok ? prediction : null));
    },
  };
}

interface MomentumProblem {
  readonly path: RidgePath;
  readonly learningRate: number;
  readonly optimizer: WithMomentum;
  readonly engine: Engine;
}

/** The recursion of the optimizer itself, one number for each eigenvector of the kernel. */
async function afterMomentum(
  { path, learningRate, optimizer, engine }: MomentumProblem,
  steps: readonly number[],
  start: DescentStart,
  { signal }: WorkOptions = {},
): Promise<readonly (DescentPrediction | null)[]> {
  const { vectors, values, projected, tolerance } = path;
  const offset = start.fxTrain0 && (await engine.matmul(vectors, start.fxTrain0, { signal }));
  const way = offset ? plus(projected, offset, -1) : projected;
  const curvatures = values.map((value) => (Math.abs(value) <= tolerance ? 0 : value));
  const gainsAfter = gainRecursion(curvatures, learningRate, optimizer);
  const expand = (weights: Float64Array) =>
    engine.matmul(vectors, matrix(way.rows, 1, weights), { transposeA: true, signal });
  const predictions: (DescentPrediction | null)[] = [];
  for (const t of steps) {
    const coefficients = gainsAfter(t).map((gain, k) => gain * way.data[k]!);
    if (!coefficients.every(Number.isFinite)) {
      predictions.push(null);
      continue;
    }
    const alpha = await expand(coefficients);
    const change = await expand(coefficients.map((value, k) => value * curvatures[k]!));
    const fxTrain = start.fxTrain0 ? plus(start.fxTrain0, change, 1) : change;
    const learned = start.kTestTrain && (await engine.matmul(start.kTestTrain, alpha, { signal }));
    const fxTest = learned && start.fxTest0 ? plus(start.fxTest0, learned, 1) : learned;
    predictions.push({ t, alpha, fxTrain, ...(fxTest && { fxTest }) });
  }
  return predictions;
}

/** g with α(t) = V diag(g) Vᵀ(y − f₀) for each eigenvalue λ; to be asked for in ascending order of t. */
function gainRecursion(
  curvatures: Float64Array,
  learningRate: number,
  optimizer: WithMomentum,
): (t: number) => Float64Array {
  const gains = new Float64Array(curvatures.length);
  const memory = new Float64Array(curvatures.length); // velocity, or Nesterov's point before the momentum
  let step = 0;
  const advance = (): void => {
    const momentum = optimizer.momentum === "schedule" ? step / (step + 3) : optimizer.momentum;
    for (let k = 0; k < gains.length; k++) {
      const push = learningRate * (1 - curvatures[k]! * gains[k]!);
      if (optimizer.type === "heavyBall") {
        memory[k] = momentum * memory[k]! + push;
        gains[k]! += memory[k]!;
      } else {
        const point = gains[k]! + push;
        gains[k] = point + momentum * (point - memory[k]!);
        memory[k] = point;
      }
    }
  };
  return (t) => {
    for (; step < t; step++) advance();
    return gains.slice();
  };
}

function plus(a: Matrix, b: Matrix, sign: 1 | -1): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value + sign * b.data[at]!),
  );
}
