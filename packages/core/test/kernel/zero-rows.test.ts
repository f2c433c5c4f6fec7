import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { relu, sigmoid, softplus } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { serial } from "../../src/layers/serial.ts";
import { fromRows } from "../../src/matrix/matrix.ts";

describe("a zero row is the limit of ever smaller rows", () => {
  it.each([
    ["sigmoid", sigmoid()],
    ["softplus", softplus()],
  ])("%s before a kinked layer", async (_, activation) => {
    const network = serial(dense({ width: 8 }), activation, dense({ width: 8 }), relu(), dense({ width: 1 }));
    const between = async (first: number) => {
      const x = fromRows([
        [first, 0],
        [1e-3, 0],
      ]);
      return (await kernelFn(network)(x, null, "ntk")).data[1]!;
    };
    const [atZero, nearZero] = [await between(0), await between(1e-20)];
    expect(Math.abs(atZero - nearZero)).toBeLessThanOrEqual(1e-14 * Math.abs(nearZero));
  });
});
