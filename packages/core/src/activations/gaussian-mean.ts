import { gaussHermite } from "../special/gauss-hermite.ts";
import { gaussLegendre, type QuadratureRule } from "../special/gauss-legendre.ts";
import { SQRT_TWO_PI } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";

/** E f(mean + width y), y ~ N(0, 1), as a function of the mean. */
export type GaussianMean = (mean: number) => number;

export interface SmoothedFunction {
  readonly f: (x: number) => number;
  /** Whether f or a derivative jumps at 0. */
  readonly hasKink: boolean;
  /** The largest |mean| that will be asked for. */
  readonly reach: number;
}

/** Standard deviations within which the Gaussian is integrated: beyond, it weighs less than 3e-18. */
const REACH = 9;

/** The distance over which f is taken to change: that of tanh to its nearest pole. */
const FEATURE = 1.5;

/** Widths, in features, from which panels around the features take fewer nodes than equal steps. */
const WIDE = 1.2;

/**
 * Gauss-Hermite while f is nearly a polynomial across the Gaussian, then the trapezoidal rule, then panels that grow away from 0;
 * panels also where the kink is within reach. Everything 2^halvings times as fine as features at 0 ask for.
 */
export function gaussianMean(smoothed: SmoothedFunction, width: number, halvings: number): GaussianMean {
  const { f, hasKink } = smoothed;
  if (width === 0) return f;
  const relative = (width / FEATURE) * 2 ** halvings;
  const plain = relative <= WIDE ? equalRule(relative) : undefined;
  if (plain && !hasKink) return (mean) => equalAverage(f, mean, width, plain);
  const panels = plain
    ? makePanels(f, 2 * REACH * width, width * Math.min(WIDEST, 1 / relative), Infinity)
    : makePanels(f, smoothed.reach + REACH * width, (width * WIDEST) / 2 ** halvings, 2 ** -halvings);
  return (mean) =>
    plain && Math.abs(mean) > REACH * width ? equalAverage(f, mean, width, plain) : panelAverage(mean, width, panels);
}

const HERMITE_SIZES = [4, 6, 8, 10, 13];

function equalRule(relative: number): QuadratureRule {
  let factorial = 1;
  for (let n = 1, power = relative * relative; n <= 13; n++, power *= relative * relative) {
    factorial *= n;
    if (factorial * power < 1e-17 && HERMITE_SIZES.includes(n)) return gaussHermite(n);
  }
  const step = Math.min(0.7, 0.17 / relative);
  const last = Math.floor(REACH / step);
  const nodes = Float64Array.from({ length: 2 * last + 1 }, (_, k) => (k - last) * step);
  return { nodes, weights: nodes.map((y) => (step * portable.exp(-0.5 * y * y)) / SQRT_TWO_PI) };
}

function equalAverage(
  f: (x: number) => number,
  mean: number,
  width: number,
  { nodes, weights }: QuadratureRule,
): number {
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) sum += weights[i]! * f(mean + width * nodes[i]!);
  return sum;
}

const ORDER = 12;

/** Widest panel, in widths of the Gaussian. */
const WIDEST = 2.5;

/** Gauss-Legendre panels on [−end, end], one edge at 0, with f times the weight at each node. */
interface Panels {
  readonly edges: readonly number[];
  /** Of each node from the left edge of its panel: the node itself is rounded more coarsely. */
  readonly offsets: Float64Array;
  readonly values: Float64Array;
}

/** No panel wider than `widest`, nor than `first` plus its distance from 0. */
function makePanels(f: (x: number) => number, end: number, widest: number, first: number): Panels {
  const positive: number[] = [];
  for (let x = 0; x < end; ) {
    x += Math.min(widest, first + x);
    positive.push(x);
  }
  const edges = [...positive.map((x) => -x).reverse(), 0, ...positive];
  const rule = gaussLegendre(ORDER);
  const [offsets, values] = [0, 0].map(() => new Float64Array(ORDER * (edges.length - 1)));
  for (let panel = 0; panel + 1 < edges.length; panel++) {
    const half = (edges[panel + 1]! - edges[panel]!) / 2;
    for (let i = 0; i < ORDER; i++) {
      const offset = half * (1 + rule.nodes[i]!);
      offsets![panel * ORDER + i] = offset;
      values![panel * ORDER + i] = half * rule.weights[i]! * f(edges[panel]! + offset);
    }
  }
  return { edges, offsets: offsets!, values: values! };
}

function panelAverage(mean: number, width: number, { edges, offsets, values }: Panels): number {
  const [low, high] = [mean - REACH * width, mean + REACH * width];
  let first = 0;
  while (edges[first + 1]! < low) first++;
  let sum = 0;
  for (let panel = first; panel + 1 < edges.length && edges[panel]! < high; panel++) {
    const left = edges[panel]! - mean;
    for (let at = panel * ORDER; at < (panel + 1) * ORDER; at++) {
      const y = (left + offsets[at]!) / width;
      sum += values[at]! * portable.exp(-0.5 * y * y);
    }
  }
  return sum / (width * SQRT_TWO_PI);
}
