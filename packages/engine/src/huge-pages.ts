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
 * Large arrays on huge pages where Linux gives them on request: without, the first write to each 4 KB of a fresh matrix
 * of 4000² costs a fault, in all a fifth of the time of its Cholesky factorization.
 */
export function allocator(koffi: Koffi): Allocate {
  const advise = platform === "linux" ? findAdvise(koffi) : undefined;
  return (length) => {
    const array = new Float64Array(length);
    if (advise === undefined || array.byteLength < LARGE_BYTES) return array;
    const start = BigInt(koffi.address(array));
    const from = ((start + ALIGNMENT - 1n) / ALIGNMENT) * ALIGNMENT;
    const to = ((start + BigInt(array.byteLength)) / ALIGNMENT) * ALIGNMENT;
    advise(from, Number(to - from), MADV_HUGEPAGE); // where it fails, pages are small, and all is as well
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
