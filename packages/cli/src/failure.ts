import { type Command, CommanderError } from "commander";
import { COMMANDS } from "./commands/list.ts";
import { Interrupted, STOP_SIGNALS, type StopSignal } from "./interrupt.ts";

/** Exit codes: 0 done, 1 the run failed, 2 the input or the arguments were wrong; after a signal 128 and its number. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Why a command line gave no result, as one sentence and for programs. */
export interface Failure {
  /** The kind of an error of ntkit, or "usage", "interrupted", "memory", "bug". */
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

/** What an error that ended a command line means; null where help or the version was all that was asked for. */
export async function failureOf(
  error: unknown,
  {
    argv,
    root,
    stoppedBy,
  }: { readonly argv: readonly string[]; readonly root: Command; readonly stoppedBy: StopSignal | undefined },
): Promise<Failure | null> {
  if (error instanceof CommanderError && error.exitCode === 0 && stoppedBy === undefined) return null;
  const { brief, didYouMean, isNtkError, printable } = await import("ntkit");
  if (stoppedBy !== undefined) {
    const message = error instanceof Interrupted ? printable(error.message) : "stopped; nothing was written";
    return { code: "interrupted", message, exitCode: STOP_SIGNALS[stoppedBy] };
  }
  if (error instanceof CommanderError) {
    const message = brief(printable(usage(error, { argv, root, didYouMean })));
    return { code: "usage", message, exitCode: EXIT.usage };
  }
  if (isNtkError(error)) {
    const { code, message } = error;
    return { code, message, exitCode: code === "numerical" ? EXIT.failed : EXIT.usage };
  }
  if (isOutOfMemory(error)) {
    const message = "there is not enough memory for this: take fewer rows, or narrower layers";
    return { code: "memory", message, exitCode: EXIT.usage };
  }
  const trace = `${error instanceof Error ? error.stack : error}`.replace(/[^\n]+/g, printable);
  const message = `this is a bug, please report it: ${trace}`;
  return { code: "bug", message, exitCode: EXIT.failed };
}

/** An array or a text that V8 or the system does not grant, as it does not when widths or rows multiply to terabytes. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof RangeError && /allocation failed|Invalid (typed array|array|string) length/.test(error.message)
  );
}

interface Line {
  readonly argv: readonly string[];
  readonly root: Command;
  readonly didYouMean: (word: string, candidates: Iterable<string>) => string;
}

function usage(error: CommanderError, line: Line): string {
  const { argv, root, didYouMean } = line;
  const command = root.commands.find((known) => known.name() === argv[0]);
  const hint = `ntkit ${command ? `${command.name()} ` : ""}--help shows how`;
  const names = COMMANDS.map(({ name }) => name);
  if (error.code === "commander.help") return `name a command: ${names.join(", ")}; ${hint}`;
  if (error.code === "commander.unknownCommand")
    return `unknown command '${argv[0]}'${didYouMean(`${argv[0]}`, names)}; ${hint}`;
  return `${unknownOption(error, command ?? root, line) ?? plain(error)}; ${hint}`;
}

/** The words of the parser, as ours begin and end. */
function plain({ message }: CommanderError): string {
  return message
    .replace(/^error: /, "")
    .replace(" is invalid. ", " is invalid: ")
    .replace(/\.$/, "");
}

/** An option that is mistyped is not missing: that it is unknown comes first. */
function unknownOption({ code }: CommanderError, command: Command, { argv, didYouMean }: Line): string | undefined {
  if (code !== "commander.unknownOption" && code !== "commander.missingMandatoryOptionValue") return undefined;
  const { unknown } = command.parseOptions([...(command.parent === null ? argv : argv.slice(1))]);
  const flag = unknown[0]?.replace(/=.*/s, "");
  if (flag === undefined) return undefined;
  const known = command.options.flatMap(({ long, short }) => [long ?? "", short ?? ""]);
  return `unknown option '${flag}'${didYouMean(flag, [...known, "--help"])}`;
}
