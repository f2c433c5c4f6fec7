// Prints by how many bytes the memory of the process grows over 1000 Gram matrices and 1000 Cholesky factors.
// Run with --expose-gc.
import { wasmEngine } from "@ntkit/engine";
import { addToDiagonal, dense, kernelFn, key, type Layer, matrix, normal, relu, serial } from "ntkit";

/** Inline and threaded; every 50th call is larger still: 8 MB for each matrix. */
const SIZES = [20, 300];
/** More networks than programs are kept. */
const NETWORKS: readonly Layer[] = Array.from({ length: 20 }, (_, k) =>
  serial(dense({ width: 8, bStd: k / 20 }), relu(), dense({ width: 8 })),
);

const wasm = await wasmEngine({ threads: 2 });
if ("unavailable" in wasm) throw new Error(wasm.unavailable);
const { engine, pool } = wasm;

async function calls(count: number): Promise<void> {
  for (let k = 0; k < count; k++) {
    const n = k % 50 === 49 ? 1000 : SIZES[k % 2]!;
    const network = NETWORKS[Math.floor(k / 5) % NETWORKS.length]!;
    const gram = await kernelFn(network)(matrix(n, 10, normal(key(k), 10 * n)), null, "ntk", { engine });
    const factor = await engine.cholesky(addToDiagonal(gram, 1));
    if (!factor.ok) throw new Error(`call ${k} failed`);
  }
}

async function residentMemory(): Promise<number> {
  for (let k = 0; k < 3; k++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage.rss();
}

await calls(300);
const before = await residentMemory();
await calls(1000);
const after = await residentMemory();
console.log(JSON.stringify({ threads: pool.threads, grown: after - before }));
