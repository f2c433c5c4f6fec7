import { type Array as JaxArray, numpy as np } from "@jax-js/jax";
import { empiricalNngpOf, empiricalNtkOf, jaxArray } from "@ntkit/jax";
import {
  apply,
  dense,
  empiricalNtk,
  init,
  jsEngine,
  key,
  type Matrix,
  matrix,
  normal,
  paramEntries,
  serial,
  tanh,
  unflattenParams,
} from "ntkit";
import { describe, expect, it } from "vitest";
import { examples, rowKernel } from "../src/row-kernel.ts";

const EXACT = 1e-12;
/** jax-js computes tanh with errors of some 1e-8, in float64 too; a kernel of a few of them is good to this. */
const FLOAT32 = 1e-6;

const FULL = { traceAxes: [], diagonalAxes: [] } as const;
const DIAGONAL = { traceAxes: [], diagonalAxes: [-1] } as const;

const gauss = (seed: number, rows: number, cols: number): Matrix => matrix(rows, cols, normal(key(seed), rows * cols));
const [N1, N2, D, H, O] = [5, 4, 3, 6, 2];
const [x1, x2] = [gauss(1, N1, D), gauss(2, N2, D)];
const [w, v, b] = [gauss(3, D, H), gauss(4, H, O), gauss(5, 1, O)];

type TwoLayer = { w: JaxArray; v: JaxArray };
const twoLayers = (phi: (z: JaxArray) => JaxArray) => (p: TwoLayer, x: JaxArray) =>
  np.matmul(phi(np.matmul(x, p.w)), p.v);
const weights = (): TwoLayer => ({ w: jaxArray(w.data, [D, H]), v: jaxArray(v.data, [H, O]) });

/** Θ_ab = δ_ab ⟨φ, φ'⟩ + ⟨x, x'⟩ Σ_k v_ka v_kb φ'(z_k) φ'(z'_k), with z = x w. */
function twoLayerNtk(phi: (z: number) => number, slope: (z: number) => number, x: Matrix, y: Matrix): Float64Array {
  const dot = (a: Matrix, i: number, c: Matrix, j: number) =>
    Array.from({ length: D }, (_, k) => a.data[i * D + k]! * c.data[j * D + k]!).reduce((s, t) => s + t, 0);
  const hidden = (a: Matrix, i: number, k: number) =>
    Array.from({ length: D }, (_, m) => a.data[i * D + m]! * w.data[m * H + k]!).reduce((s, t) => s + t, 0);
  const out = new Float64Array(x.rows * y.rows * O * O);
  for (let i = 0, at = 0; i < x.rows; i++) {
    for (let j = 0; j < y.rows; j++) {
      for (let a = 0; a < O; a++) {
        for (let c = 0; c < O; c++, at++) {
          for (let k = 0; k < H; k++) {
            const [z, zz] = [hidden(x, i, k), hidden(y, j, k)];
            if (a === c) out[at]! += phi(z) * phi(zz);
            out[at]! += dot(x, i, y, j) * v.data[k * O + a]! * v.data[k * O + c]! * slope(z) * slope(zz);
          }
        }
      }
    }
  }
  return out;
}

/** Relative to the largest entry. */
function gap(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  const values = Array.from(expected);
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.reduce((most, value, i) => Math.max(most, Math.abs(actual[i]! - value)), 0) / scale;
}

const diagonalOf = (full: Float64Array): Float64Array =>
  full.filter((_, at) => at % (O * O) === 0 || at % (O * O) === 3);
const traceOf = (full: Float64Array): Float64Array =>
  Float64Array.from({ length: full.length / (O * O) }, (_, i) => (full[i * O * O]! + full[i * O * O + 3]!) / O);

