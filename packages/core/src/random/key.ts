import { ValueError } from "../errors.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { threefry2x32 } from "./threefry.ts";

/**
 * Where randomness comes from: two 32-bit words, plain data. The same key always gives the same numbers, on every
 * platform, so use a key once: `split` it first when several things are to be drawn.
 *
 * Draw i is Threefry of the counter i under the key, hence the first m of n draws are the m draws.
 */
export type Key = readonly [number, number];

/** The key of a seed, an integer from 0 to 2⁵³ − 1. */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ValueError(`key: the seed must be an integer from 0 to 2^53 - 1, got ${seed}`);
  return [Math.floor(seed / 2 ** 32), seed >>> 0];
}

/** `n` independent keys. Child i does not depend on n; the counters used are apart from those of the draws. */
export function split(parent: Key, n: number): Key[] {
  checkCount("split", n);
  const words = new Uint32Array(2);
  return Array.from({ length: n }, (_, i) => {
    threefry2x32(parent[0], parent[1], i, SPLIT, words);
    return [words[0]!, words[1]!] as const;
  });
}

/** Child i of `split(parent, …)` alone: the key of step i, say. */
export function child(parent: Key, i: number): Key {
  checkCount("child", i);
  const words = new Uint32Array(2);
  threefry2x32(parent[0], parent[1], i, SPLIT, words);
  return [words[0]!, words[1]!];
}

/** `n` uniform draws in [0, 1), multiples of 2⁻⁵³. */
export function uniform(from: Key, n: number): Float64Array {
  return draw("uniform", from, n, (high, low) => ((high >>> 5) * 2 ** 26 + (low >>> 6)) * 2 ** -53);
}

/** `n` standard normal draws: the normal quantile of (m + ½)/2⁵², m uniform in 0 … 2⁵² − 1; at most 8.3 in size. */
export function normal(from: Key, n: number): Float64Array {
  return draw("normal", from, n, (high, low) =>
    normalQuantile(((high >>> 6) * 2 ** 26 + (low >>> 6) + 0.5) * 2 ** -52),
  );
}

/** `n` integers uniform in 0 … bound − 1, without modulo bias; bound from 1 to 2³². */
export function randomInts(from: Key, n: number, bound: number): Float64Array {
  checkCount("randomInts", n);
  if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32)
    throw new ValueError(`randomInts: bound must be an integer from 1 to 2^32, got ${bound}`);
  return Float64Array.from({ length: n }, (_, i) => intBelow(from, i, bound));
}

/** A uniformly random order of 0 … n − 1. Fisher and Yates, from the last position down. */
export function permutation(from: Key, n: number): Uint32Array {
  checkCount("permutation", n);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = intBelow(from, i, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** High counter words. Draws use 0 and then, where one is rejected, 1, 2, …; far from the word of `split`. */
const SPLIT = 0x80000000;

/** Draw `index`, below `bound`: words past the last whole multiple of it are rejected. */
function intBelow(from: Key, index: number, bound: number): number {
  const words = new Uint32Array(2);
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (let attempt = 0; ; attempt++) {
    threefry2x32(from[0], from[1], index, attempt, words);
    if (words[0]! < limit) return words[0]! % bound;
    if (words[1]! < limit) return words[1]! % bound;
  }
}

function draw(where: string, from: Key, n: number, value: (high: number, low: number) => number): Float64Array {
  checkCount(where, n);
  const words = new Uint32Array(2);
  const draws = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    threefry2x32(from[0], from[1], i, 0, words);
    draws[i] = value(words[0]!, words[1]!);
  }
  return draws;
}

function checkCount(where: string, n: number): void {
  if (!Number.isInteger(n) || n < 0 || n > 2 ** 32)
    throw new ValueError(`${where}: the number of draws must be an integer from 0 to 2^32, got ${n}`);
}
