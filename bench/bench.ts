/**
 * The speed of the engines, beside the peers' where there is an environment for them.
 *
 *   npm run bench                 ours alone: minutes
 *   npm run bench -- --peers      with the peers of bench/peers/setup.sh; writes docs/benchmarks.md and docs/benchmarks.svg
 *
 *   --only TEXT    rows whose name contains TEXT (peak memory, cold start, growth, …)
 *   --write        writes the page without --peers too;  --no-write keeps it with --peers
 *   --rounds K     runs of each contender (default 5 with peers, else 3)
 *   --threads K    threads of our engines and of the peers' BLAS (default 2)
 *   --shrink F     divides sizes by F, to try the harness out; never written
 *
 * It measures the compiled packages, as users get them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { coldStartRows } from "./speed/cold-start.ts";
import { empiricalRows } from "./speed/empirical.ts";
import { ENGINES, loadEngine } from "./speed/engines.ts";
import { fitRows, memoryRows } from "./speed/fit.ts";
import { type Growth, measureGrowth } from "./speed/growth.ts";
import { gramRows, recursionRows } from "./speed/kernels.ts";
import { choleskyRows, eighRows, matmulRows } from "./speed/linear-algebra.ts";
import { measurePeaks } from "./speed/peak.ts";
import { startPeer } from "./speed/peer.ts";
import { describeMachine, renderReport, writeReport } from "./speed/report.ts";
import type { Context, Row } from "./speed/row.ts";
import { trainingRows } from "./speed/training.ts";

const { values: options } = parseArgs({
  options: {
    peers: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    write: { type: "boolean" },
    rounds: { type: "string" },
    threads: { type: "string", default: "2" },
    shrink: { type: "string", default: "1" },
  },
  allowNegative: true,
});
const [rounds, threads, shrink] = [
  Number(options.rounds ?? (options.peers ? 5 : 3)),
  Number(options.threads),
  Number(options.shrink),
];
const complete = options.only === "" && shrink === 1;
const write = options.write ?? (options.peers && complete);
if (write && !complete) throw new Error("only a complete run is written: leave out --only and --shrink");

const folder = mkdtempSync(join(tmpdir(), "ntkit-bench-"));
const engines = [];
for (const name of ENGINES) engines.push(await loadEngine(name, threads));
const peer = options.peers ? await startPeer(threads) : null;
try {
  const machine = describeMachine(engines, peer?.about ?? [], threads);
  const peaks = await measurePeaks(engines, threads, shrink);
  const context: Context = { engines, peer, peaks, threads, shrink, rounds, folder };
  const { rows, growth } = await measure(context);
  const report = { machine, peaks, rows, growth };
  console.log(renderReport(report));
  if (write) await writeReport(report);
} finally {
  peer?.close();
  rmSync(folder, { recursive: true });
}
process.exit(0);

async function measure(
  context: Context,
): Promise<{ readonly rows: readonly Row[]; readonly growth: readonly Growth[] }> {
  const asked = (name: string): boolean => name.includes(options.only);
  const rows: Row[] = [];
  if (asked("recursion") || asked("gram")) {
    const recursion = await recursionRows(context);
    rows.push(...recursion);
    if (asked("gram")) rows.push(...(await gramRows(context, recursion)));
  }
  if (asked("dgemm")) rows.push(...(await matmulRows(context)));
  if (asked("cholesky")) rows.push(...(await choleskyRows(context)));
  if (asked("eigh")) rows.push(...(await eighRows(context)));
  if (asked("fit")) rows.push(...(await fitRows(context)));
  if (asked("empirical")) rows.push(...(await empiricalRows(context)));
  if (asked("training")) rows.push(...(await trainingRows(context)));
  if (asked("memory")) rows.push(...(await memoryRows(context)));
  if (asked("cold start")) rows.push(...(await coldStartRows(context)));
  return { rows, growth: asked("growth") ? await measureGrowth(context) : [] };
}
