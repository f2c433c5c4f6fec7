import { type Dual, moderate } from "./dual.ts";

/**
 * φ(x) = a e^{bx²}, b ≤ 0. With β = −2b, D = 1 + β(p + q) + β² sine² and M = √((1 + 2βp)(1 + 2βq)):
 *
 *   κ = a²/√D,   κ̇ = a² β² c/D^{3/2},   κ(p,p,p) κ(q,q,q) − κ² = a⁴ (D − M)/(D M)
 *   D − M = β² sine² + β²(p − q)²/(1 + β(p + q) + M)
 */
export function gaussianDual({ a, b }: { readonly a: number; readonly b: number }): Dual {
  const [scale, beta] = [a * a, -2 * b];
  return (algebra, { c, sine, p: first, q: second }) => {
    const { constant, add, sub, mul, div, sqrt } = algebra;
    const [p, q] = [moderate(algebra, first), moderate(algebra, second)];
    const one = constant(1);
    const ownRoot = (v: typeof p) => sqrt(add(one, mul(constant(2 * beta), v)));
    const m = mul(ownRoot(p), ownRoot(q));
    const sum = add(one, mul(constant(beta), add(p, q)));
    const [turn, apart] = [mul(constant(beta), sine), mul(constant(beta), sub(p, q))];
    const angular = mul(turn, turn);
    const rootD = sqrt(add(sum, angular));
    const excess = add(angular, div(mul(apart, apart), add(sum, m)));
    const kappa = div(constant(scale), rootD);
    const slope = div(constant(beta), rootD);
    return {
      kappa,
      kappaDot: mul(mul(kappa, mul(slope, slope)), c),
      sine: mul(kappa, sqrt(div(excess, m))),
    };
  };
}
