import * as portable from "../special/portable.ts";
import { assumption, type Bound, bound, checkAbove0, checkCount, checkShare } from "./bound.ts";

interface Sample {
  /** Training inputs. */
  readonly n: number;
  /** Chance that the bound fails. */
  readonly delta: number;
  /** The largest |x|; every entry of a single unit's kernel is at most its square. Default 1. */
  readonly largestNorm?: number | undefined;
}

/**
 * The width m from which, with probability at least 1 − δ over the start, ‖H(0) − H*‖₂ ≤ ε, for f = (1/√m) Σ aₖ relu(wₖ·x) with
 * aₖ = ±1 of which the first layer trains:
 *
 *   m ≥ (2 n² R⁴/ε²) ln(2n²/δ),   R the largest |x|
 *
 * Hoeffding's inequality for each entry, a mean of m numbers in [−R², R²], at distance ε/n, and a union over the n² of them. Du, Zhai,
 * Póczos, Singh (2019), Lemma 3.1, with the constant of its proof.
 */
export function concentrationWidth({
  n,
  delta,
  epsilon,
  largestNorm = 1,
}: Sample & { readonly epsilon: number }): number {
  check("concentrationWidth", { n, delta, largestNorm });
  checkAbove0("concentrationWidth", "epsilon", epsilon);
  const entry = (n * largestNorm ** 2) / epsilon;
  return Math.ceil(2 * entry ** 2 * portable.log((2 * n * n) / delta));
}

/** The same theorem, for a given width: the distance ε = nR² √(2 ln(2n²/δ)/m) that it promises, beside a measured ‖H(0) − H*‖₂. */
export function kernelConcentration({
  n,
  delta,
  width,
  largestNorm = 1,
  distance,
}: Sample & { readonly width: number; readonly distance?: number | undefined }): Bound {
  check("kernelConcentration", { n, delta, largestNorm });
  checkCount("kernelConcentration", "width", width);
  return bound({
    assumes: [
      assumption("f = (1/√m) Σ aₖ relu(wₖ·x), aₖ = ±1, wₖ ~ N(0, I), of which the first layer trains", null),
      assumption("no |x| above largestNorm", null, largestNorm),
    ],
    promises: {
      what: `‖H(0) − H*‖₂ with probability ${1 - delta}`,
      relation: "at most",
      value: n * largestNorm ** 2 * Math.sqrt((2 * portable.log((2 * n * n) / delta)) / width),
    },
    measured: distance,
  });
}

function check(where: string, { n, delta, largestNorm }: Required<Sample> & { largestNorm: number }): void {
  checkCount(where, "n", n);
  checkShare(where, "delta", delta);
  checkAbove0(where, "largestNorm", largestNorm);
}
