import { describe, expect, it } from "vitest";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { dropout } from "../../src/layers/dropout.ts";
import { fanInConcat } from "../../src/layers/fan-in-concat.ts";
import { fanInProd } from "../../src/layers/fan-in-prod.ts";
import { fanInSum } from "../../src/layers/fan-in-sum.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { identity } from "../../src/layers/identity.ts";
import { layerNorm } from "../../src/layers/layer-norm.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { repeat } from "../../src/layers/repeat.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { fromRows } from "../../src/matrix/matrix.ts";

/** Entries of the 3 x 3 kernels of three inputs, row by row. */
type Entries = readonly number[];

const x = fromRows([
  [3, 4],
  [1, 2],
  [-2, 1],
]);
/** ⟨x, x'⟩/d. */
const C: Entries = [12.5, 5.5, -1, 5.5, 2.5, 0, -1, 0, 2.5];

const map = (of: (...values: number[]) => number, ...all: readonly Entries[]): Entries =>
  all[0]!.map((_, at) => of(...all.map((entries) => entries[at]!)));
const affine = (k: Entries, w: number, b = 0): Entries => map((value) => w * w * value + b * b, k);
const self = (k: Entries, at: number) => [k[4 * Math.floor(at / 3)]!, k[4 * (at % 3)]!] as const;

/** K and Θ after a ReLU: Cho and Saul (2009). */
function afterRelu({ k, theta }: Kernels): Kernels {
  const angle = (at: number): number => {
    const [p, q] = self(k, at);
    return Math.acos(Math.max(-1, Math.min(1, k[at]! / Math.sqrt(p * q))));
  };
  return {
    k: k.map((_, at) => {
      const [p, q] = self(k, at);
      return (Math.sqrt(p * q) * (Math.sin(angle(at)) + (Math.PI - angle(at)) * Math.cos(angle(at)))) / (2 * Math.PI);
    }),
    theta: theta.map((value, at) => (value * (Math.PI - angle(at))) / (2 * Math.PI)),
  };
}

interface Kernels {
  readonly k: Entries;
  readonly theta: Entries;
}

/** K ← w²K + b², Θ ← K + w²Θ. */
function afterDense({ k, theta }: Kernels, w: number, b: number): Kernels {
  const next = affine(k, w, b);
  return { k: next, theta: map((own, below) => own + w * w * below, next, theta) };
}

const [A, B, D] = [affine(C, 1.5, 0.5), affine(C, 0.8, 1.2), affine(C, 2, 0)];
const [a, b, d] = [
  dense({ width: 4, wStd: 1.5, bStd: 0.5 }),
  dense({ width: 4, wStd: 0.8, bStd: 1.2 }),
  dense({ width: 4, wStd: 2 }),
];
const branches = (join: Layer, ...layers: readonly Layer[]) => serial(fanOut(layers.length), parallel(...layers), join);
const onDiagonal = (at: number): boolean => at % 4 === 0;

