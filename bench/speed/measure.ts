import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** One run: the seconds of the work itself, and numbers that the same work must give elsewhere. */
export interface Timed {
  readonly seconds: number;
  readonly check: readonly number[];
  /** Which way of doing it, where there are several. */
  readonly detail?: string | undefined;
}

export interface Contender {
  readonly name: string;
  readonly run: () => Promise<Timed>;
}

/** The runs of one contender, in seconds. */
export interface Series {
  readonly name: string;
  readonly best: number;
  readonly median: number;
  readonly runs: number;
  readonly check: readonly number[];
  readonly detail?: string | undefined;
}

export interface Interleaved {
  readonly series: readonly Series[];
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** Threads that have finished still spin for a while; the next contender waits them out. */
const PAUSE_MS = 150;

/**
 * Runs the contenders in turn, round after round, so that all of them see the same machine; unless they are long, after one
 * round that does not count. A contender that fails is left out, with its message on stderr.
 */
export async function interleave(
  title: string,
  contenders: readonly Contender[],
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: boolean },
): Promise<Interleaved> {
  const loadBefore = loadavg()[0]!;
  const timings = new Map<Contender, Timed[]>(contenders.map((contender) => [contender, []]));
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    for (const [contender, runs] of timings) {
      try {
        const timed = await contender.run();
        if (round > 0) runs.push(timed);
      } catch (error) {
        console.error(`${title}: ${contender.name} is left out: ${error instanceof Error ? error.message : error}`);
        timings.delete(contender);
      }
      await sleep(PAUSE_MS);
    }
  }
  const series = [...timings].map(([{ name }, runs]) => summarize(name, runs));
  const loadAfter = loadavg()[0]!;
  for (const { name, best, median, detail } of series)
    console.error(`${title}: ${name}: best ${show(best)}, median ${show(median)}${detail ? ` (${detail})` : ""}`);
  console.error(`${title}: load ${loadBefore.toFixed(2)} before, ${loadAfter.toFixed(2)} after`);
  return { series, loadBefore, loadAfter };
}

function summarize(name: string, runs: readonly Timed[]): Series {
  const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
  const { check, detail } = runs.at(-1)!;
  return { name, best: seconds[0]!, median: seconds[seconds.length >> 1]!, runs: runs.length, check, detail };
}

/** Times a promise. */
export async function time<T>(work: () => Promise<T>): Promise<{ readonly seconds: number; readonly result: T }> {
  const start = process.hrtime.bigint();
  const result = await work();
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, result };
}

/** What two contenders computed differently, beyond the given relative error, or an empty text. */
export function disagreement(a: Series, b: Series, tolerance: number): string {
  for (const [i, value] of a.check.entries()) {
    const other = b.check[i]!;
    if (!(Math.abs(value - other) <= tolerance * Math.max(Math.abs(value), Math.abs(other))))
      return `wrong: ${value} where ${b.name} computes ${other}`;
  }
  return "";
}

function show(seconds: number): string {
  if (seconds < 1e-6) return `${(seconds * 1e9).toFixed(2)} ns`;
  return seconds < 1 ? `${(seconds * 1e3).toPrecision(4)} ms` : `${seconds.toPrecision(4)} s`;
}
