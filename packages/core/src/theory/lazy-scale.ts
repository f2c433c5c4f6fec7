import { checkRange } from "../matrix/check.ts";
import { assumption, type Bound, bound, checkAbove0 } from "./bound.ts";

interface LazySetting {
  /** Of the Jacobian J₀, n x weights, of rank n. */
  readonly largestSingularValue: number;
  readonly smallestSingularValue: number;
  /** β: ‖J(w) − J(v)‖ ≤ β‖w − v‖. */
  readonly jacobianLipschitz: number;
  /** R₀ = ½‖αf(w₀) − y‖². */
  readonly initialRisk: number;
}

/**
 * α ≥ β √(1152 σ_max² R₀)/σ_min³: from this scale on gradient flow on R(αf(w)) = ½‖αf(w) − y‖² stays near its linearization. Chizat,
 * Oyallon, Bach (2019), in the form of Telgarsky's lecture notes, Theorem 8.1. R₀ is that of the scaled network: where f(w₀) ≠ 0 it
 * grows with α itself.
 */
export function lazyScaleThreshold(setting: LazySetting): number {
  check("lazyScaleThreshold", setting);
  const { largestSingularValue, smallestSingularValue, jacobianLipschitz, initialRisk } = setting;
  return (
    (jacobianLipschitz * largestSingularValue * Math.sqrt(1152 * initialRisk)) /
    (smallestSingularValue * smallestSingularValue * smallestSingularValue)
  );
}

/** What the same theorem promises at a scale α. */
export interface LazyScaleBounds {
  /** ‖w(t) − w₀‖ ≤ 3 √(8 σ_max² R₀)/(α σ_min²) for all t. */
  readonly movement: Bound;
  /** c in R(t) ≤ R₀ e^{−ct}: α² σ_min²/2, beside a measured rate. */
  readonly rate: Bound;
}

export function lazyScaleBounds(
  setting: LazySetting & {
    readonly scale: number;
    readonly measured?: { readonly movement?: number | undefined; readonly rate?: number | undefined };
  },
): LazyScaleBounds {
  const { largestSingularValue, smallestSingularValue, initialRisk, scale, measured = {} } = setting;
  checkAbove0("lazyScaleBounds", "scale", scale);
  const threshold = lazyScaleThreshold(setting);
  const assumes = [assumption(`scale α at least ${threshold}`, scale >= threshold, scale)];
  return {
    movement: bound({
      assumes,
      promises: {
        what: "‖w(t) − w₀‖",
        relation: "at most",
        value: (3 * largestSingularValue * Math.sqrt(8 * initialRisk)) / (scale * smallestSingularValue ** 2),
      },
      measured: measured.movement,
    }),
    rate: bound({
      assumes,
      promises: { what: "rate of R(t)", relation: "at least", value: (scale * smallestSingularValue) ** 2 / 2 },
      measured: measured.rate,
    }),
  };
}

function check(where: string, setting: LazySetting): void {
  checkAbove0(where, "largestSingularValue", setting.largestSingularValue);
  checkAbove0(where, "smallestSingularValue", setting.smallestSingularValue);
  checkRange(where, "jacobianLipschitz", setting.jacobianLipschitz, 0);
  checkRange(where, "initialRisk", setting.initialRisk, 0);
}
