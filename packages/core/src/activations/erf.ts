import { erf } from "../special/erf.ts";
import * as portable from "../special/portable.ts";
import { type Activation, belowBound, SINE_UNKNOWN } from "./activation.ts";
import { extendGaussian, integrateSeries } from "./taylor-series.ts";

/**
 * φ(x) = a erf(bx) + offset. With β = 2b²:
 *
 *   κ = a² (2/π) χ(c) + offset²,   χ(c) = atan2(βc, R)     the arcsine kernel
 *   κ̇ = a² (2/π) β / R,            R² = (1 + βp)(1 + βq) − β²c² = 1 + β(p + q) + β² sine²
 *
 * Williams (1997). E erf = 0, so that the offset adds its square.
 */
export function erfActivation(
  { a, b, c: offset }: { readonly a: number; readonly b: number; readonly c: number },
  name = "erf",
): Activation {
  const beta = 2 * b * b;
  const scale = (2 / Math.PI) * a * a;
  const slope = (2 / Math.sqrt(Math.PI)) * a * b;
  return {
    name,
    smoothness: "smooth",
    phi: (x) => a * erf(b * x) + offset,
    dphi: (x) => slope * portable.exp(-b * b * x * x),
    taylor(x, out) {
      out[0] = slope * portable.exp(-b * b * x * x);
      extendGaussian(out, -b * b, x);
      integrateSeries(out, a * erf(b * x) + offset);
    },
    dual(c, sine, p, q, out) {
      const r = portable.hypot(Math.sqrt(1 + beta * (p + q)), beta * sine);
      const chi = portable.atan2(beta * c, r);
      const product = selfAngle(beta, p) * selfAngle(beta, q);
      out[0] = scale * chi + offset * offset;
      out[1] = (scale * beta) / r;
      out[2] = newSine(scale, offset * offset, chi, product, anglesBelow(beta, r, Math.abs(c), sine, p, q));
    },
  };
}

/** sigmoidLike: φ(x) = 1/2 + erf(x/2.4020563531719796)/2, the scaled erf nearest to the logistic function. */
export const sigmoidLikeActivation: Activation = erfActivation(
  { a: 0.5, b: 1 / 2.4020563531719796, c: 0.5 },
  "sigmoidLike",
);

/**
 * √(κ(p,p,p) κ(q,q,q) − κ²). With m the mean and d half the difference of χ(p), χ(q) of the self terms,
 *
 *   χ(p) χ(q) − χ² = (m − χ)(m + χ) − d²,   χ(p) + χ(q) − 2χ = 2(m − χ)
 *
 * and the left side as it stands where that loses less. Unknown where d² exceeds the value so far that 16 digits do not do:
 * rows of different length and almost the same direction after an almost linear φ.
 */
function newSine(
  scale: number,
  square: number,
  chi: number,
  product: number,
  [below1, below2]: readonly [number, number],
): number {
  const below = (below1 + below2) / 2;
  const above = below + 2 * Math.abs(chi);
  const radial = ((below1 - below2) / 2) ** 2;
  const isPlain = 2 * chi * chi < product || radial > product;
  const own = Math.max(0, isPlain ? product - chi * chi : below * above - radial);
  if (!isPlain && own < 0.05 * radial) return SINE_UNKNOWN;
  return Math.sqrt(scale * (scale * own + 2 * square * (chi < 0 ? above : below)));
}

/**
 * χ(p) − χ(c) and χ(q) − χ(c) for c ≥ 0, without cancellation: each is the angle between (R₁, βp) and (R, βc), R₁² = 1 + 2βp,
 * whose sine is proportional to p (R − R₁) + (p − c) R₁.
 */
function anglesBelow(beta: number, r: number, c: number, sine: number, p: number, q: number): [number, number] {
  const [rootP, rootQ] = [Math.sqrt(p), Math.sqrt(q)];
  if (rootP === 0 || rootQ === 0) return [selfAngle(beta, p), selfAngle(beta, q)];
  const below = belowBound(rootP * rootQ, c, sine);
  const apart = (q - p) / (rootP + rootQ);
  const angle = (v: number, rootV: number, sign: number): number => {
    const own = Math.sqrt(1 + 2 * beta * v);
    const growth = (sign * beta * (q - p)) / (r + own) / r + ((beta * sine) / (r + own)) * ((beta * sine) / r);
    const cross = (v / own) * growth + (below - sign * rootV * apart) / r;
    return portable.atan2(beta * cross, 1 + ((beta * v) / own) * ((beta * c) / r));
  };
  return [angle(p, rootP, 1), angle(q, rootQ, -1)];
}

function selfAngle(beta: number, v: number): number {
  return portable.atan2(beta * v, Math.sqrt(1 + 2 * beta * v));
}
