/** The outcome of one law, a sentence about the thing checked. */
export interface LawResult {
  readonly law: string;
  readonly ok: boolean;
  /** What was found: the worst case and its size. */
  readonly detail: string;
}

/** Tolerances by the reason why two roads to a number may differ. */
export const TOLERANCE = {
  /** Two closed forms, or a closed form and its 50-digit value. */
  closedForm: 1e-12,
  /** The same formula on two engines. */
  engine: 1e-13,
  /** A closed form and Gauss-Hermite quadrature of φ. */
  quadrature: 1e-10,
  /** A derivative and a finite difference of fourth order. */
  finiteDifference: 1e-8,
  /** The sum of a Taylor series and the function. */
  taylorSum: 1e-13,
  /** Standard errors between a limit and the mean of finite networks. */
  monteCarloSigmas: 4,
} as const;

/** The laws that do not hold, as one message; "" when all hold. */
export function broken(results: readonly LawResult[]): string {
  return results
    .filter(({ ok }) => !ok)
    .map(({ law, detail }) => `${law}: ${detail}`)
    .join("\n");
}

/** A law that holds when the largest of the numbers is at most the tolerance. */
export function atMost(law: string, worst: number, tolerance: number): LawResult {
  return { law, ok: worst <= tolerance, detail: `worst ${worst.toExponential(2)}, allowed ${tolerance}` };
}
