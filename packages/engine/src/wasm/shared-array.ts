/** True where threads can see the same memory. */
export const hasSharedMemory: boolean = typeof SharedArrayBuffer !== "undefined";

/** Zeros that all threads can see where the host allows that. */
export function sharedArray(length: number): Float64Array {
  return hasSharedMemory ? new Float64Array(new SharedArrayBuffer(8 * length)) : new Float64Array(length);
}

/** True when threads see the array itself, not a copy. */
export function isShared(array: Float64Array): boolean {
  return hasSharedMemory && array.buffer instanceof SharedArrayBuffer;
}
