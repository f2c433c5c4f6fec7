import { runChild } from "./child.ts";
import type { Context } from "./row.ts";

export type GrowthWork = "gram n" | "gram d" | "gram depth" | "cholesky n" | "eigh n";

/** Seconds of one kind of work at growing sizes, and the exponent fitted to them. */
export interface Growth {
  readonly work: GrowthWork;
  readonly engine: string;
  readonly threads: number;
  readonly sizes: readonly number[];
  readonly seconds: readonly number[];
  /** seconds ~ size^exponent, by least squares on logarithms. */
  readonly exponent: number;
  /** Its standard error. */
  readonly error: number;
}

const SIZES: Readonly<Record<GrowthWork, readonly number[]>> = {
  "gram n": [1000, 1500, 2000, 3000, 4000],
  "gram d": [256, 512, 1024, 2048],
  "gram depth": [8, 16, 32, 64, 128],
  "cholesky n": [1000, 1500, 2000, 3000, 4000],
  "eigh n": [500, 750, 1000, 1500],
};

export const GROWTH_WORKS: readonly GrowthWork[] = ["gram n", "gram d", "gram depth", "cholesky n", "eigh n"];

/** How time grows with n, d and depth, with one thread and with all; each engine and number of threads in its own process. */
export async function measureGrowth(context: Context): Promise<readonly Growth[]> {
  const found: Growth[] = [];
  for (const { name, engine } of context.engines.filter(
    (candidate) => candidate.engine && candidate.name !== "wasm, fast",
  )) {
    for (const work of GROWTH_WORKS) {
      if (work.startsWith("gram") && !engine!.gram) continue;
      for (const threads of new Set([1, context.threads])) {
        const shrink = /n$/.test(work) ? context.shrink : 1;
        const sizes = SIZES[work].map((size) => Math.round(size / shrink));
        const args = [name, String(threads), work, ...sizes.map(String)];
        const { seconds } = await runChild<{ seconds: number[] }>("growth-child.ts", args);
        const growth = { work, engine: name, threads, sizes, seconds, ...fitExponent(sizes, seconds) };
        console.error(
          `growth of ${work}: ${name}, ${threads} threads: ${growth.exponent.toFixed(2)} ± ${growth.error.toFixed(2)}`,
        );
        found.push(growth);
      }
    }
  }
  return found;
}

function fitExponent(sizes: readonly number[], seconds: readonly number[]): { exponent: number; error: number } {
  const [x, y] = [sizes.map(Math.log), seconds.map(Math.log)];
  const [xMean, yMean] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - xMean) ** 2, 0);
  const exponent = x.reduce((sum, value, i) => sum + (value - xMean) * (y[i]! - yMean), 0) / spread;
  const residual = y.reduce((sum, value, i) => sum + (value - yMean - exponent * (x[i]! - xMean)) ** 2, 0);
  return { exponent, error: Math.sqrt(residual / (x.length - 2) / spread) };
}

/** Speed with all threads over speed with one, at the largest size. */
export function speedup(growths: readonly Growth[], { work, engine, threads, seconds }: Growth): number | null {
  const single = growths.find((other) => other.work === work && other.engine === engine && other.threads === 1);
  return threads === 1 || !single ? null : single.seconds.at(-1)! / seconds.at(-1)!;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
