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

/** From the n x n kernel, that of each output, and the targets, n x outputs. O(9n³); then O(n²) for each step that is asked for. */
export async function linearDescent(
  kernel: Matrix,
  y: Matrix,
  { engine, optimizer, signal, onProgress }: LinearDescentOptions,
): Promise<LinearDescent> {
  const path = await ridgePath(kernel, y, { engine, signal, onProgress });
  return {
    maxLearningRate: await maxLearningRate(path.values, momentumOf(optimizer)),
    async after(steps, learningRate, start, work) {
      if (optimizer.type !== "gradientDescent")
        return afterMomentum({ path, learningRate, optimizer, engine }, steps, start, work);
      const descent = gradientDescentMseOn(path, { learningRate, engine });
      if (!descent.ok) throw new NumericalError(descent.message);
      const predictions = await descent.atStep(steps, start, work);
      return predictions.map((prediction) => (prediction.ok ? prediction : null));
    },
  };
}

/** As `maxLearningRate` is told of it; the schedule tends to 1. */
export function momentumOf(optimizer: Deterministic): { readonly momentum: number; readonly nesterov: boolean } {
  if (optimizer.type === "gradientDescent") return { momentum: 0, nesterov: false };
  const momentum = optimizer.momentum === "schedule" ? 1 : optimizer.momentum;
  return { momentum, nesterov: optimizer.type === "nesterov" };
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
    engine.matmul(vectors, matrix(way.rows, way.cols, weights), { transposeA: true, signal });
  const ofRow = (values: Float64Array, at: number): number => values[Math.floor(at / way.cols)]!;
  const predictions: (DescentPrediction | null)[] = [];
  for (const t of steps) {
    const gains = gainsAfter(t);
    const coefficients = way.data.map((value, at) => ofRow(gains, at) * value);
    if (!coefficients.every(Number.isFinite)) {
      predictions.push(null);
      continue;
    }
    const alpha = await expand(coefficients);
    const change = await expand(coefficients.map((value, at) => value * ofRow(curvatures, at)));
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
  const memory = new Float64Array(curvatures.length);
  let step = 0;
  return (t) => {
    for (; step < t; step++) {
      const push = gains.map((gain, k) => learningRate * (1 - curvatures[k]! * gain));
      momentumStep(optimizer, step, { point: gains, memory, push });
    }
    return gains.slice();
  };
}

interface Moving {
  /** What moves, in place. */
  readonly point: Float64Array;
  /** Its velocity, or Nesterov's point before the momentum; zero at the start. */
  readonly memory: Float64Array;
  /** −η times the gradient at the point. */
  readonly push: Float64Array;
}

/** One step of the optimizer from 0 on, whatever it moves. */
export function momentumStep(optimizer: Deterministic, step: number, { point, memory, push }: Moving): void {
  const type = optimizer.type;
  const given = type === "gradientDescent" ? 0 : optimizer.momentum;
  const momentum = given === "schedule" ? step / (step + 3) : given;
  for (let k = 0; k < point.length; k++) {
    if (type === "nesterov") {
      const next = point[k]! + push[k]!;
      point[k] = next + momentum * (next - memory[k]!);
      memory[k] = next;
    } else {
      memory[k] = momentum * memory[k]! + push[k]!;
      point[k]! += memory[k]!;
    }
  }
}

function plus(a: Matrix, b: Matrix, sign: 1 | -1): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, at) => value + sign * b.data[at]!),
  );
}
