import { fromRows, type Key, type Matrix, matrix, portable, uniform } from "ntkit";

/** Points of two classes: y = 1 on the circle of radius 1, which come first, and y = −1 on that of radius 2. */
export interface TwoCircles {
  readonly x: Matrix;
  /** One column. */
  readonly y: Matrix;
}

/** Points at the given angles of either circle. */
function twoCircles(inner: readonly number[], outer: readonly number[]): TwoCircles {
  const at = (angles: readonly number[], radius: number) =>
    angles.map((angle) => [radius * portable.cos(angle), radius * portable.sin(angle)]);
  const labels = [...inner.map(() => 1), ...outer.map(() => -1)];
  return { x: fromRows([...at(inner, 1), ...at(outer, 2)]), y: matrix(labels.length, 1, Float64Array.from(labels)) };
}

/** Uniformly random angles, `perCircle` on each. */
export function randomCircles(from: Key, perCircle: number): TwoCircles {
  const angles = Array.from(uniform(from, 2 * perCircle), (u) => 2 * Math.PI * u);
  return twoCircles(angles.slice(0, perCircle), angles.slice(perCircle));
}

/** The same equally spaced angles on both circles. */
export function evenCircles(perCircle: number): TwoCircles {
  const angles = Array.from({ length: perCircle }, (_, i) => (2 * Math.PI * (i + 0.5)) / perCircle);
  return twoCircles(angles, angles);
}

/** Share of the points whose prediction has the sign of the label. */
export function accuracy(predicted: Float64Array, labels: Float64Array): number {
  return predicted.filter((value, i) => value * labels[i]! > 0).length / labels.length;
}
