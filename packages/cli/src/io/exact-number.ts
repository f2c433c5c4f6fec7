/** A whole number as float64, or NaN where that would lose digits, as it may beyond 2^53. */
export function exactNumber(whole: bigint): number {
  const value = Number(whole);
  return Number.isSafeInteger(value) || BigInt(value) === whole ? value : Number.NaN;
}
