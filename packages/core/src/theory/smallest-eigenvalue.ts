import { ShapeError } from "../errors.ts";
import { checkFinite, checkSquare } from "../matrix/check.ts";
import { type Matrix, row } from "../matrix/matrix.ts";
import { assumption, type Bound, bound } from "./bound.ts";

/** The two inputs that come nearest to being parallel. */
export interface ClosestPair {
  readonly i: number;
  readonly j: number;
  /** sin of the angle between their lines: 0 where one is a multiple of the other, or zero. */
  readonly sine: number;
}

/**
 * The pair of rows of x, n x d, n ≥ 2, whose lines through 0 have the smallest angle. Kernels of the two-layer ReLU network without
 * biases have λ_min > 0 when no two inputs are parallel: Du et al. (2019), Theorem 3.1. O(n² d).
 */
export function closestPair(x: Matrix): ClosestPair {
  if (x.rows < 2) throw new ShapeError(`closestPair: there must be two rows or more, got ${x.rows}`);
  checkFinite("closestPair: x", x);
  const unit = Array.from({ length: x.rows }, (_, i) => normalized(row(x, i)));
  let closest: ClosestPair = { i: 0, j: 1, sine: Number.POSITIVE_INFINITY };
  for (let i = 1; i < unit.length; i++) {
    for (let j = 0; j < i; j++) {
      const sine = sineBetween(unit[i]!, unit[j]!);
      if (sine < closest.sine) closest = { i: j, j: i, sine };
    }
  }
  return closest;
}

function normalized(values: Float64Array): Float64Array {
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  if (largest === 0) return values;
  const scaled = values.map((value) => value / largest);
  const norm = Math.sqrt(scaled.reduce((sum, value) => sum + value * value, 0));
  return scaled.map((value) => value / norm);
}

/** |u − v| |u + v|/2 of unit vectors: unlike √(1 − cos²) exact near 0. */
function sineBetween(u: Float64Array, v: Float64Array): number {
  let [difference, sum] = [0, 0];
  for (let k = 0; k < u.length; k++) {
    difference += (u[k]! - v[k]!) ** 2;
    sum += (u[k]! + v[k]!) ** 2;
  }
  const zero = (a: Float64Array) => a.every((value) => value === 0);
  return zero(u) || zero(v) ? 0 : Math.sqrt(difference * sum) / 2;
}

/**
 * λ_min(H) ≤ min over i ≠ j of the smaller eigenvalue of the 2 x 2 block of i and j (Cauchy's interlacing): two inputs of nearly the
 * same features keep it near 0, whatever the rest. H is n x n, symmetric; `measured` is its smallest eigenvalue. O(n²).
 */
export function smallestEigenvalueBound(ntk: Matrix, measured?: number): Bound {
  checkSquare("smallestEigenvalueBound: ntk", ntk);
  checkFinite("smallestEigenvalueBound: ntk", ntk);
  if (ntk.rows === 0) throw new ShapeError("smallestEigenvalueBound: ntk must not be empty, got 0 x 0");
  let value = ntk.data[0]!;
  for (let i = 1; i < ntk.rows; i++) {
    for (let j = 0; j < i; j++) value = Math.min(value, blockEigenvalue(ntk, i, j));
  }
  return bound({
    assumes: [assumption("H is symmetric", isSymmetric(ntk))],
    promises: { what: "λ_min(H)", relation: "at most", value: Math.max(0, value) },
    measured: measured === undefined ? undefined : Math.max(0, measured),
  });
}

/** Of [[a, b], [b, c]]; as (ac − b²)/larger, since (a + c)/2 − √… would cancel. */
function blockEigenvalue(ntk: Matrix, i: number, j: number): number {
  const [a, b, c] = [ntk.data[i * ntk.cols + i]!, ntk.data[i * ntk.cols + j]!, ntk.data[j * ntk.cols + j]!];
  const larger = (a + c) / 2 + Math.sqrt(((a - c) / 2) ** 2 + b * b);
  return larger === 0 ? 0 : (a * c - b * b) / larger;
}

function isSymmetric(a: Matrix): boolean {
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < i; j++) if (a.data[i * a.cols + j] !== a.data[j * a.cols + i]) return false;
  }
  return true;
}
