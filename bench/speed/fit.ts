import { runChild } from "./child.ts";
import { share } from "./data.ts";
import { DEPTH, fitWithSelection, makeProblem, RELATIVE_RIDGES } from "./fit-work.ts";
import { contenders } from "./linear-algebra.ts";
import { time } from "./measure.ts";
import { type PeerRequest, peerContender } from "./peer.ts";
import { type Context, compare, type Row } from "./row.ts";

const COLUMNS = 50;

/** From inputs to a fitted model: Gram matrix, factorization, selection of one of 20 ridges. */
export async function fitRows(context: Context): Promise<readonly Row[]> {
  const n = Math.round(4000 / context.shrink);
  const problem = makeProblem(n, COLUMNS);
  const request: PeerRequest = {
    op: "",
    n,
    d: COLUMNS,
    depth: DEPTH,
    relativeRidges: RELATIVE_RIDGES,
    x: share(context.folder, "fx.bin", problem.x.data),
    y: share(context.folder, "fy.bin", problem.y.data),
  };
  const rows = await compare({
    work: `whole fit, 20 ridges, n = ${n}, d = ${COLUMNS}, ${context.threads} threads`,
    context,
    rounds: Math.min(2, context.rounds),
    warmUp: false,
    unit: "s",
    inUnit: (seconds) => seconds,
    ours: contenders(context, async (engine) => {
      const { seconds, result } = await time(() => fitWithSelection(problem, engine));
      return { seconds, check: [result.score, result.index] };
    }),
    peers: [
      ...peerContender(context.peer, "by hand", { ...request, op: "fitEigh" }),
      ...peerContender(context.peer, "KernelRidge", { ...request, op: "fitSklearn" }),
    ],
    goal: (name) => (name === "native" ? { kind: "speed", atLeast: 3 } : null),
    bound: () => null,
    tolerance: 1e-6,
  });
  await context.peer?.forget();
  // The goal is about scikit-learn.
  return rows.map((row) => (row.peer.startsWith("by hand") ? { ...row, goal: null } : row));
}

interface MemoryReport {
  readonly bytes: number;
}

/** Largest resident memory during a fit, beyond what the process held with the data loaded, in matrices of n x n numbers. */
export async function memoryRows(context: Context): Promise<readonly Row[]> {
  const n = Math.round(4000 / context.shrink);
  const rows: Row[] = [];
  for (const [kind, work] of [
    ["table", "fitRegression"],
    ["path", "fit by one eigendecomposition"],
  ] as const) {
    for (const { name, engine, unavailable } of context.engines) {
      const args = [kind, name, String(context.threads), String(n)];
      const report = engine ? await runChild<MemoryReport>("memory-child.ts", args).catch(reportFailure) : null;
      const value = report && report.bytes / (8 * n * n);
      if (value !== null) console.error(`peak memory, ${work}: ${name}: ${value.toFixed(2)} n²·8 bytes`);
      rows.push({
        work: `peak memory, ${work}, n = ${n}`,
        ours: name,
        unit: "n²·8 bytes",
        value,
        median: value,
        peer: "",
        theirs: null,
        ratio: null,
        goal: { kind: "value", atMost: 2.2 },
        bound: null,
        load: "",
        unavailable: engine && !report ? "failed" : unavailable,
      });
    }
  }
  return rows;
}

function reportFailure(error: unknown): null {
  console.error(error instanceof Error ? error.message : error);
  return null;
}
