import type { Grams } from "../kernel/gram-engine.ts";
import { inputTile, prepareBatch } from "../kernel/input.ts";
import { interpretKernel, recursionOf } from "../kernel/interpret.ts";
import { type GramOptions, kernelDiagonal, kernelFn } from "../kernel/kernel-fn.ts";
import { checkPositiveSemidefinite } from "../kernel/positive-semidefinite.ts";
import type { KernelState, KernelTile } from "../layers/kernel-state.ts";
import { type Activations, walk } from "../layers/scope.ts";
import { serial } from "../layers/serial.ts";
import type { DenseSpec, Layer } from "../layers/spec.ts";
import { type Matrix, matrix, takeBlock, takeRows, transpose } from "../matrix/matrix.ts";
import { type Key, key, normal, permutation, split } from "../random/key.ts";
import { atMost, type LawResult, TOLERANCE } from "./laws.ts";

export interface KernelLawOptions {
  readonly activations?: Activations;
  /** The engine that computes the Gram matrices; plain TypeScript unless given. */
  readonly engine?: GramOptions["engine"];
  readonly seed?: number;
  /** Number of random inputs; six special rows are added to them. */
  readonly n?: number;
  /** Number of columns of the inputs. */
  readonly d?: number;
}

/**
 * The laws of an infinite-width kernel, checked on random inputs and on those where formulas fail first: a zero row, a row again,
 * its opposite, one that nearly is the row, rows of ones. Run it on your own network, layer or activation.
 */
export async function checkKernel(network: Layer, options: KernelLawOptions = {}): Promise<LawResult[]> {
  const { activations = {}, engine, seed = 1, n = 12, d = 5 } = options;
  const [inputKey, orderKey] = split(key(seed), 2) as [Key, Key];
  const random = matrix(n, d, normal(inputKey, n * d));
  const x = withSpecialRows(random);
  const gram = kernelFn(network, { activations });
  const whole = await gram(x, null, ["nngp", "ntk"], { engine });
  const order = permutation(orderKey, x.rows);
  const permuted = await gram(takeRows(x, order), null, ["nngp", "ntk"], { engine });
  const half = Math.floor(n / 2);
  const [low, high] = [range(0, half), range(half, x.rows)];
  const corner = await gram(takeRows(x, high), takeRows(x, low), ["nngp", "ntk"], { engine });
  const tiled = await gram(x, null, ["nngp", "ntk"], { engine, tile: 5 });
  const nested = await kernelFn(serial(serial(network)), { activations })(x, null, ["nngp", "ntk"], {
    engine,
  });
  const both = (law: string, check: (name: "nngp" | "ntk") => boolean): LawResult => {
    const wrong = (["nngp", "ntk"] as const).filter((name) => !check(name));
    return { law, ok: wrong.length === 0, detail: wrong.length === 0 ? "same bits" : `${wrong.join(" and ")} differ` };
  };
  return [
    both("K(x, z) = K(z, x)", (name) => sameBits(whole[name], transpose(whole[name]))),
    both("permuting the inputs permutes the kernel", (name) =>
      sameBits(permuted[name], takeBlock(whole[name], order, order)),
    ),
    both("a block is the slice of the whole", (name) => sameBits(corner[name], takeBlock(whole[name], high, low))),
    both("tiles of any size give the same bits", (name) => sameBits(tiled[name], whole[name])),
    both("serial is associative", (name) => sameBits(nested[name], whole[name])),
    diagonalLaw(network, activations, x, whole, engine === undefined ? 0 : TOLERANCE.engine),
    ...(await Promise.all((["nngp", "ntk"] as const).map((name) => positiveSemidefinite(name, whole[name])))),
    ...(hasTangentLaw(network)
      ? [tangentLaw(network, activations, takeRows(random, range(half, n)), takeRows(random, low))]
      : []),
  ];
}

/** `kernelDiagonal` is plain TypeScript: the same bits as the engine of that name, the same number as the others. */
function diagonalLaw(network: Layer, activations: Activations, x: Matrix, whole: Grams, allowed: number): LawResult {
  const errors = (["nngp", "ntk"] as const).flatMap((name) =>
    Array.from(kernelDiagonal(network, x, name, { activations }), (value, i) =>
      value === 0 ? 0 : Math.abs(whole[name].data[i * x.rows + i]! / value - 1),
    ),
  );
  return atMost("the diagonal alone is the diagonal of the whole", Math.max(...errors), allowed);
}

