import {
  addToDiagonal,
  dense,
  type Engine,
  empiricalNtk,
  erf,
  fanInSum,
  fanOut,
  flattenParams,
  type GramEngine,
  gelu,
  identity,
  init,
  kernelFn,
  key,
  type Layer,
  type Matrix,
  matrix,
  parallel,
  relu,
  serial,
  train,
  uniform,
} from "ntkit";

/** Enough of a matrix to see whether two have the same bits, and about where they differ. */
export interface Fingerprint {
  readonly sha256: string;
  readonly some: readonly number[];
}

export interface Calculations {
  readonly prints: Readonly<Record<string, Fingerprint>>;
  /** Ascending. These may differ in the last bits: hosts have their own Math.hypot. */
  readonly eigenvalues: readonly number[];
}

const weights = (wStd = Math.SQRT2) => dense({ width: 64, wStd });

export const RELU: Layer = serial(weights(), relu(), weights(), relu(), weights(), relu(), weights());

const BRANCHES: Layer = serial(
  dense({ width: 64, wStd: 1.3, bStd: 0.2 }),
  erf(),
  fanOut(2),
  parallel(serial(dense({ width: 64, wStd: 1.1, bStd: 0.1 }), gelu(), weights()), identity()),
  fanInSum(),
  dense({ width: 1, bStd: 0.3 }),
);

/** Uniform in -1 … 1 by exact operations, so the same on every host. */
export function inputs(rows: number, cols: number, seed = 1): Matrix {
  return matrix(
    rows,
    cols,
    uniform(key(seed), rows * cols).map((value) => 2 * value - 1),
  );
}

/** What an engine computes, large enough for it to use its threads. */
export async function calculate(engine: Engine & GramEngine): Promise<Calculations> {
  const x = inputs(700, 20);
  const [square, right] = [inputs(600, 600, 2), inputs(500, 300, 3)];
  const positive = addToDiagonal(await engine.matmul(square, square, { transposeA: true }), 1);
  const [a, symmetric] = [corner(positive, 500), corner(positive, 300)];
  const factor = await engine.cholesky(a);
  if (!factor.ok) throw new Error(`pivot ${factor.pivot} is ${factor.value}`);
  const deep = await kernelFn(RELU)(x, null, ["nngp", "ntk"], { engine });
  const branches = await kernelFn(BRANCHES)(x, inputs(450, 20, 4), ["nngp", "ntk"], { engine });
  const network = serial(dense({ width: 64, wStd: 1.4, bStd: 0.1 }), relu(), dense({ width: 1 }));
  const params = init(network, 20, { seed: 5 });
  const trained = await train(network, params, x, inputs(700, 1, 6), { ...{ steps: 20, learningRate: 1e-3 }, engine });
  const vector = (values: Float64Array): Matrix => matrix(1, values.length, values);
  const results: Readonly<Record<string, Matrix>> = {
    inputs: x,
    "NNGP of ReLU": deep.nngp,
    "NTK of ReLU": deep.ntk,
    "NNGP of branches": branches.nngp,
    "NTK of branches": branches.ntk,
    product: await engine.matmul(square, positive),
    Cholesky: factor.lower,
    "initial weights": vector(flattenParams(params)),
    "trained weights": vector(flattenParams(trained.params)),
    "empirical NTK": await empiricalNtk(network, params, x, null, { engine }),
    triangular: await engine.solveTriangular(factor.lower, right),
  };
  const prints = Object.entries(results).map(async ([name, result]) => [name, await print(result)] as const);
  const { values } = await engine.eigh(symmetric);
  return { prints: Object.fromEntries(await Promise.all(prints)), eigenvalues: [...values] };
}

function corner({ cols, data }: Matrix, n: number): Matrix {
  return matrix(
    n,
    n,
    Float64Array.from({ length: n * n }, (_, at) => data[Math.floor(at / n) * cols + (at % n)]!),
  );
}

async function print({ data }: Matrix): Promise<Fingerprint> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data.slice())); // a slice is never shared memory
  return {
    sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    some: Array.from({ length: 9 }, (_, k) => data[Math.floor((k * (data.length - 1)) / 8)]!),
  };
}
