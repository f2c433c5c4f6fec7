import type { Failure } from "./failure.ts";

/** The only place that prints. Data goes to stdout, talk to stderr; with `json`, stdout holds one JSON object. */
export interface Output {
  readonly json: boolean;
  /** A line of the report: stdout, or nowhere when one JSON object is asked for. */
  print(line?: string): void;
  /** A line of talk on stderr. */
  note(line: string): void;
  /** The one object of --json; ignored without it. */
  result(value: unknown): void;
  /** Runs the work with a progress bar on stderr, shown when that is a terminal. */
  progress<T>(label: string, work: (onProgress: (fraction: number) => void) => Promise<T>): Promise<T>;
}

export function makeOutput({
  json,
  quiet,
  dataOnStdout,
}: {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether the bytes of a file go there; the report then goes to stderr. */
  readonly dataOnStdout: boolean;
}): Output {
  return {
    json,
    print: (line = "") => {
      if (dataOnStdout && !quiet) process.stderr.write(`${line}\n`);
      else if (!dataOnStdout && !json) process.stdout.write(`${line}\n`);
    },
    note: (line) => {
      if (!quiet) process.stderr.write(`${line}\n`);
    },
    result: (value) => {
      if (json) printObject(value);
    },
    progress: (label, work) => (quiet || !process.stderr.isTTY ? work(() => {}) : withBar(label, work)),
  };
}

/** Whether the one object of --json has been printed. */
let printed = false;

/** Before each command line. */
export function beginOutput(): void {
  printed = false;
}

function printObject(value: unknown): void {
  printed = true;
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Ends a command line: the sentence on stderr, and with `json` the object on stdout unless a result is there already. */
export function printFailure(failure: Failure, json: boolean): void {
  process.stderr.write(`ntkit: ${failure.message}\n`);
  if (json && !printed) printObject({ error: failure });
}

async function withBar<T>(label: string, work: (onProgress: (fraction: number) => void) => Promise<T>): Promise<T> {
  const { SingleBar } = await import("cli-progress"); // loaded where there is a terminal to draw on
  const bar = new SingleBar({
    format: `${label} [{bar}] {percentage}% | {eta_formatted} left`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(1000, 0);
  try {
    return await work((fraction) => bar.update(Math.round(1000 * fraction)));
  } finally {
    bar.stop();
  }
}
