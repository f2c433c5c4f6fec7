import { describe, expect, it } from "vitest";
import { makeActivation } from "../../src/activations/registry.ts";
import type { ActivationSpec } from "../../src/activations/spec.ts";
import { isNtkError, NumericalError } from "../../src/errors.ts";
import { kernelDiagonal, kernelFn } from "../../src/kernel/kernel-fn.ts";
import { abs, relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { fromRows, type Matrix, matrix } from "../../src/matrix/matrix.ts";
import { ACTIVATION_EXAMPLES } from "../../src/testing/activation-examples.ts";
import { TOLERANCE } from "../../src/testing/laws.ts";

const named = ACTIVATION_EXAMPLES.map((spec) => [JSON.stringify(spec), spec] as const);
const networkOf = (spec: ActivationSpec, bStd = 0): Layer =>
  serial(dense({ width: 1, bStd }), spec, dense({ width: 1 }));

const ROW = [0.6, -1.1, 0.9];
const scaled = (scale: number): number[] => ROW.map((value) => value * scale);
/** A row, a zero row, the row again, its opposite, another. */
const SPECIAL = fromRows([ROW, [0, 0, 0], ROW, scaled(-1), [0.3, 0.8, -0.2]]);

interface Grams {
  readonly nngp: Matrix;
  readonly ntk: Matrix;
}

/** The kernels, or the error, which must be one of ntkit's own. */
async function gramsOrError(network: Layer, x: Matrix): Promise<Grams | Error> {
  try {
    return await kernelFn(network)(x, null, ["nngp", "ntk"]);
  } catch (error) {
    if (isNtkError(error)) return error;
    throw error;
  }
}

/** Self terms below this have lost digits to underflow, or are 0. */
const UNDERFLOW = 1e-290;

function expectSane({ nngp, ntk }: Grams): void {
  for (const gram of [nngp, ntk]) {
    const n = gram.rows;
    expect(gram.data.every(Number.isFinite)).toBe(true);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        expect(gram.data[i * n + j]).toBe(gram.data[j * n + i]);
        const [own, other] = [gram.data[i * n + i]!, gram.data[j * n + j]!];
        if (Math.min(own, other) < UNDERFLOW) continue;
        const bound = Math.sqrt(own) * Math.sqrt(other);
        expect(Math.abs(gram.data[i * n + j]!)).toBeLessThanOrEqual(bound * (1 + TOLERANCE.closedForm));
      }
  }
}

describe("zero, duplicate and antipodal rows have the right kernel", () => {
  it.each(named)("%s", async (_, spec) => {
    const grams = (await gramsOrError(networkOf(spec), SPECIAL)) as Grams;
    expectSane(grams);
    const { nngp, ntk } = grams;
    const at = (gram: Matrix, i: number, j: number) => gram.data[i * 5 + j]!;
    for (const gram of [nngp, ntk]) {
      expect(at(gram, 0, 2)).toBe(at(gram, 0, 0));
      expect(at(gram, 2, 2)).toBe(at(gram, 0, 0));
      expect(at(gram, 3, 3)).toBe(at(gram, 0, 0));
      for (let j = 0; j < 5; j++) expect(at(gram, 2, j)).toBe(at(gram, 0, j));
    }
    if (spec.type === "expNormalized") return; // a kernel without a φ
    const { phi } = makeActivation(spec);
    // A zero row gives φ(0) everywhere: K(0, 0) = φ(0)².
    expect(at(nngp, 1, 1)).toBeCloseTo(phi(0) ** 2, 12);
    // Opposite rows: the kernel of odd activations changes sign, that of even ones does not.
    const samples = [0.3, 0.7, 1.9, 2.4];
    const sign = samples.every((v) => Math.abs(phi(v) - phi(-v)) < 1e-12)
      ? 1
      : samples.every((v) => Math.abs(phi(v) + phi(-v)) < 1e-12)
        ? -1
        : 0;
    if (sign !== 0) expect(at(nngp, 0, 3) / at(nngp, 0, 0)).toBeCloseTo(sign, 9);
  });
});

