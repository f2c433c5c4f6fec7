import { gaussLegendre } from "../../src/special/gauss-legendre.ts";

/**
 * E f(u) f(v) the slow way, sharing only the nodes of a 40-point rule with the code under test: polar coordinates
 * (u, v) = radius (√p cos α, √q cos(α − θ)), where a kink of f at 0 lies on a ray, split there; 6 × 8 panels a sector.
 */
export function bruteDual(f: (x: number) => number, theta: number, p: number, q: number): number {
  const turns = [-Math.PI / 2, -Math.PI / 2 + theta, Math.PI / 2, Math.PI / 2 + theta, (3 * Math.PI) / 2];
  let sum = 0;
  for (let i = 1; i < turns.length; i++) {
    sum += panels(turns[i - 1]!, turns[i]!, 6, (angle) =>
      panels(0, 9, 8, (radius) => {
        const u = Math.sqrt(p) * radius * Math.cos(angle);
        const v = Math.sqrt(q) * radius * Math.cos(angle - theta);
        return radius * Math.exp(-0.5 * radius * radius) * f(u) * f(v);
      }),
    );
  }
  return sum / (2 * Math.PI);
}

function panels(low: number, high: number, count: number, f: (x: number) => number): number {
  const { nodes, weights } = gaussLegendre(40);
  const half = (high - low) / count / 2;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    const middle = low + (2 * k + 1) * half;
    for (let i = 0; i < nodes.length; i++) sum += half * weights[i]! * f(middle + half * nodes[i]!);
  }
  return sum;
}
