import { gaussLegendre } from "../special/gauss-legendre.ts";
import * as portable from "../special/portable.ts";

/** The largest angle of a cell: beyond, rows are not nearly parallel and Mehler's series is short. */
export const LARGEST_ANGLE = 0.25;

/** Most nodes of a cell, less one. Those of fewer nodes are among them. */
export const MOST_NODES = 64;

/** Variances above 4^MOST_LEVEL are too steep for tables. */
const MOST_LEVEL = 20;

/**
 * Angles from 0 to `largest` of rows with variances up to 4^level, where functions of the pair are interpolated. They change over
 * angles of 2^{−level}, less where θ is larger, and are analytic in θ², or where φ has a kink in θ > 0 up to 0:
 *
 *   θ = v^{1/exponent},   v = scale (e^{βs} − 1),   0 ≤ s ≤ 1
 *
 * makes them polynomials in s of low degree.
 */
export interface AngleCell {
  readonly key: number;
  readonly level: number;
  readonly largest: number;
  readonly exponent: 1 | 2;
  readonly scale: number;
  readonly beta: number;
  /** Angles at the nodes sⱼ = sin²(πj / 2 MOST_NODES). */
  readonly angles: Float64Array;
  /** The number of nodes to try first, less one. */
  readonly first: number;
}

/** The cell of an angle: those of one level are 8 times larger than the next, down to where κ̇ hardly changes. */
export type FindCell = (theta: number, largerVariance: number) => AngleCell | undefined;

export function angleCells(hasKink: boolean): FindCell {
  const known = new Map<number, AngleCell>();
  return (theta, largerVariance) => {
    const level = largerVariance > 1 ? Math.ceil((portable.exponent(largerVariance) + 1) / 2) : 0;
    if (!(theta <= LARGEST_ANGLE) || level > MOST_LEVEL) return undefined;
    let halvings = 2;
    while (theta <= portable.power(2, -halvings - 3) && halvings < level + 9) halvings += 3;
    const key = 64 * level + halvings;
    let cell = known.get(key);
    if (!cell) {
      cell = makeCell(key, level, halvings, hasKink);
      known.set(key, cell);
    }
    return cell;
  };
}

function makeCell(key: number, level: number, halvings: number, hasKink: boolean): AngleCell {
  const largest = portable.power(2, -halvings);
  const exponent = hasKink ? 1 : 2;
  const scale = hasKink ? 1.5 * portable.power(2, -level) : portable.power(4, -level);
  const beta = portable.log1p(portable.power(largest, exponent) / scale);
  const angles = Float64Array.from({ length: MOST_NODES + 1 }, (_, j) =>
    root(scale * portable.expm1(beta * portable.sin((Math.PI * j) / (2 * MOST_NODES)) ** 2), exponent),
  );
  return { key, level, largest, exponent, scale, beta, angles, first: halvings > level + 5 ? 4 : 8 };
}

function root(v: number, exponent: 1 | 2): number {
  return exponent === 1 ? v : Math.sqrt(v);
}

const COSINES = Float64Array.from({ length: 2 * MOST_NODES }, (_, k) => portable.cos((Math.PI * k) / MOST_NODES));

/** Coefficients of the Chebyshev polynomials T₀ … Tₙ in 1 − 2s through the values at every (MOST_NODES/n)-th node. */
export function chebyshevCoefficients(values: Float64Array, n: number): Float64Array {
  const stride = MOST_NODES / n;
  const coefficients = new Float64Array(n + 1);
  for (let k = 0; k <= n; k++) {
    let sum = (values[0]! + values[MOST_NODES]! * COSINES[(n * k * stride) % (2 * MOST_NODES)]!) / 2;
    for (let j = 1; j < n; j++) sum += values[j * stride]! * COSINES[(j * k * stride) % (2 * MOST_NODES)]!;
    coefficients[k] = ((k === 0 || k === n ? 1 : 2) / n) * sum;
  }
  return coefficients;
}

function clenshaw(coefficients: Float64Array, x: number): number {
  let [next, afterNext] = [0, 0];
  for (let k = coefficients.length - 1; k > 0; k--) {
    [next, afterNext] = [2 * x * next - afterNext + coefficients[k]!, next];
  }
  return x * next - afterNext + coefficients[0]!;
}

/** The interpolated function f at θ, and ∫₀^θ f(t) sin t dt, which for small θ has as many digits as f. */
export function valueAndIntegral(
  { exponent, scale, beta }: AngleCell,
  coefficients: Float64Array,
  theta: number,
): [number, number] {
  const end = portable.log1p(portable.power(theta, exponent) / scale) / beta;
  const { nodes, weights } = gaussLegendre((coefficients.length - 1) / 2 + (beta > 1 ? 8 : 2));
  let integral = 0;
  for (let i = 0; i < nodes.length; i++) {
    const s = (end / 2) * (1 + nodes[i]!);
    const v = scale * portable.expm1(beta * s);
    const angle = root(v, exponent);
    const sine = portable.sin(angle);
    const measure = exponent === 1 ? sine : angle === 0 ? 0.5 : sine / (2 * angle);
    integral += weights[i]! * clenshaw(coefficients, 1 - 2 * s) * measure * (v + scale);
  }
  return [clenshaw(coefficients, 1 - 2 * end), (end / 2) * beta * integral];
}
