import { platform } from "node:process";
import type { Koffi } from "./library.ts";

/** Makes arrays of zeros for the library to write to. */
export type Allocate = (length: number) => Float64Array;

/** Smaller arrays fit in few pages, and come from a heap that is shared. */
const LARGE_BYTES = 2 ** 23;
/** Pages of every Linux kernel divide this. */
const ALIGNMENT = 65536n;
const MADV_HUGEPAGE = 14;

/**
 * Asks for huge pages below a fresh large array, where Linux gives them on request: without, the first write to each 4 KB of a matrix
 * of 4000² costs a fault, in all a fifth of the time of its Cholesky factorization and of that of a Gram matrix of three layers.
 */
export function hugePageAdviser(koffi: Koffi): (fresh: Float64Array) => void {
  const advise = platform === "linux" ? findAdvise(koffi) : undefined;
  return (fresh) => {
    if (advise === undefined || fresh.byteLength < LARGE_BYTES) return;
    const start = BigInt(koffi.address(fresh));
    const from = ((start + ALIGNMENT - 1n) / ALIGNMENT) * ALIGNMENT;
    const to = ((start + BigInt(fresh.byteLength)) / ALIGNMENT) * ALIGNMENT;
    advise(from, Number(to - from), MADV_HUGEPAGE); // where it fails, pages are small, and all is as well
  };
}

/** Arrays of zeros, large ones on huge pages. */
export function allocator(koffi: Koffi): Allocate {
  const advise = hugePageAdviser(koffi);
  return (length) => {
    const array = new Float64Array(length);
    advise(array);
    return array;
  };
}

function findAdvise(koffi: Koffi): ((address: bigint, bytes: number, advice: number) => number) | undefined {
  try {
    return koffi.load(null).func("madvise", "int", ["void *", "size_t", "int"]);
  } catch {
    return undefined;
  }
}
