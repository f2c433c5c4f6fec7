import { addToDiagonal, type Engine, fullyConnected, jsEngine, kernelFn, type Matrix } from "ntkit";
import { gaussian, share } from "./data.ts";
import { type Contender, time } from "./measure.ts";
import { peakOf } from "./peak.ts";
import { type PeerRequest, peerContender } from "./peer.ts";
import { type Comparison, type Context, compare, type Goal, type Row } from "./row.ts";

/** Speed relative to the peer's that each engine must reach. */
type Speeds = Readonly<Record<string, number>>;

export async function matmulRows(context: Context): Promise<readonly Row[]> {
  const n = Math.round(2048 / context.shrink);
  const [a, b] = [gaussian(1, n, n), gaussian(2, n, n)];
  return denseRows(context, {
    work: `dgemm, n = ${n}`,
    flops: 2 * n ** 3,
    speeds: { wasm: 0.38, "wasm, fast": 0.48, native: 0.97 },
    rounds: context.rounds,
    run: async (engine) => {
      const { seconds, result } = await time(() => engine.matmul(a, b));
      return { seconds, check: [trace(result)] };
    },
    peer: "numpy",
    request: (folder) => ({ op: "matmul", n, a: share(folder, "a.bin", a.data), b: share(folder, "b.bin", b.data) }),
    tolerance: 1e-10,
  });
}

export async function choleskyRows(context: Context): Promise<readonly Row[]> {
  const n = Math.round(4000 / context.shrink);
  const a = await kernelMatrix(context, n);
  return denseRows(context, {
    work: `Cholesky, n = ${n}`,
    flops: n ** 3 / 3,
    speeds: { wasm: 0.38, "wasm, fast": 0.48, native: 0.97 },
    rounds: context.rounds,
    run: async (engine) => {
      const { seconds, result } = await time(() => engine.cholesky(a));
      if (!result.ok) throw new Error(`pivot ${result.pivot} is not positive`);
      const { lower } = result;
      const logDet = lower.data.reduce((sum, value, at) => (at % (n + 1) === 0 ? sum + 2 * Math.log(value) : sum), 0);
      return { seconds, check: [logDet] };
    },
    peer: "scipy.linalg",
    request: (folder) => ({ op: "cholesky", n, file: share(folder, "k.bin", a.data) }),
    tolerance: 1e-9,
  });
}

export async function eighRows(context: Context): Promise<readonly Row[]> {
  const n = Math.round(2000 / context.shrink);
  const a = await kernelMatrix(context, n);
  return denseRows(context, {
    work: `eigenvalues and vectors, n = ${n}`,
    // Reduction 4/3 n³, divide and conquer 4/3 n³ (less what deflates), back-transformation 2 n³.
    flops: (14 / 3) * n ** 3,
    speeds: { wasm: 0.25, "wasm, fast": 0.25, native: 0.95 },
    rounds: Math.ceil(context.rounds / 2),
    run: async (engine) => {
      const { seconds, result } = await time(() => engine.eigh(a));
      return { seconds, check: [result.values.reduce((sum, value) => sum + value, 0), result.values.at(-1)!] };
    },
    peer: "scipy.linalg",
    request: (folder) => ({ op: "eigh", n, file: share(folder, "k.bin", a.data) }),
    tolerance: 1e-9,
  });
}

interface Dense {
  readonly work: string;
  readonly flops: number;
  readonly speeds: Speeds;
  readonly rounds: number;
  readonly run: (engine: Engine) => ReturnType<Contender["run"]>;
  readonly peer: string;
  readonly request: (folder: string) => PeerRequest;
  readonly tolerance: number;
}

async function denseRows(context: Context, dense: Dense): Promise<readonly Row[]> {
  const { flops, speeds } = dense;
  const rows = await compare({
    work: `${dense.work}, ${context.threads} threads`,
    context,
    rounds: dense.rounds,
    unit: "GF/s",
    inUnit: (seconds) => flops / seconds / 1e9,
    ours: contenders(context, dense.run),
    peers: peerContender(context.peer, dense.peer, dense.request(context.folder)),
    goal: (name): Goal | null => (name in speeds ? { kind: "speed", atLeast: speeds[name]! } : null),
    bound: (name, seconds) => {
      const peak = peakOf(context.peaks, name);
      return peak && { fraction: flops / seconds / 1e9 / peak.gflops, of: peak.of };
    },
    tolerance: dense.tolerance,
  });
  await context.peer?.forget();
  return rows;
}

/** What each engine runs, or why it does not. */
export function contenders(
  context: Context,
  run: (engine: Engine) => ReturnType<Contender["run"]>,
): Comparison["ours"] {
  return context.engines.map(({ name, engine, unavailable }) => ({
    name,
    contender: engine ? { name, run: () => run(engine) } : unavailable,
  }));
}

/** A well-conditioned kernel matrix: a ReLU NNGP of random inputs, with a ridge. */
export async function kernelMatrix(context: Pick<Context, "engines">, n: number): Promise<Matrix> {
  const engine = context.engines.find((candidate) => candidate.engine?.gram)?.engine ?? jsEngine;
  const network = fullyConnected({ depth: 1, activation: "relu", bStd: 0 });
  return addToDiagonal(await kernelFn(network)(gaussian(3, n, 32), null, "nngp", { engine }), 1e-3);
}

function trace({ data, cols }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += cols + 1) sum += data[i]!;
  return sum;
}
