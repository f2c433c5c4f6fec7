import { readFileSync } from "node:fs";
import { Command } from "commander";
import { COMMANDS } from "./commands/list.ts";
import { EXIT, type Failure, failureOf } from "./failure.ts";
import { STOP_SIGNALS, type StopSignal } from "./interrupt.ts";
import { removeTemporaries } from "./io/temporaries.ts";
import { refuseRepeats } from "./repeated-option.ts";
import { beginOutput, printFailure } from "./result-object.ts";

/** Runs one command line and gives its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  beginOutput();
  const interrupt = watchSignals();
  const stdout = watchOutput();
  try {
    const exitCode = await run(argv, interrupt);
    const failure = await stdout.settle();
    if (exitCode !== EXIT.done || failure === null) return exitCode;
    return say({
      code: "data",
      message: `standard output cannot be written: ${failure.message}; write to a file, or free some space`,
      exitCode: EXIT.usage,
    });
  } finally {
    interrupt.release();
    stdout.release();
    endSoon(interrupt.by());
  }
}

async function run(argv: readonly string[], interrupt: Interrupt): Promise<number> {
  let root = new Command("ntkit");
  try {
    root = await program(argv, interrupt.signal);
    await root.parseAsync(argv, { from: "user" });
    return EXIT.done;
  } catch (error) {
    const failure = await failureOf(error, { argv, root, stoppedBy: interrupt.by() });
    return failure === null ? EXIT.done : say(failure, asksForJson(argv));
  }
}

/** Whatever is wrong with the other options. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).includes("--json");
}

/** One sentence on stderr, beside it one object where that is asked for; the exit code. */
function say(failure: Failure, json = false): number {
  printFailure(failure, json);
  return failure.exitCode;
}

interface Interrupt {
  readonly signal: AbortSignal;
  /** What stopped the command, if anything did. */
  by(): StopSignal | undefined;
  release(): void;
}

/** The first signal asks the command to stop and to keep what is finished, the second ends the process at once. */
function watchSignals(): Interrupt {
  const controller = new AbortController();
  let first: StopSignal | undefined;
  const stop = (name: StopSignal) => {
    if (first !== undefined) {
      removeTemporaries();
      release();
      process.kill(process.pid, name);
      return;
    }
    first = name;
    controller.abort();
  };
  const names = Object.keys(STOP_SIGNALS) as StopSignal[];
  const release = () => {
    for (const name of names) process.removeListener(name, stop);
  };
  for (const name of names) process.on(name, stop);
  return { signal: controller.signal, by: () => first, release };
}

/** How long a process waits for what cannot be called off, like a read from a pipe that nobody writes to. */
const GRACE_MS = 300;

/** After a signal: if something still keeps the process then, it ends by the same signal, which no listener now takes. */
function endSoon(by: StopSignal | undefined): void {
  if (by !== undefined) setTimeout(() => process.kill(process.pid, by), GRACE_MS).unref();
}

/** Without a listener, a line that cannot be printed ends the process with a stack trace. */
function watchOutput(): { settle: () => Promise<Error | null>; release: () => void } {
  const { stdout, stderr } = process;
  let failure: NodeJS.ErrnoException | undefined;
  const listen = (error: NodeJS.ErrnoException) => {
    failure ??= error;
  };
  stdout.on("error", listen);
  stderr.on("error", ignore); // a terminal that was closed: there is nobody left to tell
  return {
    async settle() {
      if (!stdout.destroyed) await new Promise<void>((resolve) => stdout.write("", () => resolve()));
      // A reader that went away, like `head`, has what it wanted.
      return failure && failure.code !== "EPIPE" ? failure : null;
    },
    release: () => {
      stdout.removeListener("error", listen);
      stderr.removeListener("error", ignore);
    },
  };
}

function ignore(): void {}

/** Only the commands that the line names are loaded: the others are known by their description. */
async function program(argv: readonly string[], signal: AbortSignal): Promise<Command> {
  const root = new Command("ntkit")
    .description("Infinitely wide neural networks: learn from a table, compute the kernels of an architecture.")
    .version(version(), "-V, --version")
    .addHelpText("before", EXAMPLES)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput(SILENT);
  for (const { name, description, load } of COMMANDS) {
    const command = argv.includes(name) ? refuseRepeats((await load())(signal)) : new Command(name);
    root.addCommand(command.description(description).exitOverride().configureOutput(SILENT));
  }
  return root;
}

/** Of what is wrong, `failureOf` says one sentence. */
const SILENT = { writeErr: () => {}, outputError: () => {} } as const;

const EXAMPLES = `Examples:
  ntkit fit houses.csv --target price --out houses.ntkit     learn, and say how good it is
  ntkit predict houses.ntkit new.csv --out prices.csv        predict with 95 % intervals
  ntkit kernel --network net.json --x1 a.npy --get ntk --out k.npy
  ntkit empirical --network net.json --seed 1 --x1 a.npy --out k.npy
  ntkit train houses.csv --target price --network net.json --width 64,256,inf --plot widths.svg
  ntkit reproduce all --quick --out report                   theorems and figures, each beside its measurement
  ntkit certify houses.csv --target price --network net.json  what theory promises, and what is measured
  ntkit describe net.json                                    or a model that fit saved
  ntkit benchmark uci --data uci90
  ntkit doctor                                               which engine computes, and how fast
`;

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}
