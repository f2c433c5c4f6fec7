import * as portable from "../special/portable.ts";

/** How far a step may be off: per component, atol + rtol·|y|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
  /** How many components, from the first, are looked at. */
  readonly controlled: number;
}

/** √mean((factor·vᵢ/(atol + rtol max(|yᵢ|, |zᵢ|)))²): at most 1 where v is within the tolerance at both ends of a step. */
export function scaledNorm(
  v: Float64Array,
  factor: number,
  y: Float64Array,
  z: Float64Array,
  { rtol, atol, controlled }: Tolerance,
): number {
  let sum = 0;
  for (let i = 0; i < controlled; i++) {
    const error = factor * v[i]!;
    if (error !== 0) sum += (error / (atol + rtol * Math.max(Math.abs(y[i]!), Math.abs(z[i]!)))) ** 2;
  }
  return Math.sqrt(sum / Math.max(controlled, 1));
}

const [SAFETY, STABILIZER, SHRINK, GROW] = [0.9, 0.04, 0.2, 10];

/**
 * The next step size from the scaled errors of this step and of the accepted one before, which damps the alternation of
 * accepted and rejected steps where stability and not accuracy is the limit (a PI controller; Hairer & Wanner 1996, IV.2).
 */
export function nextStep(h: number, error: number, previousError: number): number {
  if (!Number.isFinite(error)) return h * SHRINK;
  const proportional = portable.power(error, 0.2 - 0.75 * STABILIZER);
  if (error > 1) return h * Math.max(SHRINK, SAFETY / proportional);
  const factor = (SAFETY * portable.power(previousError, STABILIZER)) / proportional;
  return h * Math.min(GROW, Math.max(SHRINK, factor));
}

/** What of an accepted error the next step looks back at. */
export const remembered = (error: number): number => Math.max(error, 1e-4);

/** First guess: a step along the first slope that moves y by a hundredth of its size (d0 of y, d1 of the slope). */
export function firstGuess(d0: number, d1: number): number {
  return d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * (d0 / d1);
}

/** That guess, corrected by the size d2 of the second derivative found with it (Hairer, Nørsett & Wanner 1993, II.4). */
export function firstStep(guess: number, d1: number, d2: number): number {
  const largest = Math.max(d1, d2);
  if (!Number.isFinite(largest)) return guess * 1e-3;
  const accurate = largest <= 1e-15 ? Math.max(1e-6, guess * 1e-3) : portable.power(0.01 / largest, 0.2);
  return Math.min(100 * guess, accurate);
}
