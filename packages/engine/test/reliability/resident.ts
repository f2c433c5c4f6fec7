// Prints by how many bytes resident memory has grown at most while 60 Gram matrices and tridiagonal forms are computed and dropped,
// and how many bytes they have in all. The garbage collector is left to itself.
import { wasmEngine } from "@ntkit/engine";
import { dense, kernelFn, key, matrix, normal, relu, serial } from "ntkit";

const N = 1200;
const CALLS = 60;

const wasm = await wasmEngine({ threads: 2 });
if ("unavailable" in wasm) throw new Error(wasm.unavailable);
const { engine, pool } = wasm;
const kernel = kernelFn(serial(dense({ width: 8 }), relu(), dense({ width: 8 })));

async function call(seed: number): Promise<void> {
  const gram = await kernel(matrix(N, 10, normal(key(seed), 10 * N)), null, "ntk", { engine });
  // The reduction has a WebAssembly memory of its own each time.
  if (seed % 6 === 0) await engine.tridiagonalForm!(gram);
}

await call(0);
const before = process.memoryUsage.rss();
let most = before;
for (let k = 1; k <= CALLS; k++) {
  await call(k);
  most = Math.max(most, process.memoryUsage.rss());
}
console.log(JSON.stringify({ threads: pool.threads, bytes: 8 * N * N * CALLS, grown: most - before }));
process.exit(0);
