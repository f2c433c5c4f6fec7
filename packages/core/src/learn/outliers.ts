/**
 * Values that no spread explains: more than twenty robust standard deviations (quartile range over 1.349) from the median, and
 * one in a hundred at most. Most are slips, as a decimal mark that was lost.
 */
export interface Outliers {
  /** Whether a value is one. */
  readonly isOutlier: (value: number) => boolean;
  readonly count: number;
  /** The range of the other values. */
  readonly range: readonly [least: number, most: number];
}

/** In robust standard deviations. */
const FAR = 20;
const MOST_SHARE = 0.01;
/** Quartile range of a normal distribution of standard deviation 1. */
const NORMAL_RANGE = 1.3489795003921634;

/** Null where there are none: also where more than that are far, or half of the values are equal. */
export function findOutliers(values: Float64Array, farthest: number = FAR): Outliers | null {
  const present = values.filter((value) => !Number.isNaN(value)).sort();
  if (present.length < MIN_VALUES) return null;
  const { low, median, high } = quartiles(present);
  const far = (farthest * (high - low)) / NORMAL_RANGE;
  if (!(far > 0 && far < Infinity)) return null;
  const isOutlier = (value: number) => Math.abs(value - median) > far;
  const others = present.filter((value) => !isOutlier(value));
  const count = present.length - others.length;
  if (count === 0 || count > Math.max(1, MOST_SHARE * present.length)) return null;
  return { isOutlier, count, range: [others[0]!, others.at(-1)!] };
}

/** Fewer values than this have no quartiles to speak of. */
const MIN_VALUES = 10;

/** Of values in ascending order. */
export function quartiles(sorted: Float64Array): {
  readonly low: number;
  readonly median: number;
  readonly high: number;
} {
  const at = (share: number) => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
    return a + (b - a) * (position - below);
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}
