import { setFlagsFromString } from "node:v8";
import { br_if, f64x2, func, i32, local, loop, Module, memory, v128 } from "wasmati";
import { gaussian } from "./data.ts";
import type { Candidate } from "./engines.ts";
import { time } from "./measure.ts";

/** The fastest that this machine was seen to multiply and add, in GF/s, with all threads used. */
export interface Peaks {
  /** SIMD128: multiply, then add. */
  readonly wasm: number;
  /** SIMD128 with fused multiply-add. */
  readonly wasmFast: number | null;
  /** The system's BLAS on a large product. */
  readonly native: number | null;
}

const STEPS = 256;
/** Where the second panel lies: not a power of two from the first, so that they do not compete for lines of the cache. */
const PANEL_B = 24640;
const CALLS = 4000;
const REPEATS = 12;

export async function measurePeaks(engines: readonly Candidate[], threads: number, shrink: number): Promise<Peaks> {
  return {
    wasm: threads * (await kernelPeak(false)),
    wasmFast: await kernelPeak(true).then(
      (peak) => threads * peak,
      () => null, // this engine has no relaxed SIMD
    ),
    native: await nativePeak(engines, Math.round(4096 / shrink)),
  };
}

/** The bound that holds for an engine. */
export function peakOf(peaks: Peaks, engine: string): { readonly gflops: number; readonly of: string } | null {
  if (engine === "native") return peaks.native === null ? null : { gflops: peaks.native, of: "OpenBLAS" };
  if (engine === "wasm") return { gflops: peaks.wasm, of: "SIMD" };
  return peaks.wasmFast === null ? null : { gflops: peaks.wasmFast, of: "relaxed SIMD" };
}

/** Rows, and columns in vectors of two, of the results that the kernels keep in registers: which is faster differs. */
const SHAPES = [
  [4, 2],
  [2, 4],
] as const;

/** Products of two panels that stay in the first cache, with nothing around them. One thread. */
async function kernelPeak(fused: boolean): Promise<number> {
  if (fused) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const flops = 32 * STEPS * CALLS;
  let best = 0;
  for (const [rows, vectors] of SHAPES) {
    const exports = { run: microKernel(rows, vectors, fused), memory: memory({ min: 2 }) };
    const { instance } = await Module({ exports }).instantiate();
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const start = process.hrtime.bigint();
      for (let call = 0; call < CALLS; call++) instance.exports.run(0, PANEL_B, 8 * rows * STEPS);
      best = Math.max(best, flops / Number(process.hrtime.bigint() - start));
    }
  }
  return best;
}

/** (a, b, end of a): A Bᵀ of two panels, one row of each a step; the result is kept behind B. */
function microKernel(rows: number, vectors: number, fused: boolean) {
  return func(
    {
      in: [i32, i32, i32],
      locals: [v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128],
      out: [],
    },
    ([a, b, end], [scalar, b0, b1, b2, b3, ...sums]) => {
      const columns = [b0, b1, b2, b3].slice(0, vectors);
      loop({ in: [], out: [] }, (next) => {
        for (const [j, column] of columns.entries()) local.set(column, v128.load({ offset: 16 * j }, b));
        for (let i = 0; i < rows; i++) {
          local.set(scalar, v128.load64_splat({ offset: 8 * i }, a));
          for (const [j, column] of columns.entries()) {
            const sum = sums[i * vectors + j]!;
            if (fused) local.set(sum, f64x2.relaxed_madd(scalar, column, sum));
            else local.set(sum, f64x2.add(sum, f64x2.mul(scalar, column)));
          }
        }
        local.set(a, i32.add(a, i32.const(8 * rows)));
        local.set(b, i32.add(b, i32.const(16 * vectors)));
        i32.lt_u(a, end);
        br_if(next);
      });
      for (const [i, sum] of sums.entries()) v128.store({ offset: 16 * i }, b, sum);
    },
  );
}

async function nativePeak(engines: readonly Candidate[], n: number): Promise<number | null> {
  const engine = engines.find(({ name }) => name === "native")?.engine;
  if (!engine) return null;
  const [a, b] = [gaussian(1, n, n), gaussian(2, n, n)];
  let best = Infinity;
  for (let repeat = 0; repeat < 5; repeat++) best = Math.min(best, (await time(() => engine.matmul(a, b))).seconds);
  return (2 * n ** 3) / best / 1e9;
}
