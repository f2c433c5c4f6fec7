import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands/list.ts";
import { Interrupted, STOP_SIGNALS, type StopSignal } from "./interrupt.ts";
import { removeTemporaries } from "./io/temporaries.ts";

/** Exit codes: 0 done, 1 the run failed, 2 the input or the arguments were wrong; after a signal 128 and its number. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Runs one command line and gives its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupt = watchSignals();
  const stdout = watchOutput();
  try {
    const exitCode = await run(argv, interrupt);
    const failure = await stdout.settle();
    if (exitCode !== EXIT.done || failure === null) return exitCode;
    return say(
      `standard output cannot be written: ${failure.message}; write to a file, or free some space`,
      EXIT.usage,
    );
  } finally {
    interrupt.release();
    stdout.release();
    endSoon(interrupt.by());
  }
}

async function run(argv: readonly string[], interrupt: Interrupt): Promise<number> {
  try {
    await (await program(argv, interrupt.signal)).parseAsync(argv, { from: "user" });
    return EXIT.done;
  } catch (error) {
    return report(error, interrupt, argv[0]);
  }
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
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput(SILENT);
  for (const { name, description, load } of COMMANDS) {
    const command = argv.includes(name) ? (await load())(signal) : new Command(name);
    root.addCommand(command.description(description).exitOverride().configureOutput(SILENT));
  }
  return root;
}

/** Of what is wrong, `report` says one sentence. */
const SILENT = { writeErr: () => {}, outputError: () => {} } as const;

const EXAMPLES = `Examples:
  ntkit fit houses.csv --target price --out houses.ntkit     learn, and say how good it is
  ntkit predict houses.ntkit new.csv --out prices.csv        predict with 95 % intervals
  ntkit kernel --network net.json --x1 a.npy --get ntk --out k.npy
  ntkit empirical --network net.json --seed 1 --x1 a.npy --out k.npy
  ntkit train houses.csv --target price --network net.json --width 64,256,inf --plot widths.svg
  ntkit reproduce all --quick --out report                   theorems and figures, each beside its measurement
  ntkit certify houses.csv --target price --network net.json  what theory promises, and what is measured
  ntkit describe net.json
  ntkit benchmark uci --data uci90
  ntkit doctor                                               which engine computes, and how fast
`;

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

/** One sentence on stderr, and the exit code. A stack trace means a bug, and is only shown for one. */
async function report(error: unknown, interrupt: Interrupt, command: string | undefined): Promise<number> {
  const by = interrupt.by();
  if (by !== undefined)
    return say(error instanceof Interrupted ? error.message : "stopped; nothing was written", STOP_SIGNALS[by]);
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : say(usage(error, command), EXIT.usage);
  const { isNtkError } = await import("ntkit");
  if (isNtkError(error)) return say(error.message, error.code === "numerical" ? EXIT.failed : EXIT.usage);
  if (isOutOfMemory(error))
    return say("there is not enough memory for this: take fewer rows, or narrower layers", EXIT.usage);
  process.stderr.write(`ntkit: this is a bug, please report it: ${error instanceof Error ? error.stack : error}\n`);
  return EXIT.failed;
}

/** An array or a text that V8 or the system does not grant, as it does not when widths or rows multiply to terabytes. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof RangeError && /allocation failed|Invalid (typed array|array|string) length/.test(error.message)
  );
}

/** Names of files and columns may hold line ends and worse; a message is one line. */
function say(sentence: string, exitCode: number): number {
  process.stderr.write(`ntkit: ${sentence.replace(/\p{Cc}+/gu, " ")}\n`);
  return exitCode;
}

function usage(error: CommanderError, command: string | undefined): string {
  const names = COMMANDS.map(({ name }) => name);
  const known = names.find((name) => name === command);
  const message =
    error.code === "commander.help"
      ? `name a command: ${names.join(", ")}`
      : error.message.replace(/^error: /, "").replace(" is invalid. ", " is invalid: ");
  return `${message.replace(/\.$/, "")}; ntkit ${known ? `${known} ` : ""}--help shows how`;
}
