/**
 * Prints the best seconds of one kind of work at several sizes, as JSON { "seconds": [...] }.
 *
 *   growth-child.ts ENGINE THREADS WORK SIZE …
 */
import { addToDiagonal, type Engine, fullyConnected, kernelFn, type Matrix } from "ntkit";
import { gaussian } from "./data.ts";
import { type EngineName, loadEngine } from "./engines.ts";
import type { GrowthWork } from "./growth.ts";
import { time } from "./measure.ts";

const [name, threads, work, ...sizes] = process.argv.slice(2);
const { engine, unavailable } = await loadEngine(name as EngineName, Number(threads)); // as growth.ts passes it
if (!engine) throw new Error(unavailable);

function ntk(by: Engine, n: number, d: number, depth: number): Promise<Matrix> {
  const kernel = kernelFn(fullyConnected({ depth, activation: "relu", bStd: 0 }));
  const x = gaussian(1, n, d);
  return kernel(x, null, "ntk", { engine: by });
}

/** Makes the inputs, then returns the work to be timed. */
async function prepare(by: Engine, kind: GrowthWork, size: number): Promise<() => Promise<unknown>> {
  if (kind === "gram n") return () => ntk(by, size, 64, 3);
  if (kind === "gram d") return () => ntk(by, 1500, size, 3);
  if (kind === "gram depth") return () => ntk(by, 1500, 64, size);
  const gram = addToDiagonal(await ntk(by, size, 32, 1), 1e-3);
  return kind === "cholesky n" ? () => by.cholesky(gram) : () => by.eigh(gram);
}

const REPEATS = 4;

const seconds: number[] = [];
for (const size of sizes) {
  const run = await prepare(engine, work as GrowthWork, Number(size)); // as growth.ts passes it
  await run();
  let best = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) best = Math.min(best, (await time(run)).seconds);
  seconds.push(best);
}
console.log(JSON.stringify({ seconds }));
process.exit(0);
