import { NumericalError } from "../errors.ts";
import * as portable from "../special/portable.ts";

const MAX_SWEEPS = 60;

/**
 * Eigenvalues (into `d`, unsorted) and eigenvectors of a small tridiagonal matrix by QL with implicit shifts; `e` is
 * destroyed. The rotations are applied to pairs of rows of `z`, an array of rows `stride` apart of which the part
 * starting at `offset`, d.length square, must hold the identity; row i becomes the eigenvector of d[i]. O(3n³).
 */
export function tridiagonalQl(d: Float64Array, e: Float64Array, z: Float64Array, offset: number, stride: number): void {
  const n = d.length;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(d[i]!), Math.abs(e[i]!));
  const floor = SQUARES_VANISH * largest;
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      const m = endOfBlock(d, e, l, floor);
      if (m === l) break;
      if (sweep === MAX_SWEEPS)
        throw new NumericalError(`eigh: eigenvalue ${l} did not converge in ${MAX_SWEEPS} sweeps`);
      qlSweep(d, e, l, m, (i, c, s) => rotateRows(z, offset + i * stride, offset + (i + 1) * stride, n, c, s));
    }
  }
}

/** Beside a largest entry of 1, products of two entries of this size leave the range of float64: rotations cannot reduce them. */
const SQUARES_VANISH = 2 ** -511;

/** The last index that is coupled to l by off-diagonal entries that are not negligible, as in LAPACK's dsteqr. */
function endOfBlock(d: Float64Array, e: Float64Array, l: number, floor: number): number {
  const isCoupled = (m: number): boolean =>
    Math.abs(e[m]!) > floor + Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!));
  let m = l;
  while (m < d.length - 1 && isCoupled(m)) m++;
  return m;
}

/** One sweep on the block l..m with Wilkinson's shift; `rotate` gets each rotation of rows i and i + 1. */
function qlSweep(
  d: Float64Array,
  e: Float64Array,
  l: number,
  m: number,
  rotate: (i: number, c: number, s: number) => void,
): void {
  const ratio = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let g = d[m]! - d[l]! + e[l]! / (ratio + Math.sign(ratio || 1) * portable.hypot(ratio, 1));
  let [c, s, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = portable.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    const shifted = d[i + 1]! - p;
    const t = (d[i]! - shifted) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = shifted + p;
    g = c * t - b;
    rotate(i, c, s);
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

/** (x, y) ← (c x - s y, s x + c y) for two rows of `count` entries. */
export function rotateRows(data: Float64Array, x: number, y: number, count: number, c: number, s: number): void {
  for (let j = 0; j < count; j++) {
    const xj = data[x + j]!;
    const yj = data[y + j]!;
    data[x + j] = c * xj - s * yj;
    data[y + j] = s * xj + c * yj;
  }
}