describe("tiny and huge rows are right or refused by name", () => {
  it.each(named)("%s", async (_, spec) => {
    for (const bStd of [0, 0.3]) {
      for (const scale of [1e-150, 1e-100, 1e100, 1e150]) {
        const x = fromRows([scaled(scale), ROW, [0, 0, 0], scaled(-scale), scaled(2 * scale)]);
        const grams = await gramsOrError(networkOf(spec, bStd), x);
        if (grams instanceof Error) expect(grams.message).toMatch(/float64|rescale|convergen|converge|variance/i);
        else expectSane(grams);
        try {
          const values = kernelDiagonal(networkOf(spec, bStd), x, "ntk");
          expect(values.every(Number.isFinite)).toBe(true);
        } catch (error) {
          if (!isNtkError(error)) throw error;
        }
      }
    }
  });

  it.each(named.filter(([, { type }]) => type === "relu" || type === "abs" || type === "leakyRelu"))(
    "%s scales with the rows",
    async (_, spec) => {
      const network = networkOf(spec);
      const plain = await kernelFn(network)(SPECIAL, null, ["nngp", "ntk"]);
      for (const scale of [2 ** -498, 2 ** 498]) {
        const x = matrix(
          5,
          3,
          SPECIAL.data.map((value) => value * scale),
        );
        const grams = await kernelFn(network)(x, null, ["nngp", "ntk"]);
        for (const name of ["nngp", "ntk"] as const)
          grams[name].data.forEach((value, i) => {
            const expected = plain[name].data[i]!;
            expect(Math.abs(value / scale / scale - expected)).toBeLessThanOrEqual(1e-14 * Math.abs(expected) + 1e-300);
          });
      }
    },
  );

  it("the angle between rows of any norm is the same", async () => {
    const network = serial(dense({ width: 1 }), abs(), dense({ width: 1 }), relu(), dense({ width: 1 }));
    const gram = async (a: number[], b: number[]) =>
      (await kernelFn(network)(fromRows([a]), fromRows([b]), "ntk")).data[0]!;
    const expected = await gram([1, 2, 3], [3, -1, 1]);
    for (const scale of [2 ** -490, 2 ** 490]) {
      const value = await gram([scale, 2 * scale, 3 * scale], [3 / scale, -1 / scale, 1 / scale]);
      expect(value).toBeCloseTo(expected, 12);
    }
  });

  it("rows at a right angle: K of ReLU is r/2π, Θ is K of the last layer alone", async () => {
    const network = serial(dense({ width: 1, wStd: Math.sqrt(3) }), relu(), dense({ width: 1 }));
    const x = fromRows([
      [2, 0, 0],
      [0, 0, -3],
    ]);
    const grams = await kernelFn(network)(x, null, ["nngp", "ntk"]);
    for (const { data } of [grams.nngp, grams.ntk]) expect(data[1]).toBeCloseTo(6 / (2 * Math.PI), 14);
  });

  it("a zero beside a value does not make a zero row", async () => {
    const x = fromRows([ROW, [0, 1e-200, 0]]);
    await expect(kernelFn(networkOf(relu()))(x, null, "ntk")).rejects.toThrow(
      "the squared norm of row 1 is 0, outside",
    );
  });

  it.each(named)("%s: squares that leave float64 are refused", async (_, spec) => {
    for (const scale of [1e-200, 1e200]) {
      const x = fromRows([ROW, scaled(scale)]);
      await expect(kernelFn(networkOf(spec))(x, null, "ntk")).rejects.toThrow(NumericalError);
      await expect(kernelFn(networkOf(spec))(x, null, "ntk")).rejects.toThrow("the squared norm of row 1");
      expect(() => kernelDiagonal(networkOf(spec), x, "nngp")).toThrow(NumericalError);
    }
  });
});
