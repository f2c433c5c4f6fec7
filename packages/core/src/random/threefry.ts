/**
 * Threefry-2x32, 20 rounds: a keyed permutation of 64-bit counters whose outputs look random.
 * Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 4.2.
 *
 * Only additions, rotations and exclusive ors of 32-bit words, so every platform gives the same bits. Writes the two
 * output words to out[0] and out[1].
 */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number, out: Uint32Array): void {
  const keys = [key0 | 0, key1 | 0, PARITY ^ key0 ^ key1] as const;
  let x0 = (counter0 + keys[0]) | 0;
  let x1 = (counter1 + keys[1]) | 0;
  for (let group = 1; group <= 5; group++) {
    const even = group % 2 === 0;
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ (even ? rotate(x1, 17) : rotate(x1, 13));
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ (even ? rotate(x1, 29) : rotate(x1, 15));
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ (even ? rotate(x1, 16) : rotate(x1, 26));
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ (even ? rotate(x1, 24) : rotate(x1, 6));
    x0 = (x0 + keys[group % 3]!) | 0;
    x1 = (x1 + keys[(group + 1) % 3]! + group) | 0;
  }
  out[0] = x0;
  out[1] = x1;
}

/** The Skein constant that keeps the third key word from being zero. */
const PARITY = 0x1bd11bda;

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
