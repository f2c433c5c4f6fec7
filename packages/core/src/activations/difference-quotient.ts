/** Central differences of order 6 at offsets 1, 2, 3, and one-sided ones of order 6 at offsets 0 … 6. */
const CENTRAL = [45 / 60, -9 / 60, 1 / 60];
const ONE_SIDED = [-147 / 60, 360 / 60, -450 / 60, 400 / 60, -225 / 60, 72 / 60, -10 / 60];

/** So far beside a kink, in units of 1 + |x|, φ is taken to be on the one side. */
const BESIDE = 1e-15;

/**
 * φ' from values of φ: with step h = max(1, |x|/1024)/128, central where no kink is within reach, else one-sided away from the
 * nearest kink; at a kink the mean of the one-sided derivatives. The error is about h⁶ φ⁽⁷⁾/140 + 1e-14 |φ|/h.
 */
export function differenceQuotient(phi: (x: number) => number, kinks: readonly number[]): (x: number) => number {
  const oneSided = (x: number, h: number) => ONE_SIDED.reduce((sum, w, k) => sum + w * phi(x + k * h), 0) / h;
  return (x) => {
    const h = Math.max(1, Math.abs(x) / 1024) / 128;
    if (kinks.includes(x))
      return (oneSided(x + BESIDE * (1 + Math.abs(x)), h) + oneSided(x - BESIDE * (1 + Math.abs(x)), -h)) / 2;
    const nearest = kinks.find((kink) => Math.abs(kink - x) <= 3 * h);
    if (nearest !== undefined) return oneSided(x, x > nearest ? h : -h);
    return CENTRAL.reduce((sum, w, k) => sum + w * (phi(x + (k + 1) * h) - phi(x - (k + 1) * h)), 0) / h;
  };
}
