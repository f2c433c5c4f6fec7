import fc from "fast-check";
import {
  type Engine,
  type GramEngine,
  kernelFn,
  key,
  type Layer,
  type Matrix,
  matrix,
  normal,
  parseNetwork,
} from "ntkit";
import { TOLERANCE } from "ntkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numberAlgebra } from "../src/program/algebra.ts";
import { chebyshevNodes, evaluateTogether, fitPolynomial } from "../src/program/chebyshev.ts";
import { type AngularKernels, angularKernels, angularValues, isHomogeneous } from "../src/program/homogeneous.ts";
import { mapEntry } from "../src/program/recursion.ts";
import { wasmEngine } from "../src/wasm-engine.ts";

const DENSE: Layer = { type: "dense", width: 8, wStd: Math.SQRT2, bStd: 0 };
const OPTIONS = { frozen: 0, preciseSine: true, wantNngp: true, wantNtk: true, columns: 8 };
const NAMES = ["nngp", "ntk"] as const;

function deep(depth: number, activation: Layer, dense: Layer = DENSE): Layer {
  const body: Layer = { type: "repeat", times: depth, layer: { type: "serial", layers: [dense, activation] } };
  return parseNetwork({ type: "serial", layers: [body, dense] });
}

const ACTIVATIONS: readonly Layer[] = [
  { type: "relu" },
  { type: "leakyRelu", alpha: 0.1 },
  { type: "abs" },
  { type: "abRelu", a: -0.5, b: 1 },
];
const RESIDUAL: Layer = {
  type: "serial",
  layers: [
    { type: "fanOut", copies: 2 },
    { type: "parallel", branches: [{ type: "identity" }, { type: "serial", layers: [{ type: "relu" }, DENSE] }] },
    { type: "fanInSum" },
  ],
};

/** The network's values of a pair with p = q = 1 by the recursion, and by the polynomials that there are. */
function bothOf(network: Layer, frozen = 0) {
  const kernels = angularKernels(network, { ...OPTIONS, frozen })!;
  return (s: number, isObtuse: boolean) => bothAt(network, kernels, s, isObtuse, frozen);
}

function bothAt(network: Layer, kernels: AngularKernels, s: number, isObtuse: boolean, frozen: number) {
  const size = Math.sqrt((1 - s) * (1 + s));
  const c = isObtuse ? -size : size;
  const entry = { c, sine: s, below: (s / (1 + size)) * s, ntk: 0, p: 1, q: 1, width: 8 };
  const mapped = mapEntry(numberAlgebra, network, entry, { ...OPTIONS, frozen });
  return (
    [
      ["c", kernels.nngp],
      ["ntk", kernels.ntk],
    ] as const
  ).flatMap(([name, f]) => {
    if (!f) return [];
    const [found] = angularValues(numberAlgebra, [f], { c, sine: s, r: 1, scale: 1 });
    return [{ found: found!, expected: mapped[name]!, size: Math.abs(f.atEqual) }];
  });
}

/** sin θ of any size, down to 1e-15. */
const sine = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: -15, max: 0, noNaN: true }).map((exponent) => 10 ** exponent),
);

describe("networks without biases as functions of the angle", () => {
  const rows = [...ACTIVATIONS.flatMap((activation) => [2, 3, 5, 10, 30, 50].map((n) => deep(n, activation)))];
  rows.push(
    deep(20, RESIDUAL),
    deep(3, { type: "relu" }, { type: "dense", width: 8, wStd: 0.7, bStd: 0, parameterization: "standard" }),
    parseNetwork({
      type: "serial",
      layers: [DENSE, { type: "relu" }, { ...DENSE, wStd: 0.3 }, { type: "abs" }, DENSE],
    }),
  );

  it.each(rows.map((network) => [JSON.stringify(network), network] as const))(
    "agree with the recursion: %s",
    (_, network) => {
      const both = bothOf(network);
      const cases = fc.array(fc.tuple(sine, fc.boolean()), { minLength: 60, maxLength: 60 });
      fc.assert(
        fc.property(cases, (pairs) => {
          for (const [s, isObtuse] of [...pairs, [0, false], [0, true], [1, false]] as const) {
            const values = both(s, isObtuse);
            expect(values).toHaveLength(2);
            for (const { found, expected, size } of values)
              expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-13 * Math.abs(expected) + 1e-15 * s * size);
          }
        }),
        { numRuns: 2 },
      );
    },
  );

  it("agree with it with frozen layers, of which Θ may vanish", () => {
    for (const frozen of [1, 3, 9]) {
      const both = bothOf(deep(4, { type: "relu" }), frozen);
      for (const s of [0, 1e-6, 0.3, 1])
        for (const { found, expected } of both(s, true))
          expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-14 * Math.abs(expected));
    }
  });

  it("are taken by no other network", () => {
    const layers: readonly Layer[] = [
      { type: "dense", width: 8, bStd: 0.1 },
      { type: "erf" },
      { type: "layerNorm" },
      { type: "dropout", keep: 0.9 },
    ];
    for (const layer of layers) expect(isHomogeneous(parseNetwork(layer)), layer.type).toBe(false);
    expect(isHomogeneous(deep(3, { type: "serial", layers: [{ type: "relu" }, { type: "erf" }] }))).toBe(false);
  });

  it("leave one layer of ReLU, which vanishes for opposite inputs, to the recursion", () => {
    expect(angularKernels(deep(1, { type: "relu" }), OPTIONS)).toMatchObject({ nngp: undefined, ntk: undefined });
  });

  it("say in which range of variances the recursion holds", () => {
    const { smallest, largest } = angularKernels(deep(100, { type: "relu" }, { ...DENSE, wStd: 1 }), OPTIONS)!;
    // 99 halvings before the last activation.
    expect([Math.log2(smallest), Math.log2(largest)]).toEqual([-301, 400]);
  });
});

