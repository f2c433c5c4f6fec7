import * as portable from "../special/portable.ts";
import { rotateRows } from "./tridiagonal-ql.ts";

/** Two diagonalized neighbours [low, middle) and [middle, high); row i of `z` is the eigenvector of d[i]. */
export interface Halves {
  readonly d: Float64Array;
  readonly z: Float64Array;
  readonly stride: number;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** What is left of diag(d) + rho u uᵀ to solve, and what is solved already. */
export interface Merge {
  readonly rho: number;
  /** Rows whose eigenpair changes, with d strictly ascending, and their entries of u. */
  readonly kept: readonly number[];
  readonly u: Float64Array;
  /** Rows that are eigenvectors of the whole. */
  readonly deflated: readonly number[];
  /** `kept` reordered: rows that live in the first half, then in both, then in the second. */
  readonly grouped: readonly number[];
  /** How many of `grouped` (from its start, from its end) are not zero in the first and in the second half. */
  readonly inFirst: number;
  readonly inSecond: number;
}

/**
 * Finds eigenpairs of diag(d) + rho u uᵀ, ‖u‖ = 1, that need no work: where u is negligible, and one of each pair of d
 * that are close, after a rotation (in `d`, `z` and `u`) has moved its share of u to the other. Changes the matrix by
 * no more than `tolerance`. O(n) besides the rotations.
 */
export function deflate(halves: Halves, u: Float64Array, rho: number, tolerance: number): Merge {
  const { d, z, stride, low, middle, high } = halves;
  const inBoth = new Set<number>();
  const [kept, deflated]: [number[], number[]] = [[], []];
  const ascending = Array.from({ length: high - low }, (_, i) => low + i).sort((i, j) => d[i]! - d[j]!);
  let previous: number | undefined;
  for (const i of ascending) {
    if (rho * Math.abs(u[i - low]!) <= tolerance) {
      deflated.push(i);
      continue;
    }
    if (previous !== undefined) {
      const length = portable.hypot(u[previous - low]!, u[i - low]!);
      const [c, s] = [u[i - low]! / length, u[previous - low]! / length];
      if (Math.abs((d[i]! - d[previous]!) * c * s) <= tolerance) {
        rotateRows(z, previous * stride + low, i * stride + low, high - low, c, s);
        const [dp, di] = [d[previous]!, d[i]!];
        d[previous] = c * c * dp + s * s * di;
        d[i] = s * s * dp + c * c * di;
        u[i - low] = length;
        if (inBoth.has(previous) || previous < middle !== i < middle) inBoth.add(i);
        deflated.push(previous);
      } else kept.push(previous);
    }
    previous = i;
  }
  if (previous !== undefined) kept.push(previous);
  const first = kept.filter((i) => i < middle && !inBoth.has(i));
  const both = kept.filter((i) => inBoth.has(i));
  const second = kept.filter((i) => i >= middle && !inBoth.has(i));
  return {
    rho,
    kept,
    u: Float64Array.from(kept, (i) => u[i - low]!),
    deflated,
    grouped: [...first, ...both, ...second],
    inFirst: first.length + both.length,
    inSecond: both.length + second.length,
  };
}
