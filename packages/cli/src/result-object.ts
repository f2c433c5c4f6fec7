import type { Failure } from "./failure.ts";

/** Whether the one object of --json has been printed. */
let printed = false;

/** Before each command line. */
export function beginOutput(): void {
  printed = false;
}

/** The one object of --json. */
export function printObject(value: unknown): void {
  printed = true;
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Ends a command line: the sentence on stderr, and with `json` the object on stdout unless a result is there already. */
export function printFailure(failure: Failure, json: boolean): void {
  process.stderr.write(`ntkit: ${failure.message}\n`);
  if (json && !printed) printObject({ error: failure });
}