const NETWORKS: readonly (readonly [name: string, network: Layer, kernels: Kernels])[] = [
  ["one dense layer", a, { k: A, theta: A }],
  ["without a bias", d, { k: D, theta: D }],
  ["two", serial(a, dense({ width: 7, wStd: 0.9, bStd: 0.3 })), afterDense({ k: A, theta: A }, 0.9, 0.3)],
  [
    "in the standard parameterization: N c + 1, then 4 K + w² Θ",
    serial(
      dense({ width: 4, wStd: 1.5, bStd: 0.5, parameterization: "standard" }),
      dense({ width: 3, wStd: 0.9, parameterization: "standard" }),
    ),
    { k: affine(A, 0.9), theta: map((c, k) => 4 * k + 0.81 * (2 * c + 1), C, A) },
  ],
  ["a repeated one", repeat(a, 3), afterDense(afterDense({ k: A, theta: A }, 1.5, 0.5), 1.5, 0.5)],
  ["a sum", branches(fanInSum(), a, b), { k: map((p, q) => p + q, A, B), theta: map((p, q) => p + q, A, B) }],
  [
    "a sum of three",
    branches(fanInSum(), a, b, d),
    { k: map((p, q, r) => p + q + r, A, B, D), theta: map((p, q, r) => p + q + r, A, B, D) },
  ],
  ["a product", branches(fanInProd(), a, b), { k: map((p, q) => p * q, A, B), theta: map((p, q) => 2 * p * q, A, B) }],
  [
    "a product of three",
    branches(fanInProd(), a, b, d),
    { k: map((p, q, r) => p * q * r, A, B, D), theta: map((p, q, r) => 3 * p * q * r, A, B, D) },
  ],
  [
    "branches side by side, by their widths",
    branches(fanInConcat(), a, dense({ width: 12, wStd: 0.8, bStd: 1.2 })),
    { k: map((p, q) => (p + 3 * q) / 4, A, B), theta: map((p, q) => (p + 3 * q) / 4, A, B) },
  ],
  [
    "and their width in the standard parameterization",
    serial(
      branches(fanInConcat(), a, dense({ width: 12, wStd: 0.8, bStd: 1.2 })),
      dense({ width: 1, parameterization: "standard" }),
    ),
    { k: map((p, q) => (p + 3 * q) / 4, A, B), theta: map((p, q) => (17 * (p + 3 * q)) / 4, A, B) },
  ],
  [
    "layer normalization",
    serial(a, layerNorm({ eps: 0.5 })),
    {
      k: A.map((value, at) => value / Math.sqrt((self(A, at)[0] + 0.5) * (self(A, at)[1] + 0.5))),
      theta: A.map((value, at) => value / Math.sqrt((self(A, at)[0] + 0.5) * (self(A, at)[1] + 0.5))),
    },
  ],
  [
    "dropout",
    serial(a, dropout({ keep: 0.4 })),
    { k: A.map((v, at) => (onDiagonal(at) ? v / 0.4 : v)), theta: A.map((v, at) => (onDiagonal(at) ? v / 0.4 : v)) },
  ],
  ["nothing", serial(identity(), a, identity()), { k: A, theta: A }],
];

function expectNear(values: Float64Array, entries: Entries): void {
  const size = Math.max(...entries.map(Math.abs));
  expect(values.length).toBe(9);
  entries.forEach((entry, at) => {
    expect(Math.abs(values[at]! - entry)).toBeLessThan(1e-13 * size);
  });
}

describe.each(NETWORKS)("%s", (_, network, kernels) => {
  it("has the kernels of its formula, whatever the tiles", async () => {
    for (const tile of [1, 2, 3]) {
      const { nngp, ntk } = await kernelFn(network)(x, null, ["nngp", "ntk"], { tile });
      expectNear(nngp.data, kernels.k);
      expectNear(ntk.data, kernels.theta);
    }
  });

  it("keeps the angles that a ReLU behind it needs", async () => {
    const whole = serial(network, dense({ width: 5, wStd: 1.1, bStd: 0.2 }), relu());
    const expected = afterRelu(afterDense(kernels, 1.1, 0.2));
    const { nngp, ntk } = await kernelFn(whole)(x, null, ["nngp", "ntk"]);
    expectNear(nngp.data, expected.k);
    expectNear(ntk.data, expected.theta);
  });

  it("without the first layers' training", async () => {
    const whole = serial(network, dense({ width: 5, wStd: 1.1, bStd: 0.2 }));
    const parametric = JSON.stringify(network).split('"dense"').length - 1 + (network.type === "repeat" ? 2 : 0);
    const { data } = await kernelFn(whole, { frozen: parametric })(x, null, "ntk");
    expectNear(data, affine(kernels.k, 1.1, 0.2));
  });
});

describe("dropout", () => {
  it("changes no covariance of different batches", async () => {
    const { nngp, ntk } = await kernelFn(serial(a, dropout({ keep: 0.4 })))(x, x, ["nngp", "ntk"]);
    expectNear(nngp.data, A);
    expectNear(ntk.data, A);
  });

  it("makes inputs less alike for what follows", async () => {
    const network = serial(a, relu(), dropout({ keep: 0.4 }), dense({ width: 3 }), relu());
    const first = afterRelu({ k: A, theta: A });
    const dropped = {
      k: first.k.map((v, at) => (onDiagonal(at) ? v / 0.4 : v)),
      theta: first.theta.map((v, at) => (onDiagonal(at) ? v / 0.4 : v)),
    };
    const expected = afterRelu(afterDense(dropped, 1, 0));
    const { nngp, ntk } = await kernelFn(network)(x, null, ["nngp", "ntk"]);
    expectNear(nngp.data, expected.k);
    expectNear(ntk.data, expected.theta);
  });
});
