import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sineByQuadrature } from "../../src/activations/activation.ts";
import { geluActivation } from "../../src/activations/gelu.ts";

/** [p, q, c, sine, new sine / √(κ(p,p,p) κ(q,q,q))] by mpmath, see bench/peers/golden_mpmath.py. */
const { cases: GOLDEN }: { cases: readonly (readonly [number, number, number, number, number])[] } = JSON.parse(
  readFileSync(new URL("../golden/mpmath-gelu-angle.json", import.meta.url), "utf8"),
);

describe("the angle that gelu makes of nearly parallel rows", () => {
  it.each(GOLDEN)("p %d, q %d, c %d, sine %d", (p, q, c, sine, expected) => {
    const out = new Float64Array(3);
    geluActivation.dual(p, 0, p, p, out);
    const first = out[0]!;
    geluActivation.dual(q, 0, q, q, out);
    const bound = Math.sqrt(first) * Math.sqrt(out[0]!);
    geluActivation.dual(c, sine, p, q, out);
    expect(Math.abs(out[2]! / bound - expected)).toBeLessThanOrEqual(1e-15);
  });

  it("is that of quadrature at moderate variances", () => {
    const out = new Float64Array(3);
    for (const [p, q] of [
      [0.3, 0.3],
      [0.1, 2],
      [4, 5],
    ] as const)
      for (const theta of [1e-7, 1e-3, 9e-3]) {
        const [c, sine] = [Math.sqrt(p * q) * Math.cos(theta), Math.sqrt(p * q) * Math.sin(theta)];
        geluActivation.dual(c, sine, p, q, out);
        expect(Math.abs(out[2]! - sineByQuadrature(geluActivation, c, sine, p, q))).toBeLessThanOrEqual(
          1e-14 * (p + q),
        );
      }
  });
});
