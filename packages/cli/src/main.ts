import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands/list.ts";
import { Interrupted } from "./interrupt.ts";

/** Exit codes: 0 done, 1 the run failed, 2 the input or the arguments were wrong, 130 stopped by Ctrl-C. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Runs one command line and gives its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  const stdout = watchStdout();
  process.once("SIGINT", stop);
  try {
    const exitCode = await run(argv, interrupt.signal);
    const failure = await stdout.settle();
    if (exitCode !== EXIT.done || failure === null) return exitCode;
    return say(
      `standard output cannot be written: ${failure.message}; write to a file, or free some space`,
      EXIT.usage,
    );
  } finally {
    process.removeListener("SIGINT", stop);
    stdout.release();
  }
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    await (await program(argv, signal)).parseAsync(argv, { from: "user" });
    return EXIT.done;
  } catch (error) {
    return report(error, signal, argv[0]);
  }
}

/** Without a listener, a line that cannot be printed ends the process with a stack trace. */
function watchStdout(): { settle: () => Promise<Error | null>; release: () => void } {
  const { stdout } = process;
  let failure: NodeJS.ErrnoException | undefined;
  const listen = (error: NodeJS.ErrnoException) => {
    failure ??= error;
  };
  stdout.on("error", listen);
  return {
    async settle() {
      if (!stdout.destroyed) await new Promise<void>((resolve) => stdout.write("", () => resolve()));
      // A reader that went away, like `head`, has what it wanted.
      return failure && failure.code !== "EPIPE" ? failure : null;
    },
    release: () => stdout.removeListener("error", listen),
  };
}

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
async function report(error: unknown, signal: AbortSignal, command: string | undefined): Promise<number> {
  if (signal.aborted)
    return say(error instanceof Interrupted ? error.message : "stopped; nothing was written", EXIT.interrupted);
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : say(usage(error, command), EXIT.usage);
  const { isNtkError } = await import("ntkit");
  if (isNtkError(error)) return say(error.message, error.code === "numerical" ? EXIT.failed : EXIT.usage);
  process.stderr.write(`ntkit: this is a bug, please report it: ${error instanceof Error ? error.stack : error}\n`);
  return EXIT.failed;
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
