import { type Engine, fullyConnected, kernelFn, parseNetwork } from "ntkit";
import { compileProgram } from "../../packages/engine/src/program/compile.ts";
import { LAYOUT, PITCH_NUMBERS, TILE } from "../../packages/engine/src/program/tile-layout.ts";
import { webAssembly } from "../../packages/engine/src/wasm/web-assembly.ts";
import { gaussian, share } from "./data.ts";
import { contenders } from "./linear-algebra.ts";
import { type Contender, type Timed, time } from "./measure.ts";
import { peakOf } from "./peak.ts";
import { peerContender } from "./peer.ts";
import { type Context, compare, type Row } from "./row.ts";

const DEPTH = 3;
const NETWORK = fullyConnected({ depth: DEPTH, activation: "relu", bStd: 0 });
const ENTRIES = TILE * TILE;
const PASSES = 60;
/** Least number of operations on an entry in one layer: a polynomial of degree 10 for the angle, two roots, both kernels. */
const OPERATIONS = 45;

/** The recursion of a network by its compiled program, over a tile in cache: one thread. */
export async function recursionRows(context: Context): Promise<readonly Row[]> {
  const cosines = Float64Array.from({ length: ENTRIES }, (_, i) => Math.cos((Math.PI * (i + 0.5)) / ENTRIES));
  const [wasm, fast] = [await recursionByProgram(cosines, false), await recursionByProgram(cosines, true)];
  const scalar: Contender = { name: "scalar JavaScript", run: async () => recursionByScalars(cosines) };
  const request = {
    op: "recursion",
    n: ENTRIES,
    depth: DEPTH,
    passes: PASSES,
    file: share(context.folder, "c.bin", cosines),
  };
  return compare({
    work: `ReLU recursion of ${DEPTH} layers, NNGP and NTK, per entry, 1 thread`,
    context,
    rounds: context.rounds,
    unit: "ns",
    inUnit: (seconds) => (seconds / ENTRIES) * 1e9,
    ours: [
      { name: "wasm", contender: wasm },
      { name: "wasm, fast", contender: fast },
    ],
    peers: [...peerContender(context.peer, "numpy", request), scalar],
    goal: (name) => (name === "wasm" ? { kind: "value", atMost: 15 } : null),
    bound: (name, seconds) => {
      const peak = peakOf(context.peaks, name);
      const flops = OPERATIONS * DEPTH * ENTRIES;
      return peak && { fraction: (flops / seconds / 1e9) * (context.threads / peak.gflops), of: peak.of };
    },
    tolerance: 1e-10,
  });
}

async function recursionByProgram(cosines: Float64Array, fast: boolean): Promise<Contender | string> {
  const name = fast ? "wasm, fast" : "wasm";
  if (!webAssembly) return "this host has no WebAssembly";
  const options = { frozen: 0, preciseSine: true, wantNngp: true, wantNtk: true, columns: 1, fast };
  const program = compileProgram(parseNetwork(NETWORK), options);
  if (!program) return "the network has no program";
  if (!webAssembly.validate(program.bytes)) return "this host has no relaxed SIMD";
  const memory = new webAssembly.Memory({ initial: Math.ceil((LAYOUT.program + program.memory) / 65536) });
  // The names that wasmati gives to a module's only import.
  const { exports } = new webAssembly.Instance(await webAssembly.compile(program.bytes), { "": { m0: memory } });
  const values = new Float64Array(memory.buffer);
  values.fill(1, 0, LAYOUT.nngp / 8); // variances
  values.set(program.constants, LAYOUT.program / 8);
  const inputs = new Float64Array(2 * TILE * PITCH_NUMBERS);
  const place = (i: number): number => Math.floor(i / TILE) * PITCH_NUMBERS + (i % TILE);
  for (const [i, c] of cosines.entries()) {
    inputs[place(i)] = c;
    inputs[TILE * PITCH_NUMBERS + place(i)] = 1 - Math.abs(c);
  }
  const run = async (): Promise<Timed> => {
    let best = Infinity;
    for (let pass = 0; pass < PASSES; pass++) {
      values.set(inputs, LAYOUT.nngp / 8);
      const start = process.hrtime.bigint();
      exports["run"]!(0, TILE, TILE);
      best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9);
    }
    const sum = (at: number): number => cosines.reduce((total, _, i) => total + values[at / 8 + place(i)]!, 0);
    return { seconds: best, check: [sum(LAYOUT.nngp), sum(LAYOUT.ntk)] };
  };
  return { name, run };
}

function recursionByScalars(cosines: Float64Array): Timed {
  const [nngp, ntk] = [new Float64Array(ENTRIES), new Float64Array(ENTRIES)];
  let best = Infinity;
  for (let pass = 0; pass < PASSES / 4; pass++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < ENTRIES; i++) {
      let [k, t] = [cosines[i]!, cosines[i]!];
      for (let layer = 0; layer < DEPTH; layer++) {
        const angle = Math.PI - Math.acos(k);
        k = (k * angle + Math.sqrt(1 - k * k)) / Math.PI;
        t = k + (t * angle) / Math.PI;
      }
      nngp[i] = k;
      ntk[i] = t;
    }
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9);
  }
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return { seconds: best, check: [sum(nngp), sum(ntk)] };
}

/** A whole Gram matrix, x1 = x2. Its bound is the recursion in cache, as measured in `recursion`, and the product at its peak. */
export async function gramRows(context: Context, recursion: readonly Row[]): Promise<readonly Row[]> {
  const [n, d] = [Math.round(5000 / context.shrink), 100];
  const x = gaussian(4, n, d);
  const kernel = kernelFn(NETWORK);
  const run = async (engine: Engine): Promise<Timed> => {
    const { seconds, result } = await time(() => kernel(x, null, "ntk", { engine }));
    return { seconds, check: [result.data.reduce((sum, value) => sum + value, 0), result.data[n - 1]!] };
  };
  const peers = peerContender(context.peer, "neural-tangents", {
    op: "staxGram",
    n,
    d,
    depth: DEPTH,
    file: share(context.folder, "x.bin", x.data),
  });
  const rows = await compare({
    work: `dense ReLU NTK Gram, depth ${DEPTH}, n = ${n}, d = ${d}, ${context.threads} threads`,
    context,
    rounds: context.rounds,
    unit: "ms",
    inUnit: (seconds) => seconds * 1e3,
    ours: contenders(context, run).filter(({ name }) => hasPrograms(context, name)),
    peers,
    goal: () => ({ kind: "speed", atLeast: 10 }),
    bound: (name, seconds) => {
      const [entry, peak] = [recursion.find(({ ours }) => ours === name)?.value, peakOf(context.peaks, name)];
      if (!entry || !peak) return null;
      const ideal = ((n * (n + 1)) / 2) * (entry / context.threads + (2 * d) / peak.gflops) * 1e-9;
      return { fraction: ideal / seconds, of: "recursion and product" };
    },
    tolerance: 1e-7, // the peer's diagonal has half the digits
  });
  await context.peer?.forget();
  return rows;
}

function hasPrograms({ engines }: Context, name: string): boolean {
  const candidate = engines.find((engine) => engine.name === name);
  return !candidate?.engine || candidate.engine.gram !== undefined;
}
