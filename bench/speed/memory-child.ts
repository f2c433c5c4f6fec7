/**
 * Prints { "bytes": … }: how much resident memory a fit adds at its peak.
 *
 *   memory-child.ts (table|path) ENGINE THREADS N
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type Engine, fitRegression } from "ntkit";
import { type EngineName, loadEngine } from "./engines.ts";
import { asTable, fitWithSelection, makeProblem, type Problem } from "./fit-work.ts";

const [kind, name, threads, n] = process.argv.slice(2);
const { engine, unavailable } = await loadEngine(name as EngineName, Number(threads)); // memoryRows passes one of them
if (!engine) throw new Error(unavailable);

async function learn(problem: Problem, by: Engine): Promise<void> {
  if (kind === "path") await fitWithSelection(problem, by);
  else await fitRegression(asTable(problem), { target: "y", engine: by });
}

// So large that it is given to the workers: code compiled, threads started, buffers made.
await learn(makeProblem(400, 50), engine);
const problem = makeProblem(Number(n), 50);
const before = startPeak();
await learn(problem, engine);
console.log(JSON.stringify({ bytes: peak() - before }));
process.exit(0);

/** Forgets the largest resident memory so far, where the system can; returns what is resident now. */
function startPeak(): number {
  const now = process.memoryUsage().rss;
  if (process.platform === "linux") writeFileSync("/proc/self/clear_refs", "5");
  else if (peak() > 1.2 * now) throw new Error("the process was larger before, so that its peak would not show");
  return now;
}

/** Largest resident memory in bytes. On Linux `maxRSS` would do for a process that had no parent: it starts at the parent's. */
function peak(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))!; // proc(5)
  return Number(kilobytes) * 1024;
}