describe("polynomials", () => {
  const runge = (x: number): number => 1 / (1.3 + x);

  it("follow analytic functions to rounding, by powers or by Chebyshev polynomials", () => {
    for (const [f, basis] of [
      [Math.exp, "powers"],
      [runge, "chebyshev"],
    ] as const) {
      const polynomial = fitPolynomial(chebyshevNodes(128).map(f), 1e-17)!;
      expect(polynomial.basis).toBe(basis);
      for (let x = -1; x <= 1; x += 1 / 64)
        expect(Math.abs(evaluateTogether(numberAlgebra, [polynomial], x)[0]! - f(x))).toBeLessThan(3e-15);
    }
  });

  it("of no degree follow what is not smooth", () => {
    expect(fitPolynomial(chebyshevNodes(256).map(Math.abs), 1e-17)).toBeUndefined();
    expect(
      fitPolynomial(
        chebyshevNodes(64).map(() => Number.NaN),
        1e-17,
      ),
    ).toBeUndefined();
  });

  it("of value zero have no coefficients", () => {
    const zero = fitPolynomial(
      chebyshevNodes(64).map(() => 0),
      0,
    )!;
    expect(zero.coefficients).toEqual([]);
    expect(evaluateTogether(numberAlgebra, [zero], 0.3)).toEqual([0]);
  });
});

describe("Gram matrices of deep networks without biases", () => {
  const engines: (Engine & GramEngine)[] = [];
  const closers: (() => void)[] = [];
  beforeAll(async () => {
    for (const threads of [1, 2, 4]) {
      const wasm = await wasmEngine({ threads });
      if ("unavailable" in wasm) throw new Error(wasm.unavailable);
      engines.push(wasm.engine);
      closers.push(() => wasm.pool.close());
    }
  });
  afterAll(() => {
    for (const close of closers) close();
  });

  /** Random rows of very different length, and equal, opposite, nearly equal, nearly opposite and zero ones. */
  function inputs(n: number, d: number): Matrix {
    const x = matrix(n, d, normal(key(7), n * d));
    const change = [1, -1, 3, 1 + 1e-9, -1 - 1e-6, 0];
    change.forEach((factor, i) => {
      for (let k = 0; k < d; k++) x.data[(i + 1) * d + k] = x.data[k]! * (k % 2 === 0 ? Math.sign(factor) : factor);
    });
    for (let i = 20; i < n; i++) for (let k = 0; k < d; k++) x.data[i * d + k]! *= 10 ** ((i % 9) - 4);
    return x;
  }

  it.each(ACTIVATIONS.flatMap((activation) => [3, 40].map((depth) => [activation.type, depth, activation] as const)))(
    "%s, %d layers: relatively those of plain TypeScript, and the same bits however split",
    async (_, depth, layer) => {
      const [network, x] = [deep(depth, layer), inputs(150, 6)];
      const expected = await kernelFn(network)(x, null, NAMES);
      const results = await Promise.all(engines.map((engine) => kernelFn(network)(x, null, NAMES, { engine })));
      for (const name of NAMES) {
        const [found, plain] = [results[0]![name].data, expected[name].data];
        const self = (i: number): number => plain[i * 150 + i]!;
        for (let at = 0; at < plain.length; at++) {
          const size = Math.sqrt(self(Math.floor(at / 150)) * self(at % 150));
          expect(Math.abs(found[at]! - plain[at]!)).toBeLessThanOrEqual(
            TOLERANCE.engine * Math.abs(plain[at]!) + 1e-15 * size,
          );
        }
        for (const other of results.slice(1)) expect(other[name].data).toEqual(found);
        for (const tile of [7, 64])
          expect((await kernelFn(network)(x, null, name, { engine: engines[1]!, tile })).data).toEqual(found);
      }
    },
  );

  it("have a diagonal that depends on one row alone, and no entry that is not finite", async () => {
    const x = inputs(60, 5);
    const { nngp } = await kernelFn(deep(3, { type: "relu" }, { ...DENSE, wStd: 2 }))(x, null, NAMES, {
      engine: engines[0]!,
    });
    for (let i = 0; i < 60; i++) {
      let sum = 0;
      for (let k = 0; k < 5; k++) sum += x.data[i * 5 + k]! ** 2;
      // Each layer doubles it, and the last dense layer quadruples it.
      expect(Math.abs(nngp.data[i * 61]! - (32 * sum) / 5)).toBeLessThanOrEqual(1e-15 * 32 * sum);
      expect(nngp.data[i]! >= 0).toBe(true);
    }
    expect(nngp.data.every(Number.isFinite)).toBe(true);
    expect(nngp.data[0]).toBe(nngp.data[1]); // equal rows
  });
});
