import { ValueError } from "../errors.ts";

/** A hypothesis of a theorem. */
export interface Assumption {
  readonly what: string;
  /** The number that it is about, where there is one. */
  readonly value: number | null;
  /** Null where numbers cannot tell. */
  readonly holds: boolean | null;
}

/** A bound of the literature: what it assumes, what it promises, what was measured, and how loose it is. Plain data. */
export interface Bound {
  readonly assumes: readonly Assumption[];
  readonly promises: {
    readonly what: string;
    readonly relation: "at most" | "at least";
    readonly value: number;
  };
  /** Of the same quantity; null where nothing was measured. */
  readonly measured: number | null;
  /**
   * How far the measured value is inside the bound, as a ratio: from 1 on the promise is kept. Null without a measurement, and Infinity
   * where the bound is loose beyond measure.
   */
  readonly slack: number | null;
}

interface Stated extends Omit<Bound, "slack" | "measured"> {
  readonly measured?: number | undefined;
}

/** The bound with its slack, for quantities that are not negative. */
export function bound({ assumes, promises, measured }: Stated): Bound {
  if (measured === undefined) return { assumes, promises, measured: null, slack: null };
  const [larger, smaller] = promises.relation === "at most" ? [promises.value, measured] : [measured, promises.value];
  return { assumes, promises, measured, slack: larger === smaller ? 1 : larger / smaller };
}

export function assumption(what: string, holds: boolean | null, value: number | null = null): Assumption {
  return { what, value, holds };
}

/** Throws unless `value` is a finite number above 0. */
export function checkAbove0(where: string, name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw new ValueError(`${where}: ${name} must be above 0, got ${value}`);
}

/** Throws unless `value` is a whole number from `min`. */
export function checkCount(where: string, name: string, value: number, min = 1): void {
  if (!(Number.isSafeInteger(value) && value >= min))
    throw new ValueError(`${where}: ${name} must be a whole number from ${min}, got ${value}`);
}

/** Throws unless `value` lies in (0, 1). */
export function checkShare(where: string, name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new ValueError(`${where}: ${name} must be between 0 and 1, got ${value}`);
}
