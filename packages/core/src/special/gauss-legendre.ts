import * as portable from "./portable.ts";

/** A rule ∫ f ≈ Σ weights[i] f(nodes[i]), nodes ascending. */
export interface QuadratureRule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

const rules = new Map<number, QuadratureRule>();

/**
 * The n-point Gauss-Legendre rule on [−1, 1], exact for polynomials of degree 2n − 1:
 * nodes are the zeros of Pₙ by Newton's method, weights 2/((1 − x²) Pₙ'(x)²). Cached.
 */
export function gaussLegendre(n: number): QuadratureRule {
  let rule = rules.get(n);
  if (!rule) {
    rule = makeRule(n);
    rules.set(n, rule);
  }
  return rule;
}

function makeRule(n: number): QuadratureRule {
  const [nodes, weights] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    let x = -portable.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 8; step++) {
      let [previous, value] = [1, x];
      for (let k = 2; k <= n; k++) [previous, value] = [value, ((2 * k - 1) * x * value - (k - 1) * previous) / k];
      slope = (n * (previous - x * value)) / (1 - x * x);
      x -= value / slope;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}
