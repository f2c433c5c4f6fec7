import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import * as portable from "../special/portable.ts";
import { weightedMean } from "./row-weights.ts";

/** Rows of softmax(outputs / temperature). */
export function softmaxRows(outputs: Matrix, temperature: number): Matrix {
  const probabilities = matrix(outputs.rows, outputs.cols);
  for (let i = 0; i < outputs.rows; i++) {
    const values = row(outputs, i);
    const top = values.reduce((max, value) => Math.max(max, value), -Infinity);
    const weights = values.map((value) => portable.exp((value - top) / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    probabilities.data.set(
      weights.map((weight) => weight / total),
      i * outputs.cols,
    );
  }
  return probabilities;
}

/**
 * Mean of −log softmax(outputs / temperature)[label]: natural logarithm, per row, by weight where there are weights. With `smoothing` ε the label counts
 * 1 − ε and every class ε/classes: the loss when labels may be wrong.
 */
export function logLossAt(
  outputs: Matrix,
  labels: readonly number[],
  temperature: number,
  smoothing: number = 0,
  weights?: Float64Array,
): number {
  const losses = new Float64Array(outputs.rows);
  for (let i = 0; i < outputs.rows; i++) {
    const values = row(outputs, i);
    const own = values[labels[i]!]!;
    const top = values.reduce((max, value) => Math.max(max, value), -Infinity);
    const sum = values.reduce((acc, value) => acc + portable.exp((value - top) / temperature), 0);
    losses[i] = portable.log(sum) + (1 - smoothing) * ((top - own) / temperature);
    if (smoothing > 0)
      losses[i]! += smoothing * values.reduce((acc, value) => acc + (top - value) / temperature / values.length, 0);
  }
  return weightedMean(losses, weights);
}

/** The bracket of the search: softmax outputs of size 1 are near certain at the lower end, uniform at the upper. */
const [COLDEST, HOTTEST] = [portable.log(0.02), portable.log(50)];
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The temperature of least log loss: golden-section search on log T, where the loss is unimodal (it is convex in 1/T).
 * Guo et al. (2017).
 */
export function bestTemperature(
  outputs: Matrix,
  labels: readonly number[],
  smoothing: number = 0,
  weights?: Float64Array,
): { readonly temperature: number; readonly logLoss: number } {
  const loss = (logT: number) => logLossAt(outputs, labels, portable.exp(logT), smoothing, weights);
  let [low, high] = [COLDEST, HOTTEST];
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [lossA, lossB] = [loss(a), loss(b)];
  while (high - low > 1e-4) {
    if (lossA <= lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - GOLDEN * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + GOLDEN * (high - low);
      lossB = loss(b);
    }
  }
  const temperature = portable.exp((low + high) / 2);
  return { temperature, logLoss: logLossAt(outputs, labels, temperature, smoothing, weights) };
}
