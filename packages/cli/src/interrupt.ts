/** Signals that stop a command as Ctrl-C does, and the exit code of each: 128 and its number. */
export const STOP_SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
export type StopSignal = keyof typeof STOP_SIGNALS;

/** What a command throws after Ctrl-C when there is more to say than that nothing was written. */
export class Interrupted extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Interrupted";
  }
}

/** Throws what a sweep over widths says when it was stopped before it was done. `saved` is a line for each file. */
export function throwIfStopped(missing: readonly unknown[], all: number, saved: readonly string[]): void {
  if (missing.length === 0) return;
  const kept = saved.length > 0 ? saved.join(", ") : "nothing was written";
  throw new Interrupted(
    `stopped after ${all - missing.length} of ${all} widths, ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing; ${kept}`,
  );
}

/** Runs the work, and gives null when it failed because it was stopped. */
export async function unlessStopped<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
