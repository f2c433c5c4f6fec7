import { ValueError } from "../errors.ts";
import type { QuadratureRule } from "./gauss-legendre.ts";
import * as portable from "./portable.ts";

/** Beyond this the outermost e^{−x²/4} underflows. */
const MAX_POINTS = 600;

const rules = new Map<number, QuadratureRule>();

/**
 * The n-point Gauss-Hermite rule for the standard normal: E f(z) ≈ Σ weights[i] f(nodes[i]), exact for polynomials of
 * degree 2n − 1. Cached. Weights too small for float64 are 0.
 *
 * Nodes are the eigenvalues of the Jacobi matrix with off-diagonal √1, √2, … (Golub & Welsch 1969), polished by
 * Newton's method; weights are 1/Σₖ hₖ(x)², k < n, with hₖ the normalised probabilists' Hermite polynomials.
 */
export function gaussHermite(n: number): QuadratureRule {
  if (!Number.isInteger(n) || n < 1 || n > MAX_POINTS) {
    throw new ValueError(`gaussHermite: n must be an integer from 1 to ${MAX_POINTS}, got ${n}`);
  }
  let rule = rules.get(n);
  if (!rule) {
    rule = makeRule(n);
    rules.set(n, rule);
  }
  return rule;
}

function makeRule(n: number): QuadratureRule {
  const half = jacobiEigenvalues(n).map((x) => polish(x, n));
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const mirror = n - 1 - i;
    nodes[i] = i === mirror ? 0 : (half[i]! - half[mirror]!) / 2;
    const [, , sum] = hermiteFunctions(nodes[i]!, n);
    weights[i] = portable.exp(-0.5 * nodes[i]! * nodes[i]!) / sum;
  }
  return { nodes, weights };
}

function polish(start: number, n: number): number {
  let x = start;
  for (let step = 0; step < 2; step++) {
    const [value, previous] = hermiteFunctions(x, n);
    x -= value / (Math.sqrt(n) * previous);
  }
  return x;
}

/** [hₙ, hₙ₋₁, Σₖ hₖ², k < n] at x, times e^{−x²/4}, e^{−x²/4} and e^{−x²/2}: in range where hₙ alone is not. */
function hermiteFunctions(x: number, n: number): [number, number, number] {
  let [previous, value] = [0, portable.exp(-0.25 * x * x)];
  let sum = 0;
  for (let k = 0; k < n; k++) {
    sum += value * value;
    [previous, value] = [value, (x * value - Math.sqrt(k) * previous) / Math.sqrt(k + 1)];
  }
  return [value, previous, sum];
}

/** Eigenvalues, ascending, of the symmetric tridiagonal matrix with zero diagonal and off-diagonal √1 … √(n−1): QL. */
function jacobiEigenvalues(n: number): Float64Array {
  const diagonal = new Float64Array(n);
  const off = Float64Array.from({ length: n }, (_, k) => (k + 1 < n ? Math.sqrt(k + 1) : 0));
  for (let low = 0; low < n; low++) {
    for (;;) {
      let high = low;
      while (
        high < n - 1 &&
        Math.abs(off[high]!) > 1e-15 * (Math.abs(diagonal[high]!) + Math.abs(diagonal[high + 1]!))
      ) {
        high++;
      }
      if (high === low) break;
      shiftedSweep(diagonal, off, low, high);
    }
  }
  return diagonal.sort();
}

/** One implicit QL sweep on rows low … high, with Wilkinson's shift. */
function shiftedSweep(diagonal: Float64Array, off: Float64Array, low: number, high: number): void {
  const ratio = (diagonal[low + 1]! - diagonal[low]!) / (2 * off[low]!);
  const length = portable.hypot(ratio, 1);
  let g = diagonal[high]! - diagonal[low]! + off[low]! / (ratio + (ratio >= 0 ? length : -length));
  let [sin, cos, shift] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const f = sin * off[i]!;
    const b = cos * off[i]!;
    const norm = portable.hypot(f, g);
    off[i + 1] = norm;
    if (norm === 0) {
      diagonal[i + 1] = diagonal[i + 1]! - shift;
      off[high] = 0;
      return;
    }
    sin = f / norm;
    cos = g / norm;
    g = diagonal[i + 1]! - shift;
    const turn = (diagonal[i]! - g) * sin + 2 * cos * b;
    shift = sin * turn;
    diagonal[i + 1] = g + shift;
    g = cos * turn - b;
  }
  diagonal[low] = diagonal[low]! - shift;
  off[low] = g;
  off[high] = 0;
}
