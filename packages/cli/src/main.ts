import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { isNtkError } from "ntkit";
import { describeCommand } from "./commands/describe.ts";
import { fitCommand } from "./commands/fit.ts";
import { kernelCommand } from "./commands/kernel.ts";
import { predictCommand } from "./commands/predict.ts";

/** Exit codes: 0 done, 1 the run failed, 2 the input or the arguments were wrong, 130 stopped by Ctrl-C. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Runs one command line and gives its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once("SIGINT", stop);
  try {
    await program(interrupt.signal).parseAsync(argv, { from: "user" });
    return EXIT.done;
  } catch (error) {
    return report(error, interrupt.signal);
  } finally {
    process.removeListener("SIGINT", stop);
  }
}

function program(signal: AbortSignal): Command {
  const root = new Command("ntkit")
    .description("Infinitely wide neural networks: learn from a table, compute the kernels of an architecture.")
    .version(version(), "-V, --version")
    .addHelpText("before", EXAMPLES)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const command of [fitCommand, predictCommand, kernelCommand, describeCommand]) root.addCommand(command(signal));
  for (const command of root.commands) command.exitOverride().configureOutput({ outputError: () => {} });
  return root;
}

const EXAMPLES = `Examples:
  ntkit fit houses.csv --target price --out houses.ntkit     learn, and say how good it is
  ntkit predict houses.ntkit new.csv --out prices.csv        predict with 95 % intervals
  ntkit kernel --network net.json --x1 a.npy --get ntk --out k.npy
  ntkit describe net.json
`;

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

/** One sentence on stderr, and the exit code. A stack trace means a bug, and is only shown for one. */
function report(error: unknown, signal: AbortSignal): number {
  if (signal.aborted) {
    process.stderr.write("ntkit: stopped; nothing was written\n");
    return EXIT.interrupted;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    const message = error.code === "commander.help" ? "name a command" : error.message.replace(/^error: /, "");
    process.stderr.write(`ntkit: ${message.replaceAll("\n", " ")}; ntkit --help shows how\n`);
    return EXIT.usage;
  }
  if (isNtkError(error)) {
    process.stderr.write(`ntkit: ${error.message}\n`);
    return error.code === "numerical" ? EXIT.failed : EXIT.usage;
  }
  process.stderr.write(`ntkit: this is a bug, please report it: ${error instanceof Error ? error.stack : error}\n`);
  return EXIT.failed;
}
