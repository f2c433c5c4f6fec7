import { NumericalError } from "ntkit";

/** What a numerical routine found; throws what it says when it failed. */
export function solved<T extends { readonly ok: boolean }>(result: T): Extract<T, { readonly ok: true }> {
  if (result.ok) return result as Extract<T, { readonly ok: true }>; // narrowed by `ok`
  throw new NumericalError("message" in result ? String(result.message) : "the problem has no solution in float64");
}
