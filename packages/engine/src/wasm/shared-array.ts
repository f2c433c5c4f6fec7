/** True where threads can see the same memory. */
export const hasSharedMemory: boolean = typeof SharedArrayBuffer !== "undefined";

/** Makes zeros that all threads can see where the host allows that. */
export type SharedArrays = (length: number) => Float64Array;

/** Smaller arrays are not worth the book-keeping. */
const LARGE_BYTES = 2 ** 16;

/**
 * Calls `onFresh` with each array before anything is written to it, and `onFreed` when the garbage collector of this thread has
 * found that arrays of at least `atLeast` bytes in all are of no use any more: then other threads that have seen them can let go
 * of them too.
 *
 * Collectors do not count shared memory and would leave it for long. So each array has a counterweight, a buffer of its
 * size that lives as long; the system gives no memory to it, because it is never written to.
 */
export function sharedArrays(
  atLeast: number,
  onFreed: (bytes: number) => void,
  onFresh: (array: Float64Array) => void = () => {},
): SharedArrays {
  if (!hasSharedMemory) return (length) => new Float64Array(length);
  const counterweights = new WeakMap<SharedArrayBuffer, ArrayBuffer>();
  let freed = 0;
  const registry = new FinalizationRegistry<number>((bytes) => {
    freed += bytes;
    if (freed < atLeast) return;
    onFreed(freed);
    freed = 0;
  });
  return (length) => {
    const buffer = new SharedArrayBuffer(8 * length);
    if (buffer.byteLength >= LARGE_BYTES) {
      counterweights.set(buffer, new ArrayBuffer(buffer.byteLength));
      registry.register(buffer, buffer.byteLength);
    }
    const array = new Float64Array(buffer);
    onFresh(array);
    return array;
  };
}

/** True when threads see the array itself, not a copy. */
export function isShared(array: Float64Array): boolean {
  return hasSharedMemory && array.buffer instanceof SharedArrayBuffer;
}
