import { printable } from "ntkit";
import { printObject } from "./result-object.ts";

/**
 * What a command prints through. Data goes to stdout, talk to stderr; with `json`, stdout holds one JSON object. Names from data may hold
 * control characters, which are shown as escapes.
 */
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
      if (dataOnStdout && !quiet) process.stderr.write(`${printable(line)}\n`);
      else if (!dataOnStdout && !json) process.stdout.write(`${printable(line)}\n`);
    },
    note: (line) => {
      if (!quiet) process.stderr.write(`${printable(line)}\n`);
    },
    result: (value) => {
      if (json) printObject(value);
    },
    progress: (label, work) => (quiet || !process.stderr.isTTY ? work(() => {}) : withBar(label, work)),
  };
}

async function withBar<T>(label: string, work: (onProgress: (fraction: number) => void) => Promise<T>): Promise<T> {
  const { SingleBar } = await import("cli-progress"); // loaded where there is a terminal to draw on
  const bar = new SingleBar({
    format: `${printable(label)} [{bar}] {percentage}% | {eta_formatted} left`,
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
