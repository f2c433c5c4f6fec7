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
}

/** Standard deviations within which the Gaussian is integrated: beyond, it weighs less than 3e-18. */
const REACH = 9;

/** The distance over which f is taken to change near 0, that of tanh to its nearest pole. Where 0 is out of sight, half of that to 0 more. */
const FEATURE = 1.5;

/** Widths from which on 0 weighs less than 2e-14 and is out of sight. */
const SIGHT = 8;

/** Widths, in features, from which panels around the features take fewer nodes than equal steps. */
const WIDE = 1.2;

/**
 * Gauss-Hermite where f is nearly a polynomial across the Gaussian, then the trapezoidal rule, then panels that grow away from 0;
 * panels also where the kink is within reach. Close to 0 the average, smoother than f, is interpolated. Everything 2^halvings times as fine as the features ask for.
 */
export function gaussianMean({ f, hasKink }: SmoothedFunction, width: number, halvings: number): GaussianMean {
  if (width === 0) return f;
  const fineness = 2 ** halvings;
  const nearest = hasKink ? REACH * width : 0;
  const farthest =
    (width * fineness) / FEATURE > WIDE ? SIGHT * width + (2 * width * fineness) / WIDE - 2 * FEATURE : nearest;
  const panels = farthest > 0 ? panelsFor(f, width, fineness, farthest + REACH * width) : undefined;
  const central = panels && interpolated((mean) => panelAverage(mean, width, panels), width / 2);
  return (mean) => {
    const distance = Math.abs(mean);
    if (central && distance <= width / 2) return central(mean);
    if (panels && distance <= farthest) return panelAverage(mean, width, panels);
    const feature = FEATURE + Math.max(0, distance - SIGHT * width) / 2;
    return equalAverage(f, mean, width, equalRule((width * fineness) / feature));
  };
}

/** Chebyshev points of [−1, 1]: a function that is smooth over the double of the interval is interpolated to rounding. */
const POINTS = Float64Array.from({ length: 18 }, (_, k) => portable.cos((Math.PI * (2 * k + 1)) / 36));
const POINT_WEIGHTS = POINTS.map((_, k) => (k % 2 === 0 ? 1 : -1) * portable.sin((Math.PI * (2 * k + 1)) / 36));

/** The function on [−end, end], by barycentric interpolation. */
function interpolated(f: (x: number) => number, end: number): (x: number) => number {
  const values = POINTS.map((x) => f(end * x));
  return (x) => {
    let [sum, weights] = [0, 0];
    for (let k = 0; k < POINTS.length; k++) {
      const distance = x / end - POINTS[k]!;
      if (distance === 0) return values[k]!;
      const weight = POINT_WEIGHTS[k]! / distance;
      sum += weight * values[k]!;
      weights += weight;
    }
    return sum / weights;
  };
}

/** Panels on [−end, end] for averages over a width. */
function panelsFor(f: (x: number) => number, width: number, fineness: number, end: number): Panels {
  const relative = (width * fineness) / FEATURE;
  if (relative <= WIDE) return makePanels(f, end, width * Math.min(WIDEST, 1 / relative), Infinity);
  return makePanels(f, end, (width * WIDEST) / fineness, 1 / fineness);
}

/** Rules for a width in features of f: Gauss-Hermite up to the `widest`, where n! widest²ⁿ is 1e-17. */
const HERMITE = [4, 6, 8, 10].map((n) => {
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  return { widest: portable.power(1e-17 / factorial, 1 / (2 * n)), n };
});

/** Rules of ever shorter steps. */
const EQUAL = Array.from({ length: 14 }, (_, k) => trapezoidalRule(0.7 * portable.power(2, -k / 4)));

/** For functions of y whose nearest pole is 1/relative away: the error is of size e^{−2π/(relative step) + 1/(2 relative²)}. */
function equalRule(relative: number): QuadratureRule {
  for (const { widest, n } of HERMITE) if (relative <= widest) return gaussHermite(n);
  const longest = (2 * Math.PI) / (42 * relative + 0.5 / relative);
  let k = 0;
  while (k < EQUAL.length - 1 && relative > 1 / 9 && EQUAL[k]!.step > longest) k++;
  return EQUAL[k]!;
}

function trapezoidalRule(step: number): QuadratureRule & { readonly step: number } {
  const last = Math.floor(REACH / step);
  const nodes = Float64Array.from({ length: 2 * last + 1 }, (_, k) => (k - last) * step);
  return { step, nodes, weights: nodes.map((y) => (step * portable.exp(-0.5 * y * y)) / SQRT_TWO_PI) };
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