describe("empiricalNtkOf", () => {
  it("of an affine map is ⟨x, x'⟩ + 1 for each output", async () => {
    const affine = (p: { w: JaxArray; b: JaxArray }, x: JaxArray) => np.matmul(x, p.w).add(p.b);
    const params = { w: jaxArray(gauss(6, D, O).data, [D, O]), b: jaxArray(b.data, [O]) };
    const all = await empiricalNtkOf(affine, params, x1, x2, FULL);
    const mean = await empiricalNtkOf(affine, params, x1, x2);
    expect(all.shape).toEqual([N1, N2, O, O]);
    expect(mean).toMatchObject({ rows: N1, cols: N2 });
    for (let i = 0; i < N1; i++) {
      for (let j = 0; j < N2; j++) {
        let dot = 1;
        for (let k = 0; k < D; k++) dot += x1.data[i * D + k]! * x2.data[j * D + k]!;
        const at = i * N2 + j;
        expect(gap(all.data.subarray(at * O * O, (at + 1) * O * O), [dot, 0, 0, dot])).toBeLessThan(EXACT);
        expect(mean.data[at]).toBeCloseTo(dot, 12);
      }
    }
  });

  const nets = [
    ["squares", twoLayers(np.square), (z: number) => z * z, (z: number) => 2 * z, EXACT],
    ["tanh", twoLayers(np.tanh), Math.tanh, (z: number) => 1 - Math.tanh(z) ** 2, FLOAT32],
  ] as const;

  it.each(nets)("of a two-layer network of %s is its formula", async (_, f, phi, slope, tolerance) => {
    const params = weights();
    for (const other of [x2, null]) {
      const expected = twoLayerNtk(phi, slope, x1, other ?? x1);
      const all = await empiricalNtkOf(f, params, x1, other, FULL);
      const diagonal = await empiricalNtkOf(f, params, x1, other, DIAGONAL);
      const mean = await empiricalNtkOf(f, params, x1, other);
      expect(gap(all.data, expected)).toBeLessThan(tolerance);
      expect(diagonal.shape).toEqual([N1, other ? N2 : N1, O]);
      expect(gap(diagonal.data, diagonalOf(expected))).toBeLessThan(tolerance);
      expect(gap(mean.data, traceOf(expected))).toBeLessThan(tolerance);
    }
  });

  it("agrees with empiricalNtk of the same network", async () => {
    const network = serial(dense({ width: H, wStd: 1.3 }), tanh(), dense({ width: O }));
    const shape = init(network, D, { seed: 0 });
    const params = unflattenParams(shape, Float64Array.from([...w.data, ...v.data]));
    expect(paramEntries(params).map(({ name }) => name)).toEqual(["0.w", "2.w"]);
    const f = (p: TwoLayer, x: JaxArray) =>
      np.matmul(np.tanh(np.matmul(x, p.w).mul(1.3 / Math.sqrt(D))), p.v).mul(1 / Math.sqrt(H));
    const expected = await empiricalNtk(network, params, x1, x2, FULL);
    expect(gap((await empiricalNtkOf(f, weights(), x1, x2, FULL)).data, expected.data)).toBeLessThan(FLOAT32);
    const outputs = (x: Matrix) => apply(network, params, x);
    const [fx, fy] = [outputs(x1), outputs(x2)];
    const nngp = await empiricalNngpOf(f, weights(), x1, x2, FULL);
    const product = (at: number): number => {
      const [i, j, a, c] = [Math.floor(at / O / O / N2), Math.floor(at / O / O) % N2, Math.floor(at / O) % O, at % O];
      return fx.data[i * O + a]! * fy.data[j * O + c]!;
    };
    expect(
      gap(
        nngp.data,
        nngp.data.map((_, at) => product(at)),
      ),
    ).toBeLessThan(FLOAT32);
    expect(gap((await empiricalNngpOf(f, weights(), x1, x2)).data, traceOf(nngp.data))).toBeLessThan(EXACT);
  });

  it("takes float32 weights", async () => {
    const params = { w: np.array([[0.5, -1, 0.25]]).transpose(), v: np.array([[2]]) };
    const f = (p: TwoLayer, x: JaxArray) => np.matmul(np.square(np.matmul(x, p.w)), p.v);
    const ntk = await empiricalNtkOf(f, params, matrix(1, 3, Float64Array.of(1, 2, 4)));
    expect(ntk.data[0]).toBe(0.25 ** 2 + 21 * (2 * 2 * -0.5) ** 2);
  });

  it("leaves the weights as they are", async () => {
    const params = weights();
    for (let i = 0; i < 3; i++) await empiricalNtkOf(twoLayers(np.square), params, x1, x2);
    expect([params.w.refCount, params.v.refCount]).toEqual([1, 1]);
    expect(params.w.shape).toEqual([D, H]);
  });
});