/** The rows, then a zero row, the first row again, its opposite, a row 1e-8 beside it, ones and their opposite. */
function withSpecialRows(x: Matrix): Matrix {
  const { rows, cols } = x;
  const first = x.data.subarray(0, cols);
  const near = first.map((value, k) => value * (1 + (k % 2 === 0 ? 1e-8 : -1e-8)));
  const special = [new Float64Array(cols), first, first.map((value) => -value), near];
  const all = [x.data, ...special, new Float64Array(cols).fill(1), new Float64Array(cols).fill(-1)];
  const out = matrix(rows + 6, cols);
  let at = 0;
  for (const part of all) {
    out.data.set(part, at);
    at += part.length;
  }
  return out;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function sameBits(a: Matrix, b: Matrix): boolean {
  return a.rows === b.rows && a.data.every((value, i) => Object.is(value, b.data[i]));
}

async function positiveSemidefinite(name: string, gram: Matrix): Promise<LawResult> {
  const { ok, smallestEigenvalue, tolerance } = await checkPositiveSemidefinite(gram);
  const detail = `smallest eigenvalue ${smallestEigenvalue.toExponential(2)}, allowed ${(-tolerance).toExponential(2)}`;
  return { law: `the ${name} is positive semidefinite`, ok, detail };
}

/** Steps have no derivative kernel: their κ̇ is 0 by definition, where the true one diverges. */
function hasTangentLaw(network: Layer): boolean {
  return [...walk(network)].every(
    (layer) => layer.type !== "sign" && !(layer.type === "rectifiedMonomial" && layer.degree === 0),
  );
}

/**
 * Θ = d/dρ at ρ = 1 of the NNGP between two networks whose weights are ρ-correlated: each dense layer multiplies the
 * covariance it makes by ρ and leaves variances alone. Fourth-order differences, pairs of different inputs.
 */
function tangentLaw(network: Layer, activations: Activations, x1: Matrix, x2: Matrix): LawResult {
  const recursion = recursionOf(network, activations);
  const [a, b] = [prepareBatch("tangentLaw", x1), prepareBatch("tangentLaw", x2)];
  const input = inputTile(a, b, { row: 0, rows: x1.rows, col: 0, cols: x2.rows }, true);
  const exact = interpretKernel(recursion, input) as KernelTile; // checked to be one tile by kernelFn before
  const correlated = (rho: number) => {
    const after = (layer: Layer, output: KernelState, _: string, before: KernelState) =>
      layer.type === "dense" ? correlate(layer, output as KernelTile, before as KernelTile, rho) : output;
    return (interpretKernel(recursion, input, after) as KernelTile).nngp;
  };
  const h = 1e-3;
  const [p1, m1, p2, m2] = [correlated(1 + h), correlated(1 - h), correlated(1 + 2 * h), correlated(1 - 2 * h)];
  const scale = Math.max(...exact.ntk!.map(Math.abs), Number.MIN_VALUE);
  const errors = exact.ntk!.map((theta, at) => {
    const derivative = (8 * (p1[at]! - m1[at]!) - (p2[at]! - m2[at]!)) / (12 * h);
    return Math.abs(theta - derivative) / scale;
  });
  return atMost(
    "the tangent kernel is the derivative of the NNGP in the correlation of the weights",
    Math.max(...errors),
    TOLERANCE.finiteDifference,
  );
}

/** The covariance a dense layer makes when its own weights are ρ-correlated: c + (ρ − 1)·(what they contribute). */
function correlate(layer: DenseSpec, output: KernelTile, input: KernelTile, rho: number): KernelTile {
  const bias = (layer.bStd ?? 0) > 0 ? 1 : 0;
  const own = layer.parameterization === "standard" ? input.nngp.map((c) => input.width * c + bias) : output.nngp;
  const nngp = output.nngp.map((c, at) => c + (rho - 1) * own[at]!);
  const sine = nngp.map((c, at) => {
    const bound = Math.sqrt(output.var1[Math.floor(at / output.cols)]! * output.var2[at % output.cols]!);
    return Math.sqrt((bound - c) * (bound + c));
  });
  return { ...output, nngp, sine };
}
