/*
 * npm run fuzz -- [--minutes 10] [--seed 1]
 *
 * Random networks on hostile inputs until the time is up, each wrong one shrunk to a small case. Goes on after a fault, with the
 * next seed, and ends with exit code 1 if there was one.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { nativeEngine } from "../../src/native-engine.ts";
import { wasmEngine } from "../../src/wasm-engine.ts";
import { batch } from "./inputs.ts";
import { checkNetwork, type NamedEngine, type Outcome } from "./kernel-property.ts";
import { anyNetwork, network } from "./networks.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, seed: { type: "string", default: "1" } },
});
const end = Date.now() + 60_000 * Number(values.minutes);
const engines: NamedEngine[] = [];
const wasm = await wasmEngine({ threads: 1 });
if ("engine" in wasm) engines.push(wasm.engine);
const native = await nativeEngine();
if ("engine" in native) engines.push(native.engine);
console.log(
  `engines: js, ${engines.map(({ name }) => name).join(", ")}; seed ${values.seed}, ${values.minutes} minutes`,
);

const outcomes = new Map<Outcome, number>();
let faults = 0;
for (let seed = Number(values.seed); Date.now() < end; seed++) {
  const property = fc.asyncProperty(
    fc.oneof({ weight: 3, arbitrary: network }, { weight: 1, arbitrary: anyNetwork }),
    batch,
    async (net, x) => {
      const outcome = await checkNetwork(net, x, engines);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    },
  );
  const result = await fc.check(property, {
    seed,
    numRuns: 500,
    interruptAfterTimeLimit: Math.max(1, end - Date.now()),
    markInterruptAsFailure: false,
  });
  if (!result.failed || !result.counterexample) continue;
  faults++;
  const [net, x] = result.counterexample;
  console.log(
    `\nFAULT (seed ${seed}): ${result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance)}`,
  );
  console.log(`  ${JSON.stringify(net)}`);
  console.log(
    `  rows ${JSON.stringify(Array.from({ length: x.rows }, (_, i) => Array.from(x.data.slice(i * x.cols, (i + 1) * x.cols))))}`,
  );
}
const networks = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
console.log(`\n${networks} networks, ${faults} faults`);
for (const [outcome, count] of outcomes) console.log(`  ${count} ${outcome}`);
if ("pool" in wasm) wasm.pool.close();
process.exit(faults > 0 ? 1 : 0);