describe("what is refused", () => {
  const f = twoLayers(np.square);
  it.each([
    ["batch statistics", (p: TwoLayer, x: JaxArray) => f(p, x.ref.sub(x.mean(0))), "own row of inputs only"],
    ["outputs of another shape", (p: TwoLayer, x: JaxArray) => f(p, x).mean(1), "maps [1, 3] to [1]"],
    ["outputs that are not finite", (p: TwoLayer, x: JaxArray) => f(p, x).mul(Infinity), "not finite"],
  ])("%s", async (_, wrong, message) => {
    await expect(empiricalNtkOf(wrong, weights(), x1)).rejects.toThrow(message);
  });

  it("inputs and axes that do not fit", async () => {
    await expect(empiricalNtkOf(f, weights(), x1, matrix(2, 2))).rejects.toThrow("as many columns, got 3 and 2");
    await expect(empiricalNtkOf(f, weights(), matrix(0, 3))).rejects.toThrow("at least one row");
    await expect(empiricalNtkOf(f, weights(), matrix(1, 3, Float64Array.of(1, Number.NaN, 0)))).rejects.toThrow("NaN");
    await expect(empiricalNtkOf(f, weights(), x1, x2, { traceAxes: [0] })).rejects.toThrow("axis of the outputs");
    const both = { traceAxes: [-1], diagonalAxes: [-1] } as const;
    await expect(empiricalNtkOf(f, weights(), x1, x2, both)).rejects.toThrow("one of traceAxes and diagonalAxes");
  });

  it("weights that cannot be differentiated", async () => {
    const whole = { w: np.array([1, 2, 3], { dtype: np.int32 }), v: jaxArray([1], [1]) };
    await expect(empiricalNtkOf(f, whole, x1)).rejects.toThrow("must be float64 or float32, got int32");
    await expect(empiricalNtkOf((_: JaxArray[], x) => x, [], x1)).rejects.toThrow("empty");
  });

  it("work that is not wanted any more", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(empiricalNtkOf(f, weights(), x1, x2, { signal })).rejects.toThrow("enough");
  });
});

describe("rowKernel", () => {
  const rowsOf = async (x: Matrix): Promise<Matrix> => {
    const out = matrix(x.rows * O, H);
    for (let i = 0; i < out.rows; i++) {
      for (let k = 0; k < H; k++) out.data[i * H + k] = Math.sin((k + 1) * x.data[Math.floor(i / O) * D]! + (i % O));
    }
    return out;
  };

  it.each(["trace", "diagonal", "full"] as const)("is the same in blocks: %s", async (mode) => {
    for (const other of [x2, null]) {
      const request = { rowsOf, x1, x2: other, outputs: O, mode, engine: jsEngine };
      const whole = await rowKernel({ ...request, block: 100 }, {});
      const fractions: number[] = [];
      const parts = await rowKernel({ ...request, block: 2 }, { onProgress: (part) => fractions.push(part) });
      expect(gap(parts.data, whole.data)).toBeLessThan(1e-15);
      expect(fractions.at(-1)).toBe(1);
    }
  });

  it("takes rows in order", () => expect(examples(x1, 3, 4)).toMatchObject({ rows: 2, cols: D }));
});

describe("jaxArray", () => {
  it("keeps every digit", () => {
    const values = [1 / 3, -Math.PI, 1e-30, 123456789.12345679, 0, -1e30, 2 ** -60 + 1, 0.1];
    const array = jaxArray(values, [2, 4]);
    expect([array.dtype, array.shape]).toEqual([np.float64, [2, 4]]);
    expect(array.js()).toEqual([values.slice(0, 4), values.slice(4)]);
    expect(jaxArray([0.1], [1]).js()).toEqual([0.1]);
    expect(jaxArray([0.1, 0.1], [2]).js()).toEqual([0.1, 0.1]);
  });

  it("refuses values that do not fill the shape", () => {
    expect(() => jaxArray([1, 2], [3])).toThrow("needs 3 values, got 2");
    expect(() => jaxArray([], [0])).toThrow("at least 1");
  });

  it.runIf(!("Float16Array" in globalThis))("without Float16Array refuses what float32 cannot hold", () => {
    expect(() => jaxArray([1, 1e39], [2])).toThrow("range of float32, got 1e+39");
  });
});
