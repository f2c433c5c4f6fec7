// A Gram matrix of 3.2 GB, three quarters of what a WebAssembly memory can hold, checked against entries computed one by one.
import { wasmEngine } from "@ntkit/engine";
import { dense, kernelFn, key, matrix, normal, randomInts, relu, serial, takeRows } from "ntkit";

const [n, d, entries] = [20_000, 3, 200];
const wasm = await wasmEngine({ threads: 2 });
if ("unavailable" in wasm) throw new Error(wasm.unavailable);
const kernel = kernelFn(serial(dense({ width: 8, wStd: Math.SQRT2, bStd: 0.1 }), relu(), dense({ width: 1 })));
const x = matrix(n, d, normal(key(1), n * d));
const start = performance.now();
const gram = await kernel(x, null, "nngp", { engine: wasm.engine });
const seconds = (performance.now() - start) / 1000;

const places = randomInts(key(2), 2 * entries, n);
// The corners beside random places.
places.set([0, 0, n - 1, n - 1, n - 1, 0, 0, n - 1]);
let worst = 0;
for (let k = 0; k < entries; k++) {
  const [i, j] = [places[2 * k]!, places[2 * k + 1]!];
  const { data } = await kernel(takeRows(x, [i, j]), null, "nngp");
  const scale = Math.sqrt(data[0]! * data[3]!);
  const errors = [gram.data[i * n + j]!, gram.data[j * n + i]!].map((value) => Math.abs(value - data[1]!) / scale);
  worst = Math.max(worst, ...errors);
}
console.log(JSON.stringify({ threads: wasm.pool.threads, bytes: gram.data.byteLength, seconds, worst }));
