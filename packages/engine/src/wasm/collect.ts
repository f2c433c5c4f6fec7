/** Less is left to the garbage collector's own time. */
export const MUCH: number = 2 ** 24;

let collect: ((bytes: number) => void) | undefined;

/**
 * Lets go of memory of so many bytes that nothing refers to any more. A worker allocates next to nothing itself, so that its
 * collector would hardly ever run by itself, and shared memory is given back when the last thread has collected it. The heap
 * of a worker is small: this takes a few milliseconds.
 */
export function collectGarbage(bytes: number): void {
  if (bytes < MUCH) return;
  collect ??= collector();
  collect(bytes);
}

/** Node's collector, which its flag shows to contexts made after it (it stays set: workers would race to reset it); elsewhere an allocation that is dropped at once, which collectors count. */
function collector(): (bytes: number) => void {
  const node = globalThis.process?.getBuiltinModule;
  try {
    const [v8, vm] = [node?.("node:v8"), node?.("node:vm")];
    v8?.setFlagsFromString("--expose-gc");
    const gc: unknown = vm?.runInNewContext("globalThis.gc");
    if (typeof gc === "function") return () => void gc();
  } catch {
    // a host that does not let itself be told
  }
  return (bytes) => void new ArrayBuffer(Math.min(bytes, 2 ** 30));
}
