// Uses threads and ends without closing them.
import { wasmEngine } from "@ntkit/engine";
import { key, matrix, normal } from "ntkit";

const wasm = await wasmEngine({ threads: 2 });
if ("unavailable" in wasm) throw new Error(wasm.unavailable);
const a = matrix(400, 400, normal(key(1), 400 * 400));
const product = await wasm.engine.matmul(a, a);
console.log(JSON.stringify({ threads: wasm.pool.threads, rows: product.rows }));
