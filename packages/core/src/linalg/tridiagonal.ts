/** A symmetric tridiagonal matrix T. */
export interface SymmetricTridiagonal {
  readonly diagonal: Float64Array;
  /** offDiagonal[i] couples i and i + 1; as long as `diagonal`, the last one is not looked at. */
  readonly offDiagonal: Float64Array;
}

/** T = L D Lᵀ with L unit lower bidiagonal. */
export interface BidiagonalFactor {
  /** D. */
  readonly pivots: Float64Array;
  /** L[i + 1, i]. */
  readonly multipliers: Float64Array;
}

/** The factor of T + shift·I. It exists where that matrix is positive definite; its pivots are then positive. O(n). */
export function factorizeTridiagonal({ diagonal, offDiagonal }: SymmetricTridiagonal, shift: number): BidiagonalFactor {
  const n = diagonal.length;
  const [pivots, multipliers] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const previous = i > 0 ? multipliers[i - 1]! * offDiagonal[i - 1]! : 0;
    pivots[i] = diagonal[i]! + shift - previous;
    multipliers[i] = offDiagonal[i]! / pivots[i]!;
  }
  return { pivots, multipliers };
}

/** trace T⁻¹ = Σ 1/(dᵢ + cᵢ - tᵢ), with the pivots d of L D Lᵀ from above and c of the same from below. O(n). */
export function traceOfInverse(t: SymmetricTridiagonal, shift: number): number {
  const { pivots } = factorizeTridiagonal(t, shift);
  let [trace, below] = [0, Number.POSITIVE_INFINITY];
  for (let i = pivots.length - 1; i >= 0; i--) {
    const coupling = i < pivots.length - 1 ? t.offDiagonal[i]! ** 2 / below : 0;
    trace += 1 / (pivots[i]! - coupling);
    below = t.diagonal[i]! + shift - coupling;
  }
  return trace;
}

/** The smallest and the largest eigenvalue, to working precision relative to the larger in size. O(n). */
export function extremeEigenvalues(t: SymmetricTridiagonal): { readonly smallest: number; readonly largest: number } {
  const n = t.diagonal.length;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < n; i++) {
    // Gershgorin's discs.
    const radius = (i > 0 ? Math.abs(t.offDiagonal[i - 1]!) : 0) + (i < n - 1 ? Math.abs(t.offDiagonal[i]!) : 0);
    low = Math.min(low, t.diagonal[i]! - radius);
    high = Math.max(high, t.diagonal[i]! + radius);
  }
  return { smallest: bisect(t, low, high, 1), largest: bisect(t, low, high, n) };
}

/** The number of eigenvalues below x, which is the number of negative pivots of T - x·I (Sturm). O(n). */
function countBelow({ diagonal, offDiagonal }: SymmetricTridiagonal, x: number): number {
  let [count, pivot] = [0, 1];
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i]! - x - (i > 0 ? offDiagonal[i - 1]! * (offDiagonal[i - 1]! / pivot) : 0);
    if (pivot === 0) pivot = -Number.MIN_VALUE;
    if (pivot < 0) count++;
  }
  return count;
}

/** The k-th smallest eigenvalue, k from 1, which lies in [low, high]. */
function bisect(t: SymmetricTridiagonal, low: number, high: number, k: number): number {
  const resolution = Number.EPSILON * Math.max(Math.abs(low), Math.abs(high));
  let [from, to] = [low, high];
  while (to - from > resolution) {
    const middle = from + (to - from) / 2;
    if (middle <= from || middle >= to) break;
    if (countBelow(t, middle) >= k) to = middle;
    else from = middle;
  }
  return from + (to - from) / 2;
}
