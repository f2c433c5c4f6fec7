import type { Algebra } from "./algebra.ts";

/** A polynomial in x from −1 to 1, by the basis in which its evaluation loses no digits. */
export interface Polynomial {
  readonly basis: "powers" | "chebyshev";
  readonly coefficients: readonly number[];
}

/** cos and sin of πk/2ⁿ, 0 ≤ k ≤ 2ⁿ⁻¹, by halving angles: the same bits on every host, which `Math.cos` does not promise. */
function turn(k: number, n: number): readonly [cos: number, sin: number] {
  if (k === 0) return [1, 0];
  if (k % 2 === 0) return turn(k / 2, n - 1);
  if (n === 1) return [0, 1];
  if (4 * k === 2 ** n) return [Math.SQRT1_2, Math.SQRT1_2];
  if (4 * k > 2 ** n) {
    const [cos, sin] = turn(2 ** (n - 1) - k, n);
    return [sin, cos];
  }
  const [cos, sin] = turn(k, n - 1);
  const half = Math.sqrt((1 + cos) / 2);
  return [half, sin / (2 * half)];
}

/** cos(πk/2ⁿ) for k = 0 … 2ⁿ⁺¹ − 1. */
function cosines(n: number): Float64Array {
  const [half, all] = [2 ** (n - 1), 2 ** (n + 1)];
  const table = new Float64Array(all);
  for (let k = 0; k <= half; k++) {
    const [cos] = turn(k, n);
    table[k] = cos;
    table[2 * half - k] = -cos;
    table[(2 * half + k) % all] = -cos;
    if (k > 0) table[all - k] = cos;
  }
  return table;
}

/** log₂ of the largest number of nodes. */
const MOST_LOG = 8;
const TABLE = cosines(MOST_LOG + 1);

/** Numbers of nodes to try: polynomials of degree below half of that are told from noise. */
export const NODE_COUNTS: readonly number[] = [64, 128, 2 ** MOST_LOG];

/** The zeros of the Chebyshev polynomial of degree `count`, one of `NODE_COUNTS`. */
export function chebyshevNodes(count: number): readonly number[] {
  const stride = 2 ** MOST_LOG / count;
  return Array.from({ length: count }, (_, j) => TABLE[(2 * j + 1) * stride]!);
}

/** Powers are taken while the sum of their sizes is at most so many times that of the function. */
const MOST_GROWTH = 16;
/** So many coefficients in a row that are no more than noise end a series: now and then a later one sticks out. */
const QUIET = 6;

/**
 * The polynomial of least degree that follows values at the N nodes down to their noise, or undefined when none of degree below N/2
 * does, as far as its coefficients tell. That of T_k is 2/N Σ_j f(x_j) T_k(x_j), half of that for k = 0; those from N/2 on
 * are noise if anything is, and `least` counts as noise anyway.
 */
export function fitPolynomial(values: readonly number[], least: number): Polynomial | undefined {
  const count = values.length;
  const stride = 2 ** MOST_LOG / count;
  const all = Array.from({ length: count }, (_, k) => {
    let sum = 0;
    for (const [j, value] of values.entries()) sum += value * TABLE[((2 * j + 1) * k * stride) % TABLE.length]!;
    return (sum * (k === 0 ? 1 : 2)) / count;
  });
  const tail = all.slice(count / 2);
  const noise = Math.sqrt(tail.reduce((sum, value) => sum + value * value, 0) / tail.length);
  const floor = Math.max(least, 3 * noise);
  const isQuiet = (value: number): boolean => Math.abs(value) <= floor;
  const end = all.findIndex((_, k) => all.slice(k, k + QUIET).every(isQuiet));
  if (end < 0 || end > count / 2) return undefined; // NaN is never quiet
  const series = all.slice(0, end);
  const powers = powersOf(series);
  const size = (list: readonly number[]): number => list.reduce((sum, value) => sum + Math.abs(value), 0);
  return size(powers) <= MOST_GROWTH * size(series)
    ? { basis: "powers", coefficients: powers }
    : { basis: "chebyshev", coefficients: series };
}

/** Σ a_k T_k by powers of x, by T_k = 2x T_{k−1} − T_{k−2}. */
function powersOf(series: readonly number[]): readonly number[] {
  const sum = new Array<number>(series.length).fill(0);
  let [before, now] = [[1], [0, 1]];
  for (const a of series) {
    for (const [i, value] of before.entries()) sum[i]! += a * value;
    const next = [0, ...now.map((value) => 2 * value)];
    for (const [i, value] of before.entries()) next[i]! -= value;
    [before, now] = [now, next];
  }
  return sum;
}

/**
 * Values of some polynomials at the same x, which take their steps by turns, because none waits for the others: Horner's rule, or
 * Clenshaw's b_k = a_k + 2x b_{k+1} − b_{k+2}, of which the value is a_0 + x b_1 − b_2.
 */
export function evaluateTogether<T, M>(algebra: Algebra<T, M>, polynomials: readonly Polynomial[], x: T): readonly T[] {
  const { add, constant } = algebra;
  const twice = add(x, x);
  const longest = Math.max(0, ...polynomials.map(({ coefficients }) => coefficients.length));
  const states = polynomials.map((): { now: T | undefined; before: T | undefined } => ({
    now: undefined,
    before: undefined,
  }));
  for (let k = longest - 1; k >= 0; k--) {
    for (const [i, { basis, coefficients }] of polynomials.entries()) {
      if (k >= coefficients.length) continue;
      const state = states[i]!;
      const factor = basis === "powers" || k === 0 ? x : twice;
      const next = step(algebra, factor, state.now, basis === "powers" ? undefined : state.before, coefficients[k]!);
      [state.before, state.now] = [state.now, next];
    }
  }
  return states.map(({ now }) => now ?? constant(0));
}

/** a + factor · now − before, where these are. */
function step<T, M>(
  { constant, mulAdd, sub }: Algebra<T, M>,
  factor: T,
  now: T | undefined,
  before: T | undefined,
  a: number,
): T {
  if (now === undefined) return constant(a);
  return mulAdd(factor, now, before === undefined ? constant(a) : sub(constant(a), before));
}
