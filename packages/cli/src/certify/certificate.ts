import { type Bound, concentrationWidth, diagonal, kernelConcentration, type Layer } from "ntkit";
import type { LimitCertificate } from "./limit.ts";
import type { CertifyProblem } from "./problem.ts";
import type { WidthMeasure } from "./scan.ts";

/** How wide a network must be for its kernel at the start to be that of the limit. */
export interface WidthCertificate {
  /** The distance asked for. */
  readonly epsilon: number;
  readonly delta: number;
  /** What Lemma 2 asks for. */
  readonly lemma: number;
  /** Whether the network is the one that it is proved for. */
  readonly assumes: boolean;
  /** Its promise at each width of the scan, beside the worst draw. */
  readonly promises: readonly Bound[];
  /** The first width of the scan whose draws are all within epsilon. */
  readonly sufficient: number | null;
  /** Where m^(−1/2) brings the worst draw of the widest networks. */
  readonly extrapolated: number;
  /** The first width whose kernels all have at least half the smallest eigenvalue of the limit. */
  readonly positive: number | null;
}

/** A quarter of the smallest eigenvalue, as in the theorem that needs it; where that is 0, a tenth of the largest. */
export function defaultEpsilon({ smallest, eigenvalues }: LimitCertificate): number {
  const least = smallest.measured ?? 0;
  return least > 0 ? least / 4 : eigenvalues.at(-1)! / 10;
}

export function certifyWidth(
  problem: CertifyProblem,
  limit: LimitCertificate,
  scan: readonly WidthMeasure[],
  { epsilon, delta }: { readonly epsilon: number; readonly delta: number },
): WidthCertificate {
  const n = limit.kernel.rows;
  // H*ᵢᵢ is half of |xᵢ|² in the network of the lemma.
  const largestNorm = Math.sqrt(2 * diagonal(limit.kernel).reduce((max, value) => Math.max(max, value), 0));
  const worst = ({ distances }: WidthMeasure) => Math.max(...distances);
  const least = limit.smallest.measured ?? 0;
  const widest = scan.at(-1)!; // --width names one width or more
  return {
    ...{ epsilon, delta, lemma: concentrationWidth({ n, delta, epsilon, largestNorm }) },
    assumes: isLemmaNetwork(problem),
    promises: scan.map((one) => kernelConcentration({ n, delta, largestNorm, width: one.width, distance: worst(one) })),
    sufficient: scan.find((one) => worst(one) <= epsilon)?.width ?? null,
    extrapolated: Math.ceil(widest.width * (worst(widest) / epsilon) ** 2),
    positive: least > 0 ? (scan.find(({ smallest }) => Math.min(...smallest) >= least / 2)?.width ?? null) : null,
  };
}

/** Two layers with ReLU between them, one output and no biases, of which the first trains. */
function isLemmaNetwork({ network, trainable }: CertifyProblem): boolean {
  if (trainable !== "first" || network.type !== "serial") return false;
  const [first, activation, last, ...rest] = network.layers;
  const plain = (layer: Layer | undefined) => layer?.type === "dense" && (layer.bStd ?? 0) === 0;
  return plain(first) && activation?.type === "relu" && plain(last) && oneOutput(last) && rest.length === 0;
}

function oneOutput(layer: Layer | undefined): boolean {
  return layer?.type === "dense" && layer.width === 1;
}

export type Regime = "lazy" | "between" | "not lazy";

/** From how much the kernel changed while the network trained. */
export function regimeOf({ drift }: WidthMeasure): Regime {
  if (drift === null) return "not lazy";
  return drift < 0.1 ? "lazy" : drift < 0.5 ? "between" : "not lazy";
}
