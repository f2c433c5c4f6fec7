import { type Engine, type Matrix, matrix } from "ntkit";

/** How fast an engine was at one kind of work. */
export interface Speed {
  /** Rows of the square matrix. */
  readonly n: number;
  /** Floating-point operations per nanosecond, at the fastest of some runs. */
  readonly gflops: number;
}

export interface Sizes {
  readonly product: number;
  readonly cholesky: number;
}

export interface Speeds {
  readonly product: Speed;
  readonly cholesky: Speed;
}

/** Time to spend on one figure once there is one. */
const ENOUGH_MS = 600;
const MOST_RUNS = 5;

/** A product of two matrices, 2n³ operations, and a Cholesky factorization, n³/3. */
export async function measure(engine: Engine, sizes: Sizes, signal: AbortSignal): Promise<Speeds> {
  const [a, k] = [waves(sizes.product), diagonallyDominant(sizes.cholesky)];
  return {
    product: await fastest(sizes.product, 2 * sizes.product ** 3, () => engine.matmul(a, a, { signal })),
    cholesky: await fastest(sizes.cholesky, sizes.cholesky ** 3 / 3, () => engine.cholesky(k, { signal })),
  };
}

async function fastest(n: number, operations: number, work: () => Promise<unknown>): Promise<Speed> {
  const start = performance.now();
  await work(); // threads start, code is compiled
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < MOST_RUNS && (run === 0 || performance.now() - start < ENOUGH_MS); run++) {
    const before = performance.now();
    await work();
    best = Math.min(best, performance.now() - before);
  }
  return { n, gflops: operations / best / 1e6 };
}

function waves(n: number): Matrix {
  return matrix(
    n,
    n,
    Float64Array.from({ length: n * n }, (_, i) => Math.sin(i)),
  );
}

/** Positive definite by Gershgorin's circles. */
function diagonallyDominant(n: number): Matrix {
  const a = matrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) a.data[i * n + j] = i === j ? n : Math.cos(i - j);
  }
  return a;
}
