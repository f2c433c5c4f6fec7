import { portable } from "ntkit";
import { sumOf } from "./vectors.ts";

export function mean(values: readonly number[] | Float64Array): number {
  return sumOf(values) / values.length;
}

/** Standard deviation of a sample, √(Σ(v − mean)²/(n − 1)). */
function standardDeviation(values: readonly number[] | Float64Array): number {
  const center = mean(values);
  return Math.sqrt(sumOf(Array.from(values, (v) => (v - center) ** 2)) / (values.length - 1));
}

/** Of the mean. */
export function standardError(values: readonly number[] | Float64Array): number {
  return standardDeviation(values) / Math.sqrt(values.length);
}

/** Linear between order statistics (type 7). */
export function quantile(values: readonly number[] | Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (at - Math.floor(at)) * (above - below);
}

export function median(values: readonly number[] | Float64Array): number {
  return quantile(values, 0.5);
}

/** y = factor · x^exponent, by least squares in the logarithms. */
export interface PowerLaw {
  readonly exponent: number;
  /** Standard error of the exponent; 0 for two points. */
  readonly error: number;
  readonly factor: number;
}

export function powerLaw(x: readonly number[], y: readonly number[]): PowerLaw {
  const { slope, intercept, error } = leastSquaresLine(x.map(portable.log), y.map(portable.log));
  return { exponent: slope, error, factor: portable.exp(intercept) };
}

function leastSquaresLine(
  x: readonly number[],
  y: readonly number[],
): { readonly slope: number; readonly intercept: number; readonly error: number } {
  const [centerX, centerY] = [mean(x), mean(y)];
  const xx = sumOf(x.map((v) => (v - centerX) ** 2));
  const slope = sumOf(x.map((v, i) => (v - centerX) * (y[i]! - centerY))) / xx;
  const intercept = centerY - slope * centerX;
  const rest = sumOf(x.map((v, i) => (y[i]! - intercept - slope * v) ** 2));
  return { slope, intercept, error: x.length > 2 ? Math.sqrt(rest / (x.length - 2) / xx) : 0 };
}

/** For a legend: "slope −0.50 ± 0.01". */
export function slopeText({ exponent, error }: PowerLaw): string {
  return `slope ${signed(exponent)}${error > 0 ? ` ± ${error.toFixed(2)}` : ""}`;
}

function signed(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

/** The law as a line over the range of x. */
export function powerLine(
  { exponent, factor }: PowerLaw,
  x: readonly number[],
): readonly (readonly [number, number])[] {
  const ends = [Math.min(...x), Math.max(...x)];
  return ends.map((v) => [v, factor * portable.power(v, exponent)] as const);
}
