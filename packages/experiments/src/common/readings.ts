import { appendBias, type Matrix } from "ntkit";
import { circleLift, columnOf, normalizeRows } from "./data-sets.ts";

/** A way to read "the unit sphere in R¹, which is [−1, 1]" of source E, as inputs of a network without biases. */
export interface Reading {
  readonly name: string;
  readonly inputs: (t: ArrayLike<number>) => Matrix;
}

export const LITERAL: Reading = { name: "literal: x", inputs: (t) => columnOf(t) };

/** The remedy of source D. */
export const CIRCLE: Reading = { name: "circle: (x, √(1 − x²))", inputs: (t) => circleLift(t) };

/** As in the course that source E follows. */
export const BIAS: Reading = { name: "bias: (x, 1)", inputs: (t) => appendBias(columnOf(t)) };

export const UNIT_BIAS: Reading = {
  name: "unit bias: (x, 1)/|(x, 1)|",
  inputs: (t) => normalizeRows(appendBias(columnOf(t))),
};

export const READINGS: readonly Reading[] = [LITERAL, CIRCLE, BIAS, UNIT_BIAS];
