import { dense, type Engine, empiricalNtk, flattenParams, init, type Layer, type Params, relu, serial } from "ntkit";
import { gaussian, share } from "./data.ts";
import { contenders } from "./linear-algebra.ts";
import { time } from "./measure.ts";
import { type PeerRequest, peerContender } from "./peer.ts";
import { type Context, compare, type Goal, type Row } from "./row.ts";

const INPUTS = 784;

interface Case {
  readonly width: number;
  readonly n: number;
  readonly outputs: number;
  /** What the peers can hold in memory. */
  readonly peers: readonly ("structured" | "jacobian" | "torch")[];
}

const CASES: readonly Case[] = [
  { width: 512, n: 64, outputs: 1, peers: ["structured", "jacobian", "torch"] },
  { width: 512, n: 32, outputs: 10, peers: ["structured", "jacobian", "torch"] },
  { width: 2048, n: 4, outputs: 10, peers: ["structured", "jacobian", "torch"] },
  { width: 2048, n: 32, outputs: 1, peers: ["structured", "jacobian", "torch"] },
  { width: 4096, n: 16, outputs: 1, peers: ["structured", "jacobian", "torch"] },
  { width: 4096, n: 500, outputs: 1, peers: ["structured"] },
];

const PEER_NAMES = {
  structured: "neural-tangents, structured derivatives",
  jacobian: "neural-tangents, default",
  torch: "torch.func, Jacobian contraction",
} as const;

/** Tangent kernels of finite networks with three hidden layers, mean over the outputs. */
export async function empiricalRows(context: Context): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const each of CASES) rows.push(...(await caseRows(context, each)));
  return rows;
}

async function caseRows(context: Context, { width: full, n: fullN, outputs, peers }: Case): Promise<readonly Row[]> {
  const [width, n] = [Math.round(full / context.shrink), Math.max(2, Math.round(fullN / context.shrink))];
  const hidden = [1, 2, 3].flatMap((): Layer[] => [dense({ width, wStd: Math.SQRT2 }), relu()]);
  const network = serial(...hidden, dense({ width: outputs }));
  const params: Params = init(network, INPUTS, { seed: 1 });
  const x = gaussian(2, n, INPUTS);
  const run = async (engine: Engine) => {
    const { seconds, result } = await time(() => empiricalNtk(network, params, x, null, { engine }));
    return { seconds, check: [result.data.reduce((sum, value) => sum + value, 0), result.data[n - 1]!] };
  };
  const files = context.peer
    ? {
        x: share(context.folder, `x-${width}-${n}-${outputs}.bin`, x.data),
        w: share(context.folder, `w-${width}-${n}-${outputs}.bin`, flattenParams(params)),
      }
    : { x: "", w: "" };
  const request = (way: string): PeerRequest => ({
    ...{ op: way === "torch" ? "torchNtk" : "empiricalNtk", way, n, d: INPUTS, width, outputs },
    ...files,
  });
  const largest = full === 4096 && fullN === 500;
  const goals: Readonly<Record<string, number>> = { native: 5, wasm: 10 };
  return compare({
    work: `empirical NTK, 3 x ${width}, n = ${n}, d = ${INPUTS}, ${outputs} ${outputs === 1 ? "output" : "outputs"}`,
    context,
    rounds: largest ? 2 : Math.ceil(context.rounds / 2),
    unit: largest ? "s" : "ms",
    inUnit: (seconds) => (largest ? seconds : seconds * 1e3),
    ours: contenders(context, run),
    peers: peers.flatMap((way) => peerContender(context.peer, PEER_NAMES[way], request(way))),
    goal: (name, peer = ""): Goal | null => {
      if (largest && goals[name]) return { kind: "value", atMost: goals[name] };
      if (name !== "native" || peer === "") return null;
      return { kind: "speed", atLeast: peer === PEER_NAMES.structured ? 1 : 10 };
    },
    bound: () => null,
    tolerance: 1e-9,
  });
}
