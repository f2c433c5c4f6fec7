const MAX_STEPS = 100;

/**
 * The root number j of f(λ) = 1 + rho Σ z[i]² / (d[i] - λ), which lies between d[j] and d[j + 1] (the last one between
 * d[j] and d[j] + rho ‖z‖²). d is strictly ascending, no z is zero, rho > 0.
 *
 * `distances` receives d[i] - λ to full relative accuracy: λ is kept as a pole, the nearer one, plus a small tau. O(n)
 * for each of a few steps.
 */
export function secularRoot(d: Float64Array, z: Float64Array, rho: number, j: number, distances: Float64Array): number {
  const last = j === d.length - 1;
  const gap = last ? 2 * rho * sumOfSquares(z) : d[j + 1]! - d[j]!;
  const origin = last || valueAt(d, z, rho, d[j]!, gap / 2) >= 0 ? j : j + 1;
  const pole = d[origin]!;
  for (let i = 0; i < d.length; i++) distances[i] = d[i]! - pole;
  const left = origin === j ? 0 : -gap;
  const tau = solveBetween(distances, z, rho, j, left, left + gap);
  for (let i = 0; i < d.length; i++) distances[i]! -= tau;
  return pole + tau;
}

function sumOfSquares(z: Float64Array): number {
  let sum = 0;
  for (const value of z) sum += value * value;
  return sum;
}

function valueAt(d: Float64Array, z: Float64Array, rho: number, pole: number, tau: number): number {
  let sum = 0;
  for (let i = 0; i < d.length; i++) sum += (z[i]! * z[i]!) / (d[i]! - pole - tau);
  return 1 + rho * sum;
}

/** f split at the root: what the poles up to j and those after it contribute, with derivatives. */
interface Halves {
  readonly psi: number;
  readonly psiSlope: number;
  readonly phi: number;
  readonly phiSlope: number;
}

function halvesAt(delta: Float64Array, z: Float64Array, rho: number, j: number, tau: number): Halves {
  let psi = 0;
  let psiSlope = 0;
  let phi = 0;
  let phiSlope = 0;
  for (let i = 0; i <= j; i++) {
    const t = z[i]! / (delta[i]! - tau);
    psi += z[i]! * t;
    psiSlope += t * t;
  }
  for (let i = delta.length - 1; i > j; i--) {
    const t = z[i]! / (delta[i]! - tau);
    phi += z[i]! * t;
    phiSlope += t * t;
  }
  return { psi: rho * psi, psiSlope: rho * psiSlope, phi: rho * phi, phiSlope: rho * phiSlope };
}

/**
 * The root tau between the poles `left` and `right`, one of which is 0, on the side of the one that is 0.
 *
 * Each half of f is replaced by r + s / (pole - tau) with the same value and slope, and the quadratic that gives is
 * solved (Bunch, Nielsen & Sorensen 1978): quadratic convergence. Bisection when a step leaves the bracket.
 */
function solveBetween(
  delta: Float64Array,
  z: Float64Array,
  rho: number,
  j: number,
  left: number,
  right: number,
): number {
  let [low, high] = left === 0 ? [0, right / 2] : [left / 2, 0];
  let tau = (low + high) / 2;
  for (let step = 0; step < MAX_STEPS; step++) {
    const { psi, psiSlope, phi, phiSlope } = halvesAt(delta, z, rho, j, tau);
    const value = 1 + psi + phi;
    const rounding = Number.EPSILON * (1 + Math.abs(psi) + phi + Math.abs(tau) * (psiSlope + phiSlope));
    if (Math.abs(value) <= rounding) break;
    if (value < 0) low = tau;
    else high = tau;
    const [toLeft, toRight] = [left - tau, right - tau];
    const c = value - psiSlope * toLeft - phiSlope * toRight;
    const s = psiSlope * toLeft * toLeft + phiSlope * toRight * toRight;
    const move = smallerRoot(c, c * (toLeft + toRight) + s, value * toLeft * toRight);
    let next = tau + move;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next === tau || Math.abs(next - tau) <= Number.EPSILON * Math.abs(tau)) break;
    tau = next;
  }
  return tau;
}

/** The root of c x² - a x + b = 0 that stays bounded as c → 0, without cancellation. */
function smallerRoot(c: number, a: number, b: number): number {
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  return a <= 0 ? (a - root) / (2 * c) : (2 * b) / (a + root);
}
