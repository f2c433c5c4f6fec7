/**
 * The pair of Dormand & Prince (1980), orders 5 and 4, seven stages of which the last is the first of the next step:
 *
 *   kₛ = f(t + cₛ h, y + h Σⱼ aₛⱼ kⱼ),      y(t + h) ≈ y + h Σⱼ a₇ⱼ kⱼ,      error ≈ h Σⱼ eⱼ kⱼ
 *
 * Row s of STAGES is what leads to stage s + 1; the last row is the step itself.
 */
export const STAGES: readonly (readonly number[])[] = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];

/** Where in the step, as a fraction of it, each row of STAGES leads. */
export const NODES: readonly number[] = [1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];

/** Fifth order less fourth. */
export const ERROR: readonly number[] = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

/** Hairer, Nørsett & Wanner (1993), II.6: the part of the fourth-order interpolant that the ends do not give. */
const DENSE: readonly number[] = [
  -12715105075 / 11282082432,
  0,
  87487479700 / 32700410799,
  -10690763975 / 1880347072,
  701980252875 / 199316789632,
  -1453857185 / 822651844,
  69997945 / 29380423,
];

/** out ← Σⱼ weights[j] k[j]. */
export function combine(out: Float64Array, weights: readonly number[], k: readonly Float64Array[]): void {
  out.fill(0);
  for (let j = 0; j < weights.length; j++) {
    const [weight, slope] = [weights[j]!, k[j]!];
    if (weight !== 0) for (let i = 0; i < out.length; i++) out[i]! += weight * slope[i]!;
  }
}

/** out ← the solution at fraction `theta` of the step of size h from `y` to `next` with the seven slopes `k`. */
export function interpolate(
  out: Float64Array,
  theta: number,
  h: number,
  y: Float64Array,
  next: Float64Array,
  k: readonly Float64Array[],
): void {
  combine(out, DENSE, k);
  const [first, last, back] = [k[0]!, k[6]!, 1 - theta];
  for (let i = 0; i < out.length; i++) {
    const rise = next[i]! - y[i]!;
    const bend = h * first[i]! - rise;
    const twist = rise - h * last[i]! - bend;
    out[i] = y[i]! + theta * (rise + back * (bend + theta * (twist + back * h * out[i]!)));
  }
}
