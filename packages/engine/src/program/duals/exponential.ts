import { portable } from "ntkit";
import { exp, expm1 } from "../functions.ts";
import { type Dual, gaps, geometricMean, squaredDistances } from "./dual.ts";

/**
 * φ(x) = a e^{bx}: κ = a² e^{b² (p + q + 2c)/2}, κ̇ = b² κ, new sine a² e^{b² (p + q)} √(1 − e^{−b² (p + q − 2c)}).
 */
export function expDual({ a, b }: { readonly a: number; readonly b: number }): Dual {
  const [scale, square] = [a * a, b * b];
  return (algebra, pair) => {
    const { constant, add, mul, neg, sqrt, equal, select } = algebra;
    const { near, far } = squaredDistances(algebra, pair);
    const kappa = mul(constant(scale), exp(algebra, mul(constant(square / 2), far)));
    const share = sqrt(neg(expm1(algebra, mul(constant(-square), near))));
    const size = mul(constant(scale), exp(algebra, mul(constant(square), add(pair.p, pair.q))));
    return {
      kappa,
      kappaDot: b === 0 ? constant(0) : mul(constant(square), kappa),
      sine: select(equal(share, constant(0)), constant(0), mul(size, share)),
    };
  };
}

/** κ = e^{−γ (p + q − 2c)}, κ̇ = 2γ κ, new sine √(1 − e^{−2γ (p + q − 2c)}). */
export function rbfDual({ gamma }: { readonly gamma: number }): Dual {
  return (algebra, pair) => {
    const { constant, mul, neg, sqrt } = algebra;
    const { near } = squaredDistances(algebra, pair);
    const kappa = exp(algebra, mul(constant(-gamma), near));
    return {
      kappa,
      kappaDot: mul(constant(2 * gamma), kappa),
      sine: sqrt(neg(expm1(algebra, mul(constant(-2 * gamma), near)))),
    };
  };
}

/**
 * With r = √(pq): κ = r e^{γ (c/r + shift)}, κ̇ = γ e^{γ (c/r + shift)}, new sine r e^{γ (1 + shift)} √(1 − e^{−2γ (1 − c/r)}); c/r is 0 when a row is.
 */
export function expNormalizedDual({ gamma, shift }: { readonly gamma: number; readonly shift: number }): Dual {
  return (algebra, pair) => {
    const { constant, add, mul, div, neg, sqrt, max, equal, select } = algebra;
    const zero = constant(0);
    const r = geometricMean(algebra, pair.p, pair.q);
    const { below } = gaps(algebra, pair);
    const divisor = max(r, constant(Number.MIN_VALUE));
    const growth = exp(algebra, mul(constant(gamma), add(div(pair.c, divisor), constant(shift))));
    const share = sqrt(neg(expm1(algebra, mul(constant(-2 * gamma), div(below, divisor)))));
    const size = mul(r, constant(portable.exp(gamma * (1 + shift))));
    return {
      kappa: mul(r, growth),
      kappaDot: mul(constant(gamma), growth),
      sine: select(equal(r, zero), zero, mul(size, share)),
    };
  };
}
