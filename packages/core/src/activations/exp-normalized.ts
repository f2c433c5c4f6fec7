import { ValueError } from "../errors.ts";
import * as portable from "../special/portable.ts";
import { type Activation, belowBound } from "./activation.ts";

/**
 * The normalised exponential kernel, γ ≥ 0: with r = √(pq),
 *
 *   κ = r e^{γ (c/r + shift)},   κ̇ = γ e^{γ (c/r + shift)},   √(κ(p,p,p) κ(q,q,q) − κ²) = r e^{γ (1 + shift)} √(1 − e^{−2γ (1 − c/r)})
 *
 * Shankar et al. (2020). c/r is taken as 0 when a row is zero. There is no φ, hence no finite network.
 */
export function expNormalizedActivation({
  gamma,
  shift,
}: {
  readonly gamma: number;
  readonly shift: number;
}): Activation {
  return {
    name: "expNormalized",
    smoothness: "smooth",
    phi: noFiniteNetwork,
    dphi: noFiniteNetwork,
    dual(c, sine, p, q, out) {
      const r = Math.sqrt(p) * Math.sqrt(q);
      const growth = portable.exp(gamma * ((r === 0 ? 0 : c / r) + shift));
      const share = r === 0 ? 0 : Math.sqrt(-portable.expm1((-2 * gamma * belowBound(r, c, sine)) / r));
      out[0] = r * growth;
      out[1] = gamma * growth;
      out[2] = r * portable.exp(gamma * (1 + shift)) * share;
    },
  };
}

function noFiniteNetwork(): never {
  throw new ValueError("expNormalized: there is no finite network for it, only a kernel; use exp for one with both");
}
