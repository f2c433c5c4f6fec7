import * as portable from "../special/portable.ts";
import type { RidgePath } from "./ridge-path.ts";

/**
 * What kernel and ridge make of a squared loss, mode by mode: the error along an eigenvector of A = K + diagReg·I with
 * eigenvalue μ shrinks at the rate ηcμ.
 */
export interface MseModes {
  readonly ok: true;
  /** μ, ascending; 0 where it cannot be told from zero. */
  readonly curvatures: Float64Array;
  /** The eigenvalues of K; of those, too, none that cannot be told from zero. */
  readonly eigenvalues: Float64Array;
}

/** K + diagReg·I has an eigenvalue that is negative by more than rounding: no gradient flow has such a kernel. */
export interface IndefiniteKernel {
  readonly ok: false;
  readonly reason: "indefinite";
  readonly diagReg: number;
  readonly smallestEigenvalue: number;
  /** An absolute ridge that would do. */
  readonly suggestedDiagReg: number;
  readonly message: string;
}

export function mseModes(where: string, path: RidgePath, diagReg: number): MseModes | IndefiniteKernel {
  const { values, tolerance } = path;
  const smallestEigenvalue = values[0]!;
  if (smallestEigenvalue + diagReg < -tolerance) {
    const suggestedDiagReg = tolerance - smallestEigenvalue;
    const message =
      `${where}: the kernel matrix (smallest eigenvalue ${smallestEigenvalue}) with diagReg ${diagReg} is not positive ` +
      `semi-definite: raise diagReg to ${suggestedDiagReg}`;
    return { ok: false, reason: "indefinite", diagReg, smallestEigenvalue, suggestedDiagReg, message };
  }
  const snap = (value: number): number => (Math.abs(value) <= tolerance ? 0 : value);
  return { ok: true, curvatures: values.map((value) => snap(value + diagReg)), eigenvalues: values.map(snap) };
}

/** 1 − e^{−rate μ t}, the fraction of its way that a mode has gone; t = ∞ included, where a mode of no rate stays. */
export function flowProgress(rate: number, curvature: number, t: number): number {
  const speed = rate * curvature;
  return speed === 0 || t === 0 ? 0 : -portable.expm1(-speed * t);
}

/**
 * (1 − e^{−rate μ t})/μ, how much of Vᵀ(y − f₀) has entered α. As μ → 0 that is rate·t, which no prediction of a positive
 * semi-definite kernel feels; at t = ∞ it is left out.
 */
export function flowGain(rate: number, curvature: number, t: number): number {
  if (curvature !== 0) return flowProgress(rate, curvature, t) / curvature;
  return t === Number.POSITIVE_INFINITY ? 0 : rate * t;
}
