/** The input that says whether a value is missing, standardized like a number; an indicator that was always 1 in training carries nothing. */
export function missingIndicator(isMissing: boolean, share: number): number {
  const spread = Math.sqrt(share * (1 - share)) || 1;
  return ((isMissing ? 1 : 0) - share) / spread;
}
