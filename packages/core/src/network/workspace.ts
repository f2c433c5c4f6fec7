import type { Allocate } from "../layers/jet.ts";

/**
 * Memory that a loop uses again and again: after `reset` the same requests, in the same order, get the same arrays. A fresh array of
 * some megabytes costs more, page by page, than the work done in it.
 */
export interface Workspace {
  readonly allocate: Allocate;
  reset(): void;
}

export function workspace(): Workspace {
  const arrays: Float64Array[] = [];
  let next = 0;
  return {
    allocate(length) {
      if (arrays[next]?.length !== length) arrays[next] = new Float64Array(length);
      next++;
      return arrays[next - 1]!;
    },
    reset() {
      next = 0;
    },
  };
}
