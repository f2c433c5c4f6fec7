/** A = K + diagReg·I is not positive definite to working precision, so the quantity asked for does not exist. */
export interface SingularRidge {
  readonly ok: false;
  readonly diagReg: number;
  readonly smallestEigenvalue: number;
  /** An absolute ridge that would do. */
  readonly suggestedDiagReg: number;
  readonly message: string;
}

/** Why A is not positive definite, by the smallest eigenvalue of K, or null when it is. */
export function singularRidge(
  where: string,
  smallestEigenvalue: number,
  tolerance: number,
  diagReg: number,
): SingularRidge | null {
  if (smallestEigenvalue + diagReg > tolerance) return null;
  const suggestedDiagReg = 2 * tolerance - Math.min(smallestEigenvalue, 0) || Number.EPSILON;
  const message =
    `${where}: the kernel matrix (smallest eigenvalue ${smallestEigenvalue}) with diagReg ${diagReg} is not positive ` +
    `definite: raise diagReg to ${suggestedDiagReg}`;
  return { ok: false, diagReg, smallestEigenvalue, suggestedDiagReg, message };
}
