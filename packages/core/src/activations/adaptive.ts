import { NumericalError } from "../errors.ts";
import { gaussLegendre } from "../special/gauss-legendre.ts";

/** Several integrands at once: writes their values at x. */
export type Integrands = (x: number, values: Float64Array) => void;

export interface AdaptiveOptions {
  readonly count: number;
  /** Ascending; first and last are the ends of the interval, the others where an integrand is not smooth. */
  readonly edges: readonly number[];
  readonly maxWidth: number;
  /** Absolute error allowed on one panel, by the integral of |panel sums| so far and the number of the integrand. */
  readonly tolerance: (scale: number, index: number) => number;
  /** What is integrated, for the error message. */
  readonly what: string;
}

const ORDER = 20;
const MAX_DEPTH = 64;
const MAX_PANELS = 20_000;

/** The ends of a panel, how often it has been halved, and its sums. */
interface Panel {
  readonly low: number;
  readonly high: number;
  readonly depth: number;
  readonly sums: Float64Array;
}

export interface AdaptiveIntegral {
  readonly sums: Float64Array;
  /** Ends of the panels that were needed, ascending. */
  readonly panels: readonly number[];
}

/**
 * ∫ of every integrand by 20-point Gauss-Legendre panels, each halved until it agrees with its two halves to within the
 * tolerance. Panels are refined from left to right in a fixed order, so that the sums are the same bits each time.
 * Throws NumericalError when that does not come to an end.
 */
export function integrateAdaptively(f: Integrands, options: AdaptiveOptions): AdaptiveIntegral {
  const { count, tolerance } = options;
  const values = new Float64Array(count);
  const stack: Panel[] = firstPanels(options).map(([low, high]) => ({
    low,
    high,
    depth: 0,
    sums: panelSums(f, low, high, values),
  }));
  const scales = new Float64Array(count);
  for (const { sums } of stack) for (let k = 0; k < count; k++) scales[k] = scales[k]! + Math.abs(sums[k]!);
  const total = new Float64Array(count);
  const panels: number[] = [stack[0]!.low];
  stack.reverse();
  for (let panel = stack.pop(); panel; panel = stack.pop()) {
    const middle = (panel.low + panel.high) / 2;
    const left = panelSums(f, panel.low, middle, values);
    const right = panelSums(f, middle, panel.high, values);
    let done = true;
    for (let k = 0; k < count; k++) {
      const gap = Math.abs(panel.sums[k]! - left[k]! - right[k]!);
      if (!(gap <= tolerance(scales[k]!, k))) done = false;
      scales[k] = scales[k]! + gap;
    }
    if (done) {
      panels.push(panel.high);
      for (let k = 0; k < count; k++) total[k] = total[k]! + (left[k]! + right[k]!);
      continue;
    }
    const depth = panel.depth + 1;
    if (depth > MAX_DEPTH || panels.length + stack.length > MAX_PANELS) {
      throw new NumericalError(
        `${options.what}: the quadrature did not converge; if φ has kinks, list them in \`kinks\``,
      );
    }
    stack.push(
      { low: middle, high: panel.high, depth, sums: right },
      { low: panel.low, high: middle, depth, sums: left },
    );
  }
  return { sums: total, panels };
}

function firstPanels({ edges, maxWidth }: AdaptiveOptions): [number, number][] {
  const panels: [number, number][] = [];
  for (let i = 1; i < edges.length; i++) {
    const [low, high] = [edges[i - 1]!, edges[i]!];
    const pieces = Math.max(1, Math.ceil((high - low) / maxWidth));
    for (let k = 0; k < pieces; k++) {
      panels.push([
        low + ((high - low) * k) / pieces,
        k + 1 === pieces ? high : low + ((high - low) * (k + 1)) / pieces,
      ]);
    }
  }
  return panels;
}

function panelSums(f: Integrands, low: number, high: number, values: Float64Array): Float64Array {
  const { nodes, weights } = gaussLegendre(ORDER);
  const half = (high - low) / 2;
  const middle = low + half;
  const sums = new Float64Array(values.length);
  for (let i = 0; i < ORDER; i++) {
    f(middle + half * nodes[i]!, values);
    const weight = half * weights[i]!;
    for (let k = 0; k < sums.length; k++) sums[k] = sums[k]! + weight * values[k]!;
  }
  return sums;
}

/** The nodes and weights of 20-point Gauss-Legendre panels between the given ends, none wider than maxWidth. */
export function panelRule(panels: readonly number[], maxWidth: number): { nodes: Float64Array; weights: Float64Array } {
  const { nodes, weights } = gaussLegendre(ORDER);
  const pieces = firstPanels({ edges: panels, maxWidth } as AdaptiveOptions);
  const rule = { nodes: new Float64Array(ORDER * pieces.length), weights: new Float64Array(ORDER * pieces.length) };
  pieces.forEach(([low, high], at) => {
    const half = (high - low) / 2;
    for (let i = 0; i < ORDER; i++) {
      rule.nodes[at * ORDER + i] = low + half + half * nodes[i]!;
      rule.weights[at * ORDER + i] = half * weights[i]!;
    }
  });
  return rule;
}

/** −reach, the given points strictly between, and reach, ascending and without repetition. */
export function edgesBetween(reach: number, points: readonly number[]): number[] {
  const inside = points.filter((x) => Math.abs(x) < reach).sort((a, b) => a - b);
  return [-reach, ...inside.filter((x, i) => x !== inside[i - 1]), reach];
}

/** Beyond this size of x an activation is taken to have reached its asymptotes, or to change no faster than x itself. */
const FEATURE_SIZE = 16;

/**
 * Where panels must end so that an activation is seen at all when its argument √p z varies over many orders of
 * magnitude: a step of tanh is narrower than the gap between nodes once p is large.
 */
export function featuresOf(kinks: readonly number[]): number[] {
  return [-FEATURE_SIZE, 0, FEATURE_SIZE, ...kinks];
}
