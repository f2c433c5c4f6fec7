import { rmSync } from "node:fs";

/** Files being written, for a process that ends before it has written them. */
export const temporaries: Set<string> = new Set();

/** Removes them at once. */
export function removeTemporaries(): void {
  for (const path of temporaries) rmSync(path, { force: true });
}
